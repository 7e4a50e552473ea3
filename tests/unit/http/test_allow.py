"""What a refusal of a method says is allowed."""

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/data/foundation/catalog/dataSets", "GET, HEAD, POST"),
        ("/data/foundation/catalog/dataSets/1", "DELETE, GET, HEAD, PATCH, PUT"),
        ("/data/foundation/flowservice/flows/1", "DELETE, GET, HEAD, PATCH"),
        ("/data/foundation/flowservice/flows/1/action", "POST"),
    ],
)
def test_a_405_lists_every_method_of_the_path(api: TestClient, path: str, allowed: str) -> None:
    answer = api.request("TRACE", path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
