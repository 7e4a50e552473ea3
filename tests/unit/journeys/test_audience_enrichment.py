"""Attributes of an uploaded list in the journey that reads the audience: conditions, parameters, messages."""

from collections.abc import Mapping
from typing import Any

import pytest
from journey_world import IDENTITY, NOW_US, World, document
from simulated import Virtual

from parcours.journeys.activities.kind import AudienceShape, TemplateShape
from parcours.journeys.compile import compile_version, examine
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.crowd import CrowdInvalid, listed, read_members
from parcours.journeys.engine import new_instance
from parcours.journeys.model import SendMessage
from parcours.journeys.outgoing import template_values
from parcours.journeys.people import Listed
from parcours.journeys.state import instance_from_row, instance_to_state
from parcours.journeys.store import StoredInstance
from parcours.testing.clock import JourneyClock

TIER = "#{ExperiencePlatform.AudienceEnrichment.tier}"
GOLD = {"type": "condition", "paths": [{"id": "gold", "expression": f"{TIER} == 'gold'"}], "otherPath": True}
FIELDS = ({"name": "tier", "type": "string"}, {"name": "points", "type": "integer"})
STAY = {"type": "wait", "duration": {"value": 5, "unit": "days"}}


class Declared(World):
    """The audience declares its fields; templates read what the test says."""

    def __init__(self, *paths: tuple[str, ...], fields: tuple[Mapping[str, str], ...] = FIELDS) -> None:
        super().__init__()
        self.paths = paths
        self.audiences = {"vip": AudienceShape("vip", "VIP customers", "Email", fields)}

    def template(self, uid: str) -> TemplateShape:
        return TemplateShape(uid, "Offer", "email", {}, paths=self.paths)


def reading(nodes: Mapping[str, Any], *edges: Any, **more: Any) -> dict[str, Any]:
    start = {"type": "readAudience", "audienceId": "vip"}
    return document({"start": start, **nodes}, *edges, **more)


def mail(expression: str = TIER) -> dict[str, Any]:
    return {"type": "customAction", "actionUid": "a1", "parameters": [{"paramPath": "/to", "expression": expression}]}


def faults_of(found: dict[str, Any], world: World | None = None) -> list[tuple[str, str, str]]:
    return [(f.code, f.path, f.message) for f in examine(found, world or Declared())[1]]


def compiled_with(found: dict[str, Any], world: World) -> CompiledJourney:
    return compile_version(found, world, IDENTITY)


# --- what is checked -------------------------------------------------------------------------------------------------


def test_an_attribute_has_the_type_its_audience_declares() -> None:
    points = "#{ExperiencePlatform.AudienceEnrichment.points}"
    checks = {"type": "condition", "paths": [{"id": "x", "expression": f"{points} > 10 and {TIER} == 'gold'"}]}
    assert faults_of(reading({"a": checks}, ("start", "a"))) == []
    wrong = {"type": "condition", "paths": [{"id": "x", "expression": f"{points} > 'ten'"}]}
    assert [code for code, _, _ in faults_of(reading({"a": wrong}, ("start", "a")))] == ["ERR_EXPRESSION"]


def test_a_name_that_is_no_field_is_told_with_the_nearest_one() -> None:
    wrong = mail("#{ExperiencePlatform.AudienceEnrichment.tiers}")
    (fault,) = faults_of(reading({"a": wrong}, ("start", "a")))
    assert fault[:2] == ("ERR_EXPRESSION", "$.nodes.a.parameters[0].expression")
    assert "'tiers'" in fault[2]
    assert "tier" in fault[2].partition("'tiers'")[2]
    assert faults_of(reading({"a": wrong}, ("start", "a")), Declared(fields=())) == []


def test_who_reads_no_audience_has_no_such_group() -> None:
    found = document({"a": mail()}, ("start", "a"))
    (fault,) = faults_of(found)
    assert fault[0] == "ERR_EXPRESSION"
    assert "unknown field group 'AudienceEnrichment'" in fault[2]


def test_a_success_metric_can_not_read_it() -> None:
    metric = {"id": "m", "type": "event", "eventUid": "e2", "expression": f"{TIER} == 'gold'"}
    found = reading({"w": STAY}, ("start", "w"), metrics=[metric])
    assert [fault[:2] for fault in faults_of(found)] == [("ERR_ENRICHMENT_PLACE", "$.metrics[0].expression")]


