"""What an inlet of the real server answers to bad input and good, over HTTP, and what becomes of it."""

import json
import socket
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any, NamedTuple

import demo
import pytest
from asking import JSON, Answer, ask, query
from definitions import (
    FOUNDATION,
    XDM_FULL,
    Defined,
    define,
    make_connection,
    make_dataset,
    make_flow,
    make_identity,
)
from platform_client import Platform
from receiver import Receiver
from running import RunningServer, wait_for

from parcours.access.tokens import TokenSigner
from parcours.kit.secrets import SecretBox

PROBLEM = "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet"
AUTHORIZATION = "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization"


class World(NamedTuple):
    """A server with the demo's definitions."""

    server: RunningServer
    platform: Platform
    defined: Defined
    signer: TokenSigner

    def order(self, number: int, **entity: Any) -> dict[str, Any]:
        message = demo.order(self.platform, self.defined, number)
        message["body"]["xdmEntity"] |= entity
        return message

    def token(self, org_id: str | None = None, age_s: int = 0, lifetime_s: int = 3600) -> dict[str, str]:
        """Headers with a token as the server itself signs them."""
        created_at_ms = (int(time.time()) - age_s) * 1000
        org_id = org_id or self.platform.credentials["org_id"]
        return bearer(
            self.signer.sign(self.platform.credentials["client_id"], org_id, "openid", created_at_ms, lifetime_s)
        )

    def landed(self) -> set[str]:
        return {row["_id"] for row in self.server.sql("SELECT _id FROM orders")}

    def failed(self, flow_id: str) -> list[dict[str, Any]]:
        found = self.platform.get(query("/parcours/failedRecords", flowId=flow_id, limit=1000))
        items: list[dict[str, Any]] = found["items"]
        return items

    def flow_counts(self, flow_id: str) -> tuple[int, int, int]:
        """(accepted, landed, failed) of a flow."""
        runs = self.platform.get(query(f"{FOUNDATION}/flowservice/runs", property=f"flowId=={flow_id}"))["items"]
        summaries = [run["metrics"]["recordSummary"] for run in runs]
        names = ("inputRecordCount", "outputRecordCount", "failedRecordCount")
        accepted, landed, failed = (sum(summary[name] for summary in summaries) for name in names)
        return accepted, landed, failed

    def settle(self, flow_id: str) -> None:
        """Wait until nothing of a flow is pending."""

        def is_settled() -> bool:
            accepted, landed, failed = self.flow_counts(flow_id)
            return accepted == landed + failed

        wait_for(is_settled, what="the end of pending records")


def bearer(token: str) -> dict[str, str]:
    return {**JSON, "Authorization": f"Bearer {token}"}


def batch_url(inlet_url: str) -> str:
    return inlet_url.replace("/collection/", "/collection/batch/")


def inlet_id(url: str) -> str:
    return url.rsplit("/", 1)[1]


@pytest.fixture(scope="module")
def world(server: RunningServer) -> World:
    platform = server.platform()
    defined = define(platform, Receiver().url, lambda _line: None)
    signer = TokenSigner(SecretBox.open(server.data_dir, "").derive(b"access-tokens"))
    return World(server, platform, defined, signer)


def assert_problem(world: World, answer: Answer, status: int, title: str, *parts: str) -> None:
    """A refusal in the documented shape, whose message holds the parts; for a message, it names inlet and org."""
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.body.keys() == {"type", "status", "title", "report"}
    assert (answer.body["type"], answer.body["status"], answer.body["title"]) == (PROBLEM, status, title)
    report = answer.body["report"]
    assert "message" in report
    assert report.keys() <= {"message", "detail"}
    if "detail" in report:
        assert report["message"].endswith("] Message has unknown xdm format")
    for part in parts:
        assert part in f"{report['message']}: {report.get('detail', '')}"
    if title == "Invalid XDM Message Format":
        where = f"inletId: [{inlet_id(world.defined.event_inlet)}] imsOrgId: [{world.platform.credentials['org_id']}] "
        assert answer.body["report"]["message"].startswith(where)


# --- accepted ---------------------------------------------------------------------------------------------------------


def test_an_accepted_message_is_answered_with_exactly_the_documented_keys(world: World) -> None:
    before_ms = time.time_ns() // 1_000_000
    answer = ask("POST", world.defined.event_inlet, world.order(1))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.body) == ["inletId", "xactionId", "receivedTimeMs"]
    assert answer.body["inletId"] == inlet_id(world.defined.event_inlet)
    assert before_ms <= answer.body["receivedTimeMs"] <= time.time_ns() // 1_000_000
    milliseconds, process, number = answer.body["xactionId"].split(":")
    assert int(milliseconds) == answer.body["receivedTimeMs"]
    assert process.isdecimal()
    assert number.isdecimal()


