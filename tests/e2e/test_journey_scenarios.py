"""Whole journeys on the real server: jumps, pause, versions, splits, test mode, dry run, exits, profile updates."""

from collections import Counter
from typing import Any

import demo
import pytest
from asking import ask, query
from definitions import (
    FOUNDATION,
    JOURNEYS,
    XDM_FULL,
    enable_for_profile,
    make_connection,
    make_dataset,
    make_flow,
    make_identity,
)
from journey_tools import event_uid, instances, publish, transitions
from running import RunningServer, wait_for
from shop import TOTAL, VERSIONS, Shop, journey_of, save, stop


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


def test_a_chain_of_jumps_takes_one_event_through_three_journeys(shop: Shop) -> None:
    total = {"paramPath": "/commerce/order/priceTotal", "expression": f"{TOTAL} * 2.0"}
    email = f"@event{{OrderPlaced._{shop.defined.tenant}.person.emailAddress}}"
    address = {"paramPath": f"/_{shop.defined.tenant}/person/emailAddress", "expression": email}
    second_event = event_uid(shop.platform)
    versions: list[str] = []
    closed_entry = f"{TOTAL} >= 40.0"  # only who was jumped here twice has so much

    def jump(target: str) -> dict[str, Any]:
        return {"type": "jump", "targetJourneyUid": target, "parameters": [total, address]}

    # the last one first: a jump needs its target. All begin with the same event, so each asks for its own total
    rules = {"last": closed_entry, "middle": f"{TOTAL} == 20.0", "first": f"{TOTAL} == 10.0"}
    last = publish(
        shop.platform, "Chain: last",
        {"c": {"type": "condition", "paths": [{"id": "x", "expression": rules["last"]}]}, "m": shop.message("chain")},
        [("order", "c"), ("c", "m", "path", "x")],
    )  # fmt: skip
    stopped_target = publish(shop.platform, "Chain: gone", {"e": {"type": "end"}}, [("order", "e")])
    for name, target in (("middle", last), ("first", "")):
        target = target or versions[-1]
        nodes = {
            "c": {"type": "condition", "paths": [{"id": "x", "expression": rules[name]}]},
            "j": jump(journey_of(shop, target)),
        }
        edges: list[tuple[str, ...]] = [("order", "c"), ("c", "j", "path", "x")]
        if name == "first":
            nodes["gone"] = jump(journey_of(shop, stopped_target))
            nodes["told"] = shop.message("gone")
            edges += [("j", "gone"), ("gone", "told", "error")]
        versions.append(publish(shop.platform, f"Chain: {name}", nodes, edges))
    stop(shop, stopped_target)
    assert second_event
    # a jump back to the first would close a circle
    draft = shop.platform.post(f"{JOURNEYS}/journeys/{journey_of(shop, last)}/versions")
    document = draft["document"]
    document["nodes"]["back"] = jump(journey_of(shop, versions[-1]))
    document["edges"].append({"from": "m", "to": "back"})
    save(shop, draft["uid"], document)
    faults = shop.platform.post(f"{VERSIONS}/{draft['uid']}/check")["errors"]
    assert [fault["code"] for fault in faults] == ["ERR_JUMP_LOOP"]

    shop.send(shop.order(1, "chain-1"))
    wait_for(lambda: shop.sent("chain") == [demo.email(1)], what="the message of the last journey")
    wait_for(lambda: shop.sent("gone") == [demo.email(1)], what="the message for the jump that failed")
    (first,) = instances(shop.platform, versions[-1], demo.email(1))
    assert "gone:error" in transitions(first)
    (gone,) = [step for step in first["steps"] if step["nodeId"] == "gone"]
    assert gone["detail"]["reason"] == "targetNotLive"
    middle = next(step["detail"]["instanceId"] for step in first["steps"] if step["nodeId"] == "j")
    jumping = next(one for one in instances(shop.platform, versions[0], demo.email(1)) if one["id"] == middle)
    end = next(step["detail"]["instanceId"] for step in jumping["steps"] if step["nodeId"] == "j")
    steps = "_experience.journeyOrchestration.stepEvents"
    jumped = shop.server.sql(
        f"SELECT DISTINCT {steps}.instanceID AS i, {steps}.originJumpJourneyID AS j, "
        f"{steps}.originJumpJourneyVersionID AS v, {steps}.originJumpJourneyInstanceID AS o, "
        f"{steps}.previousJumpJourneyInstanceID AS p FROM journey_step_events "
        f"WHERE {steps}.originJumpJourneyID IS NOT NULL AND {steps}.profileID = '{demo.email(1)}' "
        f"ORDER BY {steps}.instanceID"
    )
    chain = {"j": journey_of(shop, versions[-1]), "v": versions[-1], "o": first["id"]}
    expected = [
        {"i": middle, **chain, "p": first["id"]},
        {"i": end, **chain, "p": middle},
    ]
    assert jumped == sorted(expected, key=lambda row: row["i"])
    stop(shop, last, *versions)


