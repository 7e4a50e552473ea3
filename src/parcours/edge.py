"""Builds the HTTP side from a platform: the control plane's routes, the inlets, and what needs the process's log."""

import asyncio
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from parcours.access import Caller, admin_api, audit_api, oidc_api, session_api, users_api
from parcours.access import api as access_api
from parcours.access.administration import Administration
from parcours.access.oidc import Oidc
from parcours.access.routing import Gate
from parcours.actions import api as actions_api
from parcours.alerts import api as alerts_api
from parcours.app import Platform, log_path
from parcours.approvals import api as approvals_api
from parcours.ascode import api as ascode_api
from parcours.ascode.services import Services
from parcours.ascode.transfer import TransferService
from parcours.audiences import api as audiences_api
from parcours.catalog import api as catalog_api
from parcours.catalog.model import WINDOW_MS
from parcours.channels import api as channels_api
from parcours.channels import links_api
from parcours.channels.hooks_service import HookService
from parcours.channels.links import Links
from parcours.channels.mailbox import Mailboxes
from parcours.channels.messages_service import MessageService
from parcours.channels.sending import FeedbackSender
from parcours.collection.inlet import Collector
from parcours.dataflow import api as dataflow_api
from parcours.dataflow.store import failed_in_window, mark_retrying, unmark_retrying
from parcours.dataflow.transform import RETRY_PREFIX, Definitions
from parcours.dataflow.validate import find_violations
from parcours.dataprep import api as dataprep_api
from parcours.datasources import api as datasources_api
from parcours.delivery import api as delivery_api
from parcours.delivery import transactional_api
from parcours.delivery.transactional import ProofService, TransactionalService
from parcours.doctor import operations_api
from parcours.doctor.operations import Operations
from parcours.events import api as events_api
from parcours.events.sending import EventSender
from parcours.flows import api as flows_api
from parcours.flows.model import Inlet
from parcours.governance import api as governance_api
from parcours.http import health as health_api
from parcours.http.app import build_api
from parcours.http.health import Health
from parcours.identity import api as identity_api
from parcours.identity import graph_api
from parcours.identity.graph_service import IdentityGraphService
from parcours.journeys import api as journeys_api
from parcours.journeys import (
    calendar_api,
    conflicts_api,
    decision_rules_api,
    drafts_api,
    experiments_api,
    fragments_api,
    read_api,
    reviews_api,
    runs_api,
    trials_api,
)
from parcours.journeys.backtests import Backtests
from parcours.journeys.calendar import Calendar
from parcours.journeys.drafts import Drafts
from parcours.journeys.fragments import FragmentService
from parcours.journeys.reading import JourneyReader
from parcours.journeys.store import get_position
from parcours.journeys.trials import Trials
from parcours.journeys.trigger import Triggers
from parcours.kit.clock import SystemClock
from parcours.kit.errors import Unavailable
from parcours.kit.helper import Helpers
from parcours.lake import preview_api, query_api
from parcours.limits import api as limits_api
from parcours.log import LogUnavailable, LogWriter, Record
from parcours.log.sqlite import SqliteLogReader
from parcours.lookups import api as lookups_api
from parcours.pipeline import CONSUMER
from parcours.profile import api as profile_api
from parcours.reports import api as reports_api
from parcours.reports.live import LiveReports
from parcours.rulesets import api as rule_sets_api
from parcours.templates import api as templates_api
from parcours.templates.values import PreviewValues
from parcours.xdm import DescriptorService
from parcours.xdm import api as xdm_api


class DefinitionsUnavailable(Unavailable):
    """Inlets can't be looked up: the state database can't be read."""