def test_a_trailing_slash_a_charset_and_the_older_path_are_accepted(world: World) -> None:
    url = world.defined.event_inlet
    for number, (place, headers) in enumerate(
        (
            (url + "/", JSON),
            (url, {"content-type": "Application/JSON; charset=UTF-8"}),
            (url.replace("/collection/", "/data/foundation/import/collection/"), JSON),
        )
    ):
        assert ask("POST", place, world.order(10 + number), headers).status == 200


def test_a_message_sent_in_chunks_without_a_length_is_accepted(world: World) -> None:
    body = json.dumps(world.order(20)).encode()
    assert ask("POST", world.defined.event_inlet, iter([body[:100], body[100:]])).status == 200


@pytest.mark.parametrize("value", ["true", "True", "TRUE"])
@pytest.mark.parametrize("key", ["syncValidation", "synchronousValidation"])
def test_synchronous_validation_says_that_a_message_passed(world: World, key: str, value: str) -> None:
    answer = ask("POST", f"{world.defined.event_inlet}?{key}={value}", world.order(30))
    assert answer.status == 200
    assert list(answer.body) == ["inletId", "xactionId", "receivedTimeMs", key]
    assert answer.body[key] == {"status": "pass"}


def test_the_flow_may_be_named_in_the_query(world: World) -> None:
    url = f"{world.defined.raw_inlet}?x-adobe-flow-id={world.defined.raw_flow}"
    assert ask("POST", url, demo.raw_member(1), world.token()).status == 200
    unknown = ask("POST", f"{world.defined.event_inlet}?x-adobe-flow-id=nowhere", world.order(40))
    assert_problem(world, unknown, 400, "Invalid XDM Message Format", "unknown flow: 'nowhere'")


def test_bare_xdm_lands_when_its_flow_is_named_beside_it(world: World) -> None:
    entity = world.order(50)["body"]["xdmEntity"]
    headers = {**JSON, "x-adobe-flow-id": world.defined.event_flow}
    assert ask("POST", world.defined.event_inlet, entity, headers).status == 200
    nowhere = ask("POST", world.defined.event_inlet, entity)
    assert_problem(world, nowhere, 400, "Invalid XDM Message Format", "Message has unknown xdm format", "no header")
    world.settle(world.defined.event_flow)
    assert "order-50" in world.landed()


def test_the_event_of_the_time_series_tutorial_lands_on_the_person_its_snapshot_names(world: World) -> None:
    platform = world.platform
    registry = f"{FOUNDATION}/schemaregistry/tenant"
    parts = (
        "xdm/context/experienceevent",
        "xdm/context/experienceevent-environment-details",
        "xdm/context/experienceevent-commerce",
        "experience/campaign/experienceevent-profile-work-details",
    )
    schema = platform.post(
        f"{registry}/schemas",
        {
            "type": "object",
            "title": "Tutorial events",
            "allOf": [{"$ref": f"https://ns.adobe.com/{part}"} for part in parts],
            "meta:immutableTags": ["union"],
        },
    )["$id"]
    platform.post(
        f"{registry}/descriptors",
        {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceSchema": schema,
            "xdm:sourceVersion": 1,
            "xdm:sourceProperty": "/_experience/campaign/message/profileSnapshot/workEmail/address",
            "xdm:property": "xdm:code",
            "xdm:namespace": "Email",
            "xdm:isPrimary": True,
        },
    )
    reference = {"schemaRef": {"id": schema, "contentType": "application/vnd.adobe.xed-full+json;version=1.0"}}
    tags = {"unifiedIdentity": ["enabled:true"], "unifiedProfile": ["enabled:true"]}
    data_set = {"name": "Tutorial events", **reference, "tags": tags}
    (link,) = platform.post(f"{FOUNDATION}/catalog/dataSets", data_set)
    _, url = make_connection(platform, "Tutorial events", {"dataType": "xdm"})
    snapshot = {"workEmail": {"address": "tutorial@example.com"}}
    entity = {
        "_id": "9af5adcc-db9c-4692-b826-65d3abe68c22",
        "timestamp": "2019-02-23T22:07:01Z",
        "environment": {"browserDetails": {"acceptLanguage": "en-US", "cookiesEnabled": True}, "colorDepth": 32},
        "productListItems": [{"SKU": "CC", "name": "Fernie Snow", "quantity": 30, "priceTotal": 7.8}],
        "commerce": {"productViews": {"value": 1}},
        "_experience": {"campaign": {"message": {"profileSnapshot": snapshot}}},
    }
    header = {**reference, "imsOrgId": platform.credentials["org_id"], "datasetId": link.removeprefix("@/dataSets/")}
    message = {"header": header, "body": {"xdmMeta": reference, "xdmEntity": entity}}
    answer = ask("POST", f"{url}?synchronousValidation=true", message)
    assert (answer.status, answer.body.get("synchronousValidation")) == (200, {"status": "pass"})
    wanted = {
        "schema.name": "_xdm.context.experienceevent",
        "relatedSchema.name": "_xdm.context.profile",
        "relatedEntityId": "tutorial@example.com",
        "relatedEntityIdNS": "email",
    }

    def stored() -> list[str]:
        found = ask("GET", platform.url + query("/data/core/ups/access/entities", **wanted), None, platform.headers)
        return [child["entity"]["_id"] for child in found.body.get("children", ())]

    wait_for(lambda: stored() == [entity["_id"]], what="the event in the profile")