def test_paused_people_are_held_at_their_action_and_sent_to_after_the_resumption(shop: Shop) -> None:
    nodes = {"w": {"type": "wait", "duration": {"value": 1, "unit": "seconds"}}, "m": shop.message("paused")}
    version = publish(shop.platform, "Pause", nodes, [("order", "w"), ("w", "m")])
    shop.send(*[shop.order(number, f"pause-{number}") for number in range(10, 20)])
    wait_for(lambda: shop.counts(version)["nodes"].get("w") == 10, what="ten people waiting")
    paused = shop.platform.post(f"{VERSIONS}/{version}/pause", {"behavior": "hold", "maxDurationInMinutes": 60})
    assert paused["status"] == "Paused"
    assert paused["pausedJourneySettings"]["pauseBehavior"] == "hold"
    wait_for(lambda: shop.counts(version)["nodes"] == {"m": 10}, what="ten people held at the action")
    shop.send(shop.order(20, "pause-20"))
    trace = query(f"{JOURNEYS}/trace", eventId="pause-20")
    wait_for(lambda: shop.platform.get(trace)["events"], what="the decision about an event in the pause")
    found = shop.platform.get(trace)["events"][0]["decisions"][0]
    (told,) = [one for one in found["journeys"] if one["journey"] == "Pause"]
    assert (told["outcome"], told["reason"]) == ("refused", "PAUSED_JOURNEY_VERSION")
    assert shop.sent("paused") == []
    assert shop.platform.post(f"{VERSIONS}/{version}/resume")["status"] == "Deployed"
    wait_for(lambda: len(shop.sent("paused")) == 10, what="the messages after the resumption")
    assert sorted(shop.sent("paused")) == sorted(demo.email(number) for number in range(10, 20))
    stop(shop, version)


def test_a_filter_set_in_a_pause_takes_out_whom_it_is_true_for(shop: Shop) -> None:
    def rise(number: int, tier: str) -> None:
        member = demo.xdm_member(shop.platform, shop.defined)
        member["body"]["xdmEntity"] |= {
            "_id": f"m{number}", "workEmail": {"address": demo.email(number)}, "loyalty": {"tier": tier},
        }  # fmt: skip
        assert ask("POST", shop.defined.xdm_inlet, member).status == 200

    for number in (21, 22):
        rise(number, "silver")
    version = publish(shop.platform, "Filter", {"m": shop.message("filter")}, [("order", "m")])
    shop.platform.post(f"{VERSIONS}/{version}/stop")
    nodes = {"w": {"type": "wait", "duration": {"value": 1, "unit": "seconds"}}, "m": shop.message("filter")}
    version = publish(shop.platform, "Filter 2", nodes, [("order", "w"), ("w", "m")])
    shop.send(shop.order(21, "filter-21"), shop.order(22, "filter-22"))
    wait_for(lambda: shop.counts(version)["entered"] == 2, what="two entrances")
    tier = {"id": "no-gold", "expression": '#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier} == "gold"'}
    shop.platform.post(f"{VERSIONS}/{version}/pause", {"behavior": "hold", "filter": tier})
    wait_for(lambda: shop.counts(version)["nodes"] == {"m": 2}, what="two people held at the message")
    rise(21, "gold")  # after they were held: the resumption sees who they are by then
    shop.platform.post(f"{VERSIONS}/{version}/resume")
    wait_for(lambda: shop.sent("filter") == [demo.email(22)], what="the message to the one the filter lets pass")
    (gold,) = instances(shop.platform, version, demo.email(21))
    assert gold["status"] == "exited"
    assert gold["steps"][-1]["detail"]["exitCriteriaID"] == "no-gold"
    stop(shop, version)


