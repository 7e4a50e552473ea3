"""Journey fragments of a sandbox: drafts, active ones that designers put into journeys, archived ones (journeys §17).

A fragment is copied into a journey, which from then on has nothing to do with it: changing or deleting one changes no
journey.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.db import Database
from parcours.journeys.errors import FragmentExists, FragmentNotFound, FragmentStateConflict, JourneyInvalid
from parcours.journeys.fragment_document import FRAGMENT_KIND, check_fragment, read_fragment
from parcours.journeys.versions import metadata
from parcours.resources.store import Resource, ResourceNotFound, ResourceStore

State = Literal["draft", "active", "archived"]
MAX_ACTIVE_FRAGMENTS = 200
"""In a sandbox."""


class FragmentService:
    """Authoring of fragments."""

    def __init__(self, db: Database, resources: ResourceStore) -> None:
        self._db = db
        self._resources = resources

    def create(self, caller: Caller, body: Any) -> tuple[dict[str, Any], str]:
        """Store a draft. Raises JourneyInvalid, FragmentExists."""
        document = read_fragment(body)
        with self._db.write() as connection:
            self._check_name(connection, caller.scope_id, None, document["name"])
            stored = self._resources.create(
                connection, caller.scope_id, caller.author, FRAGMENT_KIND, {"state": "draft", "document": document}
            )
        return _show(caller, stored), stored.etag

    def find_all(
        self, caller: Caller, search: str = "", state: State | None = None, tags: Iterable[str] = ()
    ) -> list[dict[str, Any]]:
        """By name. search: words of name, description and tags, all of which must occur; tags: all of them."""
        words, wanted = search.casefold().split(), set(tags)
        with self._db.read() as connection:
            found = [_show(caller, one) for one in self._resources.in_scope(connection, caller.scope_id, FRAGMENT_KIND)]
        kept = [
            one
            for one in found
            if state in (None, one["state"]) and wanted <= set(one["tags"]) and _has_words(one, words)
        ]
        return sorted(kept, key=lambda one: (one["name"].casefold(), one["uid"]))

    def get(self, caller: Caller, uid: str) -> tuple[dict[str, Any], str]:
        """One and its etag. Raises FragmentNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
        return _show(caller, stored), stored.etag

    def replace(self, caller: Caller, uid: str, body: Any, if_match: str | None = None) -> tuple[dict[str, Any], str]:
        """Store a new version of a draft.

        Raises FragmentNotFound, FragmentStateConflict, JourneyInvalid, FragmentExists, EtagMismatch.
        """
        if isinstance(body, Mapping):  # what the API shows can be put back
            body = {name: value for name, value in body.items() if name not in _OF_SERVER}
        document = read_fragment(body)
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, uid)
            self._expect_draft(before, "changed")
            self._check_name(connection, caller.scope_id, uid, document["name"])
            changed = {**before.body, "document": document}
            stored = self._resources.replace(connection, before, caller.author, changed, if_match)
        return _show(caller, stored), stored.etag

    def activate(self, caller: Caller, uid: str, if_match: str | None = None) -> tuple[dict[str, Any], str]:
        """Let designers use it; an active one stays.

        Raises FragmentNotFound, JourneyInvalid with all that is wrong with it, FragmentStateConflict, EtagMismatch.
        """
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, uid)
            if before.body["state"] == "active":
                return _show(caller, before), before.etag
            self._expect_draft(before, "activated")
            faults = check_fragment(before.body["document"])
            if faults:
                raise JourneyInvalid(faults)
            others = self._resources.in_scope(connection, caller.scope_id, FRAGMENT_KIND)
            if sum(one.body["state"] == "active" for one in others) >= MAX_ACTIVE_FRAGMENTS:
                raise FragmentStateConflict(
                    f"the sandbox has {MAX_ACTIVE_FRAGMENTS} active fragments already: make one a draft first"
                )
            return self._set_state(connection, caller, before, "active", if_match)

    def deactivate(self, caller: Caller, uid: str, if_match: str | None = None) -> tuple[dict[str, Any], str]:
        """Make an active one a draft again; journeys that it was put into keep what they have. A draft stays.

        Raises FragmentNotFound, FragmentStateConflict, EtagMismatch.
        """
        return self._move(caller, uid, "active", "draft", "made a draft", if_match)

    def archive(self, caller: Caller, uid: str, if_match: str | None = None) -> tuple[dict[str, Any], str]:
        """Put an active one away, where designers don't find it; an archived one stays.

        Raises FragmentNotFound, FragmentStateConflict, EtagMismatch.
        """
        return self._move(caller, uid, "active", "archived", "archived", if_match)

    def unarchive(self, caller: Caller, uid: str, if_match: str | None = None) -> tuple[dict[str, Any], str]:
        """Take an archived one back, as a draft; a draft stays.

        Raises FragmentNotFound, FragmentStateConflict, EtagMismatch.
        """
        return self._move(caller, uid, "archived", "draft", "taken out of the archive", if_match)

    def delete(self, caller: Caller, uid: str) -> None:
        """Forget a draft; journeys keep what they have. Raises FragmentNotFound, FragmentStateConflict."""
        with self._db.write() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            self._expect_draft(stored, "deleted")
            self._resources.delete(connection, stored)

    def _move(
        self, caller: Caller, uid: str, before: State, after: State, verb: str, if_match: str | None
    ) -> tuple[dict[str, Any], str]:
        with self._db.write() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            state = stored.body["state"]
            if state == after:
                return _show(caller, stored), stored.etag
            if state != before:
                raise FragmentStateConflict(f"the fragment is {state}: only one that is {before} can be {verb}")
            return self._set_state(connection, caller, stored, after, if_match)

    @staticmethod
    def _expect_draft(stored: Resource, verb: str) -> None:
        state = stored.body["state"]
        if state != "draft":
            raise FragmentStateConflict(f"the fragment is {state}: only a draft can be {verb}")

    def _set_state(
        self, connection: Connection, caller: Caller, before: Resource, state: State, if_match: str | None
    ) -> tuple[dict[str, Any], str]:
        stored = self._resources.replace(connection, before, caller.author, {**before.body, "state": state}, if_match)
        return _show(caller, stored), stored.etag

    def _stored(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, FRAGMENT_KIND, uid)
        except ResourceNotFound:
            raise FragmentNotFound(uid) from None

    def _check_name(self, connection: Connection, scope_id: int, uid: str | None, name: str) -> None:
        for other in self._resources.in_scope(connection, scope_id, FRAGMENT_KIND):
            if other.id != uid and other.body["document"]["name"] == name:
                raise FragmentExists(name)


_OF_SERVER = frozenset({"uid", "state", "orgId", "sandboxName", "metadata"})


def _show(caller: Caller, stored: Resource) -> dict[str, Any]:
    return {
        "uid": stored.id,
        "state": stored.body["state"],
        **stored.body["document"],
        "orgId": caller.org_id,
        "sandboxName": caller.sandbox.name,
        "metadata": metadata(stored),
    }


def _has_words(shown: Mapping[str, Any], words: Iterable[str]) -> bool:
    text = "\n".join((shown["name"], shown["description"], *shown["tags"])).casefold()
    return all(word in text for word in words)
