"""The identity graph through the API."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.identity.graph import insert_links
from parcours.identity.xid import xid
from parcours.xdm.identities import Identity

GRAPH = "/data/core/identity/v2/graph"
JANE: Identity = ("Email", "jane@example.com")
COOKIE: Identity = ("ECID", "1" * 38)
CARD: Identity = ("loyaltyid", "L1")


@pytest.fixture(autouse=True)
def linked(platform: Platform) -> None:
    scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
    with platform.db.write() as connection:
        insert_links(connection, [(scope_id, JANE, COOKIE)], 10)
        insert_links(connection, [(scope_id, COOKIE, CARD)], 20)


def names(form: str = "ns") -> list[dict[str, Any]]:
    return [{form: "Email", "id": JANE[1]}, {form: "ECID", "id": COOKIE[1]}, {form: "loyaltyid", "id": "L1"}]


def test_the_graph_of_an_identity_lists_everyone_linked(api: TestClient) -> None:
    asked = {"ns": "email", "id": JANE[1]}
    lost = {"ns": "Email", "id": "bob@example.com"}
    question = {"composite_xids": [asked, lost], "aam_properties": None, "require_edge_meta_data": False}
    answer = api.post(GRAPH, json=question)
    assert answer.status_code == 200
    assert api.post(GRAPH, json={"composite_xid": [asked, lost]}).json() == answer.json()
    assert answer.json() == {
        "version": "2.0",
        "graphs": [{"composite_xid": asked, "members": names()}],
        "unprocessed_composite_xids": [lost],
        "unprocessed_xids": [],
        "algo_type": "STITCH_ALL",
    }


def test_an_identity_is_named_in_the_form_it_was_asked_in(api: TestClient) -> None:
    body = api.post(GRAPH, json={"composite_xids": {"nsid": 6, "id": JANE[1]}, "xids": [xid(*CARD), "nothing"]}).json()
    by_number, by_xid = body["graphs"]
    assert by_number["members"] == [
        {"nsid": 6, "id": JANE[1]},
        {"nsid": 4, "id": COOKIE[1]},
        {"ns": "loyaltyid", "id": "L1"},
    ]
    assert (by_xid["xid"], by_xid["members"]) == (xid(*CARD), [xid(*CARD), xid(*COOKIE), xid(*JANE)])
    assert body["unprocessed_xids"] == ["nothing"]


def test_the_graph_projection_has_vertices_and_edges_with_times_when_asked(api: TestClient) -> None:
    question = {"xids": [xid(*JANE)], "projection_type": "graph"}
    bare = api.post(GRAPH, json=question).json()["graphs"][0]
    assert bare["vertices"] == [
        {"xid": xid(*JANE), "last_updated_ts": 10},
        {"xid": xid(*COOKIE), "last_updated_ts": 20},
        {"xid": xid(*CARD), "last_updated_ts": 20},
    ]
    pairs = {frozenset(edge["xid_pair"]) for edge in bare["edges"]}
    assert pairs == {frozenset((xid(*JANE), xid(*COOKIE))), frozenset((xid(*COOKIE), xid(*CARD)))}
    assert all(set(edge) == {"xid_pair"} for edge in bare["edges"])
    full = api.post(GRAPH, json={**question, "require_edge_meta_data": True}).json()["graphs"][0]
    assert sorted(edge["first_established_ts"] for edge in full["edges"]) == [10, 20]


def test_another_sandbox_has_another_graph(api: TestClient) -> None:
    answer = api.post(GRAPH, json={"xids": [xid(*JANE)]}, headers={"x-sandbox-name": "dev"}).json()
    assert (answer["graphs"], answer["unprocessed_xids"]) == ([], [xid(*JANE)])


def test_an_entry_that_names_nobody_is_given_back(api: TestClient) -> None:
    entries: list[Any] = [5, None, [], {}, {"ns": "Email"}, {"ns": 5, "id": "x"}, {"nsid": "x", "id": "x"}]
    entries += [{"nsid": True, "id": "x"}, {"ns": "Email", "id": "a\0b"}, {"ns": "", "id": "x"}]
    body = api.post(GRAPH, json={"composite_xids": entries}).json()
    assert body["unprocessed_composite_xids"] == entries


BAD_REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"xids": ["x"], "projection_type": "tree"}, "projection types available are [graph|set]"),
    ({"xids": ["x"], "projection_type": ["set"]}, "projection types available are [graph|set]"),
    ({}, "composite_xids or xids is needed"),
    ({"xids": "x"}, "xids is a list"),
    ({"composite_xids": 5}, "composite_xids is a list"),
    ({"xids": ["x"] * 1_001}, "1000 identities at most"),
]


def test_a_bad_graph_request_is_refused(api: TestClient) -> None:
    for body, message in BAD_REQUESTS:
        answer = api.post(GRAPH, json=body)
        assert answer.status_code == 400
        assert answer.json()["reason"].startswith("Validation error")
        assert message in answer.json()["message"]


def test_clusters_are_found_in_every_deprecated_form(api: TestClient) -> None:
    path = "/data/core/identity/cluster/members"
    by_xid = api.get(path, params={"xid": xid(*JANE), "graph-type": "pdg"}).json()
    assert by_xid == {
        "version": "1.1.0",
        "clusters": [{"xid": xid(*JANE), "members": [xid(*JANE), xid(*COOKIE), xid(*CARD)]}],
        "unprocessedRecords": [],
        "algo_type": "STITCH_ALL",
    }
    by_code = api.get(path, params={"namespace": "EMAIL", "id": JANE[1]}).json()
    assert by_code["clusters"][0]["members"] == names("namespace")
    by_number = api.get(path, params={"nsid": "6", "id": JANE[1]}).json()
    assert by_number["clusters"][0]["members"][0] == {"nsid": 6, "id": JANE[1]}
    many = api.post(
        "/data/core/identity/clusters/members",
        json={"xids": [xid(*CARD)], "compositeXids": [{"nsid": 4, "id": COOKIE[1]}, {"nsid": 4, "id": "0"}]},
    ).json()
    assert len(many["clusters"]) == 2
    assert many["unprocessedRecords"] == [{"nsid": 4, "id": "0"}]


def test_a_cluster_of_nothing_is_invalid_input(api: TestClient) -> None:
    for query in ({}, {"id": "x"}, {"namespace": "Email"}):
        answer = api.get("/data/core/identity/cluster/members", params=query)
        assert answer.status_code == 400
        assert answer.json()["title"] == "InvalidInput"
    assert api.post("/data/core/identity/clusters/members", json={"xids": 5}).status_code == 400
