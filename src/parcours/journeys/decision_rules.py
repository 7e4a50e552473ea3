"""Decision rules of a sandbox: conditions with a name, which paths of journeys refer to. Source: journeys §8.13.

Journeys follow a rule: live ones too take a changed one up with the next event, without another publication. So a
change that a running version could not take is refused, and so is the deletion of a rule that versions name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from parcours.access.errors import PermissionDenied
from parcours.access.model import Caller
from parcours.db import Database
from parcours.journeys.compile import examine
from parcours.journeys.decision_rule_document import check_rule, read_document
from parcours.journeys.decision_rule_table import DECISION_RULE_KIND, shape_of
from parcours.journeys.definitions import FrozenDefinitions, rules_in
from parcours.journeys.errors import (
    DecisionRuleExists,
    DecisionRuleInUse,
    DecisionRuleInvalid,
    DecisionRuleNotFound,
)
from parcours.journeys.live import identity_of
from parcours.journeys.service import JourneyService
from parcours.journeys.versions import LIVE, VERSION_KIND, metadata
from parcours.resources.store import Resource, ResourceNotFound, ResourceStore
from parcours.resources.users import names_of

MAX_RULES = 500
"""In a sandbox."""


class DecisionRuleService:
    """Authoring of decision rules."""

    def __init__(self, db: Database, resources: ResourceStore, journeys: JourneyService) -> None:
        self._db = db
        self._resources = resources
        self._journeys = journeys

    def create(self, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Store a rule. Raises DecisionRuleInvalid, DecisionRuleExists."""
        with self._db.write() as connection:
            return self.create_in(connection, caller, body)

    def create_in(self, connection: Connection, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """The same within the caller's transaction."""
        self._lock(connection)
        document = self._read(connection, caller, None, body)
        stored = self._resources.create(connection, caller.scope_id, caller.author, DECISION_RULE_KIND, document)
        return self._show(connection, caller, stored), stored.etag

    def find_all(self, caller: Caller, search: str = "", tags: Iterable[str] = ()) -> list[dict[str, Any]]:
        """By name. search: words of name, description and tags, all of which must occur; tags: all of them."""
        with self._db.read() as connection:
            return self.find_in(connection, caller, search, tags)

    def find_in(
        self, connection: Connection, caller: Caller, search: str = "", tags: Iterable[str] = ()
    ) -> list[dict[str, Any]]:
        """The same within the caller's transaction."""
        words, wanted = search.casefold().split(), set(tags)
        found = [
            self._show(connection, caller, one)
            for one in self._resources.in_scope(connection, caller.scope_id, DECISION_RULE_KIND)
            if wanted <= set(one.body["tags"]) and _has_words(one.body, words)
        ]
        return sorted(found, key=lambda one: (one["name"].casefold(), one["uid"]))

    def get(self, caller: Caller, uid: str) -> tuple[dict[str, Any], str]:
        """One and its etag. Raises DecisionRuleNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            return self._show(connection, caller, stored), stored.etag

    def journeys(self, caller: Caller, uid: str) -> list[dict[str, Any]]:
        """The journeys that use a rule, each with the versions that do. Raises DecisionRuleNotFound."""
        with self._db.read() as connection:
            self._stored(connection, caller.scope_id, uid)
            return self._journeys.usages.journeys_of(connection, caller.scope_id, uid)

    def replace(
        self, caller: Caller, uid: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Change a rule; live journeys follow it from now on, so whoever changes what it says may publish, too.

        Raises DecisionRuleNotFound, DecisionRuleInvalid, DecisionRuleExists, DecisionRuleInUse where a running version
        can't take it, PermissionDenied, EtagMismatch.
        """
        with self._db.write() as connection:
            self._lock(connection)
            before = self._stored(connection, caller.scope_id, uid)
            document = self._read(connection, caller, uid, body)
            if (document["expression"], document["audiences"]) != (before.body["expression"], before.body["audiences"]):
                self._check_running(connection, caller, uid, document)
            stored = self._resources.replace(connection, before, caller.author, document, if_match)
            return self._show(connection, caller, stored), stored.etag

    def delete(self, caller: Caller, uid: str) -> None:
        """Forget a rule that no journey uses. Raises DecisionRuleNotFound, DecisionRuleInUse."""
        with self._db.write() as connection:
            self._lock(connection)
            stored = self._stored(connection, caller.scope_id, uid)
            users = self._journeys.usages.journeys_of(connection, caller.scope_id, uid)
            if users:
                raise DecisionRuleInUse(f"{names_of(users)} use the rule {stored.body['name']!r}: it can't be deleted")
            self._resources.delete(connection, stored)

    def _lock(self, connection: Connection) -> None:
        """Before anything is read: whoever takes a name, or publishes a journey with rules, now waits, or is seen."""
        self._resources.touch(connection, DECISION_RULE_KIND)

    def _read(self, connection: Connection, caller: Caller, uid: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """A body as it is stored, `audiences` with the ids of those it asks for, checked against the sandbox."""
        document = read_document(body)
        others = self._resources.in_scope(connection, caller.scope_id, DECISION_RULE_KIND)
        if any(one.id != uid and one.body["name"] == document["name"] for one in others):
            raise DecisionRuleExists(document["name"])
        if uid is None and len(others) >= MAX_RULES:
            raise DecisionRuleInvalid(f"a sandbox has {MAX_RULES} decision rules at most", "$")
        audiences = check_rule(document, self._journeys.definitions(connection, caller.scope_id))
        return {**document, "audiences": audiences}

    def _check_running(self, connection: Connection, caller: Caller, uid: str, document: Mapping[str, Any]) -> None:
        """Whether every version that runs can take the rule, and the caller may decide what live ones do."""
        current = self._journeys.definitions(connection, caller.scope_id)
        rules = current.decision_rules.with_rule(caller.scope_id, shape_of(uid, document))
        changed = replace(current, decision_rules=rules)
        for version in self._resources.in_scope(connection, caller.scope_id, VERSION_KIND):
            body = version.body
            is_running = body["status"] in LIVE or body["status"] in ("Testing", "Dry Run")
            if not is_running or uid not in rules_in(body["document"]):
                continue
            name = body["document"]["name"]
            if body["status"] in LIVE and not caller.may("journeys.publish"):
                message = f"journey {name!r} is live and follows the rule"
                raise PermissionDenied("journeys.publish", caller.sandbox.name, message, "$.expression")
            names = body["names"]
            used = changed if names is None else FrozenDefinitions(changed, names)
            journey, faults = examine(body["document"], used, identity_of(version, caller.sandbox))
            if journey is None:
                reason = next((fault.message for fault in faults if fault.severity == "error"), "it can't be built")
                raise DecisionRuleInUse(
                    f"version {body['version']} of journey {name!r} can't take the change: {reason}"
                )

    def _stored(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, DECISION_RULE_KIND, uid)
        except ResourceNotFound:
            raise DecisionRuleNotFound(uid) from None

    def _show(self, connection: Connection, caller: Caller, stored: Resource) -> dict[str, Any]:
        return {
            "uid": stored.id,
            **{name: value for name, value in stored.body.items() if name != "audiences"},
            "usedIn": len(self._journeys.usages.journeys_of(connection, caller.scope_id, stored.id)),
            "orgId": caller.org_id,
            "sandboxName": caller.sandbox.name,
            "metadata": metadata(stored),
        }


def _has_words(body: Mapping[str, Any], words: Iterable[str]) -> bool:
    text = "\n".join((body["name"], body["description"], *body["tags"])).casefold()
    return all(word in text for word in words)
