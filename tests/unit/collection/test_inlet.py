"""What an inlet answers, by status and body, through its RSGI face with a log in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.collection.envelope import Destination, Refusal, find_destination
from parcours.collection.inlet import Collector
from parcours.flows.model import Flow, Inlet
from parcours.log import LogUnavailable, Record

SCHEMA = "https://ns.adobe.com/acme/schemas/abc"
XDM, RAW, LOCKED, OFF = "a" * 64, "b" * 64, "c" * 64, "d" * 64


def make_inlet(inlet_id: str, data_type: str = "xdm", **changes: Any) -> Inlet:
    flow = Flow("flow-1", 1, "Orders", "dataset-1", SCHEMA, None, True)
    off = Flow("flow-off", 1, "Off", "dataset-2", SCHEMA, None, False)
    values: dict[str, Any] = {
        "inlet_id": inlet_id,
        "scope_id": 1,
        "org_id": "ACME@AdobeOrg",
        "sandbox_name": "prod",
        "connection_id": "c",
        "data_type": data_type,
        "is_authenticated": False,
        "source_id": "s",
        "name": "n",
        "is_enabled": True,
        "flows": {"flow-1": flow, "flow-off": off},
    }
    return Inlet(**{**values, **changes})


class MemoryLog:
    """Keeps what was appended; `broken` makes it refuse as a full disk does."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.waiting = self.waiting_bytes = 0
        self.broken = False
        self.is_healthy = True

    def append(self, records: Sequence[Record]) -> Awaitable[None]:
        async def done() -> None:
            if self.broken:
                raise LogUnavailable("the event log can't be written: disk full")
            self.records.extend(records)

        return done()


class FakeAccess:
    def read_token(self, authorization: str) -> Any:
        class Token:
            org_id = "ACME@AdobeOrg" if authorization.endswith("good") else "OTHER@AdobeOrg"

        return None if authorization.endswith("bad") else Token()


class Request:
    def __init__(self, path: str, body: bytes, headers: dict[str, str], method: str = "POST", query: str = "") -> None:
        self.path, self.method, self.query_string, self._body = path, method, query, body
        self.headers = {"content-type": "application/json", "content-length": str(len(body)), **headers}
        self.headers = {key: value for key, value in self.headers.items() if value}
        self.status = 0
        self.answer: Any = None
        self.sent_headers: dict[str, str] = {}

    async def __call__(self) -> bytes:
        return self._body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), 65_536):
            yield self._body[start : start + 65_536]

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.answer, self.sent_headers = status, orjson.loads(body), dict(headers)