def build_control_plane(platform: Platform, more: Iterable[APIRouter] = ()) -> FastAPI:
    """The control plane as an ASGI application, one router per room; `more` are routes of the process itself."""
    gate = Gate(platform.access, platform.sessions)
    oidc = Oidc(platform.settings, platform.secrets)
    lake_helpers = Helpers(platform.settings.data_dir)
    base_url = platform.settings.base_url
    descriptors = DescriptorService(
        platform.db,
        platform.resources,
        platform.schemas,
        platform.namespaces.find_code,
        platform.governance.has_label,
        platform.events.keep_links,
    )
    routers = [
        access_api.router(gate, platform.access),
        admin_api.router(gate, Administration(platform.db, platform.resources, platform.access)),
        session_api.router(gate, platform.sessions, platform.users, oidc.shown),
        oidc_api.router(oidc, platform.sessions, platform.users, platform.settings.oidc_role),
        users_api.router(gate, platform.sessions, platform.users),
        audit_api.router(gate, platform.access, platform.db),
        identity_api.router(gate, platform.namespaces),
        graph_api.router(gate, IdentityGraphService(platform.db, platform.namespaces)),
        profile_api.router(gate, platform.profiles),
        audiences_api.router(gate, platform.audiences, platform.uploads),
        lookups_api.router(gate, platform.lookups),
        xdm_api.router(gate, platform.schemas, descriptors),
        dataprep_api.router(gate, platform.mappings),
        catalog_api.router(
            gate,
            platform.catalog,
            platform.db,
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
        flows_api.router(gate, platform.flows, base_url),
        actions_api.router(gate, platform.actions),
        actions_api.certificate_router(gate, platform.actions.certificates),
        *limits_api.routers(gate, platform.limits),
        datasources_api.router(gate, platform.data_sources),
        events_api.router(gate, platform.events),
        ascode_api.router(
            gate,
            TransferService(
                Services(
                    db=platform.db,
                    namespaces=platform.namespaces,
                    schemas=platform.schemas,
                    descriptors=descriptors,
                    catalog=platform.catalog,
                    events=platform.events,
                    actions=platform.actions,
                    audiences=platform.audiences.table,
                    rule_sets=platform.rule_sets.table,
                    journeys=platform.journeys,
                    data_sources=platform.data_sources,
                    templates=platform.templates,
                    channels=platform.channels,
                    decision_rules=platform.decision_rules,
                )
            ),
        ),
        journeys_api.router(
            gate,
            platform.journeys,
            platform.lifecycle,
            Triggers(platform.db, platform.journeys, platform.events, platform.profiles, SystemClock()),
        ),
        drafts_api.router(gate, Drafts(platform.db, platform.journeys, platform.profiles, SystemClock())),
        trials_api.router(
            gate,
            Trials(platform.db, platform.journeys, Helpers(platform.settings.data_dir)),
            Backtests(platform.db, platform.journeys, Helpers(platform.settings.data_dir, most=1)),
        ),
        query_api.router(gate, lake_helpers),
        preview_api.router(gate, platform.catalog, lake_helpers, base_url),
        read_api.router(gate, JourneyReader(platform.db, platform.resources, platform.journeys)),
        runs_api.router(gate, platform.db, platform.journeys),
        experiments_api.router(gate, platform.experiments),
        reports_api.router(gate, platform.reports, LiveReports(platform.reports.counters)),
        alerts_api.router(gate, platform.alerts),
        governance_api.router(gate, platform.governance),
        rule_sets_api.router(gate, platform.rule_sets),
        approvals_api.router(gate, platform.approval_policies),
        reviews_api.router(gate, platform.reviews),
        conflicts_api.router(gate, platform.conflicts),
        decision_rules_api.router(gate, platform.decision_rules),
        fragments_api.router(gate, FragmentService(platform.db, platform.resources)),
        calendar_api.router(gate, Calendar(platform.db, platform.journeys, SystemClock())),
        templates_api.router(gate, platform.templates, PreviewValues(platform.profiles)),
        transactional_api.router(
            gate,
            TransactionalService(platform.db, platform.templates.table),
            ProofService(platform.db, platform.templates, PreviewValues(platform.profiles)),
        ),
        channels_api.router(gate, platform.channels, MessageService(platform.db)),
        delivery_api.router(gate, platform.actions, platform.data_sources, platform.settings),
    ]
    return build_api([*routers, *more])


def build_collector(platform: Platform, log: LogWriter) -> Collector:
    """The inlets over a log; their definitions are read again when one has a new revision."""
    settings = platform.settings
    known = _Known(platform)

    async def refresh() -> None:
        try:
            await asyncio.to_thread(known.read)
        except SQLAlchemyError as error:
            raise DefinitionsUnavailable(f"definitions can't be read: {str(error).splitlines()[0]}") from None
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


def build_feedback(platform: Platform, log: LogWriter, loop: asyncio.AbstractEventLoop) -> FeedbackSender:
    """Takes what is told of messages into the log of this process; to be called by other threads than the loop's."""

    async def append_all(records: Sequence[Record]) -> None:
        await log.append(records)

    def append(records: Sequence[Record]) -> None:
        try:
            asyncio.run_coroutine_threadsafe(append_all(records), loop).result(timeout=60)
        except TimeoutError as error:
            raise LogUnavailable("the event log can't be written now; whether it was kept is unknown") from error

    return FeedbackSender(platform.db, platform.resources, platform.catalog, append)


def build_mailboxes(platform: Platform, log: LogWriter, loop: asyncio.AbstractEventLoop) -> Mailboxes:
    """Reads the mailboxes that bounces go to."""
    hear = build_feedback(platform, log, loop).hear
    allow_private = platform.settings.allow_private_networks
    return Mailboxes(platform.db, platform.resources, platform.secrets, hear, allow_private=allow_private)


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

    def oldest_pending_ms(connection: Connection) -> int | None:
        position = get_position(connection, CONSUMER)
        with reader_lock:
            found = reader.read(position, 1)
        return found[0][1].received_at_ms if found else None

    async def append(record: Record) -> None:
        await log.append((record,))

    def retry(caller: Caller, record_id: int) -> None:
        with platform.db.write() as connection:
            row = mark_retrying(connection, caller.scope_id, record_id)
        xaction_id = f"{RETRY_PREFIX}{record_id}"
        record = Record(
            row.inlet_id, row.flow_id, row.dataset_id, xaction_id, row.received_at_ms, row.body,
            message_count=0, scope_id=caller.scope_id,
        )  # fmt: skip
        try:
            asyncio.run_coroutine_threadsafe(append(record), loop).result(timeout=60)
        except (Unavailable, TimeoutError) as error:
            with platform.db.write() as connection:
                unmark_retrying(connection, record_id)
            raise LogUnavailable("the event log can't be written now; the record stays as it was") from error

    def append_test_event(record: Record) -> None:
        try:
            asyncio.run_coroutine_threadsafe(append(record), loop).result(timeout=60)
        except TimeoutError as error:
            raise LogUnavailable("the event log can't be written now; whether the event was kept is unknown") from error

    platform.flows.runs.pending = pending
    gate = Gate(platform.access, platform.sessions)
    sender = EventSender(platform.db, platform.resources, platform.catalog, platform.events, append_test_event)
    feedback = build_feedback(platform, log, loop)
    base_url = platform.settings.base_url
    hooks = HookService(platform.db, platform.resources, platform.secrets, feedback, base_url)
    operations = Operations(
        platform.db, platform.resources, platform.journeys.live, SystemClock(), health.checks, pending,
        oldest_pending_ms,
    )  # fmt: skip
    live = LiveReports(lambda scope_id, _: operations.read(scope_id), poll_s=2.0, event="operations")
    return [
        health_api.router(health),
        operations_api.router(gate, operations, live, platform.settings),
        links_api.router(Links(platform.secrets, base_url), feedback, hooks),
        dataflow_api.router(gate, platform.db, retry),
        events_api.sending_router(gate, sender),
    ]
