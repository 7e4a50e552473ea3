"""Which data sets journeys may look up, and what they would find."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.catalog.documents import DATA_SET_KIND
from parcours.catalog.errors import CatalogNotFound
from parcours.catalog.service import CatalogService
from parcours.catalog.tags import LOOKUP, Tags, is_enabled
from parcours.db import Database
from parcours.kit.clock import Clock, SystemClock
from parcours.lookups import store
from parcours.lookups.errors import LookupInvalid, LookupNotEnabled
from parcours.lookups.keys import key_path
from parcours.lookups.model import LoadState, LookupTable
from parcours.resources.store import Compiled, ResourceStore

_ACTIONS = {"enable": "enabled:true", "disable": "enabled:false"}


class LookupService:
    """Data sets enabled for lookup."""

    def __init__(
        self, db: Database, resources: ResourceStore, catalog: CatalogService, clock: Clock | None = None
    ) -> None:
        self._db = db
        self._resources = resources
        self._catalog = catalog
        self._clock = clock or SystemClock()
        self.table: Compiled[LookupTable] = self.compiled()

    def compiled(self) -> Compiled[LookupTable]:
        """Another table over the same data sets, for a thread that does not share its own."""
        return Compiled(self._resources, [DATA_SET_KIND], self._build)

    def follow(self, connection: Connection, scope_id: int, dataset_id: str, tags: Tags, before: Tags) -> None:
        """A data set was written: load its rows, or let them go, where its tag says so now and didn't before."""
        path, old = key_path(tags), key_path(before)
        if path == old:
            return
        state: LoadState = "erasing" if path is None else "loading"
        store.set_load(connection, scope_id, dataset_id, state, self._clock.now_us())

    def forget(self, connection: Connection, scope_id: int, dataset_id: str) -> None:
        """A data set is being deleted: its rows can't be found from now on, and go a little later."""
        if store.find_load(connection, scope_id, dataset_id) is not None:
            store.set_load(connection, scope_id, dataset_id, "erasing", self._clock.now_us())

    def switch(self, caller: Caller, dataset_id: str, action: str, key: Any = None) -> dict[str, Any]:
        """Enable or disable a data set; key: the field that is the key, else the schema's primary identity.

        Raises CatalogNotFound, DataSetRefused or LookupInvalid.
        """
        if action not in _ACTIONS:
            raise LookupInvalid(f"the action is enable or disable, not {action[:40]!r}", "$.action")
        if key is not None and (not isinstance(key, str) or not key):
            raise LookupInvalid("key is the path of a field", "$.key")
        values = [_ACTIONS[action], *([] if key is None else [f"key:{key}"])]
        self._catalog.merge(caller, dataset_id, {"tags": {LOOKUP: values}})
        return self.get(caller, dataset_id)

    def get(self, caller: Caller, dataset_id: str) -> dict[str, Any]:
        """Whether a data set is enabled, and how far its rows are. Raises CatalogNotFound."""
        with self._db.read() as connection:
            data_set = self._catalog.table.current(connection).get(caller.scope_id, dataset_id)
            if data_set is None:
                raise CatalogNotFound("data set", dataset_id)
            load = store.find_load(connection, caller.scope_id, dataset_id)
            path = key_path(data_set.tags)
            shown: dict[str, Any] = {"dataSetId": dataset_id, "name": data_set.name, "enabled": path is not None}
            if path is None or load is None:
                return shown
            return {
                **shown,
                "key": ".".join(path),
                "state": load.state,
                "rows": store.count_rows(connection, caller.scope_id, dataset_id),
                "rowsTakenOver": load.row_count,
                "rowsWithoutKey": load.left_out_count,
                "reason": load.reason,
            }

    def find_rows(
        self, caller: Caller, dataset_id: str, keys: Sequence[str], fields: Sequence[str]
    ) -> list[dict[str, Any]]:
        """What a journey would find. Raises LookupNotEnabled, LookupInvalid or LookupTooLarge."""
        with self._db.read() as connection:
            if self.table.current(connection).get(caller.scope_id, dataset_id) is None:
                raise LookupNotEnabled(dataset_id)
            return store.find_rows(connection, caller.scope_id, dataset_id, keys, fields)

    def _build(self, connection: Connection) -> LookupTable:
        found = {}
        for resource in self._resources.in_all_scopes(connection, DATA_SET_KIND):
            tags = resource.body["tags"]
            path = key_path(tags) if is_enabled(tags, LOOKUP) else None
            if path is not None:
                found[resource.scope_id, resource.id] = path
        return LookupTable(found)
