"""Random journeys and random stimuli: what must hold for every journey, whatever happens to an instance."""

from dataclasses import replace
from itertools import islice
from typing import Any

import orjson
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from journey_world import IDENTITY, NOW_US, ORDER, SECOND_US, World, document, through_storage

from parcours.journeys.activities import KINDS
from parcours.journeys.activities.custom_action import ActionNode
from parcours.journeys.activities.listener import RaceNode
from parcours.journeys.activities.message import MessageNode
from parcours.journeys.activities.reaction import EVENT_UID as REACTION
from parcours.journeys.activities.reaction import REACTIONS
from parcours.journeys.compile import EventShape, examine
from parcours.journeys.compiled import CompiledJourney, ExitCriterion
from parcours.journeys.engine import MAX_PENDING, advance, new_instance
from parcours.journeys.graph import reachable
from parcours.journeys.model import (
    GLOBAL_TIMER,
    ActionAnswered,
    ActionOutcome,
    AssignPath,
    CallAction,
    CancelTimer,
    ChooseTime,
    DataFetched,
    Entered,
    EventReceived,
    FetchData,
    FetchOutcome,
    Instance,
    Jump,
    JumpOutcome,
    LookUp,
    MessageReply,
    Replied,
    Request,
    Resumed,
    SendMessage,
    StartTimer,
    StepEvent,
    Stimulus,
    Stopped,
    TakeMessage,
    TakeSlot,
    TimerDue,
    TimeReply,
    Transition,
    UpdateProfile,
)
from parcours.journeys.run import FETCH, PAUSED
from parcours.journeys.send_time import Choice
from parcours.journeys.steps import to_document, to_lines
from parcours.rulesets.model import Refusal, Rule, RuleSet, Verdict

WORLD = World()
WORLD.events["e1"] = EventShape("e1", "Order", "Email", ORDER, has_supplemental_id=True)
BOOLEANS = (
    "@event{Order.total} > 100",
    '@event{Order.city} == "Paris"',
    '#{ExperiencePlatform.ProfileFieldGroup.tier} == "gold"',
    "@event{Order.total} > 1 or @event{Order.total} is null",
    "${previousNodeId} is not null",
    '${supplementalId} == "b1"',
    'inAudience("VIP customers")',
    "true",
    "#{Weather.world.temp} > 10",
    "#{Weather.now.temp, params: {city: @event{Order.city}}} > 10 or @event{Order.total} > 50",
    '#{Weather.now.temp, params: {city: #{Geo.place.town, params: {email: "x"}}}} > #{Weather.world.temp}',
    '${lastDataFetchErrorCode} == "503"',
)
durations = st.builds(
    # nine waits in a row are within the shortest life: a node that nobody lives to see is refused
    lambda value, unit: {"value": min(value, 5) if unit == "days" else value, "unit": unit},
    st.integers(1, 50),
    st.sampled_from(["seconds", "minutes", "hours", "days"]),
)
paths = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True)


@st.composite
def data_source_conditions(draw: st.DrawFn) -> dict[str, Any]:
    chosen = [{"id": path, "expression": draw(st.sampled_from(BOOLEANS))} for path in draw(paths)]
    return {"type": "condition", "paths": chosen, "otherPath": draw(st.booleans())}


@st.composite
def splits(draw: st.DrawFn) -> dict[str, Any]:
    first = draw(st.integers(0, 100))
    shares = [{"id": "a", "percentage": first}, {"id": "b", "percentage": 100 - first}]
    return {"type": "condition", "conditionType": "split", "paths": shares}


@st.composite
def waits(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"type": "wait", "duration": draw(durations)}
    if draw(st.integers(0, 3)) == 0:
        return {"type": "wait", "waitType": "custom", "expression": "toDateTimeOnly(#{Weather.world.sky})"}
    delta = draw(st.integers(-3, 200))
    return {
        "type": "wait",
        "waitType": "custom",
        "expression": f'toDateTimeOnly(nowWithDelta({delta}, "days"))',
    }