def test_only_a_journey_that_reads_attributes_carries_them() -> None:
    plain = compiled_with(reading({"w": STAY}, ("start", "w")), Declared())
    assert plain.audience_read is not None
    assert (plain.carries_attributes, plain.audience_read.attributes) == (False, None)
    assert compiled_with(reading({"a": mail()}, ("start", "a")), Declared()).carries_attributes
    assert not compiled_with(reading({"a": mail()}, ("start", "a")), Declared()).reads_profile
    message = {"type": "message", "channel": "email", "templateUid": "t"}
    sends = reading({"a": message}, ("start", "a"))
    assert compiled_with(sends, Declared(("profile", "audienceEnrichment", "tier"))).carries_attributes
    assert not compiled_with(sends, Declared(("profile", "person"))).carries_attributes


def test_what_a_template_reads_is_warned_of_where_the_audience_has_it_not() -> None:
    message = {"type": "message", "channel": "email", "templateUid": "t"}
    reads = Declared(("profile", "audienceEnrichment", "teir"))
    (fault,) = faults_of(reading({"a": message}, ("start", "a")), reads)
    assert fault[:2] == ("ERR_TEMPLATE_ENRICHMENT", "$.nodes.a.templateUid")
    assert "did you mean tier?" in fault[2]
    (fault,) = faults_of(document({"a": message}, ("start", "a")), reads)
    assert fault[0] == "ERR_TEMPLATE_ENRICHMENT"
    assert "reads no audience" in fault[2]
    journey, _ = examine(document({"a": message}, ("start", "a")), reads)
    assert journey is not None  # a warning


# --- what runs -------------------------------------------------------------------------------------------------------


def test_members_go_by_what_the_list_says_of_them_and_it_is_frozen_at_the_entrance() -> None:
    virtual = Virtual(reading({"w": STAY, "a": GOLD, "m": mail(f"{TIER} + ' customer'")},
                              ("start", "w"), ("w", "a"), ("a", "m", "path", "gold")))  # fmt: skip
    people = [Listed("jane@x", '{"tier":"gold"}'), Listed("joe@x", '{"tier":"silver"}'), "jim@x"]
    virtual.world.bring_in("vip", "Email", people)
    virtual.world.schedule_upload(NOW_US + 1, "vip", "Email", [Listed("jane@x", '{"tier":"lead"}')])
    virtual.days(6)
    chosen = {r.instance.key: s.detail["chosen"] for r in virtual.world.records for s in r.steps if s.node_id == "a"}
    assert chosen == {"jane@x": "path:gold", "joe@x": "other", "jim@x": "other"}
    told = {r.instance.key: s.detail["paths"][0]["references"][TIER]
            for r in virtual.world.records for s in r.steps if s.node_id == "a"}  # fmt: skip
    assert told == {"jane@x": "gold", "joe@x": "silver", "jim@x": None}
    assert [sent.parameters for record in virtual.world.records for sent in record.sent] == [{"/to": "gold customer"}]


@pytest.mark.parametrize(
    ("more", "inside"),
    [
        ({"supplementalIdentifier": {"attribute": "booking"}}, {"B1": "gold", "B2": "silver"}),
        ({"waves": {"count": 2, "minutesApart": 9_000, "profiles": [1, 1]}}, {None: "gold"}),
    ],
)
def test_an_individual_who_is_two_members_has_an_instance_for_each_supplemental_id_and_else_one(
    more: dict[str, Any], inside: dict[str | None, str]
) -> None:
    found = reading({"w": STAY, "a": GOLD}, ("start", "w"), ("w", "a"))
    found["nodes"]["start"] |= more
    virtual = Virtual(found)
    virtual.people.put("Email", "jane@x", {"identityMap": {"CRMID": [{"id": "c-1"}]}})
    virtual.world.bring_in("vip", "Email", [Listed("jane@x", '{"tier":"gold","booking":"B1"}')])
    virtual.world.bring_in("vip", "CRMID", [Listed("c-1", '{"tier":"silver","booking":"B2"}')])
    virtual.days(8)
    carried = {r.instance.supplemental_id: (r.instance.run or {})["attributes"]["tier"] for r in virtual.world.records}
    assert (carried, len(virtual.world.records)) == (inside, len(inside))


