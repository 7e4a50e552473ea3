"""Journeys that begin with audiences and business events, react to messages, and reward points, on the real server."""

import time
from typing import Any

import demo
import pytest
from asking import ask
from definitions import FOUNDATION, JOURNEYS, XDM_FULL, make_connection, make_flow
from journey_tools import event_uid, instances
from running import RunningServer, wait_for
from shop import VERSIONS, Shop, stop

from parcours.events.feedback import TRACKING_SCHEMA

XDM = "https://ns.adobe.com/xdm/context/"


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


def publish_document(shop: Shop, document: dict[str, Any]) -> str:
    uid: str = shop.platform.post(f"{JOURNEYS}/journeys", document)["versionUid"]
    shop.platform.post(f"{VERSIONS}/{uid}/publish")
    return uid


def edges(*pairs: tuple[str, ...]) -> list[dict[str, str]]:
    return [dict(zip(("from", "to", "kind", "path"), pair, strict=False)) for pair in pairs]


def inlet_for(shop: Shop, name: str, schema_id: str) -> str:
    body = {"name": name, "schemaRef": {"id": schema_id, "contentType": XDM_FULL}}
    dataset = str(shop.platform.post(f"{FOUNDATION}/catalog/dataSets", body)[0]).removeprefix("@/dataSets/")
    connection, inlet = make_connection(shop.platform, name, {"dataType": "xdm"})
    make_flow(shop.platform, name, connection, schema_id, dataset)
    return inlet


def post(inlet: str, schema_id: str, entity: dict[str, Any]) -> None:
    reference = {"id": schema_id, "contentType": XDM_FULL}
    body = {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}
    answer = ask("POST", inlet, {"header": {"schemaRef": reference}, "body": body})
    assert answer.status == 200, answer.body


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def test_a_late_flight_is_told_to_everyone_on_the_list(shop: Shop) -> None:
    tenant = f"_{shop.defined.tenant}"
    fields = {"flight": {"type": "string"}, "minutes": {"type": "integer"}}
    group = shop.platform.post(
        f"{FOUNDATION}/schemaregistry/tenant/fieldgroups",
        {
            "type": "object",
            "title": "Flight",
            "meta:intendedToExtend": [XDM + "experienceevent"],
            "allOf": [{"$ref": "#/definitions/own"}],
            "definitions": {"own": {"properties": {tenant: {"type": "object", "properties": fields}}}},
        },
    )
    parts = [XDM + "experienceevent", group["$id"]]
    body = {"type": "object", "title": "Flights", "allOf": [{"$ref": part} for part in parts]}
    schema_id = str(shop.platform.post(f"{FOUNDATION}/schemaregistry/tenant/schemas", body)["$id"])
    inlet = inlet_for(shop, "Flights", schema_id)
    late = shop.platform.post(
        f"{JOURNEYS}/events",
        {
            "name": "FlightLate", "type": "business", "schemaRef": {"id": schema_id},
            "fields": [f"/{tenant}/flight", f"/{tenant}/minutes"],
            "idCondition": f"@event{{FlightLate.{tenant}.minutes}} >= 30",
        },
    )  # fmt: skip
    people = [demo.email(number) for number in range(300, 500)]
    passengers = shop.audience("Passengers", *people)
    condition = f'@event{{FlightLate.{tenant}.flight}} == "PC 42"'
    version = publish_document(
        shop,
        {
            "name": "The flight is late",
            "entry": {"node": "late"},
            "nodes": {
                "late": {"type": "businessEvent", "eventUid": late["uid"]},
                "everyone": {"type": "readAudience", "audienceId": passengers},
                "ours": {"type": "condition", "paths": [{"id": "x", "expression": condition}]},
                "tell": shop.message("late", "${externalKey}"),
            },
            "edges": edges(("late", "everyone"), ("everyone", "ours"), ("ours", "tell", "path", "x")),
        },
    )
    post(inlet, schema_id, {"_id": "on-time", "timestamp": now(), tenant: {"flight": "PC 42", "minutes": 5}})
    post(inlet, schema_id, {"_id": "other", "timestamp": now(), tenant: {"flight": "PC 7", "minutes": 90}})
    wait_for(lambda: shop.counts(version)["status"] == {"ended": 200}, what="the run for the other flight")
    assert shop.sent("late") == []
    post(inlet, schema_id, {"_id": "late", "timestamp": now(), tenant: {"flight": "PC 42", "minutes": 45}})
    wait_for(lambda: len(shop.sent("late")) == 200, what="two hundred messages")
    assert sorted(shop.sent("late")) == sorted(people)
    wait_for(lambda: shop.counts(version)["status"] == {"ended": 400}, what="the end of both runs")
    runs = shop.platform.get(f"{VERSIONS}/{version}/audienceRuns")["results"]
    assert [(run["number"], run["status"], run["readCount"], run["enteredCount"]) for run in runs] == [
        (2, "finished", 200, 200), (1, "finished", 200, 200),
    ]  # fmt: skip
    stop(shop, version)


