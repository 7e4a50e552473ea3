"""Decision rules in journeys: how paths name them, what they may read, what a trace tells (journeys §8.13)."""

from typing import Any

import pytest
from journey_world import IDENTITY, WORLD, compiled, document, entered, states

from parcours.journeys.check import Fault
from parcours.journeys.compile import examine
from parcours.testing.clock import JourneyClock

END = {"type": "end"}
TARGETING = {"type": "optimize", "optimizeType": "targeting"}
CONDITION = {"type": "condition", "otherPath": True}


def journey(node: dict[str, Any], **path: Any) -> dict[str, Any]:
    nodes = {"o": {**node, "paths": [{"id": "a", **path}]}, "x": END, "z": END}
    return document(nodes, ("start", "o"), ("o", "x", "path", "a"), ("o", "z", "other"))


def faults(doc: dict[str, Any]) -> list[Fault]:
    return [fault for fault in examine(doc, WORLD, IDENTITY)[1] if fault.severity == "error"]


@pytest.mark.parametrize("node", [TARGETING, CONDITION])
def test_a_path_is_taken_when_the_rule_it_names_holds_and_the_trace_says_which(node: dict[str, Any]) -> None:
    made = compiled(journey(node, rule="gold"))
    assert made.reads_profile
    for tier, end in (("gold", "x"), ("tin", "z"), (None, "z")):
        transition = entered(made, ExperiencePlatform={"ProfileFieldGroup": {"tier": tier}})
        assert states(transition)[-1][0] == end
        (tried,) = transition.steps[1].detail["paths"]
        assert tried == {
            "id": "a", "rule": "Gold tier", "result": tier == "gold",
            "references": {"#{ExperiencePlatform.ProfileFieldGroup.tier}": tier},
        }  # fmt: skip


def test_a_rule_asks_for_the_audience_that_it_was_saved_with_whatever_that_is_called_now() -> None:
    made = compiled(journey(TARGETING, rule="vips"))
    assert made.audience_ids == {"VIPs of old": "vip"}
    assert made.reads_profile


def test_a_missing_rule_is_an_error_that_names_the_node() -> None:
    (fault,) = faults(journey(TARGETING, rule="gone"))
    assert (fault.code, fault.node_id, fault.path) == ("ERR_DECISION_RULE_UNKNOWN", "o", "$.nodes.o.paths[0].rule")


def test_a_rule_reads_no_event_even_where_the_journey_has_it() -> None:
    (fault,) = faults(journey(TARGETING, rule="event"))
    assert (fault.code, fault.node_id) == ("ERR_DECISION_RULE", "o")
    assert "Large order" in fault.message
    assert "a decision rule reads the profile" in fault.message


@pytest.mark.parametrize("node", [TARGETING, CONDITION])
@pytest.mark.parametrize("path", [{}, {"rule": "gold", "expression": "true"}, {"rule": ""}])
def test_a_path_has_either_an_expression_or_a_rule(node: dict[str, Any], path: dict[str, str]) -> None:
    assert {fault.code for fault in faults(journey(node, **path))} == {"ERR_DOCUMENT_SHAPE"}


CONFIG: dict[str, Any] = {
    "events": [{"name": "Order", "namespace": "Email", "idType": "systemGenerated", "eventID": "order"}],
    "decisionRules": [
        {"name": "Gold tier", "expression": "#{ExperiencePlatform.ProfileFieldGroup.tier} == 'gold'"},
    ],
}  # fmt: skip


def test_in_a_simulated_world_a_rule_is_named_by_its_name() -> None:
    doc = journey(TARGETING, rule="Gold tier")
    doc["nodes"]["start"] = {"type": "event", "event": "Order"}
    clock = JourneyClock().load(doc, config=CONFIG)
    for email, tier in (("a@example.com", "gold"), ("b@example.com", "tin")):
        clock.profile("Email", email, {"tier": tier})
        clock.send("Order", {"identityMap": {"Email": [{"id": email}]}})
    assert [one.steps[-1].node_id for one in clock.world.records] == ["x", "z"]
