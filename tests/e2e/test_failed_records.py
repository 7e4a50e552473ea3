"""A record that fails keeps body, reason and flow, is listed, and lands when what was wrong is mended."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import demo
import pytest
from asking import JSON, ask, query
from definitions import FOUNDATION, JOURNEYS, Defined, define, make_connection, make_flow
from platform_client import Platform
from receiver import Receiver
from running import RunningServer, wait_for

FAILED = "/parcours/failedRecords"


class World(NamedTuple):
    server: RunningServer
    platform: Platform
    defined: Defined

    def inlet(self, name: str) -> tuple[str, str, str]:
        """(connection, inlet URL, flow) of a new inlet for orders."""
        connection, url = make_connection(self.platform, name, {"dataType": "xdm"})
        flow = make_flow(self.platform, name, connection, self.defined.event_schema, self.defined.event_dataset)
        return connection, url, flow

    def order(self, number: int, event_id: str, **entity: Any) -> dict[str, Any]:
        message = demo.order(self.platform, self.defined, number)
        message["body"]["xdmEntity"] |= {"_id": event_id, **entity}
        return message

    def failed(self, flow: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.platform.get(query(FAILED, flowId=flow))["items"]
        return items

    def wait_for_failures(self, flow: str, count: int) -> list[dict[str, Any]]:
        wait_for(lambda: len(self.failed(flow)) == count, what=f"{count} failed records")
        return self.failed(flow)

    def counts(self, flow: str) -> tuple[int, int, int]:
        """(accepted, landed, failed) of a flow."""
        runs = self.platform.get(query(f"{FOUNDATION}/flowservice/runs", property=f"flowId=={flow}"))["items"]
        names = ("inputRecordCount", "outputRecordCount", "failedRecordCount")
        summaries = [run["metrics"]["recordSummary"] for run in runs]
        accepted, landed, failed = (sum(summary[name] for summary in summaries) for name in names)
        return accepted, landed, failed

    def reasons(self, flow: str) -> dict[str, int]:
        """Code → count, as the flow's runs tell it."""
        runs = self.platform.get(query(f"{FOUNDATION}/flowservice/runs", property=f"flowId=={flow}"))["items"]
        infos = [info for run in runs for info in run["metrics"]["recordSummary"]["failedInfo"]]
        return {info["code"]: info["details"]["recordCount"] for info in infos}

    @contextmanager
    def worker_held(self) -> Iterator[None]:
        """The worker stands still: what is accepted stays pending."""
        pid = self.server.worker_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def command(self, *arguments: str) -> tuple[int, str, str]:
        """(status, output, errors) of `parcours …`; output without the line breaks of its tables."""
        run = self.server.command(*arguments)
        return run.returncode, run.stdout, run.stderr


@pytest.fixture(scope="module")
def world(server: RunningServer) -> World:
    platform = server.platform()
    return World(server, platform, define(platform, Receiver().url, lambda _line: None))


def test_a_failed_record_is_listed_with_body_reason_and_flow(world: World) -> None:
    _, url, flow = world.inlet("Listed")
    message = world.order(1, "listed", eventType=5)
    answer = ask("POST", url, message)
    (item,) = world.wait_for_failures(flow, 1)
    assert item == {
        "id": item["id"],
        "datasetId": world.defined.event_dataset,
        "flowId": flow,
        "inletId": url.rsplit("/", 1)[1],
        "xactionId": answer.body["xactionId"],
        "receivedTimeMs": answer.body["receivedTimeMs"],
        "failedTimeMs": item["failedTimeMs"],
        "attempts": 1,
        "state": "failed",
        "code": "INGEST-1212-400",
        "errors": [
            {
                "schemaLocation": "#/properties/eventType",
                "pointerToViolation": "#/eventType",
                "causingExceptions": [],
                "keyword": "type",
                "message": "expected type: String, found: Long",
            }
        ],
        "body": message,
    }
    assert item["failedTimeMs"] >= item["receivedTimeMs"]
    assert world.platform.get(f"{FAILED}/{item['id']}") == item
    assert item in world.platform.get(query(FAILED, dataSetId=world.defined.event_dataset))["items"]
    assert world.counts(flow) == (1, 0, 1)
    assert world.reasons(flow) == {"INGEST-1212-400": 1}

    status, table, errors = world.command("failed", "--flow", flow)
    assert (status, errors) == (0, "")
    assert table.splitlines()[0].rstrip() == "1 failed record"
    for text in (str(item["id"]), "INGEST-1212-400", "#/eventType", "expected type: String"):
        assert text in re.sub(r"\s+", " ", table), table
    assert "parcours failed retry ID" in table
    status, text, errors = world.command("failed", "show", str(item["id"]))
    assert (status, errors) == (0, "")
    assert '"found: Long' in text or "found: Long" in text


def test_a_raw_message_fails_with_the_place_its_mapping_left_empty(world: World) -> None:
    token = {
        **JSON,
        "Authorization": world.platform.headers["Authorization"],
        "x-adobe-flow-id": world.defined.raw_flow,
    }
    message = {"firstName": "Jo", "contact": {"email": 7}, "points": "many"}
    assert ask("POST", world.defined.raw_inlet, message, token).status == 200
    (item,) = world.wait_for_failures(world.defined.raw_flow, 1)
    assert item["body"] == message
    assert item["errors"]
    assert all(error["message"] for error in item["errors"])