def test_the_published_queries_about_read_audience_find_runs_and_who_was_left_out(shop: Shop) -> None:
    people = [demo.email(number) for number in range(510, 520)]
    listed = shop.audience("Readers", *people)

    def read(name: str, **config: str) -> str:
        nodes = {"read": {"type": "readAudience", "audienceId": listed, **config}, "end": {"type": "end"}}
        entry = {"node": "read"}
        version = publish_document(
            shop, {"name": name, "entry": entry, "nodes": nodes, "edges": edges(("read", "end"))}
        )  # fmt: skip
        runs = f"{VERSIONS}/{version}/audienceRuns"
        wait_for(lambda: shop.platform.get(runs)["results"][0]["status"] == "finished", what="the run")
        return version

    good, bad = read("Read by e-mail"), read("Read by phone", identityNamespace="Phone")
    of_run = "_experience.journeyOrchestration.journey.versionID"
    job = "_experience.journeyOrchestration.serviceEvents.segmentExportJob"
    codes = f"SELECT count(*) AS n FROM journey_step_events WHERE {of_run} = '{bad}' AND {job}.eventCode = "
    bad_namespace = f"{codes}'ERROR_INSTANCE_BAD_NAMESPACE'"
    wait_for(lambda: shop.server.sql(bad_namespace) == [{"n": 10}], what="the records of the members")
    assert shop.server.sql(f"{codes}'ERROR_INSTANCE_DUPLICATION'") == [{"n": 0}]

    def overview(version: str) -> list[tuple[Any, ...]]:
        members = ("status", "eventCode", "exportCountTotal", "exportCountRealized", "exportCountFailed")
        found = shop.server.sql(
            f"SELECT {', '.join(f'{job}.{name}' for name in (*members, 'exportSegmentID'))} FROM journey_step_events "
            f"WHERE {of_run} = '{version}' AND {job}.eventType = 'segmenttrigger-orchestrator'"
        )
        assert {row["exportSegmentID"] for row in found} == {listed}
        return [tuple(row[name] for name in members) for row in found]

    wait_for(lambda: len(overview(good)) == 3, what="the records of the run")
    assert sorted(overview(good)) == [
        ("finished", "INFO_EXPORTJOB_SUCCEEDED", 10, 10, 0), ("queued", None, 0, 0, 0), ("started", None, 0, 0, 0),
    ]  # fmt: skip
    assert ("finished", "INFO_EXPORTJOB_SUCCEEDED", 10, 0, 10) in overview(bad)
    (run,) = shop.platform.get(f"{VERSIONS}/{bad}/audienceRuns")["results"]
    assert (run["readCount"], run["enteredCount"], run["failedCount"]) == (10, 0, 10)
    moment = f"(SELECT timestamp FROM journey_step_events WHERE {of_run} = '{good}'"
    (runtime,) = shop.server.sql(
        f"SELECT DATEDIFF(minute, {moment} AND {job}.status = 'queued'), {moment} AND {job}.status = 'finished')) AS m"
    )
    assert runtime["m"] in (0, 1)
    with_discards = shop.server.sql(
        f"""WITH discarded AS (
          SELECT {job}.ID AS job_id, count(distinct _experience.journeyOrchestration.profile.ID) AS n
          FROM journey_step_events WHERE {of_run} = '{bad}' AND {job}.eventCode IN
            ('ERROR_INSTANCE_DUPLICATION', 'ERROR_INSTANCE_BAD_NAMESPACE', 'ERROR_INSTANCE_NOT_A_TEST_PROFILE')
          GROUP BY {job}.ID
        ), exported AS (
          SELECT {job}.ID AS job_id, sum({job}.exportCountTotal) AS total, sum({job}.exportCountFailed) AS failed
          FROM journey_step_events WHERE {of_run} = '{bad}' AND {job}.eventType = 'segmenttrigger-orchestrator'
            AND {job}.eventCode IN ('INFO_EXPORTJOB_SUCCEEDED', 'ERROR_EXPORTJOB_FAILED')
          GROUP BY {job}.ID
        ) SELECT sum(T2.total) AS total, sum(T2.failed) AS failed, sum(T1.n) AS discarded
        FROM discarded AS T1, exported AS T2 WHERE T1.job_id = T2.job_id"""
    )
    assert [{name: int(n) for name, n in row.items()} for row in with_discards] == [
        {"total": 10, "failed": 10, "discarded": 10}
    ]


