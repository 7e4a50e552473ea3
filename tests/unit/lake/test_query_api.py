"""SQL over HTTP: what is asked of the helper, and what becomes of its answer."""

from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from parcours.access.routing import Gate
from parcours.app import Platform
from parcours.http.app import build_api
from parcours.kit.helper import HelperTooLong
from parcours.lake import query_api

REASON = "INTERNAL Error: vectors differ\n\nStack Trace:\n\n/srv/python/_duckdb.so(_ZN6duckdb9Exception)"


class Scripted:
    """A helper that answers what it is told."""

    answer: dict[str, Any] | Exception

    async def ask(self, name: str, question: bytes, *_: Any, **__: Any) -> bytes:
        assert (name, set(orjson.loads(question))) == ("query", {"scopeId", "sql", "limit"})
        if isinstance(self.answer, Exception):
            raise self.answer
        return orjson.dumps(self.answer)


@pytest.fixture
def helper() -> Scripted:
    return Scripted()


@pytest.fixture
def client(platform: Platform, api: TestClient, helper: Scripted) -> TestClient:
    gate = Gate(platform.access, platform.sessions)
    routes = query_api.router(gate, helper)  # type: ignore[arg-type]
    return TestClient(build_api([routes]), headers=dict(api.headers))


def test_rows_come_as_the_helper_has_them(client: TestClient, helper: Scripted) -> None:
    helper.answer = {"result": {"columns": [], "rows": [], "truncated": False, "elapsedMs": 1}}
    assert client.post("/parcours/query", json={"sql": "SELECT 1"}).json() == helper.answer["result"]


@pytest.mark.parametrize(
    ("answer", "said"), [({"fault": "Binder Error: no"}, "Binder Error: no"), (HelperTooLong(), "longer than 30 s")]
)
def test_a_query_that_cannot_be_run_is_refused(
    client: TestClient, helper: Scripted, answer: dict[str, Any] | Exception, said: str
) -> None:
    helper.answer = answer
    refused = client.post("/parcours/query", json={"sql": "SELECT 1"})
    assert (refused.status_code, refused.json()["report"]["path"]) == (400, "$.sql")
    assert said in refused.json()["detail"]


def test_a_failure_of_the_engine_is_ours_and_told_in_the_log_alone(client: TestClient, helper: Scripted) -> None:
    helper.answer = {"fault": "the query engine failed", "reason": REASON}
    with capture_logs() as logs:
        failed = client.post("/parcours/query", json={"sql": "SELECT 1"}, headers={"x-request-id": "r-1"})
    assert (failed.status_code, failed.json()["title"]) == (500, "LakeQueryFailed")
    assert failed.headers["x-request-id"] == "r-1"
    assert "Stack Trace" not in failed.text
    assert "/srv/" not in failed.text
    (told,) = logs
    assert (told["event"], told["request_id"], told["reason"]) == ("lake.query_failed", "r-1", REASON)


def test_a_file_that_cannot_be_read_is_no_fault_of_the_query(client: TestClient, helper: Scripted) -> None:
    reason = "Traceback … /srv/python/duckdb/_seam.py"
    helper.answer = {"fault": "a file of the lake is missing: sandbox_1/d1/data/1.parquet", "unreadable": reason}
    with capture_logs() as logs:
        failed = client.post("/parcours/query", json={"sql": "SELECT 1"}, headers={"x-request-id": "r-1"})
    assert (failed.status_code, failed.json()["title"]) == (503, "LakeUnavailable")
    assert "missing: sandbox_1/d1/data/1.parquet" in failed.text
    assert "/srv/" not in failed.text
    (told,) = logs
    assert (told["event"], told["request_id"], told["reason"]) == ("lake.unreadable", "r-1", reason)
