"""Capping and throttling: drafts that are checked, deployed, and then hold. Source: journeys §14.2, §14.3."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.access.service import SANDBOX_KIND
from parcours.access.store import list_sandboxes
from parcours.db import Database
from parcours.kit.clock import Clock, SystemClock
from parcours.limits.checks import Findings
from parcours.limits.documents import (
    CAPPING,
    ENDING,
    READ_ONLY,
    THROTTLING,
    Kind,
    caps_of,
    deployed_by,
    state_before,
    throttle_of,
    time_text,
    view,
)
from parcours.limits.errors import LimitRefused
from parcours.limits.model import OUTLIVES_US
from parcours.limits.store import forget_state, load_state
from parcours.limits.table import LimitTable
from parcours.resources.store import Compiled, Resource, ResourceNotFound, ResourceStore


class LimitService:
    """The configurations of one kind. Every method raises LimitRefused, with the number its clients know."""

    def __init__(self, kind: Kind, db: Database, resources: ResourceStore, clock: Clock | None = None) -> None:
        self.kind = kind
        self._db = db
        self._resources = resources
        self._clock = clock or SystemClock()

    def create(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """Store a draft, whether or not it could be deployed. Returns the answer's envelope."""
        self._check_sandbox(caller)
        document = self._read(caller, body)
        stored_body = {
            "name": document.get("name") or document.get("url") or document.get("urlPattern") or "",
            "document": document,
            "state": "created",
            "deployed": None,
            "deployments": 0,
            "stateBefore": "created",
            "lastDeployed": {},
            "rampBeganUs": 0,
        }
        with self._db.write() as connection:
            self._resources.touch(connection, self.kind.resource)
            if self.kind.is_of_organisation and self._of_organisation(connection, caller):
                self._refuse(caller, 1465, "Can't create throttling config: only one config allowed per organization")
            stored = self._resources.create(connection, caller.scope_id, caller.author, self.kind.resource, stored_body)
        return self._envelope(caller, stored, "createdElement", "created")

    def find_all(self, caller: Caller) -> list[dict[str, Any]]:
        """Every configuration of the sandbox, oldest first."""
        self._check_sandbox(caller)
        with self._db.read() as connection:
            found = self._resources.in_scope(connection, caller.scope_id, self.kind.resource)
        return [view(self.kind, caller, stored) for stored in found]

    def get(self, caller: Caller, uid: str) -> dict[str, Any]:
        """One configuration."""
        self._check_sandbox(caller)
        with self._db.read() as connection:
            return view(self.kind, caller, self._stored(connection, caller, uid))

    def replace(self, caller: Caller, uid: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Write a configuration anew. A deployed throttle changes at once, a deployed cap at its next deployment."""
        self._check_sandbox(caller)
        cannot = self.kind.refusals.cannot_update
        document = self._read(caller, body)
        with self._db.write() as connection:
            before = self._stored(connection, caller, uid)
            changed = {
                **before.body,
                "name": document.get("name") or document.get("url") or document.get("urlPattern") or "",
                "document": document,
                "state": "updated",
                "stateBefore": "updated",
            }
            if cannot is not None and before.body["deployed"] is not None:
                self._refuse_faults(caller, self.kind.check(document), cannot, "update")
                if document.get("ramp") != before.body["deployed"].get("ramp"):
                    changed["rampBeganUs"] = self._clock.now_us()
                changed |= {"deployed": document, "state": "deployed"}
            stored = self._resources.replace(connection, before, caller.author, changed)
        return self._envelope(caller, stored, "updatedElement", "updated")

    def delete(self, caller: Caller, uid: str, is_forced: bool) -> None:
        """Delete a configuration; a deployed one only when forced, which undeploys it first."""
        self._check_sandbox(caller)
        with self._db.write() as connection:
            stored = self._stored(connection, caller, uid)
            if stored.body["deployed"] is not None:
                if not is_forced:
                    refusals = self.kind.refusals
                    self._refuse(
                        caller,
                        refusals.is_deployed,
                        f"Can't delete a deployed {self.kind.label}. Undeploy it before deleting it",
                        refusals.is_deployed_status,
                    )
                stored = self._undeploy(connection, caller, stored)
            forget_state(connection, uid)
            self._resources.delete(connection, stored)

    def can_deploy(self, caller: Caller, uid: str) -> dict[str, Any]:
        """What stands in the way of deploying."""
        self._check_sandbox(caller)
        with self._db.read() as connection:
            return self.kind.check(self._stored(connection, caller, uid).body["document"]).to_json()

    def deploy(self, caller: Caller, uid: str) -> None:
        """From now on the configuration holds, as it is written now; a deployed cap may be deployed again."""
        self._check_sandbox(caller)
        already = self.kind.refusals.already_deployed
        now_us = self._clock.now_us()
        with self._db.write() as connection:
            before = self._stored(connection, caller, uid)
            if already is not None and before.body["deployed"] is not None:
                self._refuse(caller, already, f"Can't deploy {self.kind.label}: already deployed")
            document = before.body["document"]
            self._refuse_faults(caller, self.kind.check(document), self.kind.refusals.cannot_deploy, "deploy")
            changed = {
                **before.body,
                "state": "deployed",
                "deployed": document,
                "deployments": before.body["deployments"] + 1,
                "lastDeployed": deployed_by(caller.author, now_us // 1_000),
                "rampBeganUs": now_us,
            }
            self._resources.replace(connection, before, caller.author, changed)

    def undeploy(self, caller: Caller, uid: str) -> None:
        """From now on the configuration no longer holds; calls that wait go on at its pace, for a day at most."""
        self._check_sandbox(caller)
        with self._db.write() as connection:
            stored = self._stored(connection, caller, uid)
            if stored.body["deployed"] is not None:
                self._undeploy(connection, caller, stored)
            elif (not_deployed := self.kind.refusals.not_deployed) is not None:
                self._refuse(caller, not_deployed, f"Can't undeploy {self.kind.label}: not deployed")

    def state(self, caller: Caller, uid: str) -> dict[str, Any]:
        """What the configuration does at the moment, as the worker last told (within a second or two)."""
        self._check_sandbox(caller)
        with self._db.read() as connection:
            stored = self._stored(connection, caller, uid)
            told = load_state(connection, uid)
        shown: dict[str, Any] = {"uid": uid, "isDeployed": stored.body["deployed"] is not None}
        if told is not None:
            saved_at_us, state = told
            shown |= {**state["shown"], "asOf": time_text(saved_at_us // 1_000)}
        return shown

    # --- within ---

    def _undeploy(self, connection: Connection, caller: Caller, stored: Resource) -> Resource:
        body = stored.body
        if self.kind.is_of_organisation:
            now_us = self._clock.now_us()
            for old in self._resources.in_scope(connection, caller.scope_id, ENDING):
                if old.body["undeployedUs"] + OUTLIVES_US < now_us:
                    self._resources.delete(connection, old)
            ending = {
                "uid": stored.id,
                "deployed": body["deployed"],
                "rampBeganUs": body["rampBeganUs"],
                "undeployedUs": now_us,
            }
            self._resources.create(connection, caller.scope_id, caller.author, ENDING, ending)
        changed = {**body, "deployed": None, "state": state_before(body)}
        return self._resources.replace(connection, stored, caller.author, changed)

    def _read(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """The writable part of what a client sent; it may be incomplete, but holds nothing unknown."""
        code, label = self.kind.refusals.invalid, self.kind.label
        for key in body:
            if key not in self.kind.keys and key not in READ_ONLY:
                self._refuse(caller, code, f"Can't create {label}: invalid payload: there is no {key!r}")
        if body.get("orgId") not in (None, "", caller.org_id):
            self._refuse(caller, code, f"Can't create {label}: invalid payload: orgId is another organization's")
        for key in ("name", "description"):
            value = body.get(key)
            if value is not None and (not isinstance(value, str) or len(value) > 1_000):
                self._refuse(caller, code, f"Can't create {label}: invalid payload: {key} is a text")
        return {key: body[key] for key in self.kind.keys if key in body and key != "orgId"}

    def _envelope(self, caller: Caller, stored: Resource, element: str, status: str) -> dict[str, Any]:
        return {
            "canDeploy": self.kind.check(stored.body["document"]).to_json(),
            element: view(self.kind, caller, stored),
            "uid": stored.id,
            "uri": f"/voyager/apis/{self.kind.path}/{stored.id}",
            "resStatus": status,
        }

    def _check_sandbox(self, caller: Caller) -> None:
        if self.kind.is_of_organisation and caller.sandbox.type != "production":
            self._refuse(caller, 1463, "Operation on throttling config is forbidden: non prod sandbox")

    def _of_organisation(self, connection: Connection, caller: Caller) -> bool:
        scopes = {s.scope_id for s in list_sandboxes(connection, caller.org_id) if s.state == "active"}
        return any(
            stored.scope_id in scopes for stored in self._resources.in_all_scopes(connection, self.kind.resource)
        )

    def _stored(self, connection: Connection, caller: Caller, uid: str) -> Resource:
        try:
            return self._resources.get(connection, caller.scope_id, self.kind.resource, uid)
        except ResourceNotFound:
            self._refuse(caller, self.kind.refusals.not_found, f"{self.kind.label} not found", 404)
            raise

    def _refuse_faults(self, caller: Caller, found: Findings, code: int, verb: str) -> None:
        if found.errors:
            self._refuse(caller, code, f"Can't {verb} {self.kind.label}: {found.errors[0][0]}: {found.errors[0][1]}")

    def _refuse(self, caller: Caller, code: int | str, message: str, status: int = 400) -> None:
        raise LimitRefused(code, message, f"{self.kind.path}${caller.sandbox.name}", status)


class Limits:
    """Both kinds, and the table of what holds."""

    def __init__(self, db: Database, resources: ResourceStore, clock: Clock | None = None) -> None:
        self.capping = LimitService(CAPPING, db, resources, clock)
        self.throttling = LimitService(THROTTLING, db, resources, clock)
        self._resources = resources

    def compiled(self) -> Compiled[LimitTable]:
        """A table of what is deployed, for a thread of its own."""
        return Compiled(self._resources, [CAPPING.resource, THROTTLING.resource, ENDING, SANDBOX_KIND], self._build)

    def _build(self, connection: Connection) -> LimitTable:
        org_of = {s.scope_id: s.org_id for s in list_sandboxes(connection) if s.state == "active"}
        caps = [
            cap
            for stored in self._resources.in_all_scopes(connection, CAPPING.resource)
            if stored.scope_id in org_of
            for cap in caps_of(stored)
        ]
        throttles = [
            throttle
            for kind in (THROTTLING.resource, ENDING)
            for stored in self._resources.in_all_scopes(connection, kind)
            if stored.scope_id in org_of and (throttle := throttle_of(stored, org_of[stored.scope_id])) is not None
        ]
        return LimitTable(caps, throttles, org_of)