def test_what_an_uploaded_list_says_decides_and_is_sent(shop: Shop) -> None:
    fields = [{"name": "tier", "type": "string"}, {"name": "points", "type": "integer"}]
    audience = shop.platform.post(
        "/data/core/ups/audiences", {"name": "Told apart", "identityNamespace": "Email", "fields": fields}
    )["id"]
    rows = ["told0@example.com,gold,12", "told1@example.com,gold,3", "told2@example.com,,40"]
    shop.upload_rows(audience, "replace", "email,tier,points", *rows)
    group = "#{ExperiencePlatform.AudienceEnrichment"
    condition = f"{group}.points}} > 10 and {group}.tier}} == 'gold'"
    tell = shop.message("told", "${externalKey}")
    tell["parameters"][2]["expression"] = f"{group}.tier}}"
    document = {
        "name": "Told apart",
        "entry": {"node": "everyone"},
        "nodes": {
            "everyone": {"type": "readAudience", "audienceId": audience},
            "many": {"type": "condition", "paths": [{"id": "x", "expression": condition}]},
            "tell": tell,
        },
        "edges": edges(("everyone", "many"), ("many", "tell", "path", "x")),
    }
    scope = shop.platform.post(f"{JOURNEYS}/expressions/scope", {"document": document, "nodeId": "many"})
    (root,) = [one for one in scope["roots"] if one["reference"] == group]
    assert [(field["expression"], field["type"]) for field in root["fields"]] == [
        (f"{group}.tier}}", "string"), (f"{group}.points}}", "integer"),
    ]  # fmt: skip
    version = publish_document(shop, document)
    wait_for(lambda: shop.counts(version)["status"] == {"ended": 3}, what="the end of the run")
    assert shop.sent("told") == ["told0@example.com"]
    (body,) = [body for _, _, body in list(shop.receiver.messages) if body["template"] == "told"]
    assert body["firstName"] == "gold"
    stop(shop, version)


def test_who_enters_an_audience_enters_the_journey_and_who_leaves_it_leaves(shop: Shop) -> None:
    gold = shop.audience("Gold customers", demo.email(600))
    version = publish_document(
        shop,
        {
            "name": "Welcome to gold",
            "entry": {"node": "in"},
            "nodes": {
                "in": {"type": "audienceQualification", "audienceId": gold, "verbs": ["enter"]},
                "hello": shop.message("gold", "${externalKey}"),
                "check": {
                    "type": "condition",
                    "paths": [{"id": "x", "expression": 'inAudience("Gold customers")'}],
                },
                "out": {"type": "audienceQualification", "audienceId": gold, "verbs": ["exit"]},
                "bye": shop.message("no longer gold", "${externalKey}"),
            },
            "edges": edges(("in", "hello"), ("hello", "check"), ("check", "out", "path", "x"), ("out", "bye")),
        },
    )
    shop.upload(gold, "add", demo.email(601), demo.email(602))
    wait_for(lambda: len(shop.sent("gold")) == 2, what="the welcome of the two who are new")
    assert sorted(shop.sent("gold")) == [demo.email(601), demo.email(602)]
    wait_for(lambda: shop.counts(version)["nodes"].get("out") == 2, what="both waiting")
    shop.upload(gold, "remove", demo.email(601))
    wait_for(lambda: shop.sent("no longer gold") == [demo.email(601)], what="the good-bye")
    found = shop.server.command("trace", demo.email(602)).stdout
    assert "Welcome to gold" in found
    # an audience that a journey uses can't be deleted
    answer = ask("DELETE", f"{shop.server.url}/data/core/ups/audiences/{gold}", headers=shop.platform.headers)
    assert answer.status == 403
    stop(shop, version)


