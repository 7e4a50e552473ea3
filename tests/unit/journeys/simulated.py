"""Worlds over the small sandbox of `journey_world`: its events and actions as configurations that can be matched."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from journey_world import DAY_US, IDENTITY, NOW_US, WORLD

from parcours.actions.document import read_document
from parcours.actions.table import ActionTable
from parcours.events.language import condition_reader, key_reader
from parcours.events.model import EventConfiguration
from parcours.events.table import EventTable
from parcours.journeys.compile import VersionIdentity, compile_version
from parcours.journeys.people import GivenPeople
from parcours.journeys.seen import InstanceIds, VirtualClock
from parcours.journeys.simulate import World
from parcours.journeys.stubs import Stub, read_stub
from parcours.kit.secrets import SecretBox
from parcours.rulesets.table import NO_RULE_SETS, RuleSetTable

MAIL = {
    "name": "SendMail",
    "url": "https://mail.test/send",
    "request": {"sample": {"to": "x"}, "fields": [{"path": "/to", "type": "string", "kind": "variable"}]},
}
LOYALTY = {
    "name": "Loyalty",
    "url": "https://loyalty.test/",
    "request": {
        "sample": {"n": 1},
        "fields": [{"path": "/n", "type": "integer", "kind": "variable", "optional": True}],
    },
    "response": {"sample": {"points": 1, "level": "gold"}},
    "failureResponse": {"sample": {"reason": "x"}},
}
ACTIONS = ActionTable(
    [(1, uid, 1, read_document(body, allow_private=True)) for uid, body in (("a1", MAIL), ("a2", LOYALTY))],
    SecretBox(bytes(32)),
)


def _identity(number: int) -> VersionIdentity:
    """A journey of its own for each document of a world."""
    return IDENTITY if number == 0 else replace(IDENTITY, journey_uid=f"j{number}", version_uid=f"v{number}")


def configuration(
    uid: str, clock: VirtualClock, rule: str | None = None, *, is_business: bool = False
) -> EventConfiguration:
    """An event of journey_world; its key is the e-mail address."""
    shape = WORLD.events[uid]
    return EventConfiguration(
        uid=uid,
        scope_id=1,
        name=shape.name,
        schema_id="orders",
        id_type="systemGenerated" if rule is None else "ruleBased",
        event_id=uid if rule is None else None,
        condition_text=rule,
        namespace=shape.namespace,
        condition=None if rule is None else condition_reader(rule, shape.name, None, clock),
        key=key_reader(f"@event{{{shape.name}.email}}", shape.name, None, None, clock),
        document=shape.document,
        type="business" if is_business else "unitary",
    )


class Virtual:
    """A world, its events by uid, and ways to send them."""

    def __init__(
        self,
        *documents: Mapping[str, Any],
        stubs: Mapping[str, Any] | None = None,
        rules: Mapping[str, str] | None = None,
        instance_ids: InstanceIds | None = None,
        business: Sequence[str] = (),
        rule_sets: RuleSetTable = NO_RULE_SETS,
    ) -> None:
        clock = VirtualClock(NOW_US)
        self.people = GivenPeople()
        self.events = {
            uid: configuration(uid, clock, (rules or {}).get(uid), is_business=uid in business) for uid in WORLD.events
        }
        made: dict[str, Stub] = {name: read_stub(stub) for name, stub in (stubs or {}).items()}
        self.world = World(
            [compile_version(doc, WORLD, _identity(number)) for number, doc in enumerate(documents)],
            EventTable(self.events.values()),
            ACTIONS,
            clock,
            people=self.people,
            stubs=made,
            instance_ids=instance_ids,
            scope_id=1,
            rule_sets=rule_sets,
        )

    def send(
        self, uid: str = "e1", *, at_us: int | None = None, email: str = "jane@example.com", **payload: Any
    ) -> None:
        """An event now or at a moment; time then stands where it stood."""
        moment = self.world.clock.at_us if at_us is None else at_us
        self.world.schedule_event(moment, self.events[uid], {"email": email, **payload})
        self.world.run(self.world.clock.at_us)

    def days(self, number: float) -> None:
        """Let days pass."""
        self.world.run(self.world.clock.at_us + int(number * DAY_US))

    def ways(self) -> list[list[tuple[int, str, str | None]]]:
        """(time since NOW_US, node, transition) of every step of every instance."""
        return [[(s.at_us - NOW_US, s.node_id, s.transition) for s in record.steps] for record in self.world.records]


def entity(uid: str | None = None, **members: Any) -> dict[str, Any]:
    """An XDM entity, with the id of a system-generated event."""
    found: dict[str, Any] = {"email": "jane@example.com", **members}
    if uid is not None:
        found["_experience"] = {"campaign": {"orchestration": {"eventID": uid}}}
    return found


def all_steps(worlds: Iterable[Virtual]) -> list[Any]:
    """What every instance of every world wrote down."""
    return [[(r.instance, r.steps, r.sent) for r in one.world.records] for one in worlds]
