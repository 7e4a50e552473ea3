"""Bad journeys and bad data on the real server: each is refused or told with its node and field, and delays nobody."""

from typing import Any

import demo
import pytest
from asking import ask
from definitions import JOURNEYS, XDM_FULL
from journey_tools import event_uid, instances, publish
from running import RunningServer, wait_for
from shop import TOTAL, VERSIONS, Shop, stop

DAY = {"type": "wait", "duration": {"value": 1, "unit": "days"}}
END = {"type": "end"}
CATASTROPHIC = "(a+)+$"


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


def faults(shop: Shop, nodes: dict[str, Any], edges: list[tuple[str, ...]]) -> list[dict[str, Any]]:
    """What the check of a draft finds; publishing it is refused for the same."""
    document = {
        "name": "Bad",
        "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
        "nodes": {"order": {"type": "event", "eventUid": event_uid(shop.platform)}, **nodes},
        "edges": [dict(zip(("from", "to", "kind", "path"), edge, strict=False)) for edge in edges],
    }
    uid = shop.platform.post(f"{JOURNEYS}/journeys", document)["versionUid"]
    found: list[dict[str, Any]] = shop.platform.post(f"{VERSIONS}/{uid}/check")["errors"]
    refused = ask("POST", f"{shop.server.url}{VERSIONS}/{uid}/publish", {}, shop.platform.headers)
    assert refused.status == 400
    assert refused.body["report"]["sub-errors"] == found
    return found


def condition(expression: str) -> dict[str, Any]:
    return {"type": "condition", "paths": [{"id": "yes", "expression": expression}]}


def of_condition(shop: Shop, expression: str) -> dict[str, Any]:
    (fault,) = faults(
        shop, {"asks": condition(expression), "end": END}, [("order", "asks"), ("asks", "end", "path", "yes")]
    )
    assert (fault["code"], fault["nodeId"], fault["path"]) == (
        "ERR_EXPRESSION", "asks", "$.nodes.asks.paths[0].expression",
    )  # fmt: skip
    return fault


def test_a_loop_is_refused_with_the_way_it_turns(shop: Shop) -> None:
    (fault,) = faults(shop, {"a": DAY, "b": DAY}, [("order", "a"), ("a", "b"), ("b", "a")])
    assert (fault["code"], fault["nodeId"]) == ("ERR_GRAPH_LOOP", "a")
    assert "a → b → a" in fault["message"]


def test_a_path_that_is_not_there_is_refused_at_its_edge(shop: Shop) -> None:
    found = faults(
        shop, {"asks": condition(f"{TOTAL} > 1"), "end": END}, [("order", "asks"), ("asks", "end", "path", "no")]
    )
    assert ("ERR_EDGE_KIND", "asks") in {(fault["code"], fault["nodeId"]) for fault in found}


def test_an_unknown_field_is_refused_with_its_place_and_the_nearest_name(shop: Shop) -> None:
    fault = of_condition(shop, "@event{OrderPlaced.commerce.order.priceTotl} > 100")
    assert (fault["line"], "priceTotal" in fault["message"]) == (1, True)
    assert fault["column"] >= 1


def test_fifty_one_activities_are_refused(shop: Shop) -> None:
    names = [f"w{n}" for n in range(51)]
    edges = list(zip(["order", *names], names, strict=False))
    codes = {fault["code"] for fault in faults(shop, dict.fromkeys(names, DAY), edges)}
    assert "ERR_GRAPH_SIZE" in codes


def test_an_event_of_another_namespace_is_refused_where_it_stands(shop: Shop) -> None:
    body = {
        "name": "ByPhone", "type": "unitary", "idType": "ruleBased", "namespace": "Phone",
        "idCondition": '@event{ByPhone.eventType} == "by.phone"',
        "schemaRef": {"id": shop.defined.event_schema, "contentType": XDM_FULL},
        "fields": ["/commerce/order/priceTotal", f"/_{shop.defined.tenant}/person/emailAddress"],
        "profileIdentifier": f"@event{{ByPhone._{shop.defined.tenant}.person.emailAddress}}",
    }  # fmt: skip
    phone = shop.platform.post(f"{JOURNEYS}/events", body)["uid"]
    waits = {"type": "event", "eventUid": phone, "timeout": {"value": 1, "unit": "days"}}
    found = faults(shop, {"phone": waits}, [("order", "phone")])
    assert ("ERR_EVENT_NAMESPACE", "phone") in {(fault["code"], fault["nodeId"]) for fault in found}


