"""Builds everything from settings: the one place where rooms meet."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from parcours.access import Access
from parcours.access.sessions import Sessions
from parcours.access.users import Users
from parcours.actions import ActionService
from parcours.alerts.evaluator import Evaluator
from parcours.alerts.loop import Alerts
from parcours.alerts.notifier import Notifier
from parcours.alerts.service import AlertService
from parcours.approvals.service import ApprovalPolicies
from parcours.audiences.loading import MemberLoader
from parcours.audiences.service import AudienceService
from parcours.audiences.source import UploadedAudiences
from parcours.audiences.uploads import UploadService
from parcours.batch import Sources
from parcours.catalog.documents import DATA_SET_KIND
from parcours.catalog.service import CatalogService
from parcours.catalog.tags import Tags
from parcours.channels.feedback import FEEDBACK_DATA_SET
from parcours.channels.service import ChannelService
from parcours.channels.sweeps import MessageSweeps
from parcours.dataprep import DataPrepService
from parcours.datasources import DataSourceService
from parcours.db import Database
from parcours.db.migrate import migrate
from parcours.delivery.messages import Messenger
from parcours.delivery.service import Delivery
from parcours.delivery.store import drop_calls
from parcours.delivery.transactional import TransactionalLoop
from parcours.doctor.sample import Sample
from parcours.events.feedback import FEEDBACK_SCHEMA
from parcours.events.service import EventService
from parcours.flows.compile import flows_into, flows_with, is_remembered
from parcours.flows.service import FlowService
from parcours.governance.service import GovernanceService
from parcours.identity.service import NamespaceService
from parcours.journeys.conflicts import ConflictViewer
from parcours.journeys.decision_rules import DecisionRuleService
from parcours.journeys.experiment_service import Experiments
from parcours.journeys.held import HeldLimit
from parcours.journeys.lifecycle import SYSTEM, Lifecycle
from parcours.journeys.records import version_line
from parcours.journeys.reviews import Reviews
from parcours.journeys.service import JourneyService
from parcours.journeys.steps import STEP_STATUS_SPELLINGS
from parcours.journeys.sweeps import Sweeps
from parcours.kit.child import Child
from parcours.kit.clock import Clock, SystemClock
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.lake.model import LakeSchema
from parcours.lake.store import stage
from parcours.lake.writer import LakeWriter, SchemaOf
from parcours.limits.service import Limits
from parcours.loader import Load, Loader
from parcours.log.sqlite import SqliteLogReader
from parcours.lookups.keys import admit, key_path
from parcours.lookups.loading import RowLoader
from parcours.lookups.service import LookupService
from parcours.pipeline import Pipeline
from parcours.profile.service import ProfileService
from parcours.profile.store import delete_data_set
from parcours.reports.service import ReportService
from parcours.resources.store import Compiled, Resource, ResourceStore
from parcours.rulesets.service import RuleSetService
from parcours.templates.service import TemplateService
from parcours.worker import Loop, Worker
from parcours.xdm import XdmService

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
    sessions: Sessions
    users: Users
    namespaces: NamespaceService
    actions: ActionService
    limits: Limits
    data_sources: DataSourceService
    schemas: XdmService
    mappings: DataPrepService
    catalog: CatalogService
    flows: FlowService
    events: EventService
    journeys: JourneyService
    lifecycle: Lifecycle
    approval_policies: ApprovalPolicies
    reviews: Reviews
    reports: ReportService
    experiments: Experiments
    alerts: AlertService
    profiles: ProfileService
    audiences: AudienceService
    uploads: UploadService
    lookups: LookupService
    rule_sets: RuleSetService
    decision_rules: DecisionRuleService
    governance: GovernanceService
    conflicts: ConflictViewer
    templates: TemplateService
    channels: ChannelService

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
    sessions = Sessions(db, access, settings, secrets)
    namespaces = NamespaceService(db, resources)
    schemas = XdmService(db, resources)
    mappings = DataPrepService(db, resources, schemas)
    catalog = CatalogService(
        db,
        resources,
        lambda connection, scope_id, schema_id: schemas.table.current(connection).get(scope_id, schema_id),
        lambda connection, scope_id, dataset_id: flows_into(resources, connection, scope_id, dataset_id),
        kept=(STEP_EVENT_DATA_SET, JOURNEY_DATA_SET),
    )
    schemas.is_in_use = catalog.is_schema_in_use
    mappings.uses = lambda connection, scope_id, mapping_id: flows_with(resources, connection, scope_id, mapping_id)
    mappings.is_remembered = lambda connection, scope_id, mapping_id: is_remembered(
        resources, connection, scope_id, mapping_id
    )
    flows = FlowService(db, resources, catalog.table, mappings.target_schema, settings.base_url)

    lookups = LookupService(db, resources, catalog)
    catalog.admit = admit

    def forget_data_set(connection: Connection, scope_id: int, dataset_id: str) -> None:
        events.keep_rows(connection, scope_id, dataset_id)
        delete_data_set(connection, scope_id, dataset_id)
        lookups.forget(connection, scope_id, dataset_id)
        for mapping_id in flows.forget(connection, scope_id, dataset_id):
            mappings.forget(connection, scope_id, mapping_id)

    catalog.on_delete = forget_data_set
    actions = ActionService(db, resources, secrets, settings)
    audiences = AudienceService(db, resources, namespaces)
    events = EventService(db, resources, schemas, namespaces, catalog.table, flows.inlets, settings.base_url)

    def follow_data_set(connection: Connection, scope_id: int, dataset_id: str, tags: Tags, before: Tags) -> None:
        if key_path(tags) != key_path(before):
            events.keep_rows(connection, scope_id, dataset_id)
        lookups.follow(connection, scope_id, dataset_id, tags, before)

    catalog.on_write = follow_data_set
    rule_sets = RuleSetService(db, resources)
    governance = GovernanceService(db, resources)
    templates = TemplateService(db, resources)
    data_sources = DataSourceService(db, resources, secrets, settings)
    channels = ChannelService(db, resources, secrets, settings)
    journeys = JourneyService(
        db, resources, events, actions, schemas, catalog.table, audiences, rule_sets, templates, data_sources,
        governance, channels.table,
    )  # fmt: skip
    channels.guard(journeys.usages.journeys_of)

    conflicts = ConflictViewer(db, resources, actions.table, rule_sets.table)
    rule_sets.users = conflicts.journeys_naming

    def land_version(connection: Connection, version: Resource) -> None:
        dataset_id = catalog.ensure_system_data_set(connection, version.scope_id, JOURNEY_DATA_SET, JOURNEY_SCHEMA)
        stage(connection, version.scope_id, dataset_id, [version_line(version)])

    approval_policies = ApprovalPolicies(db, resources, access)
    lifecycle = Lifecycle(db, resources, journeys, drop_calls, approval_policies)
    lifecycle.on_publish = land_version
    return Platform(
        settings=settings,
        db=db,
        secrets=secrets,
        resources=resources,
        access=access,
        sessions=sessions,
        users=Users(db, resources, access, sessions, settings),
        namespaces=namespaces,
        schemas=schemas,
        mappings=mappings,
        catalog=catalog,
        flows=flows,
        actions=actions,
        limits=Limits(db, resources),
        data_sources=data_sources,
        events=events,
        journeys=journeys,
        lifecycle=lifecycle,
        experiments=Experiments(db, resources, journeys, SystemClock()),
        approval_policies=approval_policies,
        reviews=Reviews(db, resources, journeys, lifecycle, approval_policies),
        reports=ReportService(db, resources, journeys, SystemClock()),
        alerts=AlertService(db, resources, secrets, settings),
        profiles=ProfileService(db, resources, namespaces),
        audiences=audiences,
        uploads=UploadService(db, audiences),
        lookups=lookups,
        rule_sets=rule_sets,
        decision_rules=DecisionRuleService(db, resources, journeys),
        governance=governance,
        conflicts=conflicts,
        templates=templates,
        channels=channels,
    )


_JOURNEY_SCHEMAS = "https://ns.adobe.com/experience/journeyOrchestration/stepEvents"
STEP_EVENT_SCHEMA = f"{_JOURNEY_SCHEMAS}/journeyStepEventSchema"
STEP_EVENT_DATA_SET = "journey_step_events"
JOURNEY_SCHEMA = f"{_JOURNEY_SCHEMAS}/journeySchema"
JOURNEY_DATA_SET = "journeys"


def build_pipeline(platform: Platform, clock: Clock | None = None) -> Pipeline:
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
        lookups=platform.lookups.table,
        rule_sets=platform.rule_sets.table,
        audience_source=UploadedAudiences(),
        step_data_set=lambda connection, scope_id: catalog.ensure_system_data_set(
            connection, scope_id, STEP_EVENT_DATA_SET, STEP_EVENT_SCHEMA
        ),
        templates=platform.templates.table,
        feedback_data_set=lambda connection, scope_id: catalog.ensure_system_data_set(
            connection, scope_id, FEEDBACK_DATA_SET, FEEDBACK_SCHEMA
        ),
    )
    return Pipeline(platform.db, SqliteLogReader(log_path(platform.settings)), sources, clock or SystemClock())


def build_worker(platform: Platform) -> Worker:
    """The pipeline with its timers, the deliveries and the lake."""
    settings = platform.settings
    messenger = Messenger(platform.db, platform.templates, platform.channels, platform.secrets, settings)
    delivery = Delivery(
        platform.db,
        platform.actions,
        platform.limits,
        settings,
        messenger=messenger,
        sources=platform.data_sources,
    )
    lake = Child("lake", "--data-dir", str(settings.data_dir))
    loader = Child("loader", "--data-dir", str(settings.data_dir))
    loads = build_loads(platform)

    def has_loads(connection: Connection) -> bool:
        return any(load.has_work(connection) for load in loads)

    sample = Sample(platform.db, platform.journeys.live)
    held = HeldLimit(platform.db, platform.resources, SYSTEM)
    loops: list[Loop] = [
        build_alerts(platform),
        Sweeps(platform.lifecycle, held),
        platform.experiments,
        MessageSweeps(platform.db, settings),
        TransactionalLoop(platform.db),
    ]
    return Worker(settings, platform.db, build_pipeline(platform), delivery, loops, lake, loader, has_loads, sample)


def build_loads(platform: Platform) -> list[Load]:
    """What the loader brings in."""
    audiences = platform.audiences
    folder = platform.settings.data_dir / "loader"
    return [
        MemberLoader(platform.db, audiences.compiled(), audiences.is_listened, folder),
        RowLoader(
            platform.db,
            platform.lookups.compiled(),
            schema_of_data_sets(platform),
            lambda: build_lake(platform),
        ),
    ]


def build_loader(platform: Platform) -> Loader:
    """Brings uploaded members into their audiences, and landed rows to where lookups find them."""
    return Loader(build_loads(platform))


def build_alerts(platform: Platform) -> Alerts:
    """The evaluation of alerts and the notices of them."""
    db, resources, clock = platform.db, platform.resources, SystemClock()
    allow_private = platform.settings.allow_private_networks
    proxy = platform.settings.egress_proxy
    notifier = Notifier(db, resources, platform.secrets, clock, allow_private=allow_private, proxy=proxy)
    return Alerts(Evaluator(db, resources, clock), notifier)


def schema_of_data_sets(platform: Platform) -> SchemaOf:
    """Looks up the schema that a data set's records hold to."""
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
    return LakeWriter(platform.db, platform.settings.data_dir / "lake", schema_of_data_sets(platform))


def build_lake(platform: Platform) -> "Lake":
    """Reads the data sets with SQL, beside a running server or without one."""
    from parcours.lake.query import Lake  # DuckDB: a server that is never asked needn't load it

    warehouse = platform.settings.data_dir / "lake"
    return Lake(platform.db, warehouse, schema_of_data_sets(platform), spellings=STEP_STATUS_SPELLINGS)


def log_path(settings: Settings) -> Path:
    """The event log's file."""
    return settings.data_dir / "log.db"
