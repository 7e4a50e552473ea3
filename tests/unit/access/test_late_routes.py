"""Routes that FastAPI examines when they are first asked for."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from parcours.access.routing import Routes


@pytest.fixture
def client() -> Iterator[TestClient]:
    routes = Routes(prefix="/things", tags=["Things"])

    @routes.get("/{thing_id}")
    def look_up(thing_id: int) -> dict[str, int]:
        return {"id": thing_id}

    @routes.post("", status_code=201, summary="Make one")
    def create() -> dict[str, str]:
        return {}

    application = FastAPI()
    application.router.routes.extend(routes.routes)
    with TestClient(application) as client:
        yield client


def _examined(client: TestClient) -> list[str]:
    assert isinstance(client.app, FastAPI)
    return [route.name for route in client.app.routes if isinstance(route, APIRoute) and "dependant" in vars(route)]


def test_a_request_examines_its_own_route_alone(client: TestClient) -> None:
    assert _examined(client) == []
    assert client.get("/things/7").json() == {"id": 7}
    assert client.get("/things/seven").status_code == 422
    assert _examined(client) == ["look_up"]


def test_they_answer_as_others_do(client: TestClient) -> None:
    assert client.post("/things").status_code == 201
    refused = client.delete("/things/7")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    assert client.get("/nothing").status_code == 404
    document = client.get("/openapi.json").json()
    assert document["paths"]["/things"]["post"]["summary"] == "Make one"
    assert document["paths"]["/things/{thing_id}"]["get"]["tags"] == ["Things"]


def test_what_no_route_has_is_an_error(client: TestClient) -> None:
    assert isinstance(client.app, FastAPI)
    for route in client.app.routes:
        with pytest.raises(AttributeError, match="colour"):
            _ = route.colour  # type: ignore[attr-defined]