def test_an_attribute_may_be_called_profile() -> None:
    named = mail("#{ExperiencePlatform.AudienceEnrichment.profile}")
    virtual = Virtual(reading({"m": named}, ("start", "m")))
    virtual.world.bring_in("vip", "Email", [Listed("jane@x", '{"profile":"private"}')])
    virtual.days(1)
    assert [sent.parameters for record in virtual.world.records for sent in record.sent] == [{"/to": "private"}]


def test_after_a_business_event_the_list_can_be_read_too() -> None:
    found = document(
        {
            "start": {"type": "businessEvent", "eventUid": "b1"},
            "r": {"type": "readAudience", "audienceId": "vip"},
            "m": mail(),
        },
        ("start", "r"), ("r", "m"),
    )  # fmt: skip
    journey = compiled_with(found, Declared())
    assert journey.carries_attributes
    assert journey.type == "business"


def test_an_instance_keeps_its_attributes_and_one_of_the_release_before_has_none() -> None:
    journey = compiled_with(reading({"w": STAY}, ("start", "w")), Declared())
    for run in ({"id": "r", "index": 1, "attributes": {"tier": "gold"}}, {"id": "r", "index": 1}):
        instance = new_instance(journey, "i", "jane@x", NOW_US, run=run)
        row = StoredInstance(
            id="i", scope_id=1, journey_uid="journey", version_uid="version", key="jane@x", namespace="Email",
            status="active", node_id="start", waiting_for=None, entered_at_us=NOW_US, updated_at_us=NOW_US,
            state=instance_to_state(instance),
        )  # fmt: skip
        assert instance_from_row(row).run == run


def test_a_message_reads_the_list_beside_the_profile() -> None:
    journey = compiled_with(reading({"a": mail()}, ("start", "a")), Declared())
    data = {"ExperiencePlatform": {"ProfileFieldGroup": {"person": {"name": "J"}}}}
    command = SendMessage("a", 1, "t", "T", None, {}, 0, "email", None, "j@x", "", True, {}, {}, {}, 0, False)
    run = {"id": "r", "index": 1, "attributes": {"tier": "gold"}}
    values = template_values(journey, new_instance(journey, "i", "j", 0, run=run), command, data)
    assert values["profile"] == {"person": {"name": "J"}, "audienceEnrichment": {"tier": "gold"}}
    values = template_values(journey, new_instance(journey, "i", "j", 0, run={"id": "r", "index": 1}), command, data)
    assert values["profile"]["audienceEnrichment"] == {}


# --- files and test cases --------------------------------------------------------------------------------------------


def test_members_of_files_and_cases_have_attributes(tmp_path: Any) -> None:
    path = tmp_path / "vip.csv"
    path.write_text("email,tier\njane@x,gold\njoe@x,\n")
    assert read_members(path, "Email") == [Listed("jane@x", '{"tier":"gold"}'), Listed("joe@x", None)]
    assert listed({"id": "jane@x", "tier": "gold"}) == Listed("jane@x", '{"tier":"gold"}')
    with pytest.raises(CrowdInvalid, match="longer than 8192 bytes"):
        listed({"id": "jane@x", "note": "x" * 9_000})


def test_a_clock_lets_members_in_with_their_attributes() -> None:
    clock = JourneyClock("2026-01-01T00:00:00Z")
    journey = {
        "name": "Tiers", "entry": {"node": "start"},
        "nodes": {
            "start": {"type": "readAudience", "audience": "VIP", "schedule": {"type": "daily", "time": "09:00"}},
            "a": {"type": "condition", "paths": [
                {"id": "x", "expression": "#{ExperiencePlatform.AudienceEnrichment.points} >= 10"}]},
        },
        "edges": [{"from": "start", "to": "a"}],
    }  # fmt: skip
    fields = [{"name": "points", "type": "integer"}]
    config = {"audiences": [{"name": "VIP", "identityNamespace": "Email", "fields": fields}]}
    clock.load(journey, config=config)
    clock.members("VIP", [{"id": "jane@x", "points": "12"}, "joe@x"])
    clock.advance("1d")
    chosen = {r.instance.key: s.detail["chosen"] for r in clock.world.records for s in r.steps if s.node_id == "a"}
    assert chosen["jane@x"] == "path:x"
    assert chosen["joe@x"] != "path:x"
