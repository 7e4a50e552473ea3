"""Who is in which audience of a simulated world, as files and test cases say it: at the beginning, and what changes."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.activities.kind import AudienceShape
from parcours.journeys.people import Listed
from parcours.journeys.simulate import World
from parcours.kit.errors import Invalid

if TYPE_CHECKING:
    from parcours.audiences.upload_store import Mode

MODES: "Mapping[str, Mode]" = {"replace": "replace", "leave": "remove", "enter": "add"}
"""Members of a change, and the uploads they stand for."""
Known = Mapping[str, AudienceShape]
"""Audiences by name and by id."""


Member = str | Mapping[str, Any]
"""An id, or {"id", …} with the attributes that the list has of somebody."""
MEMBER_SCHEMA: Mapping[str, Any] = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "string", "minLength": 1}},
            "description": "With the attributes that the list has of somebody.",
        },
    ],
}


class CrowdInvalid(Invalid):
    """What is said of an audience can't be used."""


class Belonging(NamedTuple):
    """A person who is in an audience from the beginning."""

    audience: str
    namespace: str
    id: str


def find_audience(known: Known, name: str) -> AudienceShape:
    """An audience by name or id. Raises CrowdInvalid."""
    found = known.get(name)
    if found is None:
        names = ", ".join(sorted({shape.name for shape in known.values()})) or "none"
        raise CrowdInvalid(f"no audience is called {name!r}; there are: {names}", "$.audience")
    return found


def listed(member: Member) -> Listed:
    """A member as lists have one. Raises CrowdInvalid when the attributes are no JSON, or longer than may be."""
    if isinstance(member, str):
        return Listed(member)
    from parcours.audiences.rows import MAX_ATTRIBUTES_BYTES

    attributes = {name: value for name, value in member.items() if name != "id"}
    try:
        text = orjson.dumps(attributes) if attributes else b""
    except TypeError as error:
        raise CrowdInvalid(f"attributes of {member['id']!r}: {error}") from None
    if len(text) > MAX_ATTRIBUTES_BYTES:
        raise CrowdInvalid(f"attributes of {member['id']!r} are longer than {MAX_ATTRIBUTES_BYTES} bytes")
    return Listed(member["id"], text.decode() or None)


def _is_member(one: Any) -> bool:
    found = one.get("id") if isinstance(one, Mapping) else one
    return isinstance(found, str) and bool(found)


def change_fault(change: Mapping[str, Any]) -> str | None:
    """What is wrong with {"audience", "enter", "leave"} or {"audience", "replace"}, lists of ids."""
    if not isinstance(change.get("audience"), str) or not change["audience"]:
        return "audience is the name or id of an audience"
    unknown = sorted(set(change) - {"audience", "at", *MODES})
    if unknown:
        return f"a change of an audience has audience, at, and {', '.join(MODES)}, but no {unknown[0]!r}"
    chosen = [name for name in MODES if name in change]
    if not chosen or (len(chosen) > 1 and "replace" in chosen):
        return "a change of an audience has enter, leave or both, or replace alone"
    for name in chosen:
        if not isinstance(change[name], list) or not all(map(_is_member, change[name])):
            return f"{name} is a list of ids, in the audience's namespace, or of objects with an id and attributes"
    return None


def change_audience(world: World, known: Known, change: Mapping[str, Any], at_us: int | None) -> None:
    """Let people leave an audience, then enter it, at a moment; None: before the beginning, which nobody hears of.

    Raises CrowdInvalid, MomentPassed.
    """
    fault = change_fault(change)
    if fault is not None:
        raise CrowdInvalid(fault)
    audience = find_audience(known, change["audience"])
    for name, mode in MODES.items():
        members = [listed(one) for one in change.get(name, ())]
        if name in change and at_us is None:
            world.bring_in(audience.id, audience.namespace, members, mode)
        elif name in change and at_us is not None:
            world.schedule_upload(at_us, audience.id, audience.namespace, members, mode)


def settle(world: World, known: Known, belongings: Iterable[Belonging]) -> None:
    """Let people be in audiences from the beginning.

    Raises CrowdInvalid for one who has no id in the audience's namespace, where its members are known.
    """
    members: dict[str, list[str]] = {}
    for one in belongings:
        audience = find_audience(known, one.audience)
        identity = (canonical_namespace(one.namespace), one.id)
        key = world.key_in(0, identity, audience.namespace)
        if key is None:
            told = f"{one.id!r} ({one.namespace}) has none in its identityMap"
            raise CrowdInvalid(f"members of {audience.name!r} are ids of {audience.namespace}, and {told}")
        members.setdefault(one.audience, []).append(key)
    for name, ids in members.items():
        audience = find_audience(known, name)
        world.bring_in(audience.id, audience.namespace, ids)


def read_members(path: Path, namespace: str) -> list[Listed]:
    """Members out of a list as it is uploaded: CSV, JSON lines or a JSON list, by the file's ending.

    Raises CrowdInvalid with the place of the first row that names nobody.
    """
    from parcours.audiences.rows import FORMATS, ListUnreadable, Row, read_rows
    from parcours.audiences.upload_store import Options

    kind = path.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise CrowdInvalid(f"{path}: a list of members is called *.{', *.'.join(FORMATS)}")
    found: list[Listed] = []
    try:
        with path.open("rb") as file:
            for row in read_rows(iter(lambda: file.read(1 << 20), b""), kind, namespace, Options()):
                if not isinstance(row, Row):
                    raise CrowdInvalid(f"{path}:{row.line}: {row.reason}")
                found.append(Listed(row.identity[1], row.attributes))
    except OSError as error:
        raise CrowdInvalid(f"{path}: {error.strerror}") from None
    except ListUnreadable as error:
        raise CrowdInvalid(f"{path}: {error}") from None
    return found
