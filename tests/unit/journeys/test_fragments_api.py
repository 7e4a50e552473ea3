"""Journey fragments: drafts, active ones, and what is refused (journeys §17)."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from test_journey_api import BASE, EVENTS, Sandbox

from parcours.journeys import fragments
from parcours.journeys.fragment_document import check_fragment, read_fragment

FRAGMENTS = f"{BASE}/fragments"
WAIT = {"type": "wait", "duration": {"value": 1, "unit": "days"}}


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


def chain(number: int, **members: Any) -> dict[str, Any]:
    """Waits in a row."""
    return {
        "name": "Patience",
        "nodes": {f"w{n}": WAIT for n in range(number)},
        "edges": [{"from": f"w{n}", "to": f"w{n + 1}"} for n in range(number - 1)],
        **members,
    }


def create(api: TestClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(FRAGMENTS, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def codes(document: dict[str, Any]) -> list[str]:
    return [fault.code for fault in check_fragment(read_fragment(document))]


def test_a_fragment_is_made_changed_activated_and_deleted(api: TestClient) -> None:
    made = create(api, chain(2, tags=["slow"], layout={"w0": {"x": 1, "y": 2}}))
    url = f"{FRAGMENTS}/{made['uid']}"
    assert (made["state"], made["description"], list(made["nodes"])) == ("draft", "", ["w0", "w1"])
    read = api.get(url)
    assert read.json() == made
    changed = {**made, "name": "More patience"}
    headers = {"If-Match": read.headers["etag"]}
    assert api.put(url, json=changed, headers=headers).json()["name"] == "More patience"
    assert api.put(url, json=changed, headers=headers).status_code == 412
    for _ in range(2):
        assert api.post(f"{url}/activate").json()["state"] == "active"
    assert api.put(url, json=changed).status_code == 409
    assert api.delete(url).status_code == 409
    for _ in range(2):
        assert api.post(f"{url}/deactivate").json()["state"] == "draft"
    assert api.put(url, json=chain(1)).json()["name"] == "Patience"
    assert api.delete(url).status_code == 204
    for verb in (api.get, api.delete):
        assert verb(url).status_code == 404
    assert api.post(f"{url}/activate").status_code == 404


def test_an_active_fragment_is_archived_and_comes_back_as_a_draft(api: TestClient) -> None:
    made = create(api, chain(1))
    url = f"{FRAGMENTS}/{made['uid']}"

    def state(verb: str, expect: int = 200) -> str:
        answer = api.post(f"{url}/{verb}")
        assert answer.status_code == expect, answer.text
        told: str = answer.json().get("state") or answer.json()["detail"]
        return told

    assert state("archive", 409) == "the fragment is draft: only one that is active can be archived"
    assert state("unarchive") == "draft"
    state("activate")
    state("unarchive", 409)
    assert [state("archive"), state("archive")] == ["archived", "archived"]
    for verb in ("activate", "deactivate"):
        state(verb, 409)
    assert (api.put(url, json=chain(2)).status_code, api.delete(url).status_code) == (409, 409)
    assert [one["uid"] for one in api.get(FRAGMENTS, params={"state": "archived"}).json()["results"]] == [made["uid"]]
    assert api.get(FRAGMENTS, params={"state": "active"}).json()["results"] == []
    assert api.post(FRAGMENTS, json=chain(1)).status_code == 409, "it keeps its name"
    etag = api.get(url).headers["etag"]
    assert state("unarchive") == "draft"
    assert api.post(f"{url}/activate", headers={"If-Match": etag}).status_code == 412
    found = api.get("/data/foundation/audit/events", params={"property": "assetType==Journey fragment"})
    events = found.json()["_embedded"]["customerAuditLogList"]
    assert sorted(event["action"] for event in events) == ["Archive", "Create", "Enable", "Unarchive"]


def test_a_fragment_holds_no_jump(api: TestClient) -> None:
    nodes = {"on": {"type": "jump", "targetJourneyUid": "other"}}
    refused = api.post(FRAGMENTS, json={"name": "Elsewhere", "nodes": nodes})
    assert refused.status_code == 400
    (fault,) = refused.json()["report"]["sub-errors"]
    assert (fault["code"], fault["path"]) == ("ERR_DOCUMENT_SHAPE", "$.nodes.on.type")


def test_fragments_are_found_by_words_state_and_tag(api: TestClient) -> None:
    first = create(api, chain(1, name="Zeal", tags=["a", "b"]))
    create(api, chain(1, name="apathy", description="Without ZEAL", tags=["a"]))

    def names(**query: Any) -> list[str]:
        return [one["name"] for one in api.get(FRAGMENTS, params=query).json()["results"]]

    api.post(f"{FRAGMENTS}/{first['uid']}/activate")
    assert names() == ["apathy", "Zeal"]
    assert names(search="zeal") == ["apathy", "Zeal"]
    assert names(search="zeal without") == ["apathy"]
    assert names(state="active") == names(tag=["a", "b"]) == ["Zeal"]
    page = api.get(FRAGMENTS, params={"pageSize": 1, "page": 1}).json()
    assert ([one["name"] for one in page["results"]], page["total"], page["pages"]) == (["Zeal"], 2, 2)


def test_a_draft_may_be_unfinished_and_an_active_one_not(api: TestClient) -> None:
    body = {"name": "Half", "nodes": {"ask": {"type": "condition"}, "wait": WAIT}, "edges": []}
    url = f"{FRAGMENTS}/{create(api, body)['uid']}"
    refused = api.post(f"{url}/activate")
    assert refused.status_code == 400
    (fault,) = refused.json()["report"]["sub-errors"]
    assert (fault["code"], fault["nodeId"]) == ("ERR_DOCUMENT_SHAPE", "ask")


def test_a_fragment_is_of_one_piece_without_circles_and_impossible_arrows() -> None:
    assert codes(chain(20)) == []
    assert codes({**chain(3), "edges": [{"from": "w0", "to": "w1"}]}) == ["ERR_FRAGMENT_APART"]
    circle = {**chain(2), "edges": [{"from": "w0", "to": "w1"}, {"from": "w1", "to": "w0"}]}
    assert codes(circle) == ["ERR_GRAPH_LOOP"]
    assert codes({**chain(2), "edges": [{"from": "w0", "to": "w1", "kind": "error"}]}) == ["ERR_EDGE_KIND"]
    assert codes({**chain(1), "edges": [{"from": "w0", "to": "gone"}]}) == ["ERR_EDGE_NODE"]
    two = {"name": "x", "nodes": {"a": WAIT, "b": WAIT, "c": WAIT}, "edges": [{"from": "a", "to": "c"}]}
    assert codes({**two, "edges": [*two["edges"], {"from": "b", "to": "c"}]}) == ["ERR_FRAGMENT_ENTRIES"]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=15))
def test_whatever_the_arrows_the_check_says_what_is_wrong(arrows: list[tuple[int, int]]) -> None:
    document = read_fragment({**chain(10), "edges": [{"from": f"w{a}", "to": f"w{b}"} for a, b in arrows]})
    faults = check_fragment(document)
    parts = {n: {n} for n in range(10)}
    for a, b in arrows:
        whole = parts[a] | parts[b]
        for n in whole:
            parts[n] = whole
    if len(parts[0]) < 10 or len({b for _, b in arrows}) != 9:
        assert faults


def test_a_fragment_has_twenty_nodes_and_a_sandbox_two_hundred_active_ones(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fragments.MAX_ACTIVE_FRAGMENTS == 200
    assert api.post(FRAGMENTS, json=chain(21)).status_code == 400
    monkeypatch.setattr(fragments, "MAX_ACTIVE_FRAGMENTS", 1)
    one, two = (create(api, chain(20, name=name))["uid"] for name in ("one", "two"))
    assert api.post(f"{FRAGMENTS}/{one}/activate").status_code == 200
    assert api.post(f"{FRAGMENTS}/{two}/activate").status_code == 409
    api.post(f"{FRAGMENTS}/{one}/deactivate")
    assert api.post(f"{FRAGMENTS}/{two}/activate").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        [], {}, {"name": "x"}, {"name": " ", "nodes": {"w": WAIT}}, {"name": "x", "nodes": {}},
        {"name": "x", "nodes": {"w": {"type": "teleport"}}}, {"name": "x", "nodes": {"w": {}}}, chain(1, entry="w0"),
        chain(1, edges=[{"to": "w0"}]), chain(1, name="x" * 256), chain(1, description={"a": "b" * 3_000_000}),
    ],
)  # fmt: skip
def test_what_is_no_fragment_is_refused(api: TestClient, body: Any) -> None:
    assert api.post(FRAGMENTS, json=body).status_code in (400, 413)
    assert api.get(FRAGMENTS).json()["results"] == []


def test_names_are_unique(api: TestClient) -> None:
    create(api, chain(1))
    assert api.post(FRAGMENTS, json=chain(2)).status_code == 409
    other = create(api, chain(1, name="Other"))
    assert api.put(f"{FRAGMENTS}/{other['uid']}", json=chain(1)).status_code == 409


def test_expressions_follow_an_event_that_is_renamed(api: TestClient, sandbox: Sandbox) -> None:
    document = sandbox.document()
    body = {"name": "Follow-up", "nodes": document["nodes"], "edges": document["edges"]}
    made = create(api, body)
    event = api.get(f"{EVENTS}/{sandbox.event['uid']}").json()
    renamed = api.put(f"{EVENTS}/{event['uid']}", json={**event, "name": "Purchase"})
    assert renamed.status_code == 200, renamed.text
    nodes = api.get(f"{FRAGMENTS}/{made['uid']}").json()["nodes"]
    assert nodes["big"]["paths"][0]["expression"] == "@event{Purchase._acme.order.total} > 100"
