"""Changing an event configuration: its expressions follow its name, and what journeys use stays."""

from collections.abc import Mapping
from typing import Any

from parcours.events.document import NAME
from parcours.events.errors import EventInUse
from parcours.events.fields import covers
from parcours.events.language import rename_event
from parcours.events.model import Usage
from parcours.kit.paths import split_pointer

_EXPRESSIONS = ("idCondition", "profileIdentifier")
_FIXED = (
    "type", "idType", "schemaRef", "idCondition", "namespace", "profileIdentifier", "supplementalIdentifier",
    "maxAgeSeconds",
)  # fmt: skip
"""What no change may touch while a journey uses the event."""


def with_name(body: Mapping[str, Any], old: str) -> dict[str, Any]:
    """A body whose expressions, written for the name `old`, follow its new name."""
    new = body.get("name")
    if not isinstance(new, str) or not NAME.fullmatch(new) or new == old:
        return dict(body)
    return _renamed(body, old, new)


def _renamed(body: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    result = dict(body)
    for member in _EXPRESSIONS:
        if isinstance(result.get(member), str):
            result[member] = rename_event(result[member], old, new)
    supplemental = result.get("supplementalIdentifier")
    if isinstance(supplemental, Mapping) and isinstance(supplemental.get("expression"), str):
        text = rename_event(supplemental["expression"], old, new)
        result["supplementalIdentifier"] = {**supplemental, "expression": text}
    return result


def check_edit(before: Mapping[str, Any], after: Mapping[str, Any], usage: Usage) -> None:
    """Of an event in use only name and description change, and fields are added. Raises EventInUse.

    Source: journeys §3.2.
    """
    if not usage.total:
        return
    same_name = _renamed(before, before["name"], after["name"])
    for member in _FIXED:
        if same_name.get(member) != after[member]:
            raise EventInUse(f"the event is used by {usage}: its {member} can't be changed")
    chosen = [split_pointer(pointer) for pointer in after["fields"]]
    for pointer in before["fields"]:
        if not covers(chosen, split_pointer(pointer)):
            raise EventInUse(f"the event is used by {usage}: field {pointer} can't be taken away")
    for rows in before.get("related", ()):
        if rows not in after.get("related", ()):
            raise EventInUse(
                f"the event is used by {usage}: the rows that {rows['property']} names stay where they are"
            )
