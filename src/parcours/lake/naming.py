"""Names of data sets as SQL identifiers."""

import re
import unicodedata
from collections.abc import Sequence

from parcours.lake.model import DataSetName

_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def slug(name: str) -> str:
    """A name as an identifier that needs no quotes: "Événements web (v2)" becomes evenements_web_v2."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    found = _NOT_PLAIN.sub("_", plain).strip("_")
    return f"_{found}" if not found or found[0].isdigit() else found


def slugs(data_sets: Sequence[DataSetName]) -> dict[str, str]:
    """Every name SQL may use → the data set's id: the slug, with _2, _3 … where two are alike, and the id itself."""
    names: dict[str, str] = {}
    for data_set in data_sets:
        base = slug(data_set.name)
        name, number = base, 2
        while name in names:
            name, number = f"{base}_{number}", number + 1
        names[name] = data_set.id
    for data_set in data_sets:
        if data_set.id.lower() not in names:
            names[data_set.id] = data_set.id
    return names