@st.composite
def listeners(draw: st.DrawFn) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "event", "eventUid": draw(st.sampled_from(["e1", "e2"]))}
    if draw(st.booleans()):
        node["timeout"] = {**draw(durations), "path": draw(st.booleans())}
    return node


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        texts = ["@event{Order.email}", '"constant"', 'lower(@event{Order.city}) + "x"', "#{Weather.world.sky}"]
        text = draw(st.sampled_from(texts))
        return {
            "type": "customAction",
            "actionUid": "a1",
            "parameters": [{"paramPath": "/to", "expression": text}],
        }
    if draw(st.integers(0, 2)) == 0:
        node = {"type": "message", "channel": draw(st.sampled_from(["email", "push"])), "templateUid": "t1"}
        if draw(st.booleans()):
            node["sendTimeOptimization"] = {"optimizeFor": "opens", "withinHours": draw(st.integers(1, 12))}
        return node
    return {"type": "customAction", "actionUid": "a2"}


EXPERIMENT = {
    "type": "optimize", "optimizeType": "experiment", "holdout": 20,
    "paths": [{"id": "a", "percentage": 50}, {"id": "b", "percentage": 30}],
}  # fmt: skip
TARGETING = {
    "type": "optimize", "optimizeType": "targeting", "paths": [{"id": "a", "expression": "@event{Order.total} > 50"}],
}  # fmt: skip
CAP = {"type": "condition", "conditionType": "profileCap", "limit": 3, "paths": [{"id": "a"}, {"id": "b"}]}
CLOCK = {
    "type": "condition", "conditionType": "time", "otherPath": True,
    "paths": [{"id": "a", "hours": {"from": "08:00", "to": "18:00"}, "days": ["monday", "thursday"]}],
}  # fmt: skip
JUMP = {
    "type": "jump", "targetJourneyUid": "other",
    "parameters": [{"paramPath": "/city", "expression": "@event{Order.city}"}],
}  # fmt: skip
UPDATE = {
    "type": "updateProfile", "dataSetId": "d1", "updates": [{"path": "/tier", "expression": "@event{Order.city}"}],
}  # fmt: skip
READING_LOOKUP = {
    "type": "datasetLookup", "dataSetId": "d2", "keys": "#{Geo.place.town}",
    "dynamicValues": [
        {"dataSource": "Geo", "fieldGroup": "place", "values": [{"name": "email", "expression": "@event{Order.email}"}]}
    ],
}  # fmt: skip
READING_JUMP = {**JUMP, "parameters": [{"paramPath": "/city", "expression": "#{Weather.world.sky}"}]}
READING_UPDATE = {**UPDATE, "updates": [{"path": "/tier", "expression": "#{Weather.world.sky}"}]}
LOOKUP = {"type": "datasetLookup", "dataSetId": "d2", "keys": 'list(@event{Order.city}, "x")', "fields": ["/price"]}
FIXED = {"type": "wait", "waitType": "fixedDate", "date": "2026-01-20T10:00:00"}
requesting = st.sampled_from(
    [
        EXPERIMENT, TARGETING, CAP, CLOCK, JUMP, UPDATE, LOOKUP, FIXED, READING_LOOKUP, READING_JUMP, READING_UPDATE,
    ]
)  # fmt: skip


@st.composite
def qualifications(draw: st.DrawFn) -> dict[str, Any]:
    verbs = draw(st.sampled_from([["enter"], ["exit"], ["enter", "exit"]]))
    node: dict[str, Any] = {"type": "audienceQualification", "audienceId": "vip", "verbs": verbs}
    if draw(st.booleans()):
        node["timeout"] = {**draw(durations), "path": draw(st.booleans())}
    return node


activities = st.one_of(
    listeners(), calls(), data_source_conditions(), waits(), listeners(), calls(), splits(), qualifications(),
    requesting, requesting, st.just({"type": "end"}),
)  # fmt: skip


@st.composite
def reactions(draw: st.DrawFn, action_node_id: str) -> dict[str, Any]:
    heard = draw(st.lists(st.sampled_from(REACTIONS), min_size=1, max_size=3, unique=True))
    node: dict[str, Any] = {"type": "reaction", "actionNodeId": action_node_id, "reactions": heard}
    if draw(st.booleans()):
        length = draw(st.sampled_from([{"value": 40, "unit": "seconds"}, {"value": 3, "unit": "days"}]))
        node["timeout"] = {**length, "path": draw(st.booleans())}
    return node


chains = st.sampled_from([1, 3, 5, 7, 9]).flatmap(lambda size: st.lists(activities, min_size=size, max_size=size))


