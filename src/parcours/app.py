"""Builds everything from settings: the one place where rooms meet."""

import asyncio
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from sqlalchemy import Connection

from parcours.access import Access, Caller
from parcours.access import api as access_api
from parcours.access.routing import Gate
from parcours.actions import ActionService
from parcours.actions import api as actions_api
from parcours.catalog import api as catalog_api
from parcours.catalog.documents import DATA_SET_KIND
from parcours.catalog.model import WINDOW_MS
from parcours.catalog.service import CatalogService
from parcours.collection.inlet import Collector
from parcours.dataflow import api as dataflow_api
from parcours.dataflow.store import failed_in_window, mark_retrying
from parcours.dataflow.transform import RETRY_PREFIX, Definitions
from parcours.dataflow.validate import find_violations
from parcours.dataprep import DataPrepService
from parcours.dataprep import api as dataprep_api
from parcours.db import Database
from parcours.db.migrate import migrate
from parcours.delivery import api as delivery_api
from parcours.delivery.service import Delivery
from parcours.events import api as events_api
from parcours.events.service import EventService
from parcours.flows import api as flows_api
from parcours.flows.compile import flows_into
from parcours.flows.model import Inlet
from parcours.flows.service import FlowService
from parcours.http import health as health_api
from parcours.http.app import build_api
from parcours.http.health import Health
from parcours.identity import api as identity_api
from parcours.identity import graph_api
from parcours.identity.graph_service import IdentityGraphService
from parcours.identity.service import NamespaceService
from parcours.journeys import api as journeys_api
from parcours.journeys import runs_api
from parcours.journeys.service import JourneyService
from parcours.journeys.store import get_position, stop_version
from parcours.kit.clock import SystemClock
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.lake.model import LakeSchema
from parcours.lake.writer import LakeWriter, SchemaOf
from parcours.log import LogWriter, Record
from parcours.log.sqlite import SqliteLogReader
from parcours.pipeline import CONSUMER, Pipeline, Sources
from parcours.profile import api as profile_api
from parcours.profile.service import ProfileService
from parcours.resources.store import Compiled, ResourceStore
from parcours.worker import Worker
from parcours.xdm import DescriptorService, XdmService
from parcours.xdm import api as xdm_api

if TYPE_CHECKING:
    from parcours.lake.query import Lake


@dataclass(frozen=True)
class Platform:
    """Every service of one process, wired."""

    settings: Settings
    db: Database
    secrets: SecretBox
    resources: ResourceStore
    access: Access
    namespaces: NamespaceService
    actions: ActionService
    schemas: XdmService
    mappings: DataPrepService
    catalog: CatalogService
    flows: FlowService
    events: EventService
    journeys: JourneyService
    profiles: ProfileService

    def routers(self) -> list[APIRouter]:
        """The control plane's routes, one router per room."""
        gate = Gate(self.access)
        base_url = self.settings.base_url
        return [
            access_api.router(gate, self.access),
            identity_api.router(gate, self.namespaces),
            graph_api.router(gate, IdentityGraphService(self.db, self.namespaces)),
            profile_api.router(gate, self.profiles),
            xdm_api.router(gate, self.schemas, DescriptorService(self.db, self.resources, self.schemas)),
            dataprep_api.router(gate, self.mappings),
            catalog_api.router(
                gate,
                self.catalog,
                self.db,
                base_url,
                lambda connection, batch: failed_in_window(
                    connection,
                    batch.scope_id,
                    batch.dataset_id,
                    batch.flow_id,
                    batch.window_start_ms,
                    batch.window_start_ms + WINDOW_MS,
                ),
            ),
            flows_api.router(gate, self.flows, base_url),
            actions_api.router(gate, self.actions),
            events_api.router(gate, self.events),
            journeys_api.router(gate, self.journeys),
            runs_api.router(gate, self.db, self.journeys),
            delivery_api.router(gate, self.actions, self.settings.allow_private_networks),
        ]

    def api(self, more: Iterable[APIRouter] = ()) -> FastAPI:
        """The control plane as an ASGI application; `more` are routes of the process itself."""
        return build_api([*self.routers(), *more])

    def migrate(self) -> None:
        """Bring the database to this release's schema."""
        migrate(self.db)

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()


