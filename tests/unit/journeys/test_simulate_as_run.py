"""A simulated world does what the worker does: the same events through its workspace and a database, step by step."""

from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, assume, given, settings
from journey_world import NOW_US, WORLD
from simulated import ACTIONS, Virtual
from sqlalchemy import Connection
from test_engine_properties import journeys
from test_simulate import fill, sendings

from parcours.actions.model import HttpRequest
from parcours.channels.draft import METHOD as MESSAGE
from parcours.channels.draft import read_draft
from parcours.db import Database
from parcours.journeys import store
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.fetch_request import METHOD as FETCH
from parcours.journeys.fetch_request import from_request
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import EXCLUDED, SENT, ActionOutcome, FetchOutcome, StepEvent
from parcours.journeys.rulebook import RuleBook
from parcours.journeys.runner import JourneyWorkspace
from parcours.journeys.runs_store import cap_table
from parcours.journeys.simulate import World
from parcours.journeys.steps import from_stored
from parcours.journeys.store import instance_table, step_table, timer_table
from parcours.journeys.workset import Arrival, instance_id_of
from parcours.rulesets.document import read_document as read_rule_set
from parcours.rulesets.store import count_table, find_counts
from parcours.rulesets.table import NO_RULE_SETS, RuleSetTable
from parcours.templates.document import read_document as read_template
from parcours.templates.table import TemplateTable

TEMPLATE = {"name": "t1", "channel": "email", "content": {"subject": "Hello", "text": "Good day"}}
TEMPLATES = TemplateTable([(1, "t1", 0, read_template(TEMPLATE))])


def fetched(request: HttpRequest) -> tuple[FetchOutcome, ...]:
    """What a simulation without data sources answers a fetch with: nothing, at once."""
    return tuple([FetchOutcome(one.source, one.group, one.numbers, {}) for one in from_request(request)])


def delivered(request: HttpRequest) -> ActionOutcome:
    """What a simulation answers a message with: sent, to who does not refuse the channel."""
    if read_draft(request).has_consent:
        return ActionOutcome(SENT)
    return ActionOutcome(EXCLUDED, error_message="noConsent: the profile refuses this channel")


class Nobody:
    """A world that knows nobody and has no rows."""

    def data_of(self, *_: Any) -> dict[str, Any]:
        return {}

    def look_up(self, *_: Any) -> list[Any]:
        return []

    def update_profile(self, *_: Any) -> str:
        return "profileNotFound"


NOBODY: Any = Nobody()


class Worker:
    """The worker's part: one transaction for each moment, timers one by one, calls answered at once."""

    def __init__(self, db: Database, virtual: Virtual, rule_sets: RuleSetTable = NO_RULE_SETS) -> None:
        self.rule_sets = rule_sets
        (journey,) = virtual.world.journeys
        self.db = db
        self.virtual = virtual
        entries = {(1, journey.entry_event_uid): (journey,)}
        listeners = {(1, uid): (journey,) for uid in journey.listened}
        versions = {journey.version_uid: journey}
        self.live = LiveJourneys(entries, listeners, versions, scopes=frozenset({1}))
        self.told: list[list[dict[str, Any]]] = []

    def workspace(self, connection: Connection, at_us: int) -> JourneyWorkspace:
        book = RuleBook(self.rule_sets, self.live, at_us, lambda *_: (), partial(find_counts, connection))
        return JourneyWorkspace(connection, self.live, ACTIONS, NOBODY, at_us, book, TEMPLATES)

    def receive(self, uid: str, payload: dict[str, Any], at_us: int) -> None:
        self.wake(at_us - 1)
        with self.db.write() as connection:
            workspace = self.workspace(connection, at_us)
            key = self.virtual.events[uid].key(payload)
            data = {"ExperiencePlatform": {"ProfileFieldGroup": {}}}
            told = workspace.receive(Arrival(1, uid, key, payload, str(at_us), 0, data))
            self.told.append(told)
            workspace.flush()
        self.answer(workspace, at_us)

    def answer(self, workspace: JourneyWorkspace, at_us: int) -> None:
        while workspace.calls:
            calls = workspace.calls
            with self.db.write() as connection:
                workspace = self.workspace(connection, at_us)
                workspace.load(call.instance_id for call in calls)
                for call in calls:
                    if call.request.method == FETCH:
                        workspace.take_data(call.instance_id, call.node_id, call.pass_no, fetched(call.request))
                        continue
                    if call.request.method == MESSAGE:
                        workspace.answer(call.instance_id, call.node_id, call.pass_no, delivered(call.request))
                        continue
                    sample = {"points": 1, "level": "gold"} if call.action_uid == "a2" else None
                    endpoint = call.request.url.partition("?")[0]
                    outcome = ActionOutcome("http_200", sample, endpoint=endpoint, method=call.request.method)
                    workspace.answer(call.instance_id, call.node_id, call.pass_no, outcome)
                workspace.flush()

    def wake(self, until_us: int) -> None:
        while True:
            with self.db.read() as connection:
                due = store.find_due(connection, until_us, 1)
            if not due:
                return
            at_us = due[0].due_at_us
            with self.db.write() as connection:
                workspace = self.workspace(connection, at_us)
                workspace.load(timer.instance_id for timer in due)
                for timer in due:
                    workspace.wake(timer)
                workspace.flush()
            self.answer(workspace, at_us)

    def steps(self) -> dict[str, list[StepEvent]]:
        found: dict[str, list[StepEvent]] = {}
        with self.db.read() as connection:
            ids = list(connection.execute(instance_table.select().with_only_columns(instance_table.c.id)).scalars())
            for instance_id, text in store.list_steps(connection, ids):
                found.setdefault(instance_id, []).extend(from_stored(text))
        return found


