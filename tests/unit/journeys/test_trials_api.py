"""Simulations over HTTP: of versions and of documents that are not saved, each in a process of its own."""

import asyncio
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.journeys.errors import SimulationInvalid, SimulationTooLong
from parcours.journeys.trial import MAX_CUSTOMERS, check_members, start_of
from parcours.journeys.trial_values import Constants, made_up_keys, varied
from parcours.journeys.trials import Trials
from parcours.kit.helper import HelperAbandoned, Helpers, HelperTooLong

sys.path.insert(0, str(Path(__file__).parent))
from test_journey_api import EVENTS, JOURNEYS, VERSIONS, Sandbox, event_body

START_US = 1_767_225_600_000_000


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


def order(key: str, total: float, at: str) -> dict[str, Any]:
    payload = {"_id": key, "_acme": {"person": {"email": key}, "order": {"total": total}}}
    return {"event": "Order", "at": at, "payload": payload}


def simulate(api: TestClient, url: str, **asked: Any) -> Any:
    answer = api.post(url, json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_simulation_tells_where_everybody_went(api: TestClient, sandbox: Sandbox) -> None:
    uid = sandbox.draft()["versionUid"]
    found = simulate(
        api,
        f"{VERSIONS}/{uid}/simulate",
        events=[
            order("a@example.com", 200, "2026-01-01T00:00:00Z"),
            order("b@example.com", 10, "1h"),
            {
                "event": sandbox.event["uid"], "at": "+2h", "customer": "c@example.com",
                "fields": {"/_acme/order/total": 150},
            },
            order("a@example.com", 300, "2h"),
            {"event": "Order", "at": "3h", "customer": "d@example.com"},
        ],
        stubs={"SendMail": {"rules": [{"when": "@event{Order._acme.order.total} == 150.0", "answer": 500},
                                      {"answer": 200}]}},
        until="30d",
    )  # fmt: skip
    assert (found["start"], found["entered"], found["customerCount"]) == ("2026-01-01T00:00:00Z", 5, 4)
    assert found["counts"]["start"] == {"in": 5, "waiting": 0, "out": 5, "errors": 0}
    assert found["counts"]["big"]["in"] == 5
    assert (found["counts"]["mail"]["in"], found["counts"]["mail"]["errors"]) == (3, 1)
    passed = {(one["from"], one["to"]): one["passed"] for one in found["paths"]}
    assert passed == {("start", "big"): 5, ("big", "mail"): 3, ("mail", "wait"): 2}
    people = {one["key"]: one for one in found["customers"]}
    assert people["c@example.com"]["state"] == "error"
    assert people["a@example.com"]["entrances"] == 2
    sent = people["a@example.com"]["sent"][0]
    assert (sent["nodeId"], sent["parameters"]) == ("mail", {"/to": "a@example.com"})
    (step, *_) = people["b@example.com"]["steps"]
    assert (step["nodeId"], step["at"], step["kind"]) == ("start", "2026-01-01T01:00:00Z", "start")
    decision = next(one for one in people["b@example.com"]["steps"] if one["nodeId"] == "big")
    assert decision["detail"]["paths"][0]["references"] == {"@event{Order._acme.order.total}": 10}
    assert found["calls"] == [
        {"action": "SendMail", "statusCode": "http_200", "count": 2},
        {"action": "SendMail", "statusCode": "http_500", "count": 1},
    ]


def test_made_up_customers_take_every_way_and_always_the_same(api: TestClient, sandbox: Sandbox) -> None:
    asked = {"customers": 60, "start": "2026-01-01", "until": "2d", "show": 5}
    found = simulate(api, f"{JOURNEYS}/simulate", document=sandbox.document(), **asked)
    assert (found["entered"], found["customerCount"], len(found["customers"])) == (60, 60, 5)
    assert 0 < found["counts"]["mail"]["in"] < 60
    assert simulate(api, f"{JOURNEYS}/simulate", document=sandbox.document(), **asked) == found
    other = simulate(api, f"{JOURNEYS}/simulate", document=sandbox.document(), **asked, seed="2")
    assert other["customers"] != found["customers"]


def test_everybody_made_up_causes_the_same_event_as_themselves(api: TestClient, sandbox: Sandbox) -> None:
    """The event is told once, for all of them."""
    payload = order("", 200, "")["payload"]
    events = [{"event": "Order", "at": "2d", "payload": payload, "customer": "*"}]
    asked = {"customers": 5, "start": "2026-01-01", "until": "3d", "events": events}
    found = simulate(api, f"{JOURNEYS}/simulate", document=sandbox.document(), **asked)
    assert [one["entrances"] + len(one["refused"]) for one in found["customers"]] == [2] * 5


def test_customers_whom_the_identity_map_names_are_made_up_one_by_one(api: TestClient, sandbox: Sandbox) -> None:
    mapped = event_body(sandbox.schema_id, name="Mapped", namespace="ECID")
    event = api.post(EVENTS, json=mapped).json()
    document = {
        "name": "Mapped", "entry": {"node": "start"}, "edges": [{"from": "start", "to": "end"}],
        "nodes": {"start": {"type": "event", "eventUid": event["uid"]}, "end": {"type": "end"}},
    }  # fmt: skip
    found = simulate(api, f"{JOURNEYS}/simulate", document=document, customers=5)
    assert (found["entered"], found["customerCount"]) == (5, 5)


def test_a_document_in_the_body_stands_for_the_versions(api: TestClient, sandbox: Sandbox) -> None:
    uid = sandbox.published()["versionUid"]
    events = [order("a@example.com", 50, "1h")]
    assert simulate(api, f"{VERSIONS}/{uid}/simulate", events=events)["counts"]["mail"]["in"] == 0
    document = sandbox.document("@event{Order._acme.order.total} > 40")
    assert simulate(api, f"{VERSIONS}/{uid}/simulate", events=events, document=document)["counts"]["mail"]["in"] == 1


def test_what_can_not_be_simulated_is_refused_with_its_place(api: TestClient, sandbox: Sandbox) -> None:
    uid = sandbox.draft()["versionUid"]
    wrong = api.post(f"{JOURNEYS}/simulate", json={"document": sandbox.document("1 +")})
    assert wrong.status_code == 400
    assert "$.nodes.big.paths[0].expression" in wrong.text
    assert api.post(f"{VERSIONS}/nothing/simulate", json={}).status_code == 404
    for asked, path in (
        ({"events": [{"event": "Ordr"}]}, "$.events[0].event"),
        ({"events": [{"event": "Order", "fields": {"/_acme/none": 1}}]}, "$.events[0].fields['/_acme/none']"),
        ({"events": [{"event": "Order", "at": "yesterday"}]}, "$.events[0].at"),
        ({"stubs": {"SendMale": 200}}, "$.stubs.SendMale"),
        ({"stubs": {"SendMail": 99}}, "$.stubs.SendMail"),
        ({"profiles": [{"id": "x"}]}, "$.profiles[0]"),
        ({"audiences": [{"audience": "VIP", "enter": ["x"]}]}, "$.audience"),
    ):  # fmt: skip
        answer = api.post(f"{VERSIONS}/{uid}/simulate", json=asked)
        assert answer.status_code == 400, asked
        assert path in answer.text, answer.text


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"customers": MAX_CUSTOMERS + 1}, "$.customers"),
        ({"customers": True}, "$.customers"),
        ({"show": -1}, "$.show"),
        ({"events": {}}, "$.events"),
        ({"until": 3}, "$.until"),
        ({"event": []}, "$"),
    ],
)
def test_members_have_their_types_and_limits(asked: dict[str, Any], path: str) -> None:
    with pytest.raises(SimulationInvalid) as refused:
        check_members(asked)
    assert refused.value.path == path


