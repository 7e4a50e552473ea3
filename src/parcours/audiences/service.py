"""The audiences of a sandbox: made, read, changed and deleted; compiled for those who ask by name or id."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.audiences import store, upload_store
from parcours.audiences.document import AUDIENCE_KIND, read_document, text_of_time, view, written_part
from parcours.audiences.errors import AudienceExists, AudienceInUse, AudienceInvalid, AudienceNotFound
from parcours.audiences.model import CUSTOM_UPLOAD, Audience, Counts, IsListened, Member, Status, Usage, UsageOf
from parcours.audiences.table import AudienceTable
from parcours.db import Database
from parcours.identity.graph import find_cluster
from parcours.identity.namespaces import canonical_namespace
from parcours.identity.service import NamespaceService
from parcours.kit.ids import new_uuid
from parcours.resources.patch import PatchInvalid, apply_patch
from parcours.resources.store import Compiled, Resource, ResourceNotFound, ResourceStore
from parcours.xdm.identities import read_identity


class AudienceService:
    """Audiences and who is in them."""

    def __init__(self, db: Database, resources: ResourceStore, namespaces: NamespaceService) -> None:
        self._db = db
        self._resources = resources
        self._namespaces = namespaces
        self._usage_of: UsageOf = lambda connection, scope_id, audience_id: Usage()
        self._is_listened: IsListened = lambda connection, scope_id, audience_id: False
        self.table: Compiled[AudienceTable] = self.compiled()

    def compiled(self) -> Compiled[AudienceTable]:
        """Another table over the same audiences, for a thread that does not share its own."""
        return Compiled(self._resources, [AUDIENCE_KIND], self._build)

    def guard(self, usage_of: UsageOf) -> None:
        """Let the room that knows journeys tell which audiences they use: those can't be deleted."""
        self._usage_of = usage_of

    def listen(self, is_listened: IsListened) -> None:
        """Let the room that knows journeys tell of which audiences it wants to hear: others queue no qualifications."""
        self._is_listened = is_listened

    def is_listened(self, connection: Connection, scope_id: int, audience_id: str) -> bool:
        """Whether changes of an audience are queued as qualifications."""
        return self._is_listened(connection, scope_id, audience_id)

    # --- definitions ---

    def never_evaluated(self, connection: Connection, scope_id: int, audience_ids: Sequence[str]) -> set[str]:
        """Those audiences nobody has brought up to date yet."""
        counts = store.find_counts(connection, scope_id, audience_ids)
        return {one for one in audience_ids if one not in counts or counts[one].evaluated_at_us is None}

    def create(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """Store a new audience. Raises AudienceInvalid or AudienceExists."""
        with self._db.write() as connection:
            document = self._read(connection, caller.scope_id, body, None)
            self._check_name(connection, caller.scope_id, document["name"])
            stored = self._resources.create(
                connection, caller.scope_id, caller.author, AUDIENCE_KIND, document, new_uuid()
            )
            return self._view(connection, caller, stored)

    def find_all(self, caller: Caller) -> list[dict[str, Any]]:
        """Every audience of the sandbox, oldest first."""
        with self._db.read() as connection:
            counts = store.find_counts(connection, caller.scope_id)
            evaluating = upload_store.find_evaluating(connection, caller.scope_id)
            return [
                view(
                    caller,
                    stored,
                    counts.get(stored.id, Counts()),
                    self._usage_of(connection, caller.scope_id, stored.id),
                    is_evaluating=stored.id in evaluating,
                )
                for stored in self._resources.in_scope(connection, caller.scope_id, AUDIENCE_KIND)
            ]

    def get(self, caller: Caller, audience_id: str) -> dict[str, Any]:
        """One audience. Raises AudienceNotFound."""
        with self._db.read() as connection:
            return self._view(connection, caller, self.stored(connection, caller.scope_id, audience_id))

    def find_some(self, caller: Caller, audience_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Those of the audiences that are there, by id."""
        with self._db.read() as connection:
            found = {
                audience_id: self._resources.find(connection, caller.scope_id, AUDIENCE_KIND, audience_id)
                for audience_id in audience_ids
            }
            return {key: self._view(connection, caller, stored) for key, stored in found.items() if stored is not None}

    def patch(self, caller: Caller, audience_id: str, operations: Any, if_match: str | None = None) -> dict[str, Any]:
        """Change an audience by JSON Patch.

        Raises AudienceNotFound, AudienceInvalid, AudienceExists or EtagMismatch.
        """
        with self._db.write() as connection:
            before = self.stored(connection, caller.scope_id, audience_id)
            try:
                body = apply_patch(before.body, operations)
            except PatchInvalid as error:
                raise AudienceInvalid(str(error), error.path) from None
            return self._replace(connection, caller, before, body, if_match)

    def replace(
        self, caller: Caller, audience_id: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> dict[str, Any]:
        """Give an audience a new document; its members stay. Raises as `patch` does."""
        with self._db.write() as connection:
            before = self.stored(connection, caller.scope_id, audience_id)
            return self._replace(connection, caller, before, written_part(body), if_match)

    def delete(self, caller: Caller, audience_id: str) -> None:
        """Delete an audience that no journey uses; its members go a little later, some at a time.

        Raises AudienceNotFound or AudienceInUse.
        """
        with self._db.write() as connection:
            self._resources.touch(connection, AUDIENCE_KIND)  # whoever publishes a journey now waits, or is seen
            stored = self.stored(connection, caller.scope_id, audience_id)
            usage = self._usage_of(connection, caller.scope_id, audience_id)
            if usage.total:
                raise AudienceInUse(f"the audience is used by {usage}: it can't be deleted")
            self._resources.delete(connection, stored)
            store.forget_audience(connection, caller.scope_id, audience_id)
            upload_store.request_erasure(connection, caller.scope_id, audience_id)

    # --- members ---

    def members(
        self, caller: Caller, audience_id: str, status: Status, after_key: str, limit: int, begins_with: str = ""
    ) -> list[Member]:
        """A page of members, of those whose identity begins so.

        Raises AudienceNotFound, or AudienceInvalid for a key that none of them has.
        """
        if "\0" in begins_with:
            raise AudienceInvalid("no identity has a null character", "$.identity")
        if after_key and not store.is_key(after_key):
            raise AudienceInvalid("start is the `next` of the page before", "$.start")
        with self._db.read() as connection:
            self.stored(connection, caller.scope_id, audience_id)
            return store.members_after(
                connection, caller.scope_id, audience_id, after_key, limit, status=status, begins_with=begins_with
            )

    def segment_membership(self, caller: Caller, namespace: str, identity: str) -> dict[str, Any]:
        """The person's `segmentMembership`, of every linked identity together. Raises AudienceInvalid.

        An audience one of them is in counts as realized, whatever the others. Source: platform-apis §7.7.
        """
        asked = read_identity(namespace, identity)
        if isinstance(asked, str):
            raise AudienceInvalid(asked, "$.entityId")
        with self._db.read() as connection:
            audiences = {one.id: one for one in self.table.current(connection).of_scope(caller.scope_id)}
            people = find_cluster(connection, caller.scope_id, asked)
            found = store.find_memberships(connection, caller.scope_id, people, audiences)
        best: dict[str, tuple[bool, int]] = {}
        for memberships in found.values():
            for audience_id, (status, at_us) in memberships.items():
                best[audience_id] = max(best.get(audience_id, (False, 0)), (status == "realized", at_us))
        return {
            "ups": {
                audience_id: {
                    "lastQualificationTime": text_of_time(at_us),
                    "status": "realized" if is_in else "exited",
                    "name": audiences[audience_id].name,
                }
                for audience_id, (is_in, at_us) in best.items()
            }
        }

    # --- looking up ---

    def stored(self, connection: Connection, scope_id: int, audience_id: str) -> Resource:
        """The resource of an audience. Raises AudienceNotFound."""
        try:
            return self._resources.get(connection, scope_id, AUDIENCE_KIND, audience_id)
        except ResourceNotFound:
            raise AudienceNotFound(audience_id) from None

    def _build(self, connection: Connection) -> AudienceTable:
        return AudienceTable(
            Audience(
                stored.id,
                stored.scope_id,
                stored.body["name"],
                canonical_namespace(stored.body["identityNamespace"]),
                CUSTOM_UPLOAD,
                tuple(stored.body.get("fields", ())),
            )
            for stored in self._resources.in_all_scopes(connection, AUDIENCE_KIND)
        )

    def _read(
        self, connection: Connection, scope_id: int, body: Mapping[str, Any], before: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        document = read_document(body, before)
        if before is not None:
            return {**document, "identityNamespace": before["identityNamespace"]}
        code = document["identityNamespace"]
        namespace = self._namespaces.table.current(connection).get(scope_id, code)
        if namespace is None:
            raise AudienceInvalid(f"no identity namespace {code!r} in this sandbox", "$.identityNamespace")
        if namespace.id_type == "NON_PEOPLE":
            raise AudienceInvalid(f"an audience is of people; namespace {code!r} is not", "$.identityNamespace")
        return {**document, "identityNamespace": namespace.code}

    def _replace(
        self,
        connection: Connection,
        caller: Caller,
        before: Resource,
        body: Mapping[str, Any],
        if_match: str | None,
    ) -> dict[str, Any]:
        document = self._read(connection, caller.scope_id, body, before.body)
        if document["name"] != before.body["name"]:
            self._check_name(connection, caller.scope_id, document["name"])
        stored = self._resources.replace(connection, before, caller.author, document, if_match)
        return self._view(connection, caller, stored)

    def _check_name(self, connection: Connection, scope_id: int, name: str) -> None:
        self._resources.touch(connection, AUDIENCE_KIND)  # its row lock makes those who take a name wait
        if any(other.body["name"] == name for other in self._resources.in_scope(connection, scope_id, AUDIENCE_KIND)):
            raise AudienceExists(name)

    def _view(self, connection: Connection, caller: Caller, stored: Resource) -> dict[str, Any]:
        scope_id = caller.scope_id
        return view(
            caller,
            stored,
            store.find_counts(connection, scope_id, [stored.id]).get(stored.id, Counts()),
            self._usage_of(connection, scope_id, stored.id),
            is_evaluating=stored.id in upload_store.find_evaluating(connection, scope_id),
        )