class Bench:
    """A collector over a log in memory."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.violations: list[dict[str, Any]] = []

        async def refresh() -> None:
            pass

        async def validate(*_: Any) -> list[dict[str, Any]]:
            return self.violations

        self.collector = Collector(FakeAccess(), self.log, 1_048_576, 100, refresh, validate)  # type: ignore[arg-type]
        self.collector.inlets = {
            XDM: make_inlet(XDM),
            RAW: make_inlet(RAW, "raw"),
            LOCKED: make_inlet(LOCKED, is_authenticated=True),
            OFF: make_inlet(OFF, is_enabled=False),
        }
        self.collector.schema_of = lambda scope, dataset: {"dataset-9": SCHEMA}.get(dataset) if scope == 1 else None

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None, **more: Any) -> Request:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        request = Request(path, raw, headers or {}, **more)
        asyncio.run(self.collector(request, request))
        return request


@pytest.fixture
def bench() -> Bench:
    return Bench()


def envelope(**header: Any) -> dict[str, Any]:
    return {
        "header": {"schemaRef": {"id": SCHEMA, "contentType": "x"}, "flowId": "flow-1", **header},
        "body": {"xdmMeta": {"schemaRef": {"id": SCHEMA}}, "xdmEntity": {"_id": "1"}},
    }


def test_an_accepted_message_is_in_the_log_as_it_came(bench: Bench) -> None:
    raw = orjson.dumps(envelope())
    request = bench.post(f"/collection/{XDM}", raw)
    assert request.status == 200
    assert set(request.answer) == {"inletId", "xactionId", "receivedTimeMs"}
    (kept,) = bench.log.records
    assert (kept.body, kept.flow_id, kept.dataset_id) == (raw, "flow-1", "dataset-1")
    assert kept.xaction_id == request.answer["xactionId"]


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "says"),
    [
        (f"/collection/{XDM}", b"not json", {}, 400, "not JSON"),
        (f"/collection/{XDM}", b"", {}, 400, "no body"),
        (f"/collection/{XDM}", b"[]", {}, 400, "unknown xdm format"),
        (f"/collection/{XDM}", b"{}", {}, 400, "unknown xdm format"),
        (f"/collection/{XDM}", envelope(imsOrgId="B@AdobeOrg"), {}, 400, "absent or wrong ims org"),
        (f"/collection/{XDM}", envelope(schemaRef={"id": SCHEMA + "x"}), {}, 400, "unknown xdm format"),
        (f"/collection/{XDM}", envelope(flowId="nope"), {}, 400, "unknown flow"),
        (f"/collection/{XDM}", envelope(flowId="flow-off"), {}, 400, "disabled"),
        (f"/collection/{XDM}", envelope(flowId=None, datasetId="nope"), {}, 400, "unknown data set"),
        (f"/collection/{XDM}", envelope(flowId=None), {}, 400, "names no flow"),
        (f"/collection/{XDM}", envelope(msgType="xdmEntityUpdate"), {}, 400, "deprecated"),
        (f"/collection/{XDM}", envelope(), {"x-adobe-flow-id": "nope"}, 400, "unknown flow"),
        (f"/collection/{RAW}", {"a": 1}, {}, 400, "names no flow"),
        (f"/collection/{OFF}", envelope(), {}, 403, "disabled"),
        ("/collection/unknown", envelope(), {}, 404, "No inlet"),
        (f"/collection/{XDM}", b" " * 2_000_000, {}, 413, "2000000"),
        (f"/collection/{XDM}", b" " * 2_000_000, {"content-length": ""}, 413, "2000000"),
        (f"/collection/{XDM}", envelope(), {"content-type": "text/plain"}, 415, "text/plain"),
        (f"/collection/{LOCKED}", envelope(), {}, 401, "Ims service token is empty"),
        (f"/collection/{LOCKED}", envelope(), {"authorization": "Bearer bad"}, 401, "invalid or expired"),
        (f"/collection/{LOCKED}", envelope(), {"authorization": "Bearer foreign"}, 403, "another organisation"),
        (f"/collection/batch/{XDM}", {"messages": 1}, {}, 400, "list of messages"),
        (f"/collection/{XDM}", b"[" * 1_000 + b"]" * 1_000, {}, 400, "deeper than 100 levels"),
        (
            f"/collection/batch/{XDM}",
            b'{"messages":[{"a":' + b"[" * 98 + b"]" * 98 + b"}]}",
            {},
            400,
            "deeper than 100",
        ),
    ],
)
def test_bad_input_gets_a_status_and_is_told_what_and_where(
    bench: Bench, path: str, body: Any, headers: dict[str, str], status: int, says: str
) -> None:
    request = bench.post(path, body, headers)
    assert request.status == status
    assert says in request.answer["report"]["message"]
    assert int(request.answer["status"]) == status
    assert bench.log.records == []


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        ([], "a message is a JSON object"),
        ({"body": {}}, "there is no header"),
        ({"header": {}}, "there is no body"),
        ({"header": {}, "body": {}}, "header.schemaRef.id is missing"),
        (envelope(schemaRef={"id": SCHEMA + "x"}), "body.xdmMeta.schemaRef differs from header.schemaRef"),
    ],
)
def test_a_message_of_unknown_format_ends_as_documented_with_the_reason_beside_it(
    bench: Bench, message: Any, detail: str
) -> None:
    report = bench.post(f"/collection/{XDM}", message).answer["report"]
    assert report["message"].endswith("] Message has unknown xdm format")
    assert report["detail"] == detail
    (told,) = bench.post(f"/collection/batch/{XDM}", {"messages": [message]}).answer["responses"]
    assert (told["message"], told["detail"]) == (report["message"], detail)
    wrong_org = bench.post(f"/collection/{XDM}", envelope(imsOrgId="B@AdobeOrg")).answer["report"]
    assert "detail" not in wrong_org


def test_the_legacy_name_of_a_schema_stands_for_the_data_sets_own(bench: Bench) -> None:
    legacy = envelope(schemaRef=None, xdmSchema={"name": "_xdm.context.experienceevent"})
    del legacy["header"]["schemaRef"]
    del legacy["body"]["xdmMeta"]
    assert bench.post(f"/collection/{XDM}", legacy).status == 200
    (kept,) = bench.log.records
    assert (kept.flow_id, kept.dataset_id) == ("flow-1", "dataset-1")
    for wrong in ("name", {}, {"name": 5}):
        legacy["header"]["xdmSchema"] = wrong
        assert bench.post(f"/collection/{XDM}", legacy).answer["report"]["detail"] == "header.schemaRef.id is missing"


@pytest.mark.parametrize(
    ("content_type", "is_taken"),
    [
        ("application/vnd.adobe.xed-full+json;version=1", True),
        ("application/vnd.adobe.xed-full+json;version=1.0", True),
        ("application/vnd.adobe.xed-full-notext+json; version=1.0", True),
        ("application/vnd.adobe.xed+json; Version = 1.7", True),
        ("application/vnd.adobe.xed-full+json", True),
        (None, True),
        ("application/vnd.adobe.xed-full+json;version=2", False),
        ("application/vnd.adobe.xed-full+json; version=12.0", False),
        ("application/vnd.adobe.xed-full+json;version=", False),
    ],
)
def test_a_version_that_no_schema_has_is_refused(bench: Bench, content_type: Any, is_taken: bool) -> None:
    message = envelope(schemaRef={"id": SCHEMA, "contentType": content_type})
    request = bench.post(f"/collection/{XDM}", message)
    assert (request.status == 200) is is_taken, request.answer
    if not is_taken:
        assert request.answer["report"]["detail"].startswith("header.schemaRef.contentType")


@pytest.mark.parametrize("message", [[{"a": 1}], [], "text", 7, 1.5, True, None, {"header": []}])
def test_a_raw_inlet_takes_any_json(bench: Bench, message: Any) -> None:
    named = {"x-adobe-flow-id": "flow-1"}
    assert bench.post(f"/collection/{RAW}", message, named).status == 200
    assert bench.post(f"/collection/batch/{RAW}", {"messages": [message]}, named).status == 207
    assert [(kept.flow_id, kept.message_count) for kept in bench.log.records] == [("flow-1", 1)] * 2
    assert orjson.loads(bench.log.records[0].body) == message
    assert bench.post(f"/collection/{XDM}", message, named).status == 400


@pytest.mark.parametrize(
    ("query", "headers", "flow_id"),
    [
        ("X-Adobe-Flow-Id=flow-1", {}, None),
        ("x-adobe-flow-id=FLOW-1", {}, None),
        ("", {"x-adobe-flow-id": "FLOW-1"}, None),
        ("", {}, "FLOW-1"),
    ],
)
def test_a_flow_is_named_in_any_case(bench: Bench, query: str, headers: dict[str, str], flow_id: str | None) -> None:
    assert bench.post(f"/collection/{XDM}", envelope(flowId=flow_id), headers, query=query).status == 200
    assert bench.log.records[0].flow_id == "flow-1"


def test_a_missing_content_type_gets_the_documented_placeholder(bench: Bench) -> None:
    request = bench.post(f"/collection/{XDM}", envelope(), {"content-type": ""})
    assert (request.status, request.answer["type"]) == (400, "/placeholder/type/uri")


def test_the_status_of_an_authentication_problem_is_a_string(bench: Bench) -> None:
    assert bench.post(f"/collection/{LOCKED}", envelope()).answer["status"] == "401"
    assert bench.post(f"/collection/{LOCKED}", envelope(), {"authorization": "Bearer good"}).status == 200


def test_a_full_disk_is_503_with_retry_after_and_nothing_is_acknowledged(bench: Bench) -> None:
    bench.log.broken = True
    request = bench.post(f"/collection/{XDM}", envelope())
    assert (request.status, request.sent_headers["retry-after"]) == (503, "1")


def test_an_overfull_queue_is_503(bench: Bench) -> None:
    bench.log.waiting_bytes = 268_435_456
    assert bench.post(f"/collection/{XDM}", envelope()).status == 503
    bench.log.waiting, bench.log.waiting_bytes = 100, 0
    assert bench.post(f"/collection/{XDM}", envelope()).status == 503


def test_the_good_messages_of_a_batch_are_kept_and_the_bad_ones_told_by_position(bench: Bench) -> None:
    messages = [envelope(), {"header": {}}, 7, envelope(imsOrgId="B@AdobeOrg"), envelope()]
    request = bench.post(f"/collection/batch/{XDM}", {"messages": messages})
    assert request.status == 207
    batch_id = request.answer["batchId"]
    responses = request.answer["responses"]
    assert responses[0] == {"xactionId": f"{batch_id}:0"}
    assert responses[4] == {"xactionId": f"{batch_id}:4"}
    assert [r["statusCode"] for r in responses[1:4]] == [400, 400, 400]
    assert responses[3]["message"].endswith("absent or wrong ims org in the header")
    assert [r["xactionId"].rsplit("-", 1)[1] for r in responses[1:4]] == ["1", "2", "3"]
    (kept,) = bench.log.records
    assert (kept.message_count, list(kept.skip), kept.is_batch) == (2, [1, 2, 3], True)


def test_a_batch_for_several_flows_becomes_records_in_the_order_of_its_messages(bench: Bench) -> None:
    other = envelope(flowId=None, datasetId="dataset-9")
    messages = [envelope(), {}, envelope(), other, other, envelope()]
    request = bench.post(f"/collection/batch/{XDM}", {"messages": messages})
    assert ["statusCode" in r for r in request.answer["responses"]] == [False, True, False, False, False, False]
    found = [(r.flow_id, r.dataset_id, r.message_count, orjson.loads(r.body)) for r in bench.log.records]
    assert found == [
        ("flow-1", "dataset-1", 2, [[0, envelope()], [2, envelope()]]),
        ("", "dataset-9", 2, [[3, other], [4, other]]),
        ("flow-1", "dataset-1", 1, [[5, envelope()]]),
    ]


def test_a_batch_of_only_bad_messages_is_still_207(bench: Bench) -> None:
    request = bench.post(f"/collection/batch/{XDM}", {"messages": [1, 2]})
    assert request.status == 207
    assert bench.log.records == []


@pytest.mark.parametrize("query", ["syncValidation=true", "syncValidation=True"])
def test_synchronous_validation_passes_or_shows_the_tree(bench: Bench, query: str) -> None:
    passed = bench.post(f"/collection/{XDM}", envelope(), query=query)
    assert passed.answer["syncValidation"] == {"status": "pass"}
    bench.violations = [{"message": "no"}]
    refused = bench.post(f"/collection/{XDM}", envelope(), query=query)
    assert refused.status == 400
    assert refused.answer["report"]["cause"] == {"_streamingValidation": [{"message": "no"}]}
    assert len(bench.log.records) == 1


def test_the_flow_may_stand_in_the_query_and_the_envelope_may_be_left_out(bench: Bench) -> None:
    query = "x-adobe-flow-id=flow-1"
    assert bench.post(f"/collection/{RAW}", {"any": "thing"}, query=query).status == 200
    assert bench.post(f"/collection/{XDM}", {"_id": "1"}, query=query).status == 200
    assert bench.post(f"/data/foundation/import/collection/{RAW}/", {"any": 1}, query=query).status == 200
    assert len(bench.log.records) == 3


OTHER_DATA_SET = {"identity": "create", "identityDatasetId": "dataset-9"}


@pytest.mark.parametrize("operations", [
    {}, {"data": "create"}, {"data": "merge"}, {"data": "delete"}, {"data": "merge", **OTHER_DATA_SET},
])  # fmt: skip
def test_a_raw_message_may_merge_delete_and_create_identities(bench: Bench, operations: dict[str, Any]) -> None:
    message = {"header": {"flowId": "flow-1", "operations": operations}, "body": {"a": 1}}
    assert bench.post(f"/collection/{RAW}", message).status == 200
    (record,) = bench.log.records
    assert orjson.loads(record.body) == message


@pytest.mark.parametrize(
    ("operations", "reason"),
    [
        ([], "operations that are no object"),
        ({"data": "upsert"}, "'upsert' on data is none of create, merge and delete"),
        ({"data": ["merge"]}, "is none of create, merge and delete"),
        ({"identity": "delete"}, "'delete' on identities is not create"),
        ({"identity": "create"}, "names no data set in operations.identityDatasetId"),
        ({"identity": "create", "identityDatasetId": "dataset-0"}, "names no data set"),
        ({"identity": "create", "identityDatasetId": "dataset-1"}, "names no data set"),
    ],
)
def test_operations_that_can_not_be_done_are_refused(bench: Bench, operations: Any, reason: str) -> None:
    message = {"header": {"flowId": "flow-1", "operations": operations}, "body": {"a": 1}}
    request = bench.post(f"/collection/{RAW}", message)
    assert request.status == 400
    assert reason in request.answer["report"]["message"]
    assert not bench.log.records


@pytest.mark.parametrize(("dataset", "schema"), [("dataset-1", SCHEMA), ("dataset-9", "https://ns.adobe.com/other")])
def test_identities_go_to_another_data_set_of_the_same_schema(bench: Bench, dataset: str, schema: str) -> None:
    bench.collector.schema_of = lambda _scope, asked: schema if asked == dataset else None
    operations = {"data": "merge", "identity": "create", "identityDatasetId": dataset}
    request = bench.post(f"/collection/{RAW}", {"header": {"operations": operations, "flowId": "flow-1"}, "body": {}})
    assert request.status == 400
    assert "is another one of the same schema" in request.answer["report"]["message"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["header", "body", "schemaRef", "id", "flowId", "imsOrgId", "xdmMeta", "operations", "data"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(message=json_values, data_type=st.sampled_from(["xdm", "raw"]), flow_id=st.sampled_from([None, "flow-1", "x"]))
def test_any_json_finds_a_destination_or_a_reason(message: Any, data_type: str, flow_id: str | None) -> None:
    found = find_destination(make_inlet(XDM, data_type), message, flow_id, lambda _scope, _dataset: None)
    assert isinstance(found, Destination) or (isinstance(found, Refusal) and found.message)
