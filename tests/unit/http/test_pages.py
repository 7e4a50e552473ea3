"""The pages for browsers work on a machine without a network."""

import base64
import gzip
import hashlib
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from parcours import __version__
from parcours.http import static
from parcours.http.app import build_api

SCRIPT = b"export const answer = 42;" * 100
ROUTES = Path(__file__).parents[3] / "web/src"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TestClient:
    """The pages of a server in which no designer was built."""
    monkeypatch.setattr(static, "BUILT", tmp_path / "nothing")
    app: FastAPI = build_api([])
    return TestClient(app)


@pytest.fixture
def designer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TestClient:
    """The pages of a server with a designer of one script."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<script type="module" src="/assets/index-1.js"></script>')
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets/index-1.js").write_bytes(SCRIPT)
    (tmp_path / "assets/index-1.js.gz").write_bytes(gzip.compress(SCRIPT))
    monkeypatch.setattr(static, "BUILT", tmp_path)
    return TestClient(build_api([]))


@pytest.mark.parametrize("path", ["/", "/journeys", "/journeys/u1/versions/v1", "/sign-in"])
def test_every_page_is_the_one_document_which_runs_no_script_of_others(designer: TestClient, path: str) -> None:
    answer = designer.get(path)
    assert answer.status_code == 200
    assert loaded(answer.text) == ["/assets/index-1.js"]
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]


def test_an_asset_is_kept_for_good_and_sent_compressed_to_who_reads_that(designer: TestClient) -> None:
    answer = designer.get("/assets/index-1.js", headers={"Accept-Encoding": "gzip, br"})
    assert (answer.headers["Content-Encoding"], answer.content) == ("gzip", SCRIPT)
    assert "immutable" in answer.headers["Cache-Control"]
    plain = designer.get("/assets/index-1.js", headers={"Accept-Encoding": "identity"})
    assert ("Content-Encoding" in plain.headers, plain.content) == (False, SCRIPT)


def test_a_designer_that_is_built_anew_is_served_by_the_server_that_runs(designer: TestClient, tmp_path: Path) -> None:
    """And its old scripts are not found, which no browser keeps."""
    (tmp_path / "assets/index-1.js").unlink()
    (tmp_path / "assets/index-1.js.gz").unlink()
    (tmp_path / "index.html").unlink()
    waiting = designer.get("/journeys")
    assert (waiting.status_code, 'http-equiv="refresh"' in waiting.text) == (503, True)
    (tmp_path / "assets/index-2.js").write_bytes(b"2;")
    (tmp_path / "index.html").write_text('<script type="module" src="/assets/index-2.js"></script>')
    assert loaded(designer.get("/journeys").text) == ["/assets/index-2.js"]
    assert designer.get("/assets/index-2.js").content == b"2;"
    old = designer.get("/assets/index-1.js")
    assert (old.status_code, old.headers["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize("path", ["/assets/other.js", "/assets/index-1.js.gz", "/assets/..%2findex.html", "/nowhere"])
def test_what_is_no_page_and_no_asset_is_not_found(designer: TestClient, path: str) -> None:
    assert designer.get(path).status_code == 404


def test_the_frame_of_messages_loads_images_over_https_and_runs_its_own_script_alone(designer: TestClient) -> None:
    answer = designer.get("/message-frame")
    policy = dict(one.split(" ", 1) for one in answer.headers["Content-Security-Policy"].split("; "))
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    told = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy["script-src"] == f"'sha256-{told}'"
    assert (policy["default-src"], policy["img-src"]) == ("'none'", "https: data:")
    assert (policy["sandbox"], policy["frame-ancestors"]) == ("allow-scripts", "'self'")
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_server_knows_every_page_that_the_designer_routes() -> None:
    """A page that is missing there opens from a link inside the designer, and is a 404 when it is loaded anew."""
    sources = [path.read_text() for path in ROUTES.rglob("routes.ts")]
    routed = {found.split("/")[0] for text in sources for found in re.findall(r'\bpath: "/?([a-z-]+)', text)}
    assert routed <= set(static.PAGES)
    assert {"journeys", "sign-in", "setup"} <= routed


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
