"""Journey fragments as files: the document, and beside it whether designers may use it. Pure."""

from collections.abc import Mapping
from typing import Any

from parcours.ascode.model import KEY, Document

FRAGMENTS = "fragments"
ACTIVE = "active"
STATE = "state"
_ORDER = ("name", "description", "tags", STATE, "nodes", "edges", "layout")


def fragment_to_file(shown: Mapping[str, Any]) -> Document:
    """The form of files of what the API shows: what is empty is left out, and so is the state of a draft."""
    found = {name: shown[name] for name in _ORDER if shown.get(name) not in (None, "", [], {})}
    if found.get(STATE) != ACTIVE:
        found.pop(STATE, None)
    return found


def fragment_parts(document: Mapping[str, Any]) -> tuple[Document, bool]:
    """(what is saved, whether it is active) that a file asks for."""
    saved = {name: value for name, value in document.items() if name not in (KEY, STATE)}
    return saved, document.get(STATE) == ACTIVE


def told_states(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[str, ...]:
    """What a change means for who puts the fragment into journeys, in words. before: None of one that isn't there."""
    was, is_now = before is not None and before.get(STATE) == ACTIVE, after.get(STATE) == ACTIVE
    if was and is_now:
        return ("a draft while it is changed, then active again; journeys keep the copies they have",)
    if was:
        return ("no longer active",)
    return ("active",) if is_now else ()
