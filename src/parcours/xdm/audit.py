"""The history of a resource, told as changes of single values. Source: platform-apis §3.10."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from parcours.kit.clock import to_datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """One stored version: what it held, and who stored it, when, in which call."""

    document: Mapping[str, Any]
    user_id: str
    client_id: str
    at_ms: int
    change_id: str


def audit_log(
    revisions: Sequence[Revision], parts: Iterable[Sequence[Revision]], org_id: str, sandbox_id: str
) -> list[dict[str, Any]]:
    """One entry for each change of a resource and, since it was made, of what it is made of; newest first.

    revisions: the resource's, oldest first. parts: those of each other resource, of which the first is only the
    state before.
    """
    resource_id = str(revisions[0].document.get("$id", ""))
    changes = [(revision, before) for before, revision in zip([None, *revisions], revisions, strict=False)]
    for part in parts:
        changes += [(new, old) for old, new in pairwise(part) if new.at_ms > revisions[0].at_ms]
    changes.sort(key=lambda change: change[0].at_ms)
    return [
        {
            "id": resource_id,
            "updatedUser": revision.user_id,
            "imsOrg": org_id,
            "updatedTime": to_datetime(revision.at_ms * 1000).strftime("%m-%d-%Y %H:%M:%S"),
            "requestId": revision.change_id,
            "clientId": revision.client_id,
            "sandboxId": sandbox_id,
            "updates": [
                {
                    "id": revision.document.get("$id", ""),
                    "xdmType": revision.document.get("meta:resourceType", ""),
                    "action": action,
                    "path": path,
                    "value": value,
                }
                for action, path, value in _updates({} if before is None else before.document, revision.document, "")
            ],
        }
        for revision, before in reversed(changes)
    ]


def _updates(old: Any, new: Any, at: str) -> Iterator[tuple[str, str, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            path = f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}"
            if key not in new:
                yield "remove", path, old[key]
            elif key not in old:
                yield "add", path, new[key]
            else:
                yield from _updates(old[key], new[key], path)
    elif isinstance(old, list) and isinstance(new, list) and new[: len(old)] == old:
        for index in range(len(old), len(new)):
            yield "add", f"{at}/{index}", new[index]
    elif old != new:
        yield "update", at, new
