"""The channel configurations of a sandbox."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.channels.document import (
    CONFIGURATION_KIND,
    configuration_of,
    inbox_configuration,
    read_document,
    seal,
    show,
)
from parcours.channels.errors import (
    ConfigurationExists,
    ConfigurationInUse,
    ConfigurationInvalid,
    ConfigurationNotFound,
)
from parcours.channels.model import INBOX, Configuration
from parcours.db import Database
from parcours.kit.clock import to_datetime
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.resources.store import Compiled, Resource, ResourceNotFound, ResourceStore
from parcours.resources.users import names_of

JourneysOf = Callable[[Connection, int, str], list[dict[str, Any]]]
"""(connection, scope_id, configuration uid) → the journeys that name it: {uid, name, versions}."""


class ChannelTable:
    """Every channel configuration of every sandbox."""

    def __init__(self, configurations: Iterable[tuple[Configuration, bool]] = ()) -> None:
        """configurations: each with whether it is its channel's default."""
        self._by_uid: dict[tuple[int, str], Configuration] = {}
        self._defaults: dict[tuple[int, str], Configuration] = {}
        for one, is_default in configurations:
            self._by_uid[one.scope_id, one.uid] = one
            if is_default:
                self._defaults[one.scope_id, one.channel] = one

    def get(self, scope_id: int, uid: str) -> Configuration | None:
        """One of this sandbox, or None."""
        return self._by_uid.get((scope_id, uid))

    def named(self, scope_id: int, channel: str, name: str) -> Configuration | None:
        """One of this sandbox by its channel and name, or None."""
        found = (one for (scope, _), one in self._by_uid.items() if scope == scope_id)
        return next((one for one in found if (one.channel, one.name) == (channel, name)), None)

    def choose(self, scope_id: int, channel: str, uid: str | None) -> Configuration | None:
        """The one named, which must be of the channel; the channel's default; the inbox when there is none."""
        if uid is None:
            return self._defaults.get((scope_id, channel)) or inbox_configuration(scope_id, channel)
        if uid == INBOX:
            return inbox_configuration(scope_id, channel)
        found = self.get(scope_id, uid)
        return found if found is not None and found.channel == channel else None


class ChannelService:
    """Channel configurations. Secrets go in and never come out."""

    def __init__(self, db: Database, resources: ResourceStore, secrets: SecretBox, settings: Settings) -> None:
        self._db = db
        self._resources = resources
        self._secrets = secrets
        self._allow_private = settings.allow_private_networks
        self.table: Compiled[ChannelTable] = self.compiled()
        self._journeys_of: JourneysOf = lambda connection, scope_id, uid: []

    def guard(self, journeys_of: JourneysOf) -> None:
        """Let the room that knows journeys tell which configurations they name."""
        self._journeys_of = journeys_of

    def compiled(self) -> Compiled[ChannelTable]:
        """Another table over the same configurations, for a thread that does not share its own."""
        return Compiled(self._resources, [CONFIGURATION_KIND], self._build)

    def create(self, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Store a configuration: what a reader sees, and its etag. Raises ConfigurationInvalid or -Exists."""
        document = seal(read_document(body, self._allow_private), self._secrets, None)
        with self._db.write() as connection:
            self._check(connection, caller.scope_id, document, None)
            stored = self._resources.create(connection, caller.scope_id, caller.author, CONFIGURATION_KIND, document)
        return self._view(caller, stored), stored.etag

    def find_all(self, caller: Caller) -> list[dict[str, Any]]:
        """Every configuration of the sandbox, oldest first."""
        with self._db.read() as connection:
            found = self._resources.in_scope(connection, caller.scope_id, CONFIGURATION_KIND)
        return [self._view(caller, stored) for stored in found]

    def get(self, caller: Caller, uid: str) -> tuple[dict[str, Any], str]:
        """One and its etag. Raises ConfigurationNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
        return self._view(caller, stored), stored.etag

    def replace(
        self, caller: Caller, uid: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Store a new version; a masked secret keeps the stored one as long as the host stays the same.

        Raises ConfigurationNotFound, ConfigurationInvalid, ConfigurationExists, EtagMismatch.
        """
        document = read_document(body, self._allow_private)
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, uid)
            if document["channel"] != before.body["channel"]:
                raise ConfigurationInvalid("the channel of a configuration stays", "$.channel")
            document = seal(document, self._secrets, before.body)
            self._check(connection, caller.scope_id, document, before)
            stored = self._resources.replace(connection, before, caller.author, document, if_match)
        return self._view(caller, stored), stored.etag

    def delete(self, caller: Caller, uid: str) -> None:
        """Delete one that no journey names. Raises ConfigurationNotFound or ConfigurationInUse."""
        with self._db.write() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            users = self._journeys_of(connection, caller.scope_id, uid)
            if users:
                raise ConfigurationInUse(f"it can't be deleted, for messages leave by it of {names_of(users)}")
            self._resources.delete(connection, stored)

    def _build(self, connection: Connection) -> ChannelTable:
        stored = self._resources.in_all_scopes(connection, CONFIGURATION_KIND)
        return ChannelTable((configuration_of(one), one.body["isDefault"]) for one in stored)

    def _stored(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, CONFIGURATION_KIND, uid)
        except ResourceNotFound:
            raise ConfigurationNotFound(uid) from None

    def _check(
        self, connection: Connection, scope_id: int, document: Mapping[str, Any], before: Resource | None
    ) -> None:
        self._resources.touch(connection, CONFIGURATION_KIND)  # those who take a name wait for each other
        for other in self._resources.in_scope(connection, scope_id, CONFIGURATION_KIND):
            if before is not None and other.id == before.id:
                continue
            if other.body["name"] == document["name"]:
                raise ConfigurationExists(document["name"])
            if document["isDefault"] and other.body["isDefault"] and other.body["channel"] == document["channel"]:
                raise ConfigurationInvalid(f"{other.body['name']!r} is the default of the channel", "$.isDefault")

    def _view(self, caller: Caller, stored: Resource) -> dict[str, Any]:
        return {
            **show(stored),
            "orgId": caller.org_id,
            "sandboxName": caller.sandbox.name,
            "version": stored.version,
            "metadata": {
                "createdBy": stored.created_by,
                "createdById": stored.created_by,
                "createdAt": text_of_ms(stored.created_at_ms),
                "lastModifiedBy": stored.updated_by,
                "lastModifiedById": stored.updated_by,
                "lastModifiedAt": text_of_ms(stored.updated_at_ms),
            },
        }


def text_of_ms(at_ms: int) -> str:
    """A moment as answers show it."""
    return to_datetime(at_ms * 1_000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