def test_a_record_lands_by_retrying_once_its_schema_is_mended_and_the_counts_hold_all_along(world: World) -> None:
    schema = world.platform.post(
        f"{FOUNDATION}/schemaregistry/tenant/schemas",
        {
            "type": "object",
            "title": "Visits",
            "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/experienceevent"}],
        },
    )
    reference = {"id": schema["$id"], "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    (link,) = world.platform.post(f"{FOUNDATION}/catalog/dataSets", {"name": "Visits", "schemaRef": reference})
    connection, url = make_connection(world.platform, "Visits", {"dataType": "xdm"})
    flow = make_flow(world.platform, "Visits", connection, schema["$id"], link.removeprefix("@/dataSets/"))
    named = {**JSON, "x-adobe-flow-id": flow}

    def visit(event_id: str, **more: Any) -> dict[str, Any]:
        return {"_id": event_id, "timestamp": "2026-01-01T00:00:00Z", **more}

    assert ask("POST", url, visit("plain"), named).status == 200
    batch = {"messages": [visit("with order", commerce={"order": {"priceTotal": 5}}), visit("empty", eventType=1)]}
    assert ask("POST", url.replace("/collection/", "/collection/batch/"), batch, named).status == 207
    first, second = world.wait_for_failures(flow, 2)
    assert world.counts(flow) == (3, 1, 2)

    # not mended yet: it fails again, with one more try, and is counted once
    status, text, errors = world.command("failed", "retry", str(first["id"]))
    assert (status, text, errors) == (0, "1 record sent through again.\n", "")
    wait_for(lambda: world.failed(flow)[0]["attempts"] == 2, what="the second try")
    assert world.failed(flow)[0]["state"] == "failed"
    assert world.counts(flow) == (3, 1, 2)
    assert world.reasons(flow) == {"INGEST-1212-400": 2}

    commerce = {"$ref": "https://ns.adobe.com/xdm/context/experienceevent-commerce"}
    world.platform.patch(
        f"{FOUNDATION}/schemaregistry/tenant/schemas/{schema['meta:altId']}",
        [{"op": "add", "path": "/allOf/-", "value": commerce}],
    )
    status, text, errors = world.command("failed", "retry", "--all")
    assert (status, errors) == (0, "")
    assert re.fullmatch(r"\d+ records sent through again\.\n", text)
    wait_for(lambda: [one["id"] for one in world.failed(flow)] == [second["id"]], what="the landing of the mended one")
    wait_for(lambda: world.failed(flow)[0]["attempts"] == 2, what="the second try of the other")
    assert world.counts(flow) == (3, 2, 1)
    assert world.reasons(flow) == {"INGEST-1212-400": 1}
    rows = world.server.sql('SELECT _id, commerce."order".priceTotal AS total FROM visits ORDER BY _id')
    assert rows == [{"_id": "plain", "total": None}, {"_id": "with order", "total": 5.0}]

    # given up: the body goes, the count stays
    gone = ask("DELETE", f"{world.server.url}{FAILED}/{second['id']}", headers=world.platform.headers)
    assert gone.status == 204
    assert world.failed(flow) == []
    assert world.counts(flow) == (3, 2, 1)


def test_a_record_retried_often_lands_once(world: World) -> None:
    _, url, flow = world.inlet("Impatient")
    message = world.order(3, "impatient", eventType=5)
    assert ask("POST", url, message).status == 200
    (item,) = world.wait_for_failures(flow, 1)
    with world.worker_held():
        for _ in range(5):
            path = f"{world.server.url}{FAILED}/{item['id']}/retry"
            answer = ask("POST", path, None, {**world.platform.headers, **JSON})
            assert (answer.status, answer.body) == (202, {"id": item["id"], "state": "retrying"})
        assert world.failed(flow)[0]["state"] == "retrying"
        assert world.counts(flow) == (1, 0, 1)  # a try in the log is not a record accepted once more
    wait_for(lambda: world.failed(flow)[0]["state"] == "failed", what="the end of the tries")
    assert world.counts(flow) == (1, 0, 1)


def test_an_event_that_lands_by_a_retry_starts_its_journey(world: World) -> None:
    _, url, flow = world.inlet("Late")
    tenant = world.defined.tenant
    message = world.order(4, "late")
    message["body"]["xdmEntity"][f"_{tenant}"]["person"]["nickname"] = "Jo"
    assert ask("POST", url, message).status == 200
    (item,) = world.wait_for_failures(flow, 1)
    groups = world.platform.get(
        f"{FOUNDATION}/schemaregistry/tenant/fieldgroups", Accept="application/vnd.adobe.xed-id+json"
    )["results"]
    group = next(one for one in groups if one["title"] == "Shop customer")
    path = f"/definitions/customer/properties/_{tenant}/properties/person/properties/nickname"
    world.platform.patch(
        f"{FOUNDATION}/schemaregistry/tenant/fieldgroups/{group['meta:altId']}",
        [{"op": "add", "path": path, "value": {"type": "string", "title": "Nickname"}}],
    )
    world.platform.post(f"{FAILED}/{item['id']}/retry")
    wait_for(lambda: world.failed(flow) == [], what="the landing")
    assert world.counts(flow) == (1, 1, 0)
    trace = world.platform.get(query(f"{JOURNEYS}/trace", eventId="late"))
    (event,) = trace["events"]
    assert (event["xactionId"], event["receivedTimeMs"]) == (item["xactionId"], item["receivedTimeMs"])
    assert [one["journey"] for one in trace["instances"]] == ["Thank the customer"]


def test_what_is_accepted_and_not_yet_processed_is_counted_as_pending(world: World) -> None:
    _, url, flow = world.inlet("Pending")
    assert ask("POST", url, world.order(5, "5a")).status == 200
    wait_for(lambda: world.counts(flow) == (1, 1, 0), what="the landing")
    with world.worker_held():
        batch = {"messages": [world.order(5, "5b"), {}, world.order(5, "5c", eventType=5), world.order(5, "5d")]}
        assert ask("POST", url.replace("/collection/", "/collection/batch/"), batch).status == 207
        assert world.counts(flow) == (4, 1, 0)
    wait_for(lambda: world.counts(flow) == (4, 3, 1), what="the end of pending records")


def test_records_whose_flow_and_inlet_were_deleted_before_they_were_processed_still_land(world: World) -> None:
    connection, url, flow = world.inlet("Short-lived")
    headers = world.platform.headers
    with world.worker_held():
        for message in (world.order(6, "orphan"), world.order(6, "broken", eventType=5)):
            assert ask("POST", url, message).status == 200
        for kind, name in (("flows", flow), ("connections", connection)):
            answer = ask("DELETE", f"{world.server.url}{FOUNDATION}/flowservice/{kind}/{name}", headers=headers)
            assert answer.status in (200, 204), answer
        assert ask("POST", url, world.order(6, "too late")).status == 404
    (item,) = world.wait_for_failures(flow, 1)
    assert item["errors"][0]["pointerToViolation"] == "#/eventType"
    assert world.counts(flow) == (2, 1, 1)
    world.platform.post(f"{FAILED}/{item['id']}/retry")
    wait_for(lambda: world.failed(flow)[0]["attempts"] == 2, what="the second try")
    assert world.failed(flow)[0]["code"] == "INGEST-1212-400"


def test_an_unknown_record_is_not_found_and_said_so(world: World) -> None:
    for method, path in (("GET", ""), ("POST", "/retry"), ("DELETE", "")):
        for name in ("999999", str(2**63), "-1", "0"):
            answer = ask(method, f"{world.server.url}{FAILED}/{name}{path}", None, {**world.platform.headers, **JSON})
            assert answer.status == 404
            assert answer.body["detail"] == f"no failed record {name}"
    status, text, errors = world.command("failed", "retry", "999999")
    assert (status, text) == (1, "0 records sent through again.\n")
    assert errors == "parcours: 1 refused\n999999: 404: no failed record 999999\n"
    status, text, errors = world.command("failed", "retry")
    assert (status, text) == (2, "")
    assert "--all" in errors


def test_a_page_of_failed_records_goes_on_where_the_last_one_ended(world: World) -> None:
    _, url, flow = world.inlet("Pages")
    batch = {"messages": [world.order(7, f"page {n}", eventType=n) for n in range(7)]}
    assert ask("POST", url.replace("/collection/", "/collection/batch/"), batch).status == 207
    everything = [item["id"] for item in world.wait_for_failures(flow, 7)]
    seen, start = [], 0
    while start is not None:
        page = world.platform.get(query(FAILED, flowId=flow, limit=3, start=start))
        assert page["_page"]["count"] == len(page["items"])
        seen += [item["id"] for item in page["items"]]
        start = page["_page"]["next"]
    assert seen == everything == sorted(everything)


def test_a_flow_that_is_behind_its_mapping_set_is_told_of_below_the_list(world: World) -> None:
    flow = world.defined.raw_flow
    headers = {**JSON, "Authorization": world.platform.headers["Authorization"], "x-adobe-flow-id": flow}
    assert ask("POST", world.defined.raw_inlet, {"firstName": "Jo"}, headers).status == 200
    wait_for(lambda: world.failed(flow), what="the failed record")
    assert "of its mapping set" not in world.command("failed", "--flow", flow)[1]
    (found,) = world.platform.get(f"{FOUNDATION}/flowservice/flows/{flow}")["items"]
    url = f"{world.server.url}{FOUNDATION}/mappingSets/{found['transformations'][0]['params']['mappingId']}"
    mapping_set = ask("GET", url, headers=world.platform.headers).body
    assert ask("PUT", url, mapping_set, {**world.platform.headers, **JSON}).status == 200
    status, text, errors = world.command("failed", "--flow", flow)
    assert (status, errors) == (0, "")
    assert f"Flow {flow} uses version 0 of its mapping set; the latest is 1." in text
