"""Builds everything from settings: the one place where rooms meet."""

from dataclasses import dataclass

from fastapi import APIRouter, FastAPI

from parcours.access import Access
from parcours.access import api as access_api
from parcours.access.routing import Gate
from parcours.actions import ActionService
from parcours.actions import api as actions_api
from parcours.dataprep import DataPrepService
from parcours.dataprep import api as dataprep_api
from parcours.db import Database
from parcours.delivery import api as delivery_api
from parcours.events import api as events_api
from parcours.events.service import EventService
from parcours.http.app import build_api
from parcours.identity import api as identity_api
from parcours.identity.service import NamespaceService
from parcours.journeys import api as journeys_api
from parcours.journeys.service import JourneyService
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.resources.store import ResourceStore
from parcours.xdm import DescriptorService, XdmService
from parcours.xdm import api as xdm_api


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
    events: EventService
    journeys: JourneyService

    def routers(self) -> list[APIRouter]:
        """The control plane's routes, one router per room."""
        gate = Gate(self.access)
        return [
            access_api.router(gate, self.access),
            identity_api.router(gate, self.namespaces),
            xdm_api.router(gate, self.schemas, DescriptorService(self.db, self.resources, self.schemas)),
            dataprep_api.router(gate, self.mappings),
            actions_api.router(gate, self.actions),
            events_api.router(gate, self.events),
            journeys_api.router(gate, self.journeys),
            delivery_api.router(gate, self.actions, self.settings.allow_private_networks),
        ]

    def api(self) -> FastAPI:
        """The control plane as an ASGI application."""
        return build_api(self.routers())

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
        actions=actions,
        events=events,
        journeys=JourneyService(db, resources, events, actions, schemas),
    )


STEP_EVENT_SCHEMA = "https://ns.adobe.com/experience/journeyOrchestration/stepEvents/journeyStepEventSchema"
STEP_EVENT_DATA_SET = "journey_step_events"


def build_worker(platform: Platform) -> Worker:
    """The pipeline with its timers, the deliveries and the lake, over the platform's definitions."""
    settings = platform.settings
    sources = Sources(
        resources=platform.resources,
        inlets=platform.flows.inlets,
        data_sets=platform.catalog.table,
        schemas=platform.schemas.table,
        mappings=platform.mappings.table,
        namespaces=platform.namespaces.table,
        events=platform.events.table,
        journeys=platform.journeys.live,
        actions=platform.actions.table,
        step_data_set=lambda connection, scope_id: platform.catalog.ensure_system_data_set(
            connection, scope_id, STEP_EVENT_DATA_SET, STEP_EVENT_SCHEMA
        ),
    )
    reader = SqliteLogReader(settings.data_dir / "log.db")
    pipeline = Pipeline(platform.db, reader, sources, SystemClock())
    delivery = Delivery(platform.db, platform.actions, settings)
    return Worker(settings, pipeline, delivery, build_lake_writer(platform))


def build_lake_writer(platform: Platform) -> LakeWriter:
    """Commits staged records to the warehouse in the data directory."""
    data_sets = Compiled(platform.resources, [DATA_SET_KIND], platform.catalog.build_table)
    schemas = platform.schemas.compiled()

    def schema_of(scope_id: int, dataset_id: str) -> LakeSchema | None:
        with platform.db.read() as connection:
            data_set = data_sets.current(connection).get(scope_id, dataset_id)
            schema = None if data_set is None else schemas.current(connection).get(scope_id, data_set.schema_id)
        return None if schema is None else schema.document

    return LakeWriter(platform.db, platform.settings.data_dir / "lake", schema_of)


class Definitions:
    """What the inlets know: read again when a definition has a new revision."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._lock = threading.Lock()
        self.inlets: InletTable | None = None
        self.data_sets: DataSetTable | None = None

    def read(self) -> None:
        """Bring both tables up to date; for any thread."""
        platform = self._platform
        with self._lock, platform.db.read() as connection:
            revisions = platform.resources.revisions(connection)
            self.inlets = platform.flows.inlets.current(connection, revisions)
            self.data_sets = platform.catalog.table.current(connection, revisions)


def build_collector(platform: Platform, log: LogWriter) -> Collector:
    """The inlets over a log."""
    definitions = Definitions(platform)

    async def refresh() -> None:
        await asyncio.to_thread(definitions.read)
        assert definitions.inlets is not None
        collector.inlets = definitions.inlets.by_id

    def schema_of(scope_id: int, dataset_id: str) -> str | None:
        found = None if definitions.data_sets is None else definitions.data_sets.get(scope_id, dataset_id)
        return None if found is None else found.schema_id

    settings = platform.settings
    collector = Collector(
        platform.access, log, settings.max_body_bytes, settings.collector_backlog, refresh, SyncValidator(platform)
    )
    collector.schema_of = schema_of
    return collector