def test_people_finish_in_the_version_they_entered_while_a_new_one_takes_the_others(shop: Shop) -> None:
    nodes = {"w": {"type": "wait", "duration": {"value": 2, "unit": "seconds"}}, "m": shop.message("version-1")}
    first = publish(shop.platform, "Versions", nodes, [("order", "w"), ("w", "m")])
    shop.send(shop.order(31, "v-31"))
    wait_for(lambda: shop.is_at(first, 31, "w"), what="the first customer waiting")
    draft = shop.platform.post(f"{JOURNEYS}/journeys/{journey_of(shop, first)}/versions")
    second = draft["uid"]
    draft["document"]["nodes"]["m"] = shop.message("version-2")
    save(shop, second, draft["document"])
    shop.platform.post(f"{VERSIONS}/{second}/publish")
    assert shop.platform.get(f"{VERSIONS}/{first}")["status"] == "Closed"
    shop.send(shop.order(31, "v-31-again"), shop.order(32, "v-32"))
    wait_for(lambda: shop.sent("version-1") and shop.sent("version-2"), what="both messages")
    assert shop.sent("version-1") == [demo.email(31)]
    assert shop.sent("version-2") == [demo.email(32)]
    # the first customer was still in the old version when the event came again
    found = shop.platform.get(query(f"{JOURNEYS}/trace", eventId="v-31-again"))["events"][0]["decisions"][0]
    (told,) = [one for one in found["journeys"] if one["journey"] == "Versions"]
    assert (told["outcome"], told["reason"]) == ("refused", "notSuitableInitialEvent")
    shop.send(shop.order(31, "v-31-third"))
    wait_for(lambda: demo.email(31) in shop.sent("version-2"), what="the re-entrance into the new version")
    stop(shop, first, second)


def test_a_split_of_ten_thousand_keeps_its_shares(shop: Shop) -> None:
    people = 10_000
    paths = [{"id": "a", "percentage": 50}, {"id": "b", "percentage": 30}, {"id": "c", "percentage": 20}]
    ends = {f"end-{path['id']}": {"type": "end"} for path in paths}
    nodes = {"s": {"type": "condition", "conditionType": "split", "paths": paths}, **ends}
    edges = [("order", "s"), *[("s", f"end-{path['id']}", "path", path["id"]) for path in paths]]
    version = publish(shop.platform, "Split", nodes, edges)
    shop.send(*[shop.order(100_000 + number, f"split-{number}") for number in range(people)])
    wait_for(
        lambda: shop.counts(version)["status"].get("ended") == people, timeout_s=120, what="ten thousand who are done"
    )
    rows = shop.server.sql(
        "SELECT _experience.journeyOrchestration.stepEvents.nodeID AS node, count(DISTINCT _id) AS people "
        "FROM journey_step_events "
        f"WHERE _experience.journeyOrchestration.stepEvents.journeyVersionID = '{version}' "
        "AND _experience.journeyOrchestration.stepEvents.nodeType = 'end' GROUP BY 1"
    )
    counted = {row["node"]: row["people"] for row in rows}
    assert sum(counted.values()) == people
    for path in paths:
        share = path["percentage"] / 100
        expected, variance = people * share, people * share * (1 - share)
        assert (counted[f"end-{path['id']}"] - expected) ** 2 < 25 * variance  # five standard deviations
    stop(shop, version)


