"""Which data sources the expressions of a document name, however unfinished it is."""

import re
from collections.abc import Mapping
from typing import Any

from parcours.journeys.definitions import map_expressions

_REFERENCE = re.compile(r"#\{\s*([A-Za-z_]\w*)\s*\.\s*([A-Za-z_]\w*)")


def sources_in(document: Any) -> set[tuple[str, str]]:
    """(data source, field group) of every reference, and of every entry of `dynamicValues`.

    A reference inside a text literal counts, too: that keeps a source that nobody reads, and breaks nothing.
    """
    found: set[tuple[str, str]] = set()

    def note(text: str) -> str:
        found.update(_REFERENCE.findall(text))
        return text

    map_expressions(document, note)
    nodes = document.get("nodes") if isinstance(document, Mapping) else None
    for node in nodes.values() if isinstance(nodes, Mapping) else ():
        entries = node.get("dynamicValues") if isinstance(node, Mapping) else None
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, Mapping):
                found.add((str(entry.get("dataSource")), str(entry.get("fieldGroup"))))
    return found
