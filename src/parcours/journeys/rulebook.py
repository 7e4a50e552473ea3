"""The rule sets that journeys are under, during one transaction: asked before somebody enters or gets a message."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from parcours.expressions.references import PLATFORM
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import NOTHING, TakeMessage
from parcours.journeys.run import PROFILE_GROUP, zone_named
from parcours.journeys.schedule import next_read
from parcours.rulesets.judge import count_entry, count_message, judge_message, refuse_entry
from parcours.rulesets.ledger import Ledger, Place, person_of
from parcours.rulesets.model import SEND, Refusal, RuleSet, Verdict
from parcours.rulesets.table import RuleSetTable
from parcours.xdm.identities import Identity

Members = Callable[[int, Identity, Collection[str]], Collection[str]]
"""(scope, identity, ids of audiences) → those the individual is in."""
ReadCounts = Callable[[int, Sequence[str], int], Iterable[tuple[Place, int]]]
"""(scope, individuals, now) → what was counted of them in windows that are not over."""


class RuleBook:
    """Which sets apply to whom, and what was counted. Tests and dry runs are under no rules."""

    def __init__(
        self, table: RuleSetTable, live: LiveJourneys, now_us: int, members: Members, read_counts: ReadCounts
    ) -> None:
        self.now_us = now_us
        """The time of the transaction; a simulated world lets it pass."""
        self._table = table
        self._live = live
        self._members = members
        self._read_counts = read_counts
        self._ledger = Ledger()
        self._read: set[tuple[int, str]] = set()
        self._entry_sets: dict[CompiledJourney, tuple[RuleSet, ...]] = {}
        self._peers: dict[tuple[int, str, str | None], tuple[str, ...]] = {}
        self._upcoming: dict[tuple[CompiledJourney, str], list[tuple[int, str]]] = {}
        self._counted: dict[tuple[str, str, int], tuple[CompiledJourney, TakeMessage, str]] = {}

    def rules(self, scope_id: int) -> bool:
        """Whether a sandbox has any active set."""
        return scope_id in self._table.scopes

    # --- what applies ---

    def entry_sets(self, journey: CompiledJourney) -> tuple[RuleSet, ...]:
        """The sets of the journey domain that an entrance into a version is under."""
        found = self._entry_sets.get(journey)
        if found is None:
            found = ()
            if journey.mode == "live":
                found = self._table.applying(journey.scope_id, "journey", journey.rule_set_uid)
            self._entry_sets[journey] = found
        return found

    def peers(self, journey: CompiledJourney) -> tuple[str, ...]:
        """Uids of the journeys whose people must be known to let somebody enter, for a limit on simultaneous ones."""
        sets = [s for s in self.entry_sets(journey) if any(rule.type == "concurrencyCap" for rule in s.rules)]
        return tuple(dict.fromkeys(uid for rule_set in sets for uid in self.journeys_under(rule_set, journey)))

    def journeys_under(self, rule_set: RuleSet, journey: CompiledJourney) -> tuple[str, ...]:
        """Uids of the running journeys under a set that are about the same namespace as one of them."""
        namespace = _namespace_of(journey)
        place = (journey.scope_id, rule_set.uid, namespace)
        found = self._peers.get(place)
        if found is None:
            found = self._peers[place] = tuple(
                dict.fromkeys(
                    other.journey_uid
                    for other in self._live.versions.values()
                    if other.scope_id == journey.scope_id
                    and _namespace_of(other) == namespace
                    and rule_set in self.entry_sets(other)
                )
            )
        return found

    def rank(self, journey: CompiledJourney) -> tuple[int, int]:
        """Journeys that one event lets somebody enter are entered in this order. Source: journeys §11.

        The higher priority comes first; of equal ones, the version that was changed last.
        """
        return -journey.priority, -self._live.modified_ms.get(journey.version_uid, 0)

    def looks_at_time_zones(self, journey: CompiledJourney) -> bool:
        """Whether quiet hours of a journey's messages are those of the individual's own time zone."""
        return any(
            rule_set.looks_at_time_zones
            for uid in journey.message_rule_sets
            for rule_set in self._table.applying(journey.scope_id, "channel", uid)
        )

    # --- counts ---

    def preload(self, scope_id: int, keys: Iterable[tuple[str, str]]) -> None:
        """Read the counts of many individuals in one statement. keys: (uid of a journey, key)."""
        if scope_id not in self._table.counting_scopes:
            return
        namespaces = self._live.namespaces
        self._know(scope_id, {_person(namespaces.get((scope_id, uid)), key) for uid, key in keys})

    def _know(self, scope_id: int, people: Collection[str]) -> None:
        if scope_id not in self._table.counting_scopes:
            return
        unknown = sorted(person for person in people if (scope_id, person) not in self._read)
        if unknown:
            self._read.update((scope_id, person) for person in unknown)
            self._ledger.read(self._read_counts(scope_id, unknown, self.now_us))

    # --- entrances ---

    def refuse_entry(
        self,
        journey: CompiledJourney,
        key: str,
        inside: Callable[[Iterable[str], RuleSet], int],
        arbitrated: Mapping[str, int],
    ) -> Refusal | None:
        """Why somebody may not enter; see `judge.refuse_entry`.

        inside: how many instances of the key are in journeys, given by their uids, under a set.
        """
        sets = self.entry_sets(journey)
        if not sets:
            return None
        person = _person(journey.namespace, key)
        self._know(journey.scope_id, (person,))
        return refuse_entry(
            sets,
            journey.scope_id,
            person,
            self._ledger,
            self.now_us,
            inside=lambda rule_set: inside(self.journeys_under(rule_set, journey), rule_set),
            reserved=lambda rule_set, until_us: self._reserved(rule_set, journey, key, until_us),
            arbitrated=arbitrated,
        )

    def count_entry(self, journey: CompiledJourney, key: str) -> None:
        """Somebody has entered."""
        sets = self.entry_sets(journey)
        if sets:
            count_entry(sets, journey.scope_id, _person(journey.namespace, key), self._ledger, self.now_us)

    def _reserved(self, rule_set: RuleSet, journey: CompiledJourney, key: str, until_us: int) -> int:
        """How many scheduled journeys of higher priority will let the individual enter before a moment.

        They will if they are in its audience now: who comes into it until then is not foreseen.
        """
        place = (journey, rule_set.uid)
        upcoming = self._upcoming.get(place)
        if upcoming is None:
            upcoming = self._upcoming[place] = list(self._find_upcoming(rule_set, journey))
        audiences = [audience_id for at_us, audience_id in upcoming if at_us < until_us]
        if not audiences or journey.namespace is None:
            return 0
        identity = (canonical_namespace(journey.namespace), key)
        found = self._members(journey.scope_id, identity, frozenset(audiences))
        return sum(audience_id in found for audience_id in audiences)

    def _find_upcoming(self, rule_set: RuleSet, journey: CompiledJourney) -> Iterable[tuple[int, str]]:
        for other in self._live.open.values():
            if (
                other.audience_read is None
                or other.journey_uid == journey.journey_uid
                or other.scope_id != journey.scope_id
                or other.priority <= journey.priority
                or other.pause is not None
                or _namespace_of(other) != _namespace_of(journey)
                or rule_set not in self.entry_sets(other)
            ):
                continue
            due_at_us = next_read(other, self.now_us)
            if due_at_us is not None:
                yield due_at_us, other.audience_read.audience_id

    # --- messages ---

    def judge(
        self, journey: CompiledJourney, instance_id: str, key: str, command: TakeMessage, data: Mapping[str, Any]
    ) -> Verdict:
        """What becomes of a message; one that is sent is counted. data: of the individual, for their time zone."""
        sets = self._table.applying(journey.scope_id, "channel", command.rule_set)
        if not sets or journey.mode != "live":
            return SEND
        person = _person(journey.namespace, key)
        self._know(journey.scope_id, (person,))
        verdict = judge_message(
            sets,
            command.channel,
            journey.scope_id,
            person,
            self._ledger,
            self.now_us,
            queued_since_us=command.queued_since_us,
            own_zone=lambda: own_zone(data),
        )
        if verdict.outcome == "send":
            count_message(sets, command.channel, journey.scope_id, person, self._ledger, self.now_us)
            self._counted[instance_id, command.node_id, command.pass_no] = (journey, command, person)
        return verdict

    def take_back(self, instance_id: str, node_id: str, pass_no: int) -> None:
        """A message that was counted could not be made after all."""
        found = self._counted.pop((instance_id, node_id, pass_no), None)
        if found is not None:
            journey, command, person = found
            sets = self._table.applying(journey.scope_id, "channel", command.rule_set)
            count_message(sets, command.channel, journey.scope_id, person, self._ledger, self.now_us, -1)

    @property
    def added(self) -> Mapping[Place, int]:
        """What was counted, to be stored."""
        return self._ledger.added


def own_zone(data: Mapping[str, Any]) -> ZoneInfo | None:
    """The time zone in an individual's profile; None when they have none that is known."""
    group = (data.get(PLATFORM) or NOTHING).get(PROFILE_GROUP) or NOTHING
    return zone_named(group.get("timeZone"))


def _namespace_of(journey: CompiledJourney) -> str | None:
    return None if journey.namespace is None else canonical_namespace(journey.namespace)


def _person(namespace: str | None, key: str) -> str:
    return person_of(None if namespace is None else canonical_namespace(namespace), key)