def race_of(near: list[str], configs: dict[str, Any]) -> list[str]:
    """Those of some nodes that may stand in parallel, as the check allows it; none when fewer than two may."""
    members: list[str] = []
    heard: set[str] = set()
    has_timeout = False
    for node_id in near:
        config = configs[node_id]
        event = config.get("eventUid") or config.get("audienceId") or node_id
        if not KINDS[config["type"]].can_be_parallel or event in heard or (has_timeout and "timeout" in config):
            continue
        heard.add(event)
        has_timeout = has_timeout or "timeout" in config
        members.append(node_id)
    return members if len(members) > 1 else []


@st.composite
def journeys(draw: st.DrawFn) -> dict[str, Any]:
    """A valid document: arrows lead to later nodes only, several may lead to one, open ends are open."""
    nodes: dict[str, Any] = {}
    for i, node in enumerate(draw(chains)):
        nodes[f"n{i}"] = node
        if node["type"] == "customAction" and draw(st.booleans()):
            nodes[f"n{i}r"] = draw(reactions(f"n{i}"))
    order = ["start", *nodes]
    configs = {"start": {"type": "event", "eventUid": "e1"}, **nodes}
    edges: list[tuple[str, ...]] = []
    for index, source in enumerate(order[:-1]):
        for transition in KINDS[configs[source]["type"]].transitions(configs[source]):
            if transition == "default" or draw(st.integers(0, 3)):
                # a reaction follows its action, and nothing else
                later = (to for to in order[index + 1 :] if configs[to].get("actionNodeId", source) == source)
                near = list(islice(later, 3))
                followers = [draw(st.sampled_from(near))]
                if draw(st.integers(0, 2)) == 0:
                    followers = race_of(near, configs) or followers
                kind, _, path = transition.partition(":")
                edges += [(source, to, kind, path) if path else (source, to, kind) for to in followers]
    targets: dict[str, list[str]] = {}
    for edge in edges:
        targets.setdefault(edge[0], []).append(edge[1])
    kept = reachable("start", targets)
    return document(
        {node_id: config for node_id, config in nodes.items() if node_id in kept},
        *(edge for edge in edges if edge[0] in kept and edge[1] in kept),
        exitCriteria=draw(criteria),
        timeouts={"globalDays": draw(st.integers(50, 91)), "actionSeconds": draw(st.integers(1, 30))},
    )


criteria = st.sampled_from(
    [
        [], [], [],
        [{"id": "x", "eventUid": "e2", "expression": "@event{Payment.total} > 150"}],
        [{"id": "y", "audienceId": "vip", "verbs": ["exit"]}],
    ]
)  # fmt: skip
membership = st.fixed_dictionaries({"status": st.sampled_from(["realized", "exited"]), "audienceId": st.just("vip")})
payloads = st.fixed_dictionaries(
    {},
    optional={
        "total": st.integers(0, 200) | st.just("not a number"),
        "city": st.sampled_from(["Paris", "Rome"]),
        "email": st.just("jane@example.com"),
    },
)
profiles = st.sampled_from(
    [{}, {"ExperiencePlatform": {"ProfileFieldGroup": {"tier": "gold"}}}, {"ExperiencePlatform": {}}]
)
outcomes = st.builds(
    ActionOutcome,
    st.sampled_from(["http_200", "http_204", "http_404", "http_500", "timedout", "capped", "internalError"]),
    st.sampled_from([None, {"points": 3}, {"reason": "x"}, ["odd"], "text"]),
)

data_read = st.fixed_dictionaries(
    {},
    optional={
        "temp": st.integers(0, 30) | st.just("not a number"),
        "sky": st.sampled_from(["2026-01-09T00:00:00", "2026-06-09T00:00:00", "no date"]),
        "town": st.sampled_from(["Oslo", "Rome"]),
    },
)
fetch_errors = st.sampled_from(
    [None, None, None, ("http", "503"), ("timedout", "timedout"), ("capped", "capped"), ("error", "notJson")]
)


@st.composite
def fetched(draw: st.DrawFn, command: FetchData) -> tuple[FetchOutcome, ...]:
    """What may come of a fetch."""
    found = []
    for request in command.requests:
        error, code = draw(fetch_errors) or (None, None)
        read = draw(data_read) if error is None else None
        found.append(FetchOutcome(request.source, request.group, request.numbers, read, error, code, elapsed_ms=3))
    return tuple(found)


