"""Profile access through the API."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi.testclient import TestClient

from conftest import People
from parcours.identity.xid import xid
from parcours.profile import store
from parcours.xdm.identities import Identity

PATH = "/data/core/ups/access/entities"
PROFILE = {"schema.name": "_xdm.context.profile"}
EVENTS = {"schema.name": "_xdm.context.experienceevent"}
JANE: Identity = ("Email", "jane@example.com")
COOKIE: Identity = ("ECID", "1" * 38)
BY_MAIL = {"entityId": JANE[1], "entityIdNS": "email"}


@pytest.fixture
def jane(people: People) -> People:
    """Two data sets, two identities, three events."""
    people.record(JANE, "crm", 1_000, {"person": {"name": {"firstName": "Jane"}}, "tier": "gold", "_id": "1"})
    people.record(COOKIE, "web", 2_000, {"tier": "web", "identityMap": {"ecid": [{"id": COOKIE[1], "primary": True}]}})
    people.link(JANE, COOKIE)
    people.event(JANE, "e1", 1_000, web={"name": "home", "views": 1})
    people.event(COOKIE, "e2", 2_000, web={"name": "cart", "views": 20})
    people.event(JANE, "e3", 3_000, web={"name": "home", "views": 3})
    return people


def only(body: dict[str, Any]) -> Any:
    assert len(body) == 1
    return next(iter(body.values()))


def test_a_profile_is_merged_over_the_graph_and_keyed_by_xid(api: TestClient, jane: People) -> None:
    answer = api.get(PATH, params={**PROFILE, **BY_MAIL})
    assert answer.status_code == 200
    key = xid(*JANE)
    assert answer.json() == {
        key: {
            "entityId": key,
            "mergePolicy": {"id": api.get("/data/core/ups/config/mergePolicies").json()["children"][0]["id"]},
            "sources": ["crm", "web"],
            "tags": [],
            "identityGraph": [key, xid(*COOKIE)],
            "entity": {
                "_id": "1",
                "person": {"name": {"firstName": "Jane"}},
                "tier": "web",
                "identityMap": {"ECID": [{"id": COOKIE[1], "primary": True}], "Email": [{"id": JANE[1]}]},
            },
            "lastModifiedAt": "1970-01-01T00:33:20Z",
        }
    }


def test_a_profile_is_found_by_xid_and_in_any_spelling(api: TestClient, jane: People) -> None:
    for query in (
        {"schema.name": "xdm.context.profile", "entityId": JANE[1], "entityIdNS": "EMAIL"},
        {**PROFILE, "entityId": xid(*JANE)},
        {**PROFILE, "entityId": xid(*JANE), "entityIdNS": "", "withCA": "True"},
    ):
        assert list(api.get(PATH, params=query).json()) == [xid(*JANE)]


def test_another_identity_of_the_person_gives_the_same_profile_under_its_own_xid(api: TestClient, jane: People) -> None:
    mine = api.get(PATH, params={**PROFILE, "entityId": COOKIE[1], "entityIdNS": "ecid"}).json()
    assert list(mine) == [xid(*COOKIE)]
    assert only(mine)["entity"] == only(api.get(PATH, params={**PROFILE, **BY_MAIL}).json())["entity"]


def test_only_the_fields_asked_for_come(api: TestClient, jane: People) -> None:
    answer = api.get(PATH, params={**PROFILE, **BY_MAIL, "fields": "person.name.firstName, identityMap.Email"})
    assert only(answer.json())["entity"] == {
        "person": {"name": {"firstName": "Jane"}},
        "identityMap": {"Email": [{"id": JANE[1]}]},
    }


def test_somebody_nobody_knows_is_not_found(api: TestClient, jane: People) -> None:
    for query in (
        {**PROFILE, "entityId": "nobody@example.com", "entityIdNS": "Email"},
        {**PROFILE, "entityId": JANE[1], "entityIdNS": "Phone"},
        {**PROFILE, "entityId": "not-an-xid"},
        {**PROFILE, **BY_MAIL, "entityIdNS": "x" * 500},
        {**EVENTS, "entityId": "nobody@example.com", "entityIdNS": "Email"},
        {**EVENTS, "entityId": "not-an-xid"},
        {"schema.name": "_xdm.context.account", **BY_MAIL},
    ):
        answer = api.get(PATH, params=query)
        assert answer.status_code == 404
        body = answer.json()
        assert body["statusCode"] == "404"
        assert body["message"].startswith("UPS-ACC-")


def test_another_sandbox_knows_nothing_of_them(api: TestClient, jane: People) -> None:
    assert api.get(PATH, params={**PROFILE, **BY_MAIL}, headers={"x-sandbox-name": "dev"}).status_code == 404


def test_a_question_that_makes_no_sense_says_where(api: TestClient) -> None:
    for query, path in ((BY_MAIL, "$.schema.name"), ({**EVENTS, **BY_MAIL, "limit": "0"}, "$.limit")):
        answer = api.get(PATH, params=query)
        assert answer.status_code == 400
        assert answer.json()["path"] == path
        assert answer.json()["statusCode"] == "400"


def test_an_unknown_merge_policy_is_not_found(api: TestClient, jane: People) -> None:
    answer = api.get(PATH, params={**PROFILE, **BY_MAIL, "mergePolicyId": "none"})
    assert answer.status_code == 404
    assert answer.json()["errors"]["404"][0]["code"] == "UPAPI-110404-404"


def test_a_policy_without_a_graph_gives_one_identity_alone(api: TestClient, jane: People) -> None:
    policy = {"name": "alone", "identityGraph": {"type": "none"}, "attributeMerge": {"type": "timestampOrdered"}}
    policy_id = api.post("/data/core/ups/config/mergePolicies", json=policy).json()["id"]
    found = only(api.get(PATH, params={**PROFILE, **BY_MAIL, "mergePolicyId": policy_id}).json())
    assert (found["mergePolicy"]["id"], found["identityGraph"]) == (policy_id, [xid(*JANE)])
    assert found["entity"]["tier"] == "gold"
    assert found["entity"]["identityMap"] == {"Email": [{"id": JANE[1]}]}
    events = api.get(PATH, params={**EVENTS, **BY_MAIL, "mergePolicyId": policy_id}).json()
    assert [child["entityId"] for child in events["children"]] == ["e1", "e3"]


def test_a_policy_by_data_set_precedence_ranks_sources(api: TestClient, jane: People) -> None:
    policy = {
        "name": "crm first",
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "dataSetPrecedence", "order": ["crm", "web"]},
        "default": True,
    }
    assert api.post("/data/core/ups/config/mergePolicies", json=policy).status_code == 200
    assert only(api.get(PATH, params={**PROFILE, **BY_MAIL}).json())["entity"]["tier"] == "gold"


def test_a_person_known_by_events_alone_has_a_profile_of_identities(api: TestClient, people: People) -> None:
    people.event(COOKIE, "e", 60_000)
    found = only(api.get(PATH, params={**PROFILE, "entityId": xid(*COOKIE)}).json())
    assert found["entity"] == {"identityMap": {"ECID": [{"id": COOKIE[1]}]}}
    assert (found["sources"], found["lastModifiedAt"]) == (["events"], "1970-01-01T00:01:00Z")


def test_the_map_shows_a_custom_namespace_as_it_was_registered(api: TestClient, people: People) -> None:
    namespace = {"name": "Loyalty", "code": "LoyaltyId", "idType": "CROSS_DEVICE"}
    api.post("/data/core/idnamespace/identities", json=namespace)
    people.record(("loyaltyid", "L1"), "crm", 1, {"identityMap": {"LOYALTYID": [{"id": "L1"}]}})
    found = only(api.get(PATH, params={**PROFILE, "entityId": "L1", "entityIdNS": "LoyaltyId"}).json())
    assert found["entity"]["identityMap"] == {"LoyaltyId": [{"id": "L1"}]}


def test_events_come_oldest_first_over_the_whole_graph(api: TestClient, jane: People) -> None:
    answer = api.get(PATH, params={**EVENTS, "relatedSchema.name": "_xdm.context.profile",
                                   "relatedEntityId": JANE[1], "relatedEntityIdNS": "Email"})  # fmt: skip
    assert answer.status_code == 200
    body = answer.json()
    assert body["_page"] == {"orderby": "timestamp", "start": "e1", "count": 3, "next": ""}
    assert body["_links"] == {"next": {"href": ""}}
    assert body["children"][0] == {
        "relatedEntityId": xid(*JANE),
        "entityId": "e1",
        "timestamp": 1_000,
        "entity": {"_id": "e1", "web": {"name": "home", "views": 1}},
        "sources": ["events"],
        "lastModifiedAt": "1970-01-01T00:00:01Z",
    }


CHOICES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["e1", "e2", "e3"]),
    ({"orderby": "+timestamp"}, ["e1", "e2", "e3"]),
    ({"orderby": "-timestamp"}, ["e3", "e2", "e1"]),
    ({"startTime": "2000", "endTime": "3000"}, ["e2"]),
    ({"startTime": "2001"}, ["e3"]),
    ({"property": "web.name=home"}, ["e1", "e3"]),
    ({"property": 'web.name="home"'}, ["e1", "e3"]),
    ({"property": ["web.name!=cart", "web.views>=2"]}, ["e3"]),
    ({"property": "web.views<20"}, ["e1", "e3"]),
    ({"property": "web.other=1"}, []),
    ({"limit": "2"}, ["e1", "e2"]),
    ({"limit": "100000"}, ["e1", "e2", "e3"]),
    ({"schema.name": "xdm.context.experienceevent"}, ["e1", "e2", "e3"]),
    ({"relatedEntityId": JANE[1], "relatedEntityIdNS": "email"}, ["e1", "e2", "e3"]),
    ({"relatedEntityId": xid(*COOKIE), "entityId": "e2", "entityIdNS": ""}, ["e2"]),
]


def test_events_are_chosen_as_asked(api: TestClient, jane: People) -> None:
    for query, wanted in CHOICES:
        answer = api.get(PATH, params={**EVENTS, **BY_MAIL, **query})
        assert answer.status_code == 200
        assert [child["entityId"] for child in answer.json()["children"]] == wanted, query


def test_events_are_cut_to_the_fields_asked_for(api: TestClient, jane: People) -> None:
    children = api.get(PATH, params={**EVENTS, **BY_MAIL, "fields": "web.views"}).json()["children"]
    assert [child["entity"] for child in children] == [{"web": {"views": n}} for n in (1, 20, 3)]


def test_following_next_gives_every_event_once(api: TestClient, people: People) -> None:
    for n in range(23):
        people.event(JANE if n % 2 else COOKIE, f"e{n:02}", 1_000 + n // 5, web={"n": n})
    people.link(JANE, COOKIE)
    for order in ("+timestamp", "-timestamp"):
        for extra in ({}, {"property": "web.n>=0"}):
            query: dict[str, str] = {**EVENTS, **BY_MAIL, "orderby": order, "limit": "5", **extra}
            pages = list(follow(api, query))
            seen = [child["entityId"] for page in pages for child in page["children"]]
            assert seen == sorted(seen, reverse=order == "-timestamp")
            assert [page["_page"]["count"] for page in pages] == [5, 5, 5, 5, 3]


def follow(api: TestClient, query: dict[str, str]) -> Iterator[dict[str, Any]]:
    while True:
        body = api.get(PATH, params=query).json()
        yield body
        href = body["_links"]["next"]["href"]
        if not href:
            return
        assert href.startswith("/entities?")
        query = dict(parse_qsl(urlsplit(href).query))


def test_a_client_that_takes_only_the_offsets_of_next_goes_on_as_well(api: TestClient, jane: People) -> None:
    query = {**EVENTS, **BY_MAIL, "limit": "2"}
    href = api.get(PATH, params=query).json()["_links"]["next"]["href"]
    offsets = dict(parse_qsl(urlsplit(href).query))["offsets"]
    body = api.get(PATH, params={**query, "offsets": offsets}).json()
    assert [child["entityId"] for child in body["children"]] == ["e3"]


def test_a_filter_looks_past_a_thousand_events(api: TestClient, people: People) -> None:
    rows = [
        store.EventRow(people.scope_id, JANE, n, f"e{n}", "events", n, b'{"_id":"e%d","n":%d}' % (n, n))
        for n in range(2_500)
    ]
    with people.platform.db.write() as connection:
        store.put_events(connection, rows)
    body = api.get(PATH, params={**EVENTS, **BY_MAIL, "property": "n>=2400", "limit": "60"}).json()
    assert [body["children"][0]["timestamp"], body["_page"]["count"]] == [2_400, 60]
    body = api.get(f"/data/core/ups/access{body['_links']['next']['href']}").json()
    assert [body["children"][0]["timestamp"], body["_page"]["count"], body["_page"]["next"]] == [2_460, 40, ""]


def ask(api: TestClient, **body: Any) -> Any:
    return api.post(PATH, json={"schema": {"name": "_xdm.context.profile"}, **body})


def test_several_profiles_come_keyed_by_xid_and_an_unknown_one_is_empty(api: TestClient, jane: People) -> None:
    answer = ask(
        api,
        identities=[
            {"entityId": JANE[1], "entityIdNS": {"code": "email"}},
            {"entityId": xid(*COOKIE)},
            {"entityId": "bob@example.com", "entityIdNS": {"code": "Email"}},
            {"entityId": "?"},
        ],
        fields=["tier"],
    )
    assert answer.status_code == 200
    body = answer.json()
    bob = xid("Email", "bob@example.com")
    assert list(body) == [xid(*JANE), xid(*COOKIE), bob, "?"]
    assert body[xid(*JANE)]["entity"] == {"tier": "web"}
    assert body[xid(*JANE)]["requestedIdentity"] == {"entityId": JANE[1], "entityIdNS": {"code": "email"}}
    for key in (bob, "?"):
        unknown = body[key]
        assert (unknown["sources"], unknown["entity"], unknown["lastModifiedAt"]) == ([""], {}, "1970-01-01T00:00:00Z")


def test_several_peoples_events_go_on_by_the_payload_of_next(api: TestClient, jane: People) -> None:
    body: dict[str, Any] = {
        "schema": {"name": "_xdm.context.experienceevent"},
        "relatedSchema": {"name": "_xdm.context.profile"},
        "identities": [
            {"relatedEntityId": JANE[1], "relatedEntityIdNS": {"code": "email"}},
            {"entityId": "bob@example.com", "entityIdNS": {"code": "Email"}},
        ],
        "timeFilter": {"startTime": 0, "endTime": 3_001},
        "limit": 2,
        "orderby": "-timestamp",
        "fields": ["web.views"],
    }
    first = api.post(PATH, json=body).json()
    assert [child["entityId"] for child in first[xid(*JANE)]["children"]] == ["e3", "e2"]
    assert first[xid("Email", "bob@example.com")]["children"] == []
    following = first[xid(*JANE)]["_links"]["next"]
    assert following["href"] == "/entities"
    second = only(api.post(PATH, json=following["payload"]).json())
    assert [child["entity"] for child in second["children"]] == [{"web": {"views": 1}}]
    assert second["_links"]["next"] == {"href": ""}


def test_more_than_fifty_identities_are_too_many(api: TestClient) -> None:
    answer = ask(api, identities=[{"entityId": str(n), "entityIdNS": {"code": "Email"}} for n in range(51)])
    assert answer.status_code == 422
    assert answer.json()["message"] == "UPS-MRG-1000001: Too many related identities"
    assert answer.json()["statusCode"] == "422"


def test_a_body_that_makes_no_sense_says_where(api: TestClient) -> None:
    changes: list[tuple[dict[str, Any], str]] = [
        ({"schema": None}, "$.schema.name"),
        ({"schema": {"name": ["x"]}}, "$.schema.name"),
        ({"identities": ["x"]}, "$.identities[0]"),
        ({"schema": {"name": "xdm.context.experienceevent"}, "relatedSchema": 5}, "$.relatedSchema.name"),
        ({"mergePolicyId": 5}, "$.mergePolicyId"),
    ]
    for change, path in changes:
        answer = ask(api, **{"identities": [{"entityId": "x"}], **change})
        assert answer.status_code == 400
        assert answer.json()["path"] == path


def test_deleting_a_person_leaves_nothing_of_any_of_their_identities(api: TestClient, jane: People) -> None:
    jane.record(("Email", "bob@example.com"), "crm", 1, {"tier": "bob"})
    answer = api.delete(PATH, params={**PROFILE, **BY_MAIL})
    assert answer.status_code == 202
    for person in (JANE, COOKIE):
        for schema in (PROFILE, EVENTS):
            assert api.get(PATH, params={**schema, "entityId": xid(*person)}).status_code == 404
    graph = api.post("/data/core/identity/v2/graph", json={"xids": [xid(*JANE)]}).json()
    assert graph["graphs"] == []
    assert api.get(PATH, params={**PROFILE, "entityId": "bob@example.com", "entityIdNS": "Email"}).status_code == 200
    assert api.delete(PATH, params={**PROFILE, **BY_MAIL}).status_code == 202


def test_only_a_profile_can_be_deleted(api: TestClient) -> None:
    assert api.delete(PATH, params={**EVENTS, **BY_MAIL}).status_code == 400
    assert api.delete(PATH, params=PROFILE).status_code == 400