def test_the_clock_begins_with_what_is_named_first() -> None:
    events = [{"at": "2h"}, {"at": "2026-01-03"}, {"at": "2026-01-01T00:00:00Z"}]
    assert start_of({"events": events}, 7) == START_US
    assert start_of({"events": events, "start": "2026-01-02"}, 7) == START_US + 86_400_000_000
    assert start_of({"events": [{"at": "2h"}]}, 7) == 7


def test_values_lie_on_either_side_of_what_expressions_compare_with() -> None:
    document = {
        "nodes": {
            "a": {"type": "condition", "paths": [{"expression": "@event{E.total} > 250 and @event{E.kind} == 'gold'"}]}
        }
    }
    constants = Constants(document)
    assert (constants.numbers, constants.texts) == ([250.0], ["gold"])
    schema = {"properties": {
        "total": {"type": "number", "maximum": 400}, "kind": {"type": "string"}, "paid": {"type": "boolean"},
        "state": {"enum": ["open", "closed"]}, "_id": {"type": "string"}, "at": {"type": "string", "format": "date"},
    }}  # fmt: skip
    sample = {"total": 10.0, "kind": "string", "paid": True, "state": "open", "_id": "x", "at": "2018-05-29"}
    random = Random(1)
    made = [varied(sample, schema, constants, random) for _ in range(200)]
    totals = {one["total"] for one in made}
    assert min(totals) < 250 < max(totals) <= 400
    assert {one["kind"] for one in made} == {"string", "gold"}
    assert {one["paid"] for one in made} == {True, False}
    assert {one["state"] for one in made} == {"open", "closed"}
    assert {(one["_id"], one["at"]) for one in made} == {("x", "2018-05-29")}


def test_made_up_ids_are_what_their_namespace_takes() -> None:
    assert list(made_up_keys("Email", 1)) == ["customer-00001@example.com"]
    assert list(made_up_keys("ECID", 1)) == ["0" * 37 + "1"]
    assert list(made_up_keys("loyalty", 2)) == ["customer-00001", "customer-00002"]


class Slow:
    """A helper whose time is over before it has an answer."""

    async def ask(self, *_: Any, **__: Any) -> bytes:
        raise HelperTooLong


def test_a_simulation_that_takes_too_long_says_so(platform: Platform, api: TestClient, sandbox: Sandbox) -> None:
    caller = platform.access.admit(dict(api.headers))
    trials = Trials(platform.db, platform.journeys, Slow())  # type: ignore[arg-type]

    async def never() -> None: ...

    with pytest.raises(SimulationTooLong, match="longer than 10 s"):
        asyncio.run(trials.simulate(caller, None, {"document": sandbox.document()}, never))


def test_a_helper_ends_when_its_time_is_over_or_nobody_waits(tmp_path: Path) -> None:
    async def scenario() -> None:
        helpers = Helpers(tmp_path)

        async def gone() -> None: ...

        with pytest.raises(HelperAbandoned):
            await helpers.ask("trial", b"{}", 60.0, gone=gone)
        with pytest.raises(HelperTooLong):
            await helpers.ask("trial", b"{}", 0.01)

    asyncio.run(scenario())
