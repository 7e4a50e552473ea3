"""A small sandbox for journey tests: three events, two actions, and ways to compile and drive a document."""

from collections.abc import Mapping
from typing import Any

import orjson

from parcours.actions.model import AnswerShape
from parcours.expressions.types import Type
from parcours.governance.table import ScopePolicies
from parcours.journeys.activities.kind import (
    ActionShape,
    AudienceShape,
    DataSetShape,
    GroupShape,
    ParameterShape,
    RuleShape,
    SourceShape,
    TargetShape,
    TemplateShape,
)
from parcours.journeys.compile import EventShape, VersionIdentity, compile_version
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.engine import advance, new_instance
from parcours.journeys.model import ActionOutcome, Entered, Instance, Transition
from parcours.journeys.state import instance_from_row, instance_to_state
from parcours.journeys.store import StoredInstance
from parcours.xdm.usage_labels import FieldLabels

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
DAY_US = 86_400 * SECOND_US
NOW_US = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z."""

ORDER: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "total": {"type": "number"},
        "city": {"type": "string"},
        "at": {"type": "string", "format": "date-time"},
        "email": {"type": "string"},
    },
}
PROFILE: Mapping[str, Any] = {
    "type": "object",
    "properties": {"tier": {"type": "string"}, "visits": {"type": "integer"}, "timeZone": {"type": "string"}},
}
PRODUCT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"sku": {"type": "string"}, "price": {"type": "number"}, "stock": {"type": "integer"}},
}


class World:
    """Definitions of one sandbox."""

    def __init__(self) -> None:
        self.events = {
            "e1": EventShape("e1", "Order", "Email", ORDER),
            "e2": EventShape("e2", "Payment", "Email", ORDER),
            "e3": EventShape("e3", "Visit", "ECID", ORDER),
            "e4": EventShape("e4", "Anonymous", None, ORDER),
            "b1": EventShape("b1", "FlightLate", None, ORDER, is_business=True),
            "s1": EventShape(
                "s1", "Booking", "Email", ORDER, has_supplemental_id=True, supplemental_namespace="BookingNumber"
            ),
        }
        answer = AnswerShape({"points": 1, "level": "gold"}, {"/points": Type.INTEGER, "/level": Type.STRING})
        failure = AnswerShape({"reason": "x"}, {"/reason": Type.STRING})
        self.actions = {
            "a1": ActionShape("a1", "SendMail", {"/to": ParameterShape("To", Type.STRING, False)}),
            "a3": ActionShape("a3", "Offers", {}, channel="Email", marketing_action="offers"),
            "a2": ActionShape("a2", "Loyalty", {"/n": ParameterShape("N", Type.INTEGER, True)}, answer, failure),
        }

        self.audiences = {"vip": AudienceShape("vip", "VIP customers", "Email")}
        self.data_sets = {
            "d1": DataSetShape("d1", "Preferences", PROFILE, is_of_profiles=True, is_lookup=False),
            "d2": DataSetShape("d2", "Products", PRODUCT, is_of_profiles=False, is_lookup=True),
        }
        self.targets = {"other": TargetShape("other", "Other journey", "Email", "e2", ORDER)}
        self.jumps: dict[str, frozenset[str]] = {}
        self.usage_policies = ScopePolicies(marketing_actions=["offers"])
        self.field_labels: dict[str, FieldLabels] = {}
        self.rule_sets = {"s": ("Journeys", "journey", "active"), "c": ("Promotions", "channel", "active")}
        self.decision_rules = {
            "gold": RuleShape("gold", "Gold tier", "#{ExperiencePlatform.ProfileFieldGroup.tier} == 'gold'"),
            "vips": RuleShape("vips", "VIPs", "inAudience('VIPs of old')", {"VIPs of old": "vip"}),
            "event": RuleShape("event", "Large order", "@event{Order.total} > 100"),
        }
        weather = AnswerShape(
            {"temp": 1.5, "sky": "x", "days": [{"max": 1}]},
            {"/temp": Type.DECIMAL, "/sky": Type.STRING, "/days": Type.LIST_OBJECT, "/days/[]/max": Type.DECIMAL},
        )
        place = AnswerShape({"town": "x"}, {"/town": Type.STRING})
        self.data_sources = {
            "Weather": SourceShape(
                "s1",
                "Weather",
                {
                    "now": GroupShape("GET", ("city",), weather),
                    "world": GroupShape("GET", (), weather),
                    "many": GroupShape("POST", ("city", "ids"), weather),
                },
            ),
            "Geo": SourceShape("s2", "Geo", {"place": GroupShape("GET", ("email",), place)}),
        }

    def event(self, uid: str) -> EventShape | None:
        return self.events.get(uid)

    def action(self, uid: str) -> ActionShape | None:
        return self.actions.get(uid)

    def audience(self, audience_id: str) -> AudienceShape | None:
        return self.audiences.get(audience_id)

    def audience_named(self, name: str) -> AudienceShape | None:
        return next((found for found in self.audiences.values() if found.name == name), None)

    def template(self, uid: str) -> TemplateShape:
        return TemplateShape(uid, uid, "", None)

    def data_set(self, data_set_id: str) -> DataSetShape | None:
        return self.data_sets.get(data_set_id)

    def target(self, journey_uid: str) -> TargetShape | None:
        return self.targets.get(journey_uid)

    def sources(self) -> Mapping[str, SourceShape]:
        return self.data_sources

    def platform_groups(self) -> Mapping[str, str]:
        return {"TierOnly": "ProfileFieldGroup"}

    def jumps_of(self, journey_uid: str) -> frozenset[str]:
        return self.jumps.get(journey_uid, frozenset())

    def rule_set(self, uid: str) -> tuple[str, str, str] | None:
        return self.rule_sets.get(uid)

    def decision_rule(self, uid: str) -> RuleShape | None:
        return self.decision_rules.get(uid)

    def policies(self) -> ScopePolicies | None:
        return self.usage_policies

    def labels(self, schema_id: str) -> FieldLabels:
        return self.field_labels.get(schema_id, {})

    def platform(self) -> Mapping[str, Mapping[str, Any] | None]:
        tier = {"type": "object", "properties": {"tier": {"type": "string"}}}
        return {"ProfileFieldGroup": PROFILE, "TierOnly": tier}


WORLD = World()
IDENTITY = VersionIdentity(
    scope_id=1, org_id="ACME@AdobeOrg", sandbox_name="prod", journey_uid="journey", version_uid="version", version="1.0"
)
GOOD = ActionOutcome("http_200")


def document(nodes: Mapping[str, Any], *edges: tuple[str, ...], entry: str = "start", **members: Any) -> dict[str, Any]:
    """A journey document; an edge is (from, to), (from, to, kind) or (from, to, "path", path id)."""
    return {
        "name": "Test",
        "entry": {"node": entry},
        "nodes": {"start": {"type": "event", "eventUid": "e1"}, **nodes},
        "edges": [
            {"from": e[0], "to": e[1]} | ({"kind": e[2]} if len(e) > 2 else {}) | ({"path": e[3]} if len(e) > 3 else {})
            for e in edges
        ],
        **members,
    }


def compiled(doc: Mapping[str, Any]) -> CompiledJourney:
    return compile_version(doc, WORLD, IDENTITY)


def entered(journey: CompiledJourney, payload: Mapping[str, Any] | None = None, **data: Any) -> Transition:
    """A new instance, entered at NOW_US."""
    instance = new_instance(journey, "i1", "jane@example.com", NOW_US)
    return advance(journey, instance, Entered(payload or {}, data), NOW_US)


def states(transition: Transition) -> list[tuple[str, str, str | None]]:
    """(node, status, transition) of each step."""
    return [(step.node_id, step.step_status, step.transition) for step in transition.steps]


def place(instance: Instance) -> tuple[str | None, str | None]:
    return instance.node_id, instance.waiting_for


def through_storage(instance: Instance) -> Instance:
    """The instance as it is read back after it was written."""
    i = instance
    return instance_from_row(
        StoredInstance(
            i.id,
            1,
            i.journey_uid,
            i.version_uid,
            i.key,
            i.namespace,
            i.status,
            i.node_id,
            i.waiting_for,
            i.entered_at_us,
            NOW_US,
            orjson.loads(orjson.dumps(instance_to_state(instance))),
            i.supplemental_id,
        )
    )