def test_an_exit_criterion_ends_the_journey_wherever_the_customer_is(shop: Shop) -> None:
    cancelled = shop.rule("OrderCancelled", "order.cancelled")
    nodes = {"w": {"type": "wait", "duration": {"value": 1, "unit": "days"}}, "m": shop.message("exit")}
    criteria = [{"id": "cancelled", "label": "Order cancelled", "eventUid": cancelled}]
    version = publish(shop.platform, "Exit", nodes, [("order", "w"), ("w", "m")], exitCriteria=criteria)
    shop.send(shop.order(41, "exit-41"), shop.order(42, "exit-42"))
    wait_for(lambda: shop.counts(version)["nodes"].get("w") == 2, what="two people waiting")
    shop.send(shop.order(41, "cancel-41", "order.cancelled"))
    wait_for(lambda: shop.counts(version)["status"].get("exited") == 1, what="the exit")
    (gone,) = instances(shop.platform, version, demo.email(41))
    assert gone["timers"] == []
    assert gone["steps"][-1]["detail"]["exitCriteriaName"] == "Order cancelled"
    assert shop.is_at(version, 42, "w")
    stop(shop, version)


def test_a_profile_update_is_seen_by_the_next_condition(shop: Shop) -> None:
    member = demo.xdm_member(shop.platform, shop.defined)
    member["body"]["xdmEntity"] |= {
        "_id": "m51", "workEmail": {"address": demo.email(51)}, "loyalty": {"tier": "bronze"},
    }  # fmt: skip
    assert ask("POST", shop.defined.xdm_inlet, member).status == 200
    update = {
        "type": "updateProfile", "dataSetId": shop.defined.profile_dataset,
        "updates": [{"path": "/loyalty/tier", "expression": '"gold"'}],
    }  # fmt: skip
    gold = '#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier} == "gold"'
    check = {"type": "condition", "paths": [{"id": "gold", "expression": gold}], "otherPath": True}
    nodes = {"u": update, "c": check, "yes": shop.message("updated"), "no": {"type": "end"}, "lost": {"type": "end"}}
    edges = [("order", "u"), ("u", "c"), ("u", "lost", "error"), ("c", "yes", "path", "gold"), ("c", "no", "other")]
    version = publish(shop.platform, "Update", nodes, edges)
    shop.send(shop.order(51, "update-51"))
    wait_for(lambda: shop.sent("updated") == [demo.email(51)], what="the message to the customer who is gold now")
    stop(shop, version)


def draft_of(shop: Shop, name: str, nodes: dict[str, Any], edges: list[tuple[str, ...]]) -> str:
    document = {
        "name": name,
        "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
        "nodes": {"order": {"type": "event", "eventUid": event_uid(shop.platform)}, **nodes},
        "edges": [dict(zip(("from", "to", "kind", "path"), edge, strict=False)) for edge in edges],
    }
    return str(shop.platform.post(f"{JOURNEYS}/journeys", document)["versionUid"])


def test_a_dry_run_moves_people_and_sends_nothing_then_is_a_draft_again(shop: Shop) -> None:
    nodes = {
        "w": {"type": "wait", "duration": {"value": 1, "unit": "days"}},
        "m": shop.message("dry"),
        "e": {"type": "end"},
    }
    version = draft_of(shop, "Dry", nodes, [("order", "w"), ("w", "m"), ("m", "e")])
    assert shop.platform.post(f"{VERSIONS}/{version}/dryRun")["status"] == "Dry Run"
    shop.send(*[shop.order(number, f"dry-{number}") for number in range(60, 65)])
    wait_for(lambda: shop.counts(version)["status"] == {"ended": 5}, what="five people who are through")
    (one,) = instances(shop.platform, version, demo.email(60))
    assert [step["nodeId"] for step in one["steps"]] == ["order", "w", "m", "e"]
    assert shop.platform.post(f"{VERSIONS}/{version}/endDryRun")["status"] == "Draft"
    wait_for(lambda: shop.counts(version)["entered"] == 0, what="nobody left of the dry run")
    wait_for(lambda: ask_status(shop, "POST", f"{VERSIONS}/{version}/publish") == 200, what="the publication")
    assert shop.sent("dry") == []
    stop(shop, version)