def build_platform(settings: Settings) -> Platform:
    """Open the data directory and wire every service."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    secrets = SecretBox.open(settings.data_dir, settings.secret_key)
    db = Database(settings.state_url)
    resources = ResourceStore()
    access = Access(db, resources, settings, secrets)
    namespaces = NamespaceService(db, resources)
    schemas = XdmService(db, resources)
    mappings = DataPrepService(db, resources, schemas)
    catalog = CatalogService(
        db,
        resources,
        lambda connection, scope_id, schema_id: schemas.table.current(connection).get(scope_id, schema_id),
        lambda connection, scope_id, dataset_id: flows_into(resources, connection, scope_id, dataset_id),
    )
    schemas.is_in_use = catalog.is_schema_in_use
    flows = FlowService(db, resources, catalog.table, mappings.target_schema, settings.base_url)
    actions = ActionService(db, resources, secrets, settings)
    events = EventService(db, resources, schemas, namespaces)
    return Platform(
        settings=settings,
        db=db,
        secrets=secrets,
        resources=resources,
        access=access,
        namespaces=namespaces,
        schemas=schemas,
        mappings=mappings,
        catalog=catalog,
        flows=flows,
        actions=actions,
        events=events,
        journeys=JourneyService(db, resources, events, actions, schemas, stop_version),
        profiles=ProfileService(db, resources, namespaces),
    )


STEP_EVENT_SCHEMA = "https://ns.adobe.com/experience/journeyOrchestration/stepEvents/journeyStepEventSchema"
STEP_EVENT_DATA_SET = "journey_step_events"


def build_pipeline(platform: Platform) -> Pipeline:
    """The worker's transactions over the platform's definitions, with compiled tables of their own."""
    catalog = platform.catalog
    sources = Sources(
        resources=platform.resources,
        inlets=platform.flows.inlets,
        data_sets=catalog.table,
        schemas=platform.schemas.table,
        mappings=platform.mappings.table,
        namespaces=platform.namespaces.table,
        policies=platform.profiles.policies.table,
        events=platform.events.table,
        journeys=platform.journeys.live,
        actions=platform.actions.table,
        step_data_set=lambda connection, scope_id: catalog.ensure_system_data_set(
            connection, scope_id, STEP_EVENT_DATA_SET, STEP_EVENT_SCHEMA
        ),
    )
    return Pipeline(platform.db, SqliteLogReader(log_path(platform.settings)), sources, SystemClock())


def build_worker(platform: Platform) -> Worker:
    """The pipeline with its timers, the deliveries and the lake."""
    settings = platform.settings
    delivery = Delivery(platform.db, platform.actions, settings)
    return Worker(settings, build_pipeline(platform), delivery, build_lake_writer(platform))


def _schema_of_data_sets(platform: Platform) -> SchemaOf:
    data_sets = Compiled(platform.resources, [DATA_SET_KIND], platform.catalog.build_table)
    schemas = platform.schemas.compiled()

    def schema_of(scope_id: int, dataset_id: str) -> LakeSchema | None:
        with platform.db.read() as connection:
            data_set = data_sets.current(connection).get(scope_id, dataset_id)
            schema = None if data_set is None else schemas.current(connection).get(scope_id, data_set.schema_id)
        return None if schema is None else schema.document

    return schema_of


def build_lake_writer(platform: Platform) -> LakeWriter:
    """Commits staged records to the warehouse in the data directory."""
    return LakeWriter(platform.db, platform.settings.data_dir / "lake", _schema_of_data_sets(platform))


def build_lake(platform: Platform) -> "Lake":
    """Reads the data sets with SQL, beside a running server or without one."""
    from parcours.lake.query import Lake  # DuckDB: a server that is never asked needn't load it

    return Lake(platform.db, platform.settings.data_dir / "lake", _schema_of_data_sets(platform))


def build_collector(platform: Platform, log: LogWriter) -> Collector:
    """The inlets over a log; their definitions are read again when one has a new revision."""
    settings = platform.settings
    known = _Known(platform)

    async def refresh() -> None:
        await asyncio.to_thread(known.read)
        collector.inlets = known.definitions.inlets.by_id

    async def validate(inlet: Inlet, flow_id: str, dataset_id: str, message: Any) -> list[dict[str, Any]]:
        await refresh()
        return await asyncio.to_thread(find_violations, inlet.inlet_id, flow_id, dataset_id, message, known.definitions)

    def schema_of(scope_id: int, dataset_id: str) -> str | None:
        found = known.definitions.data_sets.get(scope_id, dataset_id)
        return None if found is None else found.schema_id

    collector = Collector(platform.access, log, settings.max_body_bytes, settings.collector_backlog, refresh, validate)
    collector.schema_of = schema_of
    return collector


class _Known:
    """What the collector knows of the definitions."""

    definitions: Definitions

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._mappings = platform.mappings.compiled()
        self._schemas = platform.schemas.compiled()
        self._lock = threading.Lock()
        self._revisions: dict[str, int] | None = None

    def read(self) -> None:
        """Bring the tables up to date; for any thread."""
        platform = self._platform
        with self._lock, platform.db.read() as connection:
            revisions = platform.resources.revisions(connection)
            if revisions == self._revisions:
                return
            self.definitions = Definitions(
                inlets=platform.flows.inlets.current(connection, revisions),
                data_sets=platform.catalog.table.current(connection, revisions),
                schemas=self._schemas.current(connection, revisions),
                mappings=self._mappings.current(connection, revisions),
            )
            self._revisions = revisions


def build_process_routers(
    platform: Platform, health: Health, log: LogWriter, loop: asyncio.AbstractEventLoop
) -> list[APIRouter]:
    """Routes that need the process's own log writer: health, metrics, failed records."""
    reader = SqliteLogReader(log_path(platform.settings))
    reader_lock = threading.Lock()

    def pending(connection: Connection) -> dict[str, int]:
        position = get_position(connection, CONSUMER)
        with reader_lock:
            return reader.pending(position)

    async def append(record: Record) -> None:
        await log.append((record,))

    def retry(caller: Caller, record_id: int) -> None:
        with platform.db.write() as connection:
            row = mark_retrying(connection, caller.scope_id, record_id)
        xaction_id = f"{RETRY_PREFIX}{record_id}"
        record = Record(row.inlet_id, row.flow_id, row.dataset_id, xaction_id, row.received_at_ms, row.body, count=0)
        asyncio.run_coroutine_threadsafe(append(record), loop).result(timeout=60)

    platform.flows.runs.pending = pending
    return [health_api.router(health), dataflow_api.router(Gate(platform.access), platform.db, retry)]


def log_path(settings: Settings) -> Path:
    """The event log's file."""
    return settings.data_dir / "log.db"