# --- refused ----------------------------------------------------------------------------------------------------------


def test_a_body_that_is_not_json_is_refused_with_its_place(world: World) -> None:
    answer = ask("POST", world.defined.event_inlet, b'{"header": {"schemaRef": ')
    assert_problem(world, answer, 400, "Invalid XDM Message Format", "The body is not JSON", "line 1 column")
    answer = ask("POST", world.defined.event_inlet, b'{"header": "\xff"}')
    assert_problem(world, answer, 400, "Invalid XDM Message Format", "The body is not JSON", "UTF-8")
    answer = ask("POST", world.defined.event_inlet, b"[" * 5000 + b"]" * 5000)
    assert_problem(world, answer, 400, "Invalid XDM Message Format", "The body is not JSON", "depth")


@pytest.mark.parametrize("body", [b"", b"  \n", None])
def test_an_empty_body_is_refused_as_such(world: World, body: bytes | None) -> None:
    answer = ask("POST", world.defined.event_inlet, body)
    assert_problem(world, answer, 400, "Invalid XDM Message Format", "The request has no body")


@pytest.mark.parametrize("body", [b"5", b"null", b'"text"', b"[]", b"[{}]", b"true"])
def test_json_that_is_no_object_is_refused(world: World, body: bytes) -> None:
    answer = ask("POST", world.defined.event_inlet, body)
    assert_problem(world, answer, 400, "Invalid XDM Message Format", "unknown xdm format", "a message is a JSON object")


def test_a_missing_content_type_gets_the_older_shape_of_error(world: World) -> None:
    answer = ask("POST", world.defined.event_inlet, world.order(60), {})
    assert answer.status == 400
    assert answer.body == {
        "type": "/placeholder/type/uri",
        "status": 400,
        "title": "BadRequestError",
        "detail": "A valid content-type must be specified",
    }


@pytest.mark.parametrize("media", ["text/plain", "application/x-jackson-smile", "application/xml", "json"])
def test_another_content_type_is_refused_by_name(world: World, media: str) -> None:
    answer = ask("POST", world.defined.event_inlet, world.order(61), {"Content-Type": media})
    assert_problem(world, answer, 415, "Unsupported media type", "Send application/json", repr(media))


def _pieces(body: bytes) -> Iterator[bytes]:
    return (body[start : start + 65_536] for start in range(0, len(body), 65_536))


@pytest.mark.parametrize("size", [2_000_000, 20_000_000])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "in chunks"])
def test_a_body_of_more_than_a_megabyte_is_refused_with_both_sizes(world: World, size: int, is_chunked: bool) -> None:
    body = json.dumps({**world.order(62), "padding": ""}).encode()
    body = body.replace(b'"padding": ""', b'"padding": "%s"' % (b"x" * (size - len(body))))
    assert len(body) == size
    for url in (world.defined.event_inlet, batch_url(world.defined.event_inlet)):
        answer = ask("POST", url, _pieces(body) if is_chunked else body)
        assert_problem(world, answer, 413, "Request entity too large", f"{size} bytes", "1048576 at most")


def test_a_body_of_just_one_megabyte_is_accepted(world: World) -> None:
    message = world.order(63)
    message["header"]["padding"] = ""
    message["header"]["padding"] = "x" * (1_048_576 - len(json.dumps(message)))
    body = json.dumps(message).encode()
    assert len(body) == 1_048_576
    assert ask("POST", world.defined.event_inlet, body).status == 200
    assert ask("POST", world.defined.event_inlet, body + b" ").status == 413
    assert ask("POST", world.defined.event_inlet, _pieces(body)).status == 200


def test_the_control_plane_refuses_a_body_that_is_too_long_whichever_way_it_comes(world: World) -> None:
    body = b'{"name": "%s"}' % (b"x" * 9_000_000)
    url = f"{world.server.url}{FOUNDATION}/catalog/dataSets"
    for sent in (body, _pieces(body)):
        answer = ask("POST", url, sent, {**world.platform.headers, **JSON})
        assert answer.status == 413
        assert f"{len(body)} bytes" in answer.body["detail"]