RULE = Rule("c/r", "r", "Weekly", "frequencyCap", 3, "week", channels=frozenset({"email"}))
REFUSAL = Refusal("CAP_REACHED", RuleSet("c", "Promotions", "channel", False, (RULE,)), RULE)
REPLIES: dict[type, st.SearchStrategy[Any]] = {
    TakeMessage: st.tuples(st.sampled_from(["send", "send", "skip", "hold"]), st.integers(1, 12)),
    ChooseTime: st.integers(0, 12),
    TakeSlot: st.booleans(),
    AssignPath: st.sampled_from(["a", "b", ""]),
    LookUp: st.sampled_from([[], [{"price": 3.5}], "rows are away", [{"price": "x" * 20_000}]]),
    Jump: st.sampled_from([JumpOutcome("entered", None, "i9"), JumpOutcome("present"), JumpOutcome("error", "gone")]),
    UpdateProfile: st.sampled_from([None, "profileNotFound"]),
}
Timer = tuple[str, int]


FILTER = ExitCriterion("filter", "Filter", "", lambda _run, payload: payload == {})
"""The global filter, true for everyone."""
STOP_REASONS = {
    "stopped": "stopped", "testEnded": "stopped", "dryRunEnded": "stopped",
    "endDate": "ended", "forcedReentrance": "ended",
}  # fmt: skip
"""Status of who was taken out, by the reason."""


@st.composite
def modes(draw: st.DrawFn) -> dict[str, Any]:
    """What `live.py` sets on a compiled journey, by the state of its version."""
    match draw(st.sampled_from(["live", "live", "test", "dryRun"])):
        case "test":
            return {"mode": "test", "wait_override_us": draw(st.sampled_from([SECOND_US, 10 * SECOND_US]))}
        case "dryRun":
            override_us = draw(st.sampled_from([None, 0]))
            return {"mode": "dryRun", "wait_override_us": override_us, "reads_sources": draw(st.booleans())}
    return {"profile_filter": draw(st.sampled_from([None, None, None, FILTER]))}


