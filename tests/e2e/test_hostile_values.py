"""Values that are valid JSON and no database likes: each record lands or fails by itself, and holds up no other."""

from pathlib import Path
from typing import Any

import demo
import pytest
from asking import JSON, ask, query
from definitions import FOUNDATION, JOURNEYS, define
from receiver import Receiver
from running import RunningServer, wait_for

NUL = "\u0000"


def hostile_entities(tenant: str) -> dict[str, dict[str, Any]]:
    """Name → changes to an order's entity."""

    def person(email: str) -> dict[str, Any]:
        return {f"_{tenant}": {"person": {"emailAddress": email}}}

    def identities(**found: str) -> dict[str, Any]:
        return {"identityMap": {code: [{"id": value}] for code, value in found.items()}}

    return {
        "NUL in the event id": {"_id": f"a{NUL}b"},
        "NUL in the identity": {"_id": "nul identity", **person(f"a{NUL}b@example.com")},
        "NUL in an attribute": {"_id": "nul attribute", "eventType": f"a{NUL}b"},
        "a long event id": {"_id": "i" * 200_000},
        "a long identity": {"_id": "long identity", **person("p" * 200_000)},
        "an empty event id": {"_id": ""},
        "an empty identity": {"_id": "empty identity", **person("")},
        "a huge number": {"_id": "huge number", "commerce": {"order": {"priceTotal": 1e308}}},
        "an endless integer": {"_id": "endless integer", "commerce": {"purchases": {"value": 10**40}}},
        "a year out of reach": {"_id": "far year", "timestamp": "9999-12-31T23:59:59.999Z"},
        "the year zero": {"_id": "year zero", "timestamp": "0000-01-01T00:00:00Z"},
        "a leap second": {"_id": "leap second", "timestamp": "2016-12-31T23:59:60Z"},
        "text of every kind": {"_id": "emoji 👩‍👩‍👧 \u202e \ufeff \uffff", **person("ü@exämple.com")},
        "quotes and slashes": {"_id": "'; DROP TABLE timer; --\\\\\"", **person("o'neil@example.com")},
        "an identity map": {"_id": "map", **identities(Email="map@example.com")},
        "a long namespace": {"_id": "long namespace", **identities(**{"n" * 500: "x", "Email": "ns@example.com"})},
        "NUL in a namespace": {"_id": "nul namespace", **identities(**{f"n{NUL}": "x", "Email": "nn@example.com"})},
    }


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_hostile_values_land_or_fail_alone_and_hold_up_nobody(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgres" else ""
    server = RunningServer(tmp_path / "data", PARCOURS_DATABASE_URL=url).start()
    platform = server.platform()
    defined = define(platform, Receiver().url, lambda _line: None)
    schema = next(
        one["meta:altId"]
        for one in platform.get(
            f"{FOUNDATION}/schemaregistry/tenant/schemas", Accept="application/vnd.adobe.xed-id+json"
        )["results"]
        if one["$id"] == defined.event_schema
    )
    group = {"$ref": "https://ns.adobe.com/xdm/context/identitymap"}
    platform.patch(
        f"{FOUNDATION}/schemaregistry/tenant/schemas/{schema}", [{"op": "add", "path": "/allOf/-", "value": group}]
    )

    hostile = {}
    for name, changes in hostile_entities(defined.tenant).items():
        message = demo.order(platform, defined, 0)
        message["body"]["xdmEntity"] |= changes
        hostile[name] = message
    good = [demo.order(platform, defined, number) for number in range(1, 4)]
    accepted = 0
    for name, message in hostile.items():
        assert ask("POST", defined.event_inlet, message).status == 200, name
        accepted += 1
    batch = [good[0], *[m for n, m in hostile.items() if "long" not in n or "namespace" in n], good[1]]
    url = defined.event_inlet.replace("/collection/", "/collection/batch/")
    answer = ask("POST", url, {"messages": batch})
    assert answer.status == 207
    accepted += len(batch) - sum("statusCode" in one for one in answer.body["responses"])
    assert ask("POST", defined.event_inlet, good[2]).status == 200
    raw = {**JSON, "Authorization": platform.headers["Authorization"], "x-adobe-flow-id": defined.raw_flow}
    for value in (f"a{NUL}", "x" * 200_000, "", "\uffff"):
        member = {"firstName": value, "lastName": value, "contact": {"email": value}, "tier": value}
        assert ask("POST", defined.raw_inlet, member, raw).status == 200
    accepted += 1

    def counts() -> tuple[int, int, int]:
        runs = platform.get(query(f"{FOUNDATION}/flowservice/runs", property=f"flowId=={defined.event_flow}"))["items"]
        names = ("inputRecordCount", "outputRecordCount", "failedRecordCount")
        a, b, c = (sum(run["metrics"]["recordSummary"][name] for run in runs) for name in names)
        return a, b, c

    wait_for(lambda: counts()[1] + counts()[2] == accepted, 60, what="the end of every record")
    failed = platform.get(query("/parcours/failedRecords", limit=1000))["items"]
    for item in failed:
        assert item["errors"], item
        assert "The server failed" not in str(item["errors"]), item
    for number in range(1, 4):
        trace = platform.get(query(f"{JOURNEYS}/trace", identity=demo.email(number), namespace="Email"))
        assert [one["journey"] for one in trace["instances"]] == ["Thank the customer"], number
    raw_counts = platform.get(query(f"{FOUNDATION}/flowservice/runs", property=f"flowId=={defined.raw_flow}"))["items"]
    wait_for(
        lambda: sum(run["metrics"]["recordSummary"]["inputRecordCount"] for run in raw_counts) == 4, 10, what="members"
    )
    if database == "sqlite":
        landed = {row["_id"] for row in server.sql("SELECT _id FROM orders")}
        assert {"order-1", "order-2", "order-3"} <= landed
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()
