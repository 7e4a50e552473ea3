"""Who may enter a journey in test mode, found by a part of the identity."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from conftest import People

PATH = "/parcours/testProfiles"


@pytest.fixture
def some(people: People) -> People:
    for name, body in (
        ("Ann@example.com", {"testProfile": True}),
        ("ben@example.com", {"testProfile": True, "tier": "gold"}),
        ("cid@example.com", {"testProfile": False}),
        ("dee@example.com", {"note": {"testProfile": True}}),
        ("x_y@example.com", {"testProfile": True}),
    ):
        people.record(("Email", name), "crm", 1_000, body)
    people.record(("Email", "ben@example.com"), "web", 2_000, {"testProfile": True})
    people.record(("loyalty", "ben"), "crm", 1_000, {"testProfile": True})
    return people


def ids(api: TestClient, **asked: Any) -> list[str]:
    answer = api.get(PATH, params=asked)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["results"]]


def test_only_those_whose_own_record_says_so_are_found_each_once(api: TestClient, some: People) -> None:
    assert ids(api, namespace="email") == ["Ann@example.com", "ben@example.com", "x_y@example.com"]
    assert ids(api, namespace="Loyalty") == ["ben"]
    assert ids(api, namespace="ECID") == []


def test_a_part_in_any_case_narrows_and_is_taken_as_it_is_written(api: TestClient, some: People) -> None:
    assert ids(api, namespace="Email", search="aNN") == ["Ann@example.com"]
    assert ids(api, namespace="Email", search="_") == ["x_y@example.com"]
    assert ids(api, namespace="Email", limit=2) == ["Ann@example.com", "ben@example.com"]


@pytest.mark.parametrize("asked", [{}, {"namespace": "Email", "limit": "0"}, {"namespace": "Email", "limit": "1000"}])
def test_what_can_not_be_read_is_refused(api: TestClient, asked: dict[str, str]) -> None:
    assert api.get(PATH, params=asked).status_code == 400