def plain(steps: list[StepEvent]) -> list[StepEvent]:
    """As they are read back: tuples in details become lists."""
    from parcours.journeys.steps import to_stored

    return list(from_stored(to_stored(steps)))


RULES = RuleSetTable(
    (1, one["uid"], read_rule_set({**one, "state": "active"}))
    for one in (
        {
            "uid": "s", "name": "Journeys", "domain": "journey",
            "rules": [{"id": "r", "name": "Entries", "type": "entryCap", "limit": 2, "period": "day"}],
        },
        {
            "uid": "c", "name": "Messages", "domain": "channel",
            "rules": [
                {
                    "id": "f", "name": "Often", "type": "frequencyCap", "limit": 2, "period": "week",
                    "channels": ["email"],
                },
                {
                    "id": "q", "name": "Nights", "type": "quietHours", "channels": ["email"], "handling": "queue",
                    "periods": [{"days": ["monday", "wednesday", "friday"], "from": "10:00", "to": "09:00"}],
                },
            ],
        },
    )
)  # fmt: skip
REPLAYS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.mark.stored
@REPLAYS
@given(journeys(), sendings)
def test_every_step_is_that_of_the_worker(sqlite_db: Database, doc: dict[str, Any], sent: list[Any]) -> None:
    compare(sqlite_db, doc, sent, NO_RULE_SETS)


@pytest.mark.stored
@REPLAYS
@given(journeys(), sendings)
def test_under_rule_sets_every_step_is_that_of_the_worker(
    sqlite_db: Database, doc: dict[str, Any], sent: list[Any]
) -> None:
    nodes = {i: {**n, "ruleSet": "c"} if n["type"] == "customAction" else n for i, n in doc["nodes"].items()}
    mails = {uid: replace(shape, channel="Email") for uid, shape in WORLD.actions.items()}
    with patch.dict(WORLD.actions, mails):
        compare(sqlite_db, {**doc, "nodes": nodes, "ruleSet": "s"}, sent, RULES)


def compare(db: Database, doc: dict[str, Any], sent: list[Any], rule_sets: RuleSetTable) -> None:
    # a journey that is not there is an error for the worker, and nothing at all for a simulation without it
    assume(all(node["type"] != "jump" for node in doc["nodes"].values()))
    with db.write() as connection:
        for table in (instance_table, step_table, timer_table, cap_table, count_table):
            connection.execute(table.delete())
    world: list[World] = []

    def instance_id(journey: CompiledJourney, key: str, _entrance: int) -> str:
        return instance_id_of(0, f"{journey.version_uid}|{key}|{world[0].clock.at_us}")

    virtual = Virtual(doc, instance_ids=instance_id, rule_sets=rule_sets)
    world.append(virtual.world)
    # events at one moment would be one batch of the worker, and share the seed of their instances' ids
    apart = [(uid, email, after_us + 1, payload) for uid, email, after_us, payload in sent]
    fill(virtual, apart)
    worker = Worker(db, virtual, rule_sets)
    at_us = NOW_US
    for uid, email, after_us, payload in apart:
        at_us += after_us
        worker.receive(uid, {**payload, "email": email}, at_us)
    worker.wake(at_us + 200 * 86_400_000_000)
    virtual.world.run()
    assert {record.instance.id: plain(record.steps) for record in virtual.world.records} == worker.steps()
    assert [list(one.journeys) for one in virtual.world.received] == worker.told
