"""The first start on an empty data directory: an organisation, two sandboxes, credentials; or those it is given."""

import json
import stat
from pathlib import Path

from asking import ask
from definitions import FOUNDATION
from platform_client import Platform
from running import RunningServer

from parcours.http import static


def sandboxes(platform: Platform) -> list[tuple[str, str, str]]:
    found = platform.get(f"{FOUNDATION}/sandbox-management/sandboxes")["sandboxes"]
    return sorted((one["name"], one["type"], one["state"]) for one in found)


def test_the_first_start_makes_credentials_that_only_the_owner_can_read(server: RunningServer) -> None:
    path = server.data_dir / "credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = json.loads(path.read_text())
    assert found.keys() == {"client_id", "client_secret", "org_id", "sandbox"}
    assert found["org_id"].endswith("@AdobeOrg")
    assert found["sandbox"] == "prod"
    assert sandboxes(server.platform()) == [("dev", "development", "active"), ("prod", "production", "active")]
    assert stat.S_IMODE((server.data_dir / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700  # what people sent is nobody else's to read


def test_the_environment_can_name_the_first_organisation_and_its_client(tmp_path: Path) -> None:
    server = RunningServer(
        tmp_path / "data",
        PARCOURS_BOOTSTRAP_CLIENT_ID="acme-client",
        PARCOURS_BOOTSTRAP_CLIENT_SECRET="a secret of length",
        PARCOURS_BOOTSTRAP_ORG_ID="ACME@AdobeOrg",
        PARCOURS_BOOTSTRAP_TENANT="acme",
        PARCOURS_TOKEN_LIFETIME_S="1",
    ).start()
    assert server.credentials == {
        "client_id": "acme-client", "client_secret": "a secret of length", "org_id": "ACME@AdobeOrg", "sandbox": "prod",
    }  # fmt: skip
    platform = server.platform()
    answer = ask("GET", f"{server.url}{FOUNDATION}/schemaregistry/stats", headers=platform.headers)
    if answer.status == 200:  # else the second has passed already
        assert answer.body["tenantId"] == "acme"
    while answer.status == 200:
        answer = ask("GET", f"{server.url}{FOUNDATION}/schemaregistry/stats", headers=platform.headers)
    assert answer.status == 401
    assert answer.body == {"error_code": "401013", "message": "Oauth token is not valid"}
    assert server.stop() == 0


def test_a_setting_that_is_no_number_is_told_by_name(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data", PARCOURS_TOKEN_LIFETIME_S="soon")
    try:
        server.start(timeout_s=20)
    except AssertionError as refused:
        text = str(refused).splitlines()
        assert text[1:] == ["parcours: PARCOURS_TOKEN_LIFETIME_S must be a whole number from 1 to 31536000, not 'soon'"]
    else:
        raise AssertionError("the server started")


def test_a_browser_finds_the_designer_and_a_reader_of_the_api(server: RunningServer) -> None:
    start = b'<div id="root">' if static.is_built() else b"<h1>Parcours"
    for path, part in (
        ("/", start),
        ("/docs", b"/docs/swagger-ui-bundle.js"),
        ("/docs/swagger-ui-bundle.js", b"SwaggerUIBundle"),
        ("/docs/swagger-ui.css", b".swagger-ui"),
    ):
        status, body = server.get(path)
        assert status == 200
        assert part in body
