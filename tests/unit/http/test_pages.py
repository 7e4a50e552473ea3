"""The pages for browsers work on a machine without a network."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from parcours import __version__
from parcours.http.app import build_api


@pytest.fixture
def browser() -> TestClient:
    app: FastAPI = build_api([])
    return TestClient(app)


def loaded(page: str) -> list[str]:
    """What a browser fetches for a page."""
    return re.findall(r'<(?:script|link|img)\b[^>]*\b(?:src|href)="([^"]+)"', page)


def test_the_reader_of_the_api_loads_nothing_from_elsewhere(browser: TestClient) -> None:
    answer = browser.get("/docs")
    assert answer.status_code == 200
    names = loaded(answer.text)
    assert sorted(names) == ["/docs/favicon.png", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"]
    assert "http" not in re.sub(r"<!--.*?-->", "", answer.text, flags=re.DOTALL)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    for name in names:
        asset = browser.get(name)
        assert asset.status_code == 200
        assert len(asset.content) > 1_000
    assert browser.get("/redoc").status_code == 404
    assert browser.get("/docs/other.js").status_code == 404


def test_the_start_page_says_what_this_is_and_where_to_go(browser: TestClient) -> None:
    answer = browser.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"Parcours {__version__}" in answer.text
    assert set(re.findall(r'href="([^"]+)"', answer.text)) == {"/docs", "/openapi.json", "/health/ready", "/metrics"}
    assert loaded(answer.text) == []


def test_pages_are_no_part_of_the_api(browser: TestClient) -> None:
    assert browser.get("/openapi.json").json()["paths"] == {}
