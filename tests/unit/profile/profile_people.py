"""People to ask for: data put straight into the stores of sandbox `prod`."""

from typing import Any

import orjson

from parcours.app import Platform
from parcours.identity.graph import insert_links
from parcours.profile import store
from parcours.xdm.identities import Identity

SCOPE_NAME = ("ACME@AdobeOrg", "prod")
SECOND_US = 1_000_000


class People:
    """Writes what the worker would."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.scope_id = platform.access.sandbox(*SCOPE_NAME).scope_id

    def record(self, identity: Identity, dataset_id: str, at_s: int, body: dict[str, Any]) -> None:
        row = store.FragmentRow(self.scope_id, identity, dataset_id, at_s * SECOND_US, orjson.dumps(body))
        with self.platform.db.write() as connection:
            store.put_fragments(connection, [row])

    def event(self, identity: Identity, event_id: str, at_ms: int, dataset_id: str = "events", **fields: Any) -> None:
        line = orjson.dumps({"_id": event_id, **fields})
        row = store.EventRow(self.scope_id, identity, at_ms, store.event_key(event_id), dataset_id, at_ms + 7, line)
        with self.platform.db.write() as connection:
            store.put_events(connection, [row])

    def link(self, one: Identity, *others: Identity) -> None:
        with self.platform.db.write() as connection:
            insert_links(connection, [(self.scope_id, one, other) for other in others], 1)