class History:
    """One instance with what the world owes it: timers that run, calls under way. Requests are replied to at once."""

    def __init__(
        self, journey: CompiledJourney, instance_id: str, data: st.DataObject, supplemental_id: str | None
    ) -> None:
        self.data = data
        self.journey = journey
        self.now_us = NOW_US
        self.instance = self.first = new_instance(
            journey, instance_id, "jane@example.com", NOW_US, supplemental_id=supplemental_id
        )
        self.timers: dict[Timer, int] = {}
        self.calls: dict[Timer, CallAction | SendMessage] = {}
        self.fetches: dict[Timer, FetchData] = {}
        self.gone: list[Timer] = []
        self.timed: set[Timer] = set()
        self.steps: list[StepEvent] = []
        self.told: list[tuple[CompiledJourney, Stimulus, int, Transition]] = []

    def give(self, stimulus: Stimulus) -> Transition:
        """Advance, do what the commands say, and check everything that must hold."""
        before = self.instance
        transition = advance(self.journey, before, stimulus, self.now_us)
        note(f"{stimulus} → {transition.ignored or list(transition.commands)}")
        self.told.append((self.journey, stimulus, self.now_us, transition))
        if transition.ignored is not None:
            assert transition.instance is before
            assert (transition.commands, transition.steps) == ((), ())
            assert not isinstance(stimulus, Stopped) or before.is_ended, "who is told to leave leaves"
            return transition
        if isinstance(stimulus, TimerDue):
            self.gone.append((stimulus.node_id, stimulus.pass_no))
            assert self.timers.pop((stimulus.node_id, stimulus.pass_no)) <= self.now_us
        elif isinstance(stimulus, DataFetched) or (
            isinstance(stimulus, ActionAnswered) and before.waiting_for == FETCH
        ):
            del self.fetches[stimulus.node_id, stimulus.pass_no]
        elif isinstance(stimulus, ActionAnswered):
            del self.calls[stimulus.node_id, stimulus.pass_no]
        elif isinstance(stimulus, Resumed):
            assert before.waiting_for == PAUSED
        elif isinstance(stimulus, EventReceived) and stimulus.is_for_exit_only:
            assert transition.instance.status == "exited", "it is about another of the person's bookings"
        elif isinstance(stimulus, EventReceived) and stimulus.event_uid == REACTION and not transition.queued:
            assert stimulus.payload["pass"] == before.pass_no - 1, "it is about another message"
        for command in transition.commands:
            self._perform(command)
        self.instance = transition.instance
        assert self.instance.supplemental_id == self.first.supplemental_id
        self.steps += transition.steps
        self._check_stop(stimulus)
        request = next(
            (c for c in transition.commands if isinstance(c, Request)),
            None,
        )
        if request is not None:
            assert self.instance.waiting_for == "reply"
            reply = self.data.draw(REPLIES[type(request)])
            if isinstance(request, TakeMessage):
                outcome, hours = reply
                until_us = self.now_us + hours * 3_600 * SECOND_US
                reply = MessageReply(Verdict(outcome, until_us, None if outcome == "send" else REFUSAL), request)
            elif isinstance(request, ChooseTime):
                here = (request.node_id, request.pass_no)
                at_us = max(min(self.now_us + reply * 3_600 * SECOND_US, request.until_us), self.now_us)
                assert request.until_us < self.instance.deadline_us
                assert here not in self.timed, "the time of one message is chosen twice"
                self.timed.add(here)
                reply = TimeReply(Choice(at_us, False, 0.2, 0.1, 13, 3), request)
            self.give(Replied(request.node_id, request.pass_no, reply))
            return transition
        self._check(transition)
        return transition

    def _check_stop(self, stimulus: Stimulus) -> None:
        """Who is told to leave leaves at once, with the status that belongs to the reason."""
        if isinstance(stimulus, Stopped):
            assert self.instance.status == STOP_REASONS[stimulus.reason]
            assert self.steps[-1].detail["reason"] == stimulus.reason

    def _perform(self, command: Any) -> None:
        key = (command.node_id, command.pass_no)
        journey = self.journey
        if journey.mode == "dryRun":
            assert not isinstance(command, CallAction | SendMessage | Jump | UpdateProfile), (
                "a dry run does nothing to the world"
            )
        if isinstance(command, CallAction | SendMessage):
            assert (journey.pause, journey.profile_filter) == (None, None)
        if isinstance(command, StartTimer):
            if journey.wait_override_us is not None and command.kind != "globalTimeout":
                if journey.mode == "test":
                    assert command.due_at_us <= self.now_us + journey.wait_override_us
                else:
                    assert command.kind != "wait", "a dry run that skips waits waits"
            assert key not in self.timers
            if command.kind == "quietHours":  # whose end may find the message held once more, in the same stay
                self.gone = [place for place in self.gone if place != key]
            assert key not in self.gone
            assert command.due_at_us > self.now_us
            self.timers[key] = command.due_at_us
        elif isinstance(command, CancelTimer):
            assert self.timers.pop(key, None) is not None, "a timer that does not run is cancelled"
            self.gone.append(key)
        elif isinstance(command, FetchData):
            assert journey.reads_sources, "a dry run that may do without reads a data source"
            assert key not in self.fetches
            assert command.deadline_us > self.now_us
            assert command.requests
            self.fetches[key] = command
        elif isinstance(command, CallAction | SendMessage):
            assert key not in self.calls
            assert command.deadline_us > self.now_us
            self.calls[key] = command

    def _check(self, transition: Transition) -> None:
        instance = self.instance
        here = (instance.node_id, instance.pass_no)
        if instance.is_ended:
            assert instance.status in ("ended", "error", "timedout", "exited", "stopped", "discarded")
            assert instance.status != "discarded" or self.journey.pause == "discard"
            assert instance.waiting_for is None
            assert self.timers == {}, "an ended instance leaves a timer behind"
            assert self.steps[-1].is_ended
        else:
            assert instance.status == "active"
            node = self.journey.nodes[instance.node_id or ""]
            waiting_for = instance.waiting_for or ""
            assert set(self.timers) <= {(GLOBAL_TIMER, 0), here}, "timers of a node the instance has left"
            assert (GLOBAL_TIMER, 0) in self.timers
            if waiting_for == PAUSED:
                assert isinstance(node, ActionNode)
                assert set(self.timers) == {(GLOBAL_TIMER, 0)}
                assert not self.calls
            elif waiting_for == FETCH:
                assert list(self.fetches) == [here]
                assert here not in self.timers
            elif isinstance(node, RaceNode):
                assert waiting_for.partition(":")[0] == "race"
                assert (here in self.timers) == (":" in waiting_for)
            elif waiting_for == "timer":
                assert here in self.timers
            elif waiting_for == "sendTime":
                assert isinstance(node, MessageNode)
                assert here in self.timers
                assert here in self.timed
            elif waiting_for == "action":
                assert list(self.calls) == [here]
                assert here not in self.timers
            else:
                assert waiting_for == f"event:{node.event_uid}"  # type: ignore[attr-defined]
            if instance.waiting_for not in ("action", FETCH):
                assert instance.pending == ()
        assert len(instance.pending) <= MAX_PENDING
        assert set(self.calls) <= {here} or instance.is_ended
        assert set(self.fetches) <= {here} or instance.is_ended
        assert instance.fetch is None or not instance.is_ended
        assert [step.seq for step in self.steps] == list(range(len(self.steps)))
        assert [step.is_entrance for step in self.steps] == [True] + [False] * (len(self.steps) - 1)
        assert sum(step.is_ended for step in self.steps) == instance.is_ended
        for step in transition.steps:
            assert step.node_id in self.journey.nodes
            assert not step.node_id.startswith("~")
            orjson.dumps(to_document(step))
            orjson.loads(*to_lines(self.journey, instance, [step]))


