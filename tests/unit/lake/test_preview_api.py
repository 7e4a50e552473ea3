"""The preview of a data set: what is asked of the helper, and what becomes of its answer."""

from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from parcours.access.routing import Gate
from parcours.app import Platform
from parcours.http.app import build_api
from parcours.kit.helper import HelperTooLong
from parcours.lake import preview_api

PATH = "/data/foundation/export/datasets/{}/preview"


class Scripted:
    """A helper that answers what it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] | Exception = {"result": {"rows": [], "totalCount": 0, "next": None}}
        self.asked: list[dict[str, Any]] = []

    async def ask(self, name: str, question: bytes, *_: Any, **__: Any) -> bytes:
        assert name == "query"
        self.asked.append(orjson.loads(question))
        if isinstance(self.answer, Exception):
            raise self.answer
        return orjson.dumps(self.answer)


class Catalog:
    """Has one data set."""

    def require_data_set(self, _caller: Any, dataset_id: str) -> None:
        if dataset_id != "d1":
            from parcours.catalog.errors import CatalogNotFound

            raise CatalogNotFound("data set", dataset_id)


@pytest.fixture
def helper() -> Scripted:
    return Scripted()


@pytest.fixture
def client(platform: Platform, api: TestClient, helper: Scripted) -> TestClient:
    gate = Gate(platform.access, platform.sessions)
    routes = preview_api.router(gate, Catalog(), helper, "http://parcours.test")  # type: ignore[arg-type]
    return TestClient(build_api([routes]), headers=dict(api.headers))


def test_a_page_says_how_to_go_on(client: TestClient, helper: Scripted) -> None:
    helper.answer = {"result": {"rows": [{"_id": "b"}, {"_id": "a"}], "totalCount": 7, "next": 3}}
    assert client.get(PATH.format("d1"), params={"limit": 2, "before": 5}).json() == {
        "data": [{"_id": "b"}, {"_id": "a"}],
        "_page": {"limit": 2, "count": 2, "totalCount": 7, "next": 3},
        "_links": {
            "next": {"href": "http://parcours.test/data/foundation/export/datasets/d1/preview?limit=2&before=3"}
        },
    }
    [asked] = helper.asked
    assert (asked["datasetId"], asked["limit"], asked["before"]) == ("d1", 2, 5)


def test_without_parameters_it_is_the_last_hundred(client: TestClient, helper: Scripted) -> None:
    answer = client.get(PATH.format("d1")).json()
    assert answer == {"data": [], "_page": {"limit": 100, "count": 0, "totalCount": 0, "next": None}, "_links": {}}
    assert (helper.asked[0]["limit"], helper.asked[0]["before"]) == (100, None)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "before=-1", "before=99999999999999999999"])
def test_wrong_paging_is_refused(client: TestClient, helper: Scripted, query: str) -> None:
    assert client.get(f"{PATH.format('d1')}?{query}").status_code == 400
    assert helper.asked == []


def test_an_unknown_data_set_is_not_looked_for(client: TestClient, helper: Scripted) -> None:
    assert client.get(PATH.format("d2")).status_code == 404
    assert helper.asked == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"fault": "a file of the lake is missing: 1.parquet", "unreadable": "/srv/lake/1.parquet"}, "missing: 1"),
        (HelperTooLong(), "longer than 15 s"),
    ],
)
def test_rows_that_cannot_be_read_are_unavailable(
    client: TestClient, helper: Scripted, answer: dict[str, Any] | Exception, said: str
) -> None:
    helper.answer = answer
    with capture_logs() as logs:
        refused = client.get(PATH.format("d1"))
    assert refused.status_code == 503
    assert said in refused.json()["detail"]
    assert "/srv/" not in refused.text
    expected = [("lake.unreadable", "/srv/lake/1.parquet")] if isinstance(answer, dict) else []
    assert [(told["event"], told["reason"]) for told in logs] == expected
