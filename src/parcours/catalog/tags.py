"""Tags of data sets: names to lists of texts, in one spelling."""

import re
from collections.abc import Mapping
from typing import Any

from parcours.catalog.errors import CatalogInvalid

PROFILE = "unifiedProfile"
IDENTITY = "unifiedIdentity"
LOOKUP = "adobe/lookup"
"""Whether journeys look its rows up, and by which field: `enabled:true`, `key:/…` (lookups/keys.py)."""
TABLE = "adobe/pqs/table"
"""The data set's name in SQL."""
_LONG_NAMES = {"profile": PROFILE, "identity": IDENTITY}
_TABLE_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

Tags = dict[str, list[str]]


def normalise_tags(value: Any) -> Tags:
    """Checked tags: `profile` and `identity` get their long names, `enabled: true` loses its blank.

    Raises CatalogInvalid. Source: platform-apis §5.1.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CatalogInvalid("tags is an object of arrays of strings", "$.tags")
    tags: Tags = {}
    for name, values in value.items():
        path = f"$.tags.{name}"
        if not name:
            raise CatalogInvalid("a tag has a name", "$.tags")
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            raise CatalogInvalid(f"the value of tag {name!r} is an array of strings", path)
        name = _LONG_NAMES.get(name, name)
        if name in (PROFILE, IDENTITY, LOOKUP):
            values = [re.sub(r"\s*:\s*", ":", item.strip()) for item in values]
        if name == TABLE and (len(values) != 1 or not _TABLE_NAME.fullmatch(values[0])):
            raise CatalogInvalid(
                f"{TABLE} is one name of lower-case letters, digits and '_', at most 63 characters long", path
            )
        tags[name] = values
    return tags


def is_enabled(tags: Mapping[str, list[str]], name: str) -> bool:
    """Whether a tag holds `enabled:true`."""
    return "enabled:true" in tags.get(name, ())


def table_name(name: str, taken: set[str]) -> str:
    """A SQL name made from a data set's, unlike every taken one."""
    base = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:55] or "dataset"
    if base[0].isdigit():
        base = f"_{base}"
    found, number = base, 2
    while found in taken:
        found, number = f"{base}_{number}", number + 1
    return found