def check_visits(steps: list[StepEvent]) -> None:
    """One stay after the other: never at two nodes, never back to one."""
    stays: dict[int, set[str]] = {}
    for step in steps:
        if step.is_processed and step.pass_no in stays:
            assert step.node_id in stays[step.pass_no] or step.is_ended, "won by nobody who took part"
        stays.setdefault(step.pass_no, set()).add(step.node_id)
    assert list(stays) == sorted(stays)
    left = [step.node_id for step in steps if step.is_processed]
    assert len(set(left)) == len(left)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(journeys(), st.data())
def test_an_instance_is_at_one_place_ends_or_waits_for_something_named_and_replays_the_same(
    doc: dict[str, Any], data: st.DataObject
) -> None:
    note(str(doc))
    journey, faults = examine(doc, WORLD, IDENTITY)
    assert [fault for fault in faults if fault.severity == "error"] == []
    assert journey is not None
    journey = replace(journey, **data.draw(modes()))
    instance_id = data.draw(st.sampled_from(["i1", "i2", "i3"]))
    history = History(journey, instance_id, data, data.draw(st.sampled_from([None, "b1", "b2"])))
    history.give(Entered(data.draw(payloads), data.draw(profiles)))
    left = data.draw(st.integers(0, 4))
    for _ in range(data.draw(st.integers(3, 30))):
        if history.instance.is_ended:
            if not left:
                break
            left -= 1
        history.now_us += data.draw(st.sampled_from([0, 1, SECOND_US, 3600 * SECOND_US]))
        if journey.mode == "live" and data.draw(st.integers(0, 3)) == 0:
            history.journey = replace(journey, pause=data.draw(st.sampled_from([None, "hold", "hold", "discard"])))
            note(f"pause: {history.journey.pause}")
        history.give(data.draw(stimuli(history)))
    if not history.instance.is_ended and data.draw(st.integers(0, 2)) == 0:
        history.give(Stopped(data.draw(st.sampled_from(sorted(STOP_REASONS)))))
    drain(history, data)
    assert history.instance.is_ended
    check_visits(history.steps)
    replay(history)


