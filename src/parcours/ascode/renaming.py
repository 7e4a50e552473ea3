"""Names of another sandbox or tenant, changed in definitions and in the expressions that use them."""

import re
from collections.abc import Mapping
from typing import Any

from parcours.actions.authentication import MASK
from parcours.ascode.folder import with_tenant
from parcours.ascode.services import SECRET, Document


def of_tenant(value: Document, old: str, new: str) -> Document:
    """A definition with another tenant's name: in fields and expressions, and in the `$id`s of schemas."""

    def ids(one: Any) -> Any:
        if isinstance(one, dict):
            return {key: ids(child) for key, child in one.items()}
        prefix = f"https://ns.adobe.com/{old}/"
        if isinstance(one, str) and one.startswith(prefix):
            return f"https://ns.adobe.com/{new}/{one.removeprefix(prefix)}"
        return one

    result: Document = ids(with_tenant(value, old, new))
    return result


def unfilled(value: Any, path: str = "") -> list[str]:
    """Where a secret still has to be written."""
    if isinstance(value, dict):
        return [found for key, child in value.items() for found in unfilled(child, f"{path}.{key}")]
    if isinstance(value, list):
        return [found for place, child in enumerate(value) for found in unfilled(child, f"{path}[{place}]")]
    return [path] if value == MASK or (isinstance(value, str) and SECRET in value) else []


def free_name(name: str, taken: set[str], max_length: int) -> str:
    """The name, or `name_2`, `name_3` … where it is taken; cut so that it is not too long."""
    found, number = name, 2
    while found in taken:
        ending = f"_{number}"
        found, number = name[: max_length - len(ending)] + ending, number + 1
    return found


def rename_action(text: str, old: str, new: str) -> str:
    """The expression with every reference to action `old` pointing to `new`."""
    return re.sub(rf"(@action\{{\s*){re.escape(old)}(?=\s*[.,}}])", lambda found: found[1] + new, text)


def rename_source(text: str, old: str, new: str) -> str:
    """The expression with every reference to data source `old` pointing to `new`."""
    return re.sub(rf"(#\{{\s*){re.escape(old)}(?=\s*\.)", lambda found: found[1] + new, text)


def rename_given(document: Document, names: Mapping[str, str]) -> Document:
    """The journey whose `dynamicValues` call data sources by these names. names: old → new."""
    nodes = document.get("nodes")
    if not names or not isinstance(nodes, dict):
        return document

    def renamed(node: Any) -> Any:
        entries = node.get("dynamicValues") if isinstance(node, dict) else None
        if not isinstance(entries, list):
            return node
        told = [
            {**one, "dataSource": names.get(str(one.get("dataSource")), one.get("dataSource"))}
            if isinstance(one, dict)
            else one
            for one in entries
        ]
        return {**node, "dynamicValues": told}

    return {**document, "nodes": {node_id: renamed(node) for node_id, node in nodes.items()}}
