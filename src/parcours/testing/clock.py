"""A journey under a virtual clock, for tests in Python and for cases in YAML alike.

clock = JourneyClock().load("journeys/welcome.yaml", config="config")
clock.stub("SendMail", 500)
clock.send("SignedUp", {"email": "jane@example.com"})
clock.advance("3d")
clock.expect(called="SendMail", times=1, parameters={"/to": "jane@example.com"})
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from parcours.expressions.references import AUDIENCE_ENRICHMENT, EXPERIENCE_EVENTS, PLATFORM, SchemaReferences
from parcours.journeys.agenda import MomentPassed
from parcours.journeys.bundle import Bundle, config_files, read_bundle, read_file
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.crowd import Belonging, Known, Member, change_audience, find_audience, listed, settle
from parcours.journeys.feed import DEFAULT_START_US
from parcours.journeys.moments import read_duration, read_moment
from parcours.journeys.outcome import Coverage, coverage_of, path_of
from parcours.journeys.people import GivenPeople
from parcours.journeys.run import PROFILE_GROUP
from parcours.journeys.runs_store import AudienceRun
from parcours.journeys.seen import InstanceRecord, SentCall, VirtualClock, seeded_ids
from parcours.journeys.simulate import World
from parcours.journeys.stubs import Stub, read_stub
from parcours.kit.clock import to_datetime, to_us
from parcours.kit.yaml_text import Located
from parcours.testing.errors import ExpectationFailed, NothingLoaded, UnknownName
from parcours.testing.expect import fault_of

Source = str | Path | Mapping[str, Any] | Located
"""A file, or a document."""
Moment = str | datetime
"""`2026-01-31T09:00:00Z`, `+2d` from the beginning, or an aware date-time."""


class Loaded:
    """Journeys and their definitions, compiled once; several clocks may run them one after the other."""

    def __init__(self, journeys: Iterable[Source], config: Iterable[Source] = ()) -> None:
        """The first journey is the one under test. Raises BundleInvalid, YamlInvalid."""
        self.time = VirtualClock(DEFAULT_START_US)
        sources: list[Located] = []
        for one in config:
            if isinstance(one, str | Path):
                sources += map(read_file, config_files([Path(one)]))
            else:
                sources.append(_located(one, "config"))
        self.bundle: Bundle = read_bundle(sources, self.time)
        documents = [_located(one, "journey") for one in journeys]
        self.journeys: tuple[CompiledJourney, ...] = tuple(map(self.bundle.compile, documents))


def _located(source: Source, name: str) -> Located:
    if isinstance(source, Located):
        return source
    return read_file(Path(source)) if isinstance(source, str | Path) else Located(name, source)


class JourneyClock:
    """A world of its own: nothing happens in it but what is sent, and no time passes but what is let pass."""

    def __init__(self, now: Moment = "2026-01-01T00:00:00Z", *, seed: str = "", loaded: Loaded | None = None) -> None:
        """seed: decides what percentage splits draw; the same seed, the same draws."""
        self.start_us = self._read_moment(now, DEFAULT_START_US)
        self.people = GivenPeople()
        self._seed = seed
        self.audiences: Known = {}
        """Those there are, by name and by id."""
        self._belongings: list[Belonging] = []
        self._stubs: dict[str, Stub] = {}
        self._loaded = loaded
        self._world: World | None = None
        if loaded is not None:
            self._begin(loaded)

    # --- what there is ---

    def load(self, *journeys: Source, config: Source | Iterable[Source] = ()) -> "JourneyClock":
        """Journeys, each a file or a document, with the files or documents that define their events and actions.

        The first is the one under test, others may be jumped to. Raises BundleInvalid with every fault.
        """
        if isinstance(config, str | Path | Mapping | Located):
            config = (config,)
        self._begin(Loaded(journeys, config))
        return self

    def _begin(self, loaded: Loaded) -> None:
        self._loaded = loaded
        loaded.time.at_us = self.start_us
        self._world = World(
            loaded.journeys,
            loaded.bundle.events,
            loaded.bundle.actions,
            loaded.time,
            people=self.people,
            stubs=self._stubs,
            data_sources=loaded.bundle.data_sources,
            instance_ids=seeded_ids(self._seed),
            rule_sets=loaded.bundle.rule_sets,
        )
        self.audiences = loaded.bundle.known_audiences(loaded.journeys)
        settle(self._world, self.audiences, self._belongings)

    @property
    def world(self) -> World:
        """The simulated world itself. Raises NothingLoaded."""
        if self._world is None:
            raise NothingLoaded("load a journey first: clock.load('journey.yaml', config='config')")
        return self._world

    @property
    def bundle(self) -> Bundle:
        """The definitions. Raises NothingLoaded."""
        if self._loaded is None:
            raise NothingLoaded("load a journey first: clock.load('journey.yaml', config='config')")
        return self._loaded.bundle

    def profile(
        self, namespace: str, value: str, attributes: Mapping[str, Any], *, audiences: Iterable[str] = ()
    ) -> None:
        """Set a person's attributes, in place of those there were; conditions read them from now on.

        audiences: names or ids of those that the person is in, which no journey hears of. Raises CrowdInvalid.
        """
        self.people.put(namespace, value, attributes)
        belongings = [Belonging(name, namespace, value) for name in audiences]
        if self._world is None:
            self._belongings += belongings
        else:
            settle(self._world, self.audiences, belongings)

    def members(self, audience: str, ids: Iterable[Member]) -> None:
        """Let people be in an audience, by its name or id, which no journey hears of. Raises CrowdInvalid.

        ids: texts, or {"id", …} with the attributes that the list has of somebody.
        """
        found = find_audience(self.audiences, audience)
        self.world.bring_in(found.id, found.namespace, [listed(one) for one in ids])

    def rows(self, data_set: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Rows of a data set by their keys, for lookups; one that is there is replaced."""
        self.world.ledger.put_rows(data_set, rows, self.world.clock.at_us)

    def change_profile(self, namespace: str, value: str, attributes: Mapping[str, Any]) -> None:
        """Lay attributes over those that are there."""
        self.people.change(namespace, value, attributes)

    def stub(self, action: str, answer: Any) -> None:
        """How calls of an action end from now on: a status, `timeout`, an answer, a list of answers, or rules.

        action: its name; or that of a data source, `Source.group`, or a message template, whose fetches or messages
        then end so.

        Raises StubInvalid for a document that is no stub, UnknownName for an action nobody defined.
        """
        bundle = self.bundle
        stubbed = bundle.stubbed(self.world.journeys)
        if action not in stubbed:
            known = ", ".join(sorted(stubbed)) or "none"
            what = "action" if len(stubbed) == len(bundle.action_uids) else "action or data source"
            raise UnknownName(f"no {what} is called {action!r}; there are: {known}")
        events = {name: found.document for name, found in bundle.event_names.items()}
        platform = {PROFILE_GROUP: bundle.profile, EXPERIENCE_EVENTS: None, AUDIENCE_ENRICHMENT: None}
        references = SchemaReferences(events, {PLATFORM: platform}, dict.fromkeys(bundle.action_uids))
        self.world.stubs[action] = read_stub(answer, references=references)

    # --- what happens ---

    @property
    def now(self) -> datetime:
        """What the clock shows."""
        return to_datetime(self.world.clock.at_us)

    def send(self, event: str, payload: Mapping[str, Any] | None = None, *, at: Moment | None = None) -> None:
        """An event comes in, by the name of its configuration; now, or at a later moment once time gets there.

        Raises UnknownName, MomentPassed.
        """
        configuration = self.bundle.event_names.get(event)
        if configuration is None:
            known = ", ".join(sorted(self.bundle.event_names)) or "none"
            raise UnknownName(f"no event is called {event!r}; there are: {known}")
        self.world.schedule_event(self._moment(at), configuration, payload or {})
        self.settle()

    def send_entity(self, entity: Mapping[str, Any], *, schema_id: str | None = None, at: Moment | None = None) -> None:
        """An XDM entity comes in; the event configurations say which event it is, if any."""
        self.world.schedule_entity(self._moment(at), entity, self.bundle.schemas_of(schema_id))
        self.settle()

    def enter(self, audience: str, *ids: Member, at: Moment | None = None) -> None:
        """People enter an audience, now or at a later moment. Raises CrowdInvalid, MomentPassed."""
        self.change_audience(audience, at=at, enter=list(ids))

    def leave(self, audience: str, *ids: str, at: Moment | None = None) -> None:
        """People leave an audience, now or at a later moment. Raises CrowdInvalid, MomentPassed."""
        self.change_audience(audience, at=at, leave=list(ids))

    def change_audience(self, audience: str, *, at: Moment | None = None, **change: Sequence[Member]) -> None:
        """An upload: enter, leave or both, or replace, each with ids in the audience's namespace, or {"id", …}.

        Raises CrowdInvalid, MomentPassed.
        """
        change_audience(self.world, self.audiences, {"audience": audience, **change}, self._moment(at))
        self.settle()

    def settle(self) -> None:
        """Let happen what is due now."""
        self.world.run(self.world.clock.at_us)

    def advance(self, by: str | timedelta) -> None:
        """Let time pass, `90d` or `1h30m`, and everything happen that is due on the way, the last moment included."""
        length_us = by // timedelta(microseconds=1) if isinstance(by, timedelta) else read_duration(by)
        if length_us < 0:
            raise MomentPassed("time doesn't run backwards")
        self.world.run(self.world.clock.at_us + length_us)

    def advance_to(self, at: Moment) -> None:
        """Let time pass until a moment."""
        at_us = self._moment(at)
        if at_us < self.world.clock.at_us:
            raise MomentPassed(f"{at} is past")
        self.world.run(at_us)

    def finish(self) -> None:
        """Let time pass until nothing is left to happen: everybody has left the journey."""
        self.world.run()

    def _moment(self, at: Moment | None) -> int:
        return self.world.clock.at_us if at is None else self._read_moment(at, self.start_us)

    @staticmethod
    def _read_moment(at: Moment, start_us: int) -> int:
        return read_moment(at, start_us) if isinstance(at, str) else to_us(at)

    # --- what was seen ---

    def instances(self, customer: str | None = None, journey: str | None = None) -> list[InstanceRecord]:
        """Every instance, or those of a customer's key or of a journey's name, in the order of entrance."""
        return [
            record
            for record in self.world.records
            if (customer is None or record.instance.key == customer)
            and (journey is None or record.journey.name == journey)
        ]

    def instance(self, customer: str | None = None, journey: str | None = None) -> InstanceRecord:
        """The latest of them. Raises UnknownName when there is none."""
        found = self.instances(customer, journey)
        if not found:
            who = "nobody was ever" if customer is None else f"{customer} was never"
            raise UnknownName(f"{who} in the journey")
        return found[-1]

    def node(self, customer: str | None = None) -> str | None:
        """The node where the latest instance is; None when it has left the journey."""
        return self.instance(customer).instance.node_id

    def path(self, customer: str | None = None) -> list[str]:
        """The way of the latest instance: nodes, with how they were left where that was no default."""
        return list(path_of(self.instance(customer)))

    def runs(self, journey: str | None = None) -> list[AudienceRun]:
        """Readings of an audience into a journey, the first one first; of the journey under test when none is named."""
        return self.world.runs(self._journey(journey))

    def calls(self, action: str | None = None, customer: str | None = None) -> list[SentCall]:
        """Calls that were made, in order."""
        found = [
            sent
            for record in self.instances(customer)
            for sent in record.sent
            if sent.url is not None and (action is None or sent.action_name == action)
        ]
        return sorted(found, key=lambda sent: sent.at_us)

    def coverage(self, journey: str | None = None) -> Coverage:
        """Which nodes and edges of a journey were reached; of the one under test when none is named."""
        return coverage_of(self._journey(journey), self.world.records)

    def _journey(self, name: str | None) -> CompiledJourney:
        chosen = next((j for j in self.world.journeys if name is None or j.name == name), None)
        if chosen is None:
            raise UnknownName(f"no journey is called {name!r}")
        return chosen

    def expect(self, **expectation: Any) -> None:
        """Check an expectation as cases in YAML write it, such as `at="pause"`; raises ExpectationFailed otherwise."""
        fault = fault_of(self.world, expectation, self.start_us, self.audiences)
        if fault is not None:
            raise ExpectationFailed(fault)