@pytest.mark.parametrize("path", ["inlet", "/ims/token/v3"])
def test_a_body_that_ends_early_is_answered_with_400(world: World, path: str) -> None:
    target = urllib.parse.urlsplit(world.defined.event_inlet).path if path == "inlet" else path
    head = f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    with socket.create_connection(("127.0.0.1", world.server.port), timeout=10) as connection:
        connection.sendall(head.encode() + b'{"header":{}')
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ") or answer == b"", answer  # nobody may be there to hear it
    assert world.server.get("/health/live")[0] == 200


def test_head_is_answered_as_get_is_without_a_body(world: World) -> None:
    for path in ("/health/live", "/health/ready/", "/openapi.json"):
        asked, got = ask("HEAD", world.server.url + path), ask("GET", world.server.url + path)
        assert (asked.status, asked.body) == (got.status, "") == (200, "")
        assert asked.headers["content-type"] == got.headers["content-type"]
        assert asked.headers["content-length"] == got.headers["content-length"]
    assert ask("HEAD", f"{world.server.url}{FOUNDATION}/flowservice/flows").status == 403


def test_a_header_that_is_not_ascii_is_not_taken_for_one_that_is_missing(world: World) -> None:
    platform = world.platform
    headers = {**platform.headers, "x-sandbox-name": "prod\u00fc"}
    answer = ask("GET", f"{world.server.url}{FOUNDATION}/flowservice/flows", None, headers)
    assert answer.status in (400, 403, 404), answer


def test_a_client_that_goes_before_its_body_has_come_leaves_no_trace(world: World) -> None:
    before = world.server.log.stat().st_size
    path = urllib.parse.urlsplit(world.defined.event_inlet).path
    for length in ("Content-Length: 900", "Transfer-Encoding: chunked"):
        with socket.create_connection(("127.0.0.1", world.server.port)) as connection:
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{length}\r\n\r\n5\r\n{{"
            connection.sendall(head.encode())
    assert ask("POST", world.defined.event_inlet, world.order(64)).status == 200
    assert world.server.log.stat().st_size == before


@pytest.mark.parametrize("place", ["", "batch/"])
@pytest.mark.parametrize("name", ["0" * 64, "nothing", "a/b", "%00", "%F0%9F%98%80"])
def test_an_unknown_inlet_is_not_found(world: World, place: str, name: str) -> None:
    answer = ask("POST", f"{world.server.url}/collection/{place}{name}", world.order(65))
    assert_problem(world, answer, 404, "Inlet not found", f"inletId: [{urllib.parse.unquote(name)}]")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method_than_post_is_refused(world: World, method: str) -> None:
    answer = ask(method, world.defined.event_inlet)
    assert_problem(world, answer, 405, "Method not allowed", "POST only")
    assert answer.headers["allow"] == "POST"


def test_an_unknown_flow_is_refused_by_name(world: World) -> None:
    headers = {**JSON, "x-adobe-flow-id": "d8a6f005-0000-4153-983e-e8574508b877"}
    answer = ask("POST", world.defined.event_inlet, world.order(66), headers)
    assert_problem(world, answer, 400, "Invalid XDM Message Format", "unknown flow", headers["x-adobe-flow-id"])
    message = world.order(66)
    message["header"]["flowId"] = 7
    answer = ask("POST", world.defined.event_inlet, message)
    assert_problem(world, answer, 400, "Invalid XDM Message Format", "unknown flow")


def test_a_message_of_another_organisation_is_refused(world: World) -> None:
    message = world.order(67)
    message["header"]["imsOrgId"] = "OTHER@AdobeOrg"
    answer = ask("POST", world.defined.event_inlet, message)
    ending = "Message has an absent or wrong ims org in the header"
    assert_problem(world, answer, 400, "Invalid XDM Message Format", ending)


def test_a_message_of_another_organisations_schema_is_refused(world: World) -> None:
    message = world.order(68)
    for holder in (message["header"], message["body"]["xdmMeta"]):
        holder["schemaRef"] = {**holder["schemaRef"], "id": "https://ns.adobe.com/other/schemas/" + "0" * 48}
    answer = ask("POST", world.defined.event_inlet, message)
    assert_problem(world, answer, 400, "Invalid XDM Message Format", "unknown xdm format", "header.schemaRef.id")
    message = world.order(68)
    message["body"]["xdmMeta"] = {"schemaRef": {"id": world.defined.profile_schema}}
    answer = ask("POST", world.defined.event_inlet, message)
    assert_problem(world, answer, 400, "Invalid XDM Message Format", "body.xdmMeta.schemaRef")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda m: m.pop("header"), "there is no header"),
        (lambda m: m.pop("body"), "there is no body"),
        (lambda m: m.update(header="text"), "there is no header"),
        (lambda m: m.update(body=[]), "there is no body"),
        (lambda m: m["header"].pop("schemaRef"), "header.schemaRef.id is missing"),
        (lambda m: m["header"].update(schemaRef=5), "header.schemaRef.id is missing"),
        (lambda m: m["header"].update(schemaRef={"id": {}}), "header.schemaRef.id is missing"),
        (lambda m: m["header"].update(msgType="xdmEntityUpdate"), "xdmEntityUpdate is deprecated"),
        (lambda m: m["header"].update(datasetId="nowhere"), "unknown data set: 'nowhere'"),
    ],
)
def test_an_envelope_without_its_parts_is_refused_naming_the_part(world: World, change: Any, part: str) -> None:
    message = world.order(69)
    change(message)
    assert_problem(world, ask("POST", world.defined.event_inlet, message), 400, "Invalid XDM Message Format", part)


