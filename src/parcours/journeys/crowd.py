"""Who is in which audience of a simulated world, as files and test cases say it: at the beginning, and what changes."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.activities.kind import AudienceShape
from parcours.journeys.simulate import World
from parcours.kit.errors import Invalid

if TYPE_CHECKING:
    from parcours.audiences.upload_store import Mode

MODES: "Mapping[str, Mode]" = {"replace": "replace", "leave": "remove", "enter": "add"}
"""Members of a change, and the uploads they stand for."""
Known = Mapping[str, AudienceShape]
"""Audiences by name and by id."""


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
        if not isinstance(change[name], list) or not all(isinstance(one, str) and one for one in change[name]):
            return f"{name} is a list of ids, in the audience's namespace"
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
        if name in change and at_us is None:
            world.bring_in(audience.id, audience.namespace, change[name], mode)
        elif name in change and at_us is not None:
            world.schedule_upload(at_us, audience.id, audience.namespace, change[name], mode)


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


def read_members(path: Path, namespace: str) -> list[str]:
    """Ids out of a list as it is uploaded: CSV, JSON lines or a JSON list, by the file's ending.

    Raises CrowdInvalid with the place of the first row that names nobody.
    """
    from parcours.audiences.rows import FORMATS, ListUnreadable, Row, read_rows
    from parcours.audiences.upload_store import Options

    kind = path.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise CrowdInvalid(f"{path}: a list of members is called *.{', *.'.join(FORMATS)}")
    ids: list[str] = []
    try:
        with path.open("rb") as file:
            for row in read_rows(iter(lambda: file.read(1 << 20), b""), kind, namespace, Options()):
                if not isinstance(row, Row):
                    raise CrowdInvalid(f"{path}:{row.line}: {row.reason}")
                ids.append(row.identity[1])
    except OSError as error:
        raise CrowdInvalid(f"{path}: {error.strerror}") from None
    except ListUnreadable as error:
        raise CrowdInvalid(f"{path}: {error}") from None
    return ids
