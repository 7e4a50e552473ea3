"""Journey fragments as files: the document, and beside it whether designers may use it. Pure."""

from collections.abc import Mapping
from typing import Any

from parcours.ascode.model import KEY, Document

FRAGMENTS = "fragments"
DRAFT, ACTIVE, ARCHIVED = STATES = ("draft", "active", "archived")
STATE = "state"
_ORDER = ("name", "description", "tags", STATE, "nodes", "edges", "layout")


def fragment_to_file(shown: Mapping[str, Any]) -> Document:
    """The form of files of what the API shows: what is empty is left out, and so is the state of a draft."""
    found = {name: shown[name] for name in _ORDER if shown.get(name) not in (None, "", [], {})}
    if found.get(STATE) == DRAFT:
        found.pop(STATE)
    return found


def fragment_parts(document: Mapping[str, Any]) -> tuple[Document, str]:
    """(what is saved, the state) that a file asks for."""
    saved = {name: value for name, value in document.items() if name not in (KEY, STATE)}
    return saved, document.get(STATE, DRAFT)


def fragment_verbs(was: str, is_changed: bool, wanted: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The verbs (before a change is saved, after it) that lead from one state to another: only drafts are changed."""
    if not is_changed and (was == wanted or (was, wanted) == (ACTIVE, ARCHIVED)):
        return (), (() if was == wanted else ("archive",))
    first = {DRAFT: (), ACTIVE: ("deactivate",), ARCHIVED: ("unarchive",)}[was]
    return first, {DRAFT: (), ACTIVE: ("activate",), ARCHIVED: ("activate", "archive")}[wanted]


def told_states(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[str, ...]:
    """What a change means for who puts the fragment into journeys, in words. before: None of one that isn't there."""
    was = DRAFT if before is None else before.get(STATE, DRAFT)
    wanted = after.get(STATE, DRAFT)
    if wanted != was:
        return (f"no longer {was}",) if wanted == DRAFT else (wanted,)
    if was == DRAFT:
        return ()
    return (f"a draft while it is changed, then {was} again; journeys keep the copies they have",)
