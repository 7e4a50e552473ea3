"""Builds everything from settings: the one place where rooms meet."""

from dataclasses import dataclass

from fastapi import APIRouter, FastAPI

from parcours.access import Access
from parcours.access import api as access_api
from parcours.access.routing import Gate
from parcours.actions import ActionService
from parcours.actions import api as actions_api
from parcours.catalog import api as catalog_api
from parcours.catalog.model import WINDOW_MS
from parcours.catalog.service import CatalogService
from parcours.dataflow.store import failed_in_window
from parcours.dataprep import DataPrepService
from parcours.dataprep import api as dataprep_api
from parcours.db import Database
from parcours.delivery import api as delivery_api
from parcours.events import api as events_api
from parcours.events.service import EventService
from parcours.flows import api as flows_api
from parcours.flows.compile import flows_into
from parcours.flows.service import FlowService
from parcours.http.app import build_api
from parcours.identity import api as identity_api
from parcours.identity import graph_api
from parcours.identity.graph_service import IdentityGraphService
from parcours.identity.service import NamespaceService
from parcours.journeys import api as journeys_api
from parcours.journeys.service import JourneyService
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.profile import api as profile_api
from parcours.profile.service import ProfileService
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
        journeys=JourneyService(db, resources, events, actions, schemas),
        profiles=ProfileService(db, resources, namespaces),
    )