@st.composite
def stimuli(draw: st.DrawFn, history: History) -> Stimulus:
    """Anything that can reach an instance, in time, too late, twice, or by mistake."""
    profile = draw(profiles)
    waiting_for = history.instance.waiting_for or ""
    others = ["event", "due", "global", "stale timer", "stale answer", "entry", "reaction", "resumed", "stop"]
    match draw(st.sampled_from(["awaited"] * 9 + others)):
        case "awaited" if waiting_for == PAUSED:
            return Resumed(profile)
        case "awaited" if waiting_for == f"event:{REACTION}":
            return EventReceived(REACTION, draw(feedback(history)), profile)
        case "reaction":
            return EventReceived(REACTION, draw(feedback(history)), profile)
        case "resumed":
            return Resumed(profile)
        case "stop" if draw(st.integers(0, 3)) == 0:
            return Stopped(draw(st.sampled_from(sorted(STOP_REASONS))))
        case "awaited" if waiting_for == "action":
            if draw(st.integers(0, 2)) == 0:
                return EventReceived(draw(st.sampled_from(["e1", "e2"])), draw(payloads), profile)
            return ActionAnswered(*next(iter(history.calls)), draw(outcomes), profile)
        case "awaited" if waiting_for == FETCH:
            place, command = next(iter(history.fetches.items()))
            match draw(st.integers(0, 5)):
                case 0:
                    return EventReceived(draw(st.sampled_from(["e1", "e2"])), draw(payloads), profile)
                case 1:  # in place of a row of the outbox that was lost
                    return ActionAnswered(*place, draw(outcomes), profile)
            return DataFetched(*place, draw(fetched(command)), profile)
        case "awaited" if waiting_for.startswith("race") and draw(st.booleans()):
            match draw(st.sampled_from(["audience", "event", "reaction"])):
                case "audience":
                    return EventReceived("audience:vip", draw(membership), profile)
                case "reaction":
                    return EventReceived(REACTION, draw(feedback(history)), profile)
            return EventReceived(draw(st.sampled_from(["e1", "e2"])), draw(payloads), profile)
        case "awaited" if waiting_for == "event:audience:vip":
            return EventReceived("audience:vip", draw(membership), profile)
        case "awaited" if waiting_for.startswith("event:"):
            return EventReceived(waiting_for.removeprefix("event:"), draw(payloads), profile)
        case "awaited" | "due" if history.timers:
            soonest = min(history.timers, key=lambda one: (history.timers[one], one))
            return due(history, soonest, profile)
        case "global" if history.timers and draw(st.integers(0, 4)) == 0:
            return due(history, (GLOBAL_TIMER, 0), profile)
        case "stale timer":
            here = (history.instance.node_id or "start", history.instance.pass_no + draw(st.sampled_from([-1, 1])))
            return TimerDue(*draw(st.sampled_from([*history.gone, here])), profile)
        case "stale answer":
            passed = [(step.node_id, step.pass_no) for step in history.steps if step.is_processed]
            here = (history.instance.node_id or "start", history.instance.pass_no + draw(st.sampled_from([-1, 1])))
            place = draw(st.sampled_from([*passed, here]))
            if draw(st.booleans()):
                return DataFetched(*place, (FetchOutcome("Weather", "world", (0,), {"temp": 3}),), profile)
            return ActionAnswered(*place, draw(outcomes), profile)
        case "entry":
            return Entered(draw(payloads), profile)
    is_other = history.instance.supplemental_id is not None and draw(st.booleans())
    return EventReceived(draw(st.sampled_from(["e1", "e2", "e3"])), draw(payloads), profile, is_other)


@st.composite
def feedback(draw: st.DrawFn, history: History) -> dict[str, Any]:
    """Reactions to the message of the node before, or of any other pass; such as a node listens for, or any."""
    awaited = [reaction for node in history.journey.nodes.values() for reaction in getattr(node, "reactions", ())]
    heard = draw(st.lists(st.sampled_from(sorted(awaited) or REACTIONS) | st.sampled_from(REACTIONS), max_size=2))
    return {"reactions": heard, "pass": history.instance.pass_no - draw(st.sampled_from([1, 1, 1, 0, 2]))}


def due(history: History, timer: Timer, profile: Any) -> TimerDue:
    history.now_us = max(history.now_us, history.timers[timer])
    return TimerDue(*timer, profile)


def drain(history: History, data: st.DataObject) -> None:
    """Let the world do what it owes until the instance ends; it must, after one stay at each node at most."""
    history.journey = replace(history.journey, pause=None)
    for _ in range(5 * len(history.journey.nodes) + 2):
        if history.instance.is_ended:
            return
        if history.instance.waiting_for == PAUSED:
            history.give(Resumed())
        elif history.fetches:
            (node_id, pass_no), command = next(iter(history.fetches.items()))
            history.give(DataFetched(node_id, pass_no, data.draw(fetched(command))))
        elif history.calls:
            node_id, pass_no = next(iter(history.calls))
            history.give(ActionAnswered(node_id, pass_no, data.draw(outcomes)))
        else:
            timer = min(history.timers, key=lambda one: (history.timers[one], one))
            history.give(due(history, timer, {}))


def replay(history: History) -> None:
    """The same stimuli at the same times, the state through storage each time: the same steps and commands."""
    instance: Instance = history.first
    for journey, stimulus, now_us, transition in history.told:
        again = advance(journey, instance, stimulus, now_us)
        assert again.steps == transition.steps
        assert again.commands == transition.commands
        assert again.ignored == transition.ignored
        instance = through_storage(again.instance)
        assert instance.is_ended or instance == transition.instance
