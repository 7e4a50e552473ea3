"""Roles: their documents, and what a client holds by them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from parcours.access.errors import RoleInvalid
from parcours.access.permissions import ADMINISTRATORS, EVERY_PERMISSION, PERMISSION_SETS, READY_MADE, expand
from parcours.resources.labels import EVERY_LABEL, Labels, hidden_from

EVERY_SANDBOX = "*"
_MAX_NAME, _MAX_DESCRIPTION, _MAX_LIST, _MAX_LABEL = 255, 4000, 500, 100


@dataclass(frozen=True, slots=True)
class Role:
    """What some clients may do, and in which sandboxes."""

    id: str
    name: str
    description: str
    permission_sets: tuple[str, ...]
    """High-level permissions by id; also a ready-made role's id, for all of its sets."""
    permissions: tuple[str, ...]
    """Low-level ones besides."""
    sandboxes: tuple[str, ...]
    """Names; `*` for all there are and will be."""
    labels: tuple[str, ...]
    """Access labels whose objects the role sees; `*` for all."""
    is_ready_made: bool = False
    created_at_ms: int = 0
    updated_at_ms: int = 0
    created_by: str = ""
    updated_by: str = ""
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What a client holds in one place."""

    permissions: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()


_NOTHING = Held()
_NONE: frozenset[str] = frozenset()
READY_MADE_ROLES: Mapping[str, Role] = {
    one.id: Role(
        one.id, one.name, one.description, one.permission_sets,
        tuple(sorted(EVERY_PERMISSION)) if one.id == ADMINISTRATORS else (),
        (EVERY_SANDBOX,), (EVERY_LABEL,) if one.id == ADMINISTRATORS else (), is_ready_made=True,
    )
    for one in READY_MADE.values()
}  # fmt: skip


class Grants:
    """Who holds what, of every organisation: looked up at each call, made anew when a role or a client changes."""

    def __init__(
        self,
        clients: Iterable[str],
        roles: Mapping[str, Role],
        subjects: Iterable[tuple[str, str]],
        labels: Labels | None = None,
    ) -> None:
        """clients: those that may call. roles: by id, without the ready-made. subjects: (client, role id).

        labels: of objects that have some.
        """
        self._roles: dict[str, list[Role]] = {client: [] for client in clients}
        known = {**READY_MADE_ROLES, **roles}
        for client, role_id in subjects:
            if client in self._roles and role_id in known:
                self._roles[client].append(known[role_id])
        self._held: dict[tuple[str, str], Held] = {}
        self._labels: Labels = labels or {}
        self._hidden: dict[tuple[int, frozenset[str]], frozenset[str]] = {}
        self.clients = frozenset(self._roles)
        """Those that may call at all."""

    def held(self, client_id: str, sandbox: str) -> Held:
        """What a client holds in a sandbox; with `*`, what it holds in every one, which is what the organisation asks.

        sandbox: the name of one there is: what was looked up is remembered.
        """
        found = self._held.get((client_id, sandbox))
        if found is None:
            roles = [
                role
                for role in self._roles.get(client_id, ())
                if EVERY_SANDBOX in role.sandboxes or sandbox in role.sandboxes
            ]
            found = _NOTHING
            if roles:
                found = Held(
                    frozenset().union(*(expand(role.permission_sets, role.permissions) for role in roles)),
                    frozenset().union(*(role.labels for role in roles)),
                )
            self._held[client_id, sandbox] = found
        return found

    def hidden(self, scope_id: int, labels: frozenset[str]) -> frozenset[str]:
        """Ids of the objects of a scope that somebody with these labels does not see."""
        if not self._labels:
            return _NONE
        found = self._hidden.get((scope_id, labels))
        if found is None:
            found = self._hidden[scope_id, labels] = hidden_from(self._labels, scope_id, labels)
        return found


def read_role(body: Mapping[str, Any], before: Mapping[str, Any], sandboxes: Iterable[str]) -> dict[str, Any]:
    """A role's document from a request's; what the request leaves out stays as it was `before`.

    sandboxes: names there are. Returns {"name", "description", "permissionSets", "permissions", "sandboxes",
    "labels"}. Raises RoleInvalid whose path names the member.
    """
    if body.get("roleType", "user-defined") != "user-defined":
        raise RoleInvalid("roleType is user-defined: the system-defined roles are there already", "$.roleType")
    attributes = body.get("subjectAttributes", {})
    if attributes is None:
        attributes = {"labels": []}
    if not isinstance(attributes, Mapping):
        raise RoleInvalid("subjectAttributes is an object with labels", "$.subjectAttributes")
    document: dict[str, Any] = {
        "name": _text(body, before, "name", _MAX_NAME),
        "description": _text(body, before, "description", _MAX_DESCRIPTION),
        "permissionSets": _names(body, before, "permissionSets", {*PERMISSION_SETS, *READY_MADE}),
        "permissions": _names(body, before, "permissions", EVERY_PERMISSION),
        "sandboxes": _names(body, before, "sandboxes", {EVERY_SANDBOX, *sandboxes, *before.get("sandboxes", ())}),
        "labels": _names(attributes, before, "labels", None, "$.subjectAttributes.labels"),
    }
    if not document["name"].strip():
        raise RoleInvalid("a role has a name", "$.name")
    return document


def _text(body: Mapping[str, Any], before: Mapping[str, Any], key: str, most: int) -> str:
    value = body.get(key, before.get(key, ""))
    value = "" if value is None else value
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        raise RoleInvalid(f"{key} is a text of at most {most} characters", f"$.{key}")
    return value


def _names(
    body: Mapping[str, Any], before: Mapping[str, Any], key: str, known: Iterable[str] | None, where: str = ""
) -> list[str]:
    """A list of names without duplicates. known: None takes any."""
    where = where or f"$.{key}"
    values = body.get(key, before.get(key, []))
    values = [] if values is None else values
    if not isinstance(values, list) or len(values) > _MAX_LIST:
        raise RoleInvalid(f"{key} is a list of at most {_MAX_LIST} names", where)
    allowed = None if known is None else frozenset(known)
    for index, value in enumerate(values):
        if not isinstance(value, str) or not value or "\0" in value or (allowed is None and len(value) > _MAX_LABEL):
            raise RoleInvalid(f"{key} holds names", f"{where}[{index}]")
        if allowed is not None and value not in allowed:
            raise RoleInvalid(f"{key} has no {value[:100]!r}", f"{where}[{index}]")
    return list(dict.fromkeys(values))