def test_an_abandoned_cart_is_reminded_of_and_who_opens_the_reminder_gets_an_offer(shop: Shop) -> None:
    cart = shop.rule("CartFilled", "commerce.productListAdds")
    purchase = shop.rule("Purchase", "commerce.purchases")
    feedback = inlet_for(shop, "Feedback", TRACKING_SCHEMA)
    email = f"@event{{CartFilled._{shop.defined.tenant}.person.emailAddress}}"
    version = publish_document(
        shop,
        {
            "name": "Abandoned cart",
            "entry": {"node": "cart", "reentrance": {"allowed": True, "waitSeconds": 0}},
            "nodes": {
                "cart": {"type": "event", "eventUid": cart},
                "bought": {"type": "event", "eventUid": purchase},
                "abandoned": {"type": "wait", "duration": {"value": 2, "unit": "seconds"}},
                "remind": shop.message("reminder", email),
                "opened": {
                    "type": "reaction", "actionNodeId": "remind", "reactions": ["opened", "clicked"],
                    "timeout": {"value": 40, "unit": "seconds", "path": True},
                },
                "offer": shop.message("offer", email),
                "again": shop.message("second reminder", email),
            },
            "edges": edges(
                ("cart", "bought"), ("cart", "abandoned"), ("abandoned", "remind"), ("remind", "opened"),
                ("opened", "offer"), ("opened", "again", "timeout"),
            ),
        },
    )  # fmt: skip
    buyer, opener, silent = 701, 702, 703
    shop.send(*[shop.order(n, f"cart-{n}", "commerce.productListAdds") for n in (buyer, opener, silent)])
    wait_for(lambda: shop.counts(version)["entered"] == 3, what="three carts")
    shop.send(shop.order(buyer, f"bought-{buyer}"))
    wait_for(lambda: len(shop.sent("reminder")) == 2, what="two reminders")
    assert sorted(shop.sent("reminder")) == [demo.email(opener), demo.email(silent)]
    (bought,) = instances(shop.platform, version, demo.email(buyer))
    assert (bought["status"], bought["timers"]) == ("ended", [])
    key = next(k for _, k, b in shop.receiver.messages if b["template"] == "reminder" and b["to"] == demo.email(opener))
    wait_for(lambda: shop.is_at(version, opener, "opened"), what="the wait for a reaction")

    def opens(event_id: str, message_id: str) -> None:
        message = {"messageExecutionID": message_id}
        what = {"messageExecution": message, "messageInteraction": {"interactionType": "open"}}
        experience = {"customerJourneyManagement": what}
        entity = {
            "_id": event_id, "timestamp": now(), "eventType": "message.tracking", "_experience": experience,
            "identityMap": {"Email": [{"id": demo.email(opener), "primary": True}]},
        }  # fmt: skip
        post(feedback, TRACKING_SCHEMA, entity)

    opens("open-of-another", "0" * 32 + "-3")
    opens("open", key)
    wait_for(lambda: shop.sent("offer") == [demo.email(opener)], what="the offer")
    wait_for(
        lambda: shop.sent("second reminder") == [demo.email(silent)], timeout_s=90, what="the second reminder"
    )  # fmt: skip
    stop(shop, version)


def test_ten_thousand_points_are_rewarded_once(shop: Shop) -> None:
    """Points stand in the profile; each purchase asks whether the threshold is reached."""
    points = "#{ExperiencePlatform.ProfileFieldGroup.loyalty.points}"
    reward = {
        "type": "updateProfile", "dataSetId": shop.defined.profile_dataset,
        "updates": [{"path": "/loyalty/tier", "expression": '"gold"'}],
    }  # fmt: skip
    version = publish_document(
        shop,
        {
            "name": "Ten thousand points",
            "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
            "nodes": {
                "order": {"type": "event", "eventUid": event_uid(shop.platform)},
                "reached": {
                    "type": "condition",
                    "paths": [
                        {
                            "id": "now",
                            "expression": f"{points} >= 10000.0 and "
                            '#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier, defaultValue: "none"} != "gold"',
                        }
                    ],
                },
                "gold": reward,
                "tell": shop.message("you are gold"),
            },
            "edges": edges(("order", "reached"), ("reached", "gold", "path", "now"), ("gold", "tell")),
        },
    )

    def member(number: int, amount: float) -> None:
        message = demo.xdm_member(shop.platform, shop.defined)
        message["body"]["xdmEntity"] |= {
            "_id": f"m{number}-{amount}", "workEmail": {"address": demo.email(number)},
            "loyalty": {"tier": "silver", "points": amount},
        }  # fmt: skip
        assert ask("POST", shop.defined.xdm_inlet, message).status == 200

    member(801, 9_999)
    shop.send(shop.order(801, "points-1"))
    wait_for(lambda: shop.counts(version)["status"] == {"ended": 1}, what="the first purchase")
    assert shop.sent("you are gold") == []
    member(801, 10_000)
    shop.send(shop.order(801, "points-2"))
    wait_for(lambda: shop.sent("you are gold") == [demo.email(801)], what="the reward")
    shop.send(shop.order(801, "points-3"))
    wait_for(lambda: shop.counts(version)["status"] == {"ended": 3}, what="the third purchase")
    assert shop.sent("you are gold") == [demo.email(801)]
    stop(shop, version)
