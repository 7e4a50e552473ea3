"""A registry through its API: one server for all tests here, a sandbox of its own for each."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from registry_client import Document, RegistryClient

from parcours.access.model import Sandbox
from parcours.app import Platform, build_platform
from parcours.db import metadata
from parcours.edge import build_control_plane
from parcours.kit.settings import Settings

ORG = "ACME@AdobeOrg"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Every service wired over one new data directory."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("xdm"),
        bootstrap_client_id="client",
        bootstrap_client_secret="secret",
        bootstrap_org_id=ORG,
        bootstrap_tenant="acme",
    )
    built = build_platform(settings)
    metadata.create_all(built.db.engine)
    built.access.bootstrap()
    yield built
    built.close()


@pytest.fixture(scope="session")
def application(platform: Platform) -> FastAPI:
    """The control plane."""
    return build_control_plane(platform)


@pytest.fixture(scope="session")
def token(platform: Platform) -> str:
    """An access token of the organisation."""
    form = {"grant_type": "client_credentials", "client_id": "client", "client_secret": "secret"}
    value: str = platform.access.issue_token(form)["access_token"]
    return value


@pytest.fixture
def sandbox(platform: Platform) -> Sandbox:
    """A new, empty sandbox."""
    body = {"name": f"t{next(_numbers)}", "title": "Test", "type": "production"}
    return platform.access.create_sandbox(ORG, body)


@pytest.fixture
def api(application: FastAPI, token: str, sandbox: Sandbox) -> Iterator[TestClient]:
    """The control plane through HTTP semantics, in the test's sandbox."""
    headers = {
        "Authorization": f"Bearer {token}",
        "x-api-key": "client",
        "x-gw-ims-org-id": ORG,
        "x-sandbox-name": sandbox.name,
    }
    with TestClient(application, headers=headers, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def registry(api: TestClient) -> RegistryClient:
    """The tutorials' calls over an empty registry."""
    return RegistryClient(api)


@pytest.fixture
def refused(api: TestClient) -> Callable[..., Document]:
    """Send a call and give back the problem document, whose status must be the answer's."""

    def call(method: str, url: str, **more: Any) -> Document:
        answer = api.request(method, url, **more)
        problem: Document = answer.json()
        assert answer.status_code >= 400, answer.text
        assert problem["status"] == answer.status_code
        assert problem["type"].startswith("http://ns.adobe.com/aep/errors/XDM-")
        assert problem["type"].endswith(f"-{answer.status_code}")
        assert problem["report"]["detailed-message"] == problem["detail"]
        return problem

    return call