def test_only_test_profiles_enter_a_journey_in_test(shop: Shop) -> None:
    nodes = {"w": {"type": "wait", "duration": {"value": 20, "unit": "days"}}, "m": shop.message("test")}
    version = draft_of(shop, "In test", nodes, [("order", "w"), ("w", "m")])
    assert shop.platform.post(f"{VERSIONS}/{version}/test", {"waitSeconds": 1})["status"] == "Testing"
    shop.send(shop.order(71, "test-71"))
    trace = query(f"{JOURNEYS}/trace", eventId="test-71")
    wait_for(lambda: shop.platform.get(trace)["events"], what="the decision")
    found = shop.platform.get(trace)["events"][0]["decisions"][0]
    (told,) = [one for one in found["journeys"] if one["journey"] == "In test"]
    assert told["reason"] == "ERROR_INSTANCE_NOT_A_TEST_PROFILE"
    schema = shop.platform.post(
        f"{FOUNDATION}/schemaregistry/tenant/schemas",
        {
            "type": "object", "title": "Test profiles",
            "allOf": [
                {"$ref": f"https://ns.adobe.com/xdm/context/{part}"}
                for part in ("profile", "profile-work-details", "profile-test-profile")
            ],
        },
    )  # fmt: skip
    make_identity(shop.platform, schema["$id"], "/workEmail/address")
    enable_for_profile(shop.platform, schema["meta:altId"])
    connection, inlet = make_connection(shop.platform, "Test profiles", {"dataType": "xdm"})
    make_flow(
        shop.platform, "Test profiles", connection, schema["$id"],
        make_dataset(shop.platform, "Test profiles", schema["$id"]),
    )  # fmt: skip
    reference = {"id": schema["$id"], "contentType": XDM_FULL}
    entity = {"_id": "t72", "testProfile": True, "workEmail": {"address": demo.email(72)}}
    message = {"header": {"schemaRef": reference}, "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}}
    assert ask("POST", inlet, message).status == 200
    shop.send(shop.order(72, "test-72"))
    wait_for(lambda: shop.sent("test") == [demo.email(72)], what="the message after a wait of a second")
    (logged,) = shop.platform.get(f"{VERSIONS}/{version}/testLog")["results"]
    assert (logged["currentstep"]["step"], logged["currentstep"]["phase"]) == ("m", "finished")
    assert [one["nodeId"] for one in logged["transitionHistory"]] == ["order", "w", "m"]
    assert logged["externalKeys"] == [{"namespace": "Email", "id": demo.email(72)}]
    steps = "_experience.journeyOrchestration.stepEvents"
    counted = f"SELECT count(*) AS n FROM journey_step_events WHERE {steps}.inTest AND {steps}.journeyVersionID = "
    wait_for(lambda: shop.server.sql(f"{counted}'{version}'")[0]["n"] >= 4, what="step events that say they are a test")
    assert shop.platform.post(f"{VERSIONS}/{version}/endTest")["status"] == "Draft"
    assert shop.platform.post(f"{VERSIONS}/{version}/publish")["status"] == "Deployed", "the worker forgets at once"
    assert instances(shop.platform, version, demo.email(72)) == []
    stop(shop, version)


def test_what_a_journey_did_goes_with_it(shop: Shop) -> None:
    version = publish(shop.platform, "To be deleted", {"e": {"type": "end"}}, [("order", "e")])
    journey = journey_of(shop, version)
    shop.send(shop.order(81, "deleted-81"))
    wait_for(lambda: shop.counts(version)["status"] == {"ended": 1}, what="one who is through")
    (one,) = instances(shop.platform, version, demo.email(81))
    assert ask_status(shop, "DELETE", f"{JOURNEYS}/journeys/{journey}") == 409
    stop(shop, version)
    wait_for(lambda: ask_status(shop, "DELETE", f"{JOURNEYS}/journeys/{journey}") == 204, what="the deletion")
    wait_for(lambda: ask_status(shop, "GET", f"{JOURNEYS}/instances/{one['id']}") == 404, what="nothing left of it")


def ask_status(shop: Shop, method: str, path: str) -> int:
    return ask(method, shop.server.url + path, headers=shop.platform.headers).status


def test_every_recipient_of_these_scenarios_got_each_message_once(shop: Shop) -> None:
    keys = Counter(key for _, key, _ in shop.receiver.messages)
    assert keys
    assert set(keys.values()) == {1}