# --- authenticated inlets ---------------------------------------------------------------------------------------------


def _post_member(world: World, headers: dict[str, str]) -> Answer:
    url = f"{world.defined.raw_inlet}?x-adobe-flow-id={world.defined.raw_flow}"
    return ask("POST", url, demo.raw_member(2), headers)


def assert_unauthorized(answer: Answer, status: int, message: str) -> None:
    assert answer.status == status
    assert answer.body == {
        "type": AUTHORIZATION,
        "status": str(status),
        "title": "Authorization",
        "report": {"message": f"[id] {message}"},
    }


def test_an_authenticated_inlet_takes_a_token_of_its_organisation(world: World) -> None:
    assert _post_member(world, world.token()).status == 200


def test_an_authenticated_inlet_wants_a_token(world: World) -> None:
    assert_unauthorized(_post_member(world, JSON), 401, "Ims service token is empty")
    assert_unauthorized(_post_member(world, {**JSON, "Authorization": ""}), 401, "Ims service token is empty")


def test_a_token_that_has_expired_is_refused_even_when_it_was_good_before(world: World) -> None:
    refusal = "Ims service token is invalid or expired"
    assert_unauthorized(_post_member(world, world.token(age_s=10, lifetime_s=9)), 401, refusal)
    short = world.token(lifetime_s=2)
    assert _post_member(world, short).status == 200
    wait_for(lambda: _post_member(world, short).status == 401, 10, what="the end of the token")
    assert_unauthorized(_post_member(world, short), 401, refusal)


def test_a_token_signed_by_somebody_else_is_refused(world: World) -> None:
    refusal = "Ims service token is invalid or expired"
    foreign = TokenSigner(b"k" * 32).sign("c", world.platform.credentials["org_id"], "", int(time.time()) * 1000, 3600)
    assert_unauthorized(_post_member(world, bearer(foreign)), 401, refusal)
    for text in ("Bearer", "Bearer nonsense", "Basic Zm9v", "Bearer .."):
        assert_unauthorized(_post_member(world, {**JSON, "Authorization": text}), 401, refusal)
    assert_unauthorized(_post_member(world, {**JSON, "Authorization": "Bearer é"}), 401, refusal)


def test_a_token_of_another_organisation_is_forbidden(world: World) -> None:
    answer = _post_member(world, world.token(org_id="OTHER@AdobeOrg"))
    assert_unauthorized(answer, 403, "Ims service token belongs to another organisation")


# --- wrong types ------------------------------------------------------------------------------------------------------


def broken_order(world: World, event_id: str) -> dict[str, Any]:
    """An order with an extraneous key and two wrong types."""
    message = world.order(70, _id=event_id, colour="red")
    message["body"]["xdmEntity"]["eventType"] = 5
    message["body"]["xdmEntity"]["commerce"]["order"]["priceTotal"] = "much"
    return message


def violation(keyword: str, place: str, message: str, schema: str | None = None) -> dict[str, Any]:
    pointer = "#" + place
    location = "#" + place.replace("/", "/properties/") if schema is None else schema
    return {
        "schemaLocation": location,
        "pointerToViolation": pointer,
        "causingExceptions": [],
        "keyword": keyword,
        "message": message,
    }


VIOLATIONS = [
    violation("additionalProperties", "", "extraneous key [colour] is not permitted"),
    violation("type", "/eventType", "expected type: String, found: Long"),
    violation("type", "/commerce/order/priceTotal", "expected type: Number, found: String"),
]