def test_three_megabytes_are_refused(shop: Shop) -> None:
    document = {"name": "Large", "nodes": {"a": {**END, "description": "x" * 3_000_000}}, "edges": []}
    answer = ask("POST", f"{shop.server.url}{JOURNEYS}/journeys", document, shop.platform.headers)
    assert answer.status == 413
    assert answer.body["report"]["sub-errors"][0]["code"] == "ERR_DOCUMENT_SIZE"


@pytest.mark.parametrize(
    "expression",
    ["(" * 1_000 + f"{TOTAL} > 1" + ")" * 1_000, "(1 + " * 1_000 + "1" + ")" * 1_000 + " > 0", "[" * 1_000],
)
def test_an_expression_nested_a_thousand_deep_is_refused(shop: Shop, expression: str) -> None:
    of_condition(shop, expression)


def test_a_text_of_a_megabyte_in_an_expression_is_refused(shop: Shop) -> None:
    of_condition(shop, f'@event{{OrderPlaced.eventType}} == "{"x" * 1_048_576}"')


def test_hostile_data_is_told_and_nobody_else_waits_for_it(shop: Shop) -> None:
    """A pattern built to hang, an event above 64 KB and a profile of a megabyte, with a hundred people after them."""
    body = {
        "name": "Hostile", "type": "unitary", "idType": "ruleBased", "namespace": "Email",
        "idCondition": '@event{Hostile.eventType} == "hostile"',
        "schemaRef": {"id": shop.defined.event_schema, "contentType": XDM_FULL},
        "fields": ["/commerce/order/purchaseID", f"/_{shop.defined.tenant}/person/emailAddress"],
    }  # fmt: skip
    hostile = shop.platform.post(f"{JOURNEYS}/events", body)["uid"]
    match = f'matchRegExp(@event{{Hostile.commerce.order.purchaseID}}, "{CATASTROPHIC}")'
    tier = '#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier} == "gold"'
    version = publish(
        shop.platform, "Hostile data",
        {
            "order": {"type": "event", "eventUid": hostile},
            "asks": condition(f"{match} or {tier}"),
            "told": shop.message("hostile", f"@event{{Hostile._{shop.defined.tenant}.person.emailAddress}}"),
        },
        [("order", "asks"), ("asks", "told", "path", "yes")],
    )  # fmt: skip
    hang = shop.order(1, "hang", "hostile")
    hang["body"]["xdmEntity"]["commerce"]["order"]["purchaseID"] = "a" * 60_000 + "!"
    large = shop.order(2, "large", "hostile")
    large["body"]["xdmEntity"]["commerce"]["order"]["purchaseID"] = "a" * 100_000
    others = [shop.order(number, f"other-{number}", "hostile") for number in range(10, 110)]
    for one in others:
        one["body"]["xdmEntity"]["commerce"]["order"]["purchaseID"] = "aaa"
    heavy = {**demo.raw_member(3), "firstName": "x" * 1_000_000}
    headers = {"Authorization": shop.platform.headers["Authorization"]}
    demo.call("POST", shop.defined.raw_inlet, heavy, headers)
    shop.send(hang, large, shop.order(3, "heavy", "hostile"), *others)
    wait_for(lambda: len(shop.sent("hostile")) == 101, what="the messages of the others")
    assert demo.email(3) in shop.sent("hostile")
    (steps,) = (one["steps"] for one in instances(shop.platform, version, demo.email(1)))
    (asked,) = (step for step in steps if step["nodeId"] == "asks")
    assert asked["stepStatus"] in ("ended", "error")
    assert asked["detail"]
    assert instances(shop.platform, version, demo.email(2)) == []
    (decision,) = shop.platform.get(f"{JOURNEYS}/trace?eventId=large")["events"]
    assert ("refused", "eventTooLarge") in {(d["outcome"], d.get("reason")) for d in decision["decisions"]}
    stop(shop, version)


def test_an_event_after_the_stop_starts_nothing_and_says_so(shop: Shop) -> None:
    version = publish(shop.platform, "Gone", {"told": shop.message("late")}, [("order", "told")])
    stop(shop, version)
    shop.send(shop.order(5, "too-late"))
    found: list[Any] = []

    def is_decided() -> bool:
        found[:] = shop.platform.get(f"{JOURNEYS}/trace?eventId=too-late")["events"]
        return bool(found)

    wait_for(is_decided, what="the decision")
    outcomes = {d["event"]: d["outcome"] for d in found[0]["decisions"]}
    assert outcomes["OrderPlaced"] == "EVENT_WITH_NO_JOURNEY"
    assert shop.sent("late") == []