def by_pointer(violations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(violations, key=lambda one: str(one["pointerToViolation"]))


def test_synchronous_validation_answers_with_the_tree_of_violations_and_drops_the_message(world: World) -> None:
    before = world.flow_counts(world.defined.event_flow)[0]
    answer = ask("POST", world.defined.event_inlet + "?syncValidation=true", broken_order(world, "dropped"))
    assert answer.status == 400
    assert answer.body.keys() == {"type", "status", "title", "report"}
    assert (answer.body["type"], answer.body["title"]) == (PROBLEM, "Invalid XDM Message Format")
    report = answer.body["report"]
    assert report.keys() == {"message", "cause"}
    assert report["message"].endswith("Message is invalid")
    ((tree,),) = [report["cause"].pop("_streamingValidation")]
    assert report["cause"] == {}
    assert by_pointer(tree.pop("causingExceptions")) == by_pointer(VIOLATIONS)
    assert tree == {"schemaLocation": "#", "pointerToViolation": "#", "message": "3 schema violations found"}
    assert world.flow_counts(world.defined.event_flow)[0] == before


def test_wrong_types_are_accepted_and_kept_as_a_failed_record_and_in_the_failed_batch(world: World) -> None:
    message = broken_order(world, "kept")
    answer = ask("POST", world.defined.event_inlet, message)
    assert answer.status == 200
    world.settle(world.defined.event_flow)
    (item,) = [
        one
        for one in world.failed(world.defined.event_flow)
        if one["body"]["body"].get("xdmEntity", {}).get("_id") == "kept"
    ]
    assert item["body"] == message
    assert item["code"] == "INGEST-1212-400"
    assert by_pointer(item["errors"]) == by_pointer(VIOLATIONS)
    assert (item["flowId"], item["datasetId"]) == (world.defined.event_flow, world.defined.event_dataset)
    assert item["xactionId"] == answer.body["xactionId"]
    assert (item["attempts"], item["state"]) == (1, "failed")

    batches = world.platform.get(query(f"{FOUNDATION}/catalog/batches", dataSet=world.defined.event_dataset))
    lines = []
    for batch_id in [batch_id for batch_id, batch in batches.items() if batch["status"] == "failed"]:
        files = world.platform.get(f"{FOUNDATION}/export/batches/{batch_id}/failed")
        assert files["_page"]["count"] == len(files["data"])
        assert next(one["name"] for one in files["data"]) == "_SUCCESS"
        assert all(one.keys() == {"name", "length", "_links"} for one in files["data"])
        part = files["data"][1]
        text = ask("GET", part["_links"]["self"]["href"], headers=world.platform.headers).body
        text = text if isinstance(text, str) else json.dumps(text) + "\n"
        lines += [json.loads(line) for line in text.splitlines()]
    (line,) = [one for one in lines if one["body"].get("xdmEntity", {}).get("_id") == "kept"]
    assert by_pointer(line.pop("_validationErrors")) == by_pointer(VIOLATIONS)
    assert line == message


# --- batches ----------------------------------------------------------------------------------------------------------


def test_the_good_messages_of_a_batch_are_kept(world: World) -> None:
    foreign = world.order(101)
    foreign["header"]["imsOrgId"] = "OTHER@AdobeOrg"
    messages = [world.order(100), {}, foreign, broken_order(world, "in-batch"), 5, world.order(102)]
    answer = ask("POST", batch_url(world.defined.event_inlet), {"messages": messages})
    assert answer.status == 207
    assert list(answer.body) == ["inletId", "batchId", "receivedTimeMs", "responses"]
    batch_id, responses = answer.body["batchId"], answer.body["responses"]
    assert len(responses) == len(messages)
    for index in (0, 3, 5):
        assert responses[index] == {"xactionId": f"{batch_id}:{index}"}
    where = f"inletId: [{inlet_id(world.defined.event_inlet)}] imsOrgId: [{world.platform.credentials['org_id']}] "
    for index, ending in ((1, "unknown xdm format"), (2, "wrong ims org in the header"), (4, "unknown xdm format")):
        assert responses[index]["statusCode"] == 400
        assert responses[index]["message"].startswith(where)
        assert ending in responses[index]["message"]
    world.settle(world.defined.event_flow)
    landed = world.landed()
    assert {"order-100", "order-102"} <= landed
    assert not {"order-101", "in-batch"} & landed
    xactions = {item["xactionId"] for item in world.failed(world.defined.event_flow)}
    assert f"{batch_id}:3" in xactions


def test_a_batch_of_only_bad_messages_is_still_207(world: World) -> None:
    answer = ask("POST", batch_url(world.defined.event_inlet), {"messages": [{}, None]})
    assert answer.status == 207
    assert [one["statusCode"] for one in answer.body["responses"]] == [400, 400]
    answer = ask("POST", batch_url(world.defined.event_inlet), {"messages": []})
    assert (answer.status, answer.body["responses"]) == (207, [])


@pytest.mark.parametrize("body", [{}, [], {"messages": {}}, {"messages": None}, "text", {"message": []}])
def test_a_batch_without_its_list_of_messages_is_refused_whole(world: World, body: Any) -> None:
    answer = ask("POST", batch_url(world.defined.event_inlet), body)
    assert_problem(world, answer, 400, "Invalid XDM Message Format", "A batch is an object with a list of messages")


# --- partial updates of profiles --------------------------------------------------------------------------------------


def test_a_raw_message_merges_links_and_deletes_a_profile_record(world: World) -> None:
    platform = world.platform
    groups = (
        "context/profile",
        "context/profile-person-details",
        "context/profile-work-details",
        "context/identitymap",
    )
    body = {
        "type": "object",
        "title": "Members, upserted",
        "allOf": [{"$ref": f"https://ns.adobe.com/xdm/{group}"} for group in groups],
        "meta:immutableTags": ["union"],
    }
    schema = platform.post(f"{FOUNDATION}/schemaregistry/tenant/schemas", body)["$id"]
    make_identity(platform, schema, "/workEmail/address")
    data_set = make_dataset(platform, "Members, upserted", schema)
    reference = {"schemaRef": {"id": schema, "contentType": XDM_FULL}}
    identities = {"name": "Members, links", **reference, "tags": {"unifiedIdentity": ["enabled:true"]}}
    (link,) = platform.post(f"{FOUNDATION}/catalog/dataSets", identities)
    rows = {
        "workEmail.address": "email",
        "person.name.firstName": "first",
        "workPhone.number": "phone",
        "organizations": "upsert_array_append(clubs)",
        "identityMap.ECID[0].id": "device",
    }
    mapping = {"version": 0, "xdmSchema": schema, "xdmVersion": "1.0"}
    mappings = [
        {"sourceType": "EXPRESSION", "source": source, "destination": destination}
        for destination, source in rows.items()
    ]
    made = platform.post(f"{FOUNDATION}/mappingSets", {**mapping, "mappings": mappings})
    connection, url = make_connection(platform, "Members, upserted", {"dataType": "raw"})
    flow = make_flow(platform, "Members, upserted", connection, schema, data_set, made)
    jane, device = "upsert@example.com", "7" * 38

    def send(operations: dict[str, Any], **body: Any) -> Answer:
        header = {"flowId": flow, "imsOrgId": platform.credentials["org_id"], "datasetId": data_set}
        return ask("POST", url, {"header": {**header, "operations": operations}, "body": {"email": jane, **body}})

    def entity(identity: str, namespace: str) -> dict[str, Any] | None:
        wanted = {"schema.name": "_xdm.context.profile", "entityId": identity, "entityIdNS": namespace}
        found = ask("GET", platform.url + query("/data/core/ups/access/entities", **wanted), None, platform.headers)
        return next(iter(found.body.values()))["entity"] if found.status == 200 else None

    assert send({"data": "create"}, first="Jane", phone="1", clubs=["a"]).status == 200
    assert send({"data": "merge"}, phone="2", clubs=["b"]).status == 200
    linking = {"data": "merge", "identity": "create", "identityDatasetId": link.removeprefix("@/dataSets/")}
    assert send(linking, device=device).status == 200
    assert send({"data": "merge"}, email=None, phone="3").status == 200  # whom it is about is missing
    assert send({"data": "merge"}, first={"no": "name"}).status == 200  # a part that can't be mapped: a warning
    world.settle(flow)
    found = entity(device, "ECID")
    assert found is not None
    assert found["person"] == {"name": {"firstName": "Jane"}}
    assert found["workPhone"] == {"number": "2"}
    assert found["organizations"] == ["a", "b"]
    assert send({"data": "delete"}).status == 200
    world.settle(flow)
    assert entity(jane, "Email") is None
    (run,) = platform.get(query(f"{FOUNDATION}/flowservice/runs", property=f"flowId=={flow}"))["items"]
    counts = run["metrics"]["recordSummary"]
    names = ("inputRecordCount", "createdRecordCount", "updatedRecordCount", "deletedRecordCount", "failedRecordCount")
    assert [counts[name] for name in names] == [6, 1, 3, 1, 1]
    rows_there = world.server.sql("SELECT workPhone.number AS phone FROM members_upserted")
    assert [row["phone"] for row in rows_there] == ["1"]  # what merges and deletes is for profiles alone
    refused = send({"data": "replace"})
    assert "'replace' on data is none of create, merge and delete" in refused.body["report"]["message"]


def test_a_merge_that_failed_is_made_up_for_by_another_try(world: World) -> None:
    platform, schema = world.platform, world.defined.profile_schema
    reference = {"schemaRef": {"id": schema, "contentType": XDM_FULL}}
    (link,) = platform.post(f"{FOUNDATION}/catalog/dataSets", {"name": "Not for profiles yet", **reference})
    data_set = link.removeprefix("@/dataSets/")
    rows = [{"sourceType": "ATTRIBUTE", "source": "email", "destination": "workEmail.address"}]
    made = platform.post(f"{FOUNDATION}/mappingSets", {"version": 0, "xdmSchema": schema, "mappings": rows})
    connection, url = make_connection(platform, "Not for profiles yet", {"dataType": "raw"})
    flow = make_flow(platform, "Not for profiles yet", connection, schema, data_set, made)
    message = {"header": {"flowId": flow, "operations": {"data": "merge"}}, "body": {"email": "again@example.com"}}
    assert ask("POST", url, message).status == 200
    world.settle(flow)
    (failed,) = world.failed(flow)
    assert "enabled for profiles" in failed["errors"][0]["message"]
    tags = {"tags": {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}}
    platform.patch(f"{FOUNDATION}/catalog/dataSets/{data_set}", tags)
    platform.post(f"/parcours/failedRecords/{failed['id']}/retry")
    wait_for(lambda: not world.failed(flow), what="the end of the other try")
    (run,) = platform.get(query(f"{FOUNDATION}/flowservice/runs", property=f"flowId=={flow}"))["items"]
    counts = run["metrics"]["recordSummary"]
    assert [counts[name] for name in ("inputRecordCount", "updatedRecordCount", "failedRecordCount")] == [1, 1, 0]
    wanted = {"schema.name": "_xdm.context.profile", "entityId": "again@example.com", "entityIdNS": "Email"}
    assert platform.get(query("/data/core/ups/access/entities", **wanted))


# --- definitions are seen at once -------------------------------------------------------------------------------------


def test_an_inlet_takes_messages_as_soon_as_it_is_created_and_its_flow_too(world: World) -> None:
    for number in range(5):
        connection, url = make_connection(world.platform, f"At once {number}", {"dataType": "xdm"})
        no_flow = ask("POST", url, world.order(200))
        assert no_flow.status == 400
        assert "Message names no flow" in no_flow.body["report"]["message"]
        make_flow(
            world.platform,
            f"At once {number}",
            connection,
            world.defined.event_schema,
            world.defined.event_dataset,
        )
        assert ask("POST", url, world.order(210 + number)).status == 200


def _set_flow_state(world: World, flow_id: str, state: str) -> None:
    url = f"{FOUNDATION}/flowservice/flows/{flow_id}"
    etag = world.platform.get(url)["items"][0]["etag"]
    world.platform.patch(url, [{"op": "replace", "path": "/state", "value": state}], **{"If-Match": etag})


def test_a_disabled_flow_takes_nothing_from_that_moment_and_everything_when_enabled_again(world: World) -> None:
    connection, url = make_connection(world.platform, "Switched", {"dataType": "xdm"})
    flow = make_flow(world.platform, "Switched", connection, world.defined.event_schema, world.defined.event_dataset)
    for number in range(3):
        assert ask("POST", url, world.order(300 + number)).status == 200
        _set_flow_state(world, flow, "disabled")
        refused = ask("POST", url, world.order(310))
        assert refused.status == 400
        assert f"Flow {flow} is disabled" in refused.body["report"]["message"]
        _set_flow_state(world, flow, "enabled")
    world.settle(flow)
    assert world.flow_counts(flow) == (3, 3, 0)


def test_a_schema_changed_a_moment_ago_decides_about_the_next_message(world: World) -> None:
    schema = world.platform.post(
        f"{FOUNDATION}/schemaregistry/tenant/schemas",
        {
            "type": "object",
            "title": "Growing",
            "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/experienceevent"}],
        },
    )
    reference = {"id": schema["$id"], "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    made = world.platform.post(f"{FOUNDATION}/catalog/dataSets", {"name": "Growing", "schemaRef": reference})
    dataset = made[0].removeprefix("@/dataSets/")
    connection, url = make_connection(world.platform, "Growing", {"dataType": "xdm"})
    make_flow(world.platform, "Growing", connection, schema["$id"], dataset)
    message = world.order(400)
    message["header"]["schemaRef"] = message["body"]["xdmMeta"]["schemaRef"] = reference
    entity = message["body"]["xdmEntity"]
    message["body"]["xdmEntity"] = {key: entity[key] for key in ("_id", "timestamp", "eventType", "commerce")}
    answer = ask("POST", url + "?syncValidation=true", message)
    assert answer.status == 400
    (tree,) = answer.body["report"]["cause"]["_streamingValidation"]
    assert tree["causingExceptions"][0]["message"] == "extraneous key [commerce] is not permitted"
    commerce = {"$ref": "https://ns.adobe.com/xdm/context/experienceevent-commerce"}
    world.platform.patch(
        f"{FOUNDATION}/schemaregistry/tenant/schemas/{schema['meta:altId']}",
        [{"op": "add", "path": "/allOf/-", "value": commerce}],
    )
    assert ask("POST", url + "?syncValidation=true", message).status == 200
