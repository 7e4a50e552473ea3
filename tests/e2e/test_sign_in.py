"""People at the real server: the printed link, two browsers, walls between them, and a restart."""

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from asking import Answer, ask
from running import RunningServer

ADA = {"email": "ada@example.com", "password": "correct horse battery"}
BEN = {"email": "ben@example.com", "password": "staple staple staple"}
JOURNEYS = "/journey/orchestration/journeys"


class Browser:
    """Sends its cookie, and what a page of the server's own sends with changes."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.cookie = ""
        self.csrf = ""

    def ask(self, method: str, path: str, body: Any = None, **more: str) -> Answer:
        headers = {
            "Content-Type": "application/json",
            "Cookie": f"other=1; parcours_session={self.cookie}",
            "Sec-Fetch-Site": "same-origin",
            "x-csrf-token": self.csrf,
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        answer = ask(method, self.server.url + path, body, headers)
        found = SimpleCookie(answer.headers.get("set-cookie", ""))
        if "parcours_session" in found:
            self.cookie = found["parcours_session"].value
        if isinstance(answer.body, dict) and "csrfToken" in answer.body:
            self.csrf = answer.body["csrfToken"]
        return answer


def setup_links(server: RunningServer) -> list[str]:
    """Those that the server has printed so far, the latest last."""
    return re.findall(r"^Open (\S+/setup#\S+) to create the first administrator$", server.log.read_text(), re.M)


def set_up(server: RunningServer) -> Browser:
    browser = Browser(server)
    token = setup_links(server)[-1].partition("#")[2]
    answer = browser.ask("POST", "/parcours/setup", {**ADA, "name": "Ada", "token": token})
    assert answer.status == 201, answer
    return browser


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path / "data").start()
    yield running
    running.kill()


def test_from_the_printed_link_to_a_second_user_and_a_restart(server: RunningServer) -> None:
    (first,) = setup_links(server)
    assert first.startswith(f"{server.url}/setup#")
    assert Browser(server).ask("GET", "/parcours/session").body["setupNeeded"] is True
    assert server.stop() == 0
    server.start()
    _, second = setup_links(server)
    body = {**ADA, "name": "Ada"}
    old = Browser(server).ask("POST", "/parcours/setup", {**body, "token": first.partition("#")[2]})
    assert old.status == 410
    assert "parcours user invite" in old.body["detail"]
    ada = set_up(server)
    again = Browser(server).ask("POST", "/parcours/setup", {**body, "token": second.partition("#")[2]})
    assert again.status == 410

    made = ada.ask("POST", "/parcours/users", {"email": BEN["email"], "name": "Ben", "roles": ["limited-access-user"]})
    assert made.status == 201
    ben = Browser(server)
    token = made.body["invitationUrl"].partition("#")[2]
    assert ben.ask("POST", "/parcours/join", {"token": token, "password": BEN["password"]}).status == 201
    assert ben.cookie != ada.cookie
    assert ben.ask("GET", JOURNEYS).status == 200
    assert ben.ask("GET", "/parcours/users").status == 403
    assert ben.ask("POST", JOURNEYS, {"name": "J"}).status == 403

    assert server.stop() == 0
    server.start()
    assert len(setup_links(server)) == 2
    assert ben.ask("GET", "/parcours/session").body["user"]["email"] == BEN["email"]
    assert ada.ask("PATCH", f"/parcours/users/{made.body['id']}", {"enabled": False}).status == 200
    assert ben.ask("GET", JOURNEYS).status == 401
    assert ben.ask("POST", "/parcours/session", BEN).status == 401
    assert ada.ask("GET", JOURNEYS).status == 200

    log = server.log.read_text()
    for secret in (ADA["password"], BEN["password"], ada.cookie, ben.cookie, token):
        assert secret not in log


def test_walls_around_a_session(server: RunningServer) -> None:
    ada = set_up(server)
    role = {"name": "Dev only", "permissionSets": ["standard-user"], "sandboxes": ["dev"]}
    made = ada.ask("POST", "/data/foundation/access-control/administration/roles", role)
    assert made.status == 201, made
    invited = ada.ask("POST", "/parcours/users", {"email": BEN["email"], "roles": [made.body["id"]]})
    ben = Browser(server)
    token = invited.body["invitationUrl"].partition("#")[2]
    session = ben.ask("POST", "/parcours/join", {"token": token, "password": BEN["password"]}).body
    assert [one["name"] for one in session["sandboxes"]] == ["dev"]

    assert ben.ask("GET", JOURNEYS, x_sandbox_name="dev").status == 200
    assert ben.ask("GET", JOURNEYS, x_sandbox_name="prod").status == 403
    assert ben.ask("POST", JOURNEYS, {"name": "J"}, x_sandbox_name="prod").status == 403
    journey = ben.ask("POST", JOURNEYS, {"name": "J"}, x_sandbox_name="dev")
    assert journey.status in (200, 201), journey

    right, ben.csrf = ben.csrf, "0" * 64
    wrong = ben.ask("POST", JOURNEYS, {"name": "K"}, x_sandbox_name="dev")
    assert (wrong.status, wrong.body["error_code"]) == (403, "403110")
    ben.csrf = ada.csrf
    assert ben.ask("POST", JOURNEYS, {"name": "K"}, x_sandbox_name="dev").status == 403
    ben.csrf = right
    foreign = ben.ask("POST", JOURNEYS, {"name": "K"}, x_sandbox_name="dev", Sec_Fetch_Site="cross-site")
    assert (foreign.status, foreign.body["error_code"]) == (403, "403111")

    lines = ada.ask("GET", "/data/foundation/audit/events", x_sandbox_name="dev").body["_embedded"]["events"]
    assert {line["userEmail"] for line in lines if line["assetType"] == "Journey"} == {BEN["email"]}


def test_guessing_is_slowed_down(server: RunningServer) -> None:
    set_up(server)
    guesser = Browser(server)
    wrong = {**ADA, "password": "wrong horse battery"}
    assert [guesser.ask("POST", "/parcours/session", wrong).status for _ in range(5)] == [401] * 5
    locked = guesser.ask("POST", "/parcours/session", ADA)
    assert locked.status == 429
    assert int(locked.headers["retry-after"]) > 0
    assert guesser.cookie == ""


def test_a_cookie_opens_no_inlet(server: RunningServer) -> None:
    ada = set_up(server)
    flow = "/data/foundation/flowservice/connections"
    body = {
        "name": "Authenticated",
        "connectionSpec": {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"},
        "auth": {"specName": "Streaming Connection", "params": {"dataType": "xdm", "authenticationRequired": True}},
    }
    made = ada.ask("POST", flow, body)
    assert made.status == 201, made
    inlet = ada.ask("GET", f"{flow}/{made.body['id']}").body["items"][0]["auth"]["params"]["inletUrl"]
    kind = {"Content-Type": "application/json"}
    sent = ask("POST", inlet, {"header": {}, "body": {}}, {**kind, "Cookie": f"parcours_session={ada.cookie}"})
    assert sent.status == 401
    credentials = server.credentials
    form = f"grant_type=client_credentials&client_id={credentials['client_id']}"
    form += f"&client_secret={credentials['client_secret']}"
    token = ask("POST", f"{server.url}/ims/token/v3?{form}").body["access_token"]
    known = ask("POST", inlet, {"header": {}, "body": {}}, {**kind, "Authorization": f"Bearer {token}"})
    assert known.status == 400


def test_users_from_a_terminal(server: RunningServer) -> None:
    def link_of(*arguments: str) -> str:
        answer = server.command("user", *arguments)
        assert answer.returncode == 0, answer.stderr
        return re.search(r"#(\S+)", answer.stdout)[1]  # type: ignore[index]

    assert "user invite" in server.command("user", "list").stdout
    token = link_of("invite")
    ada = Browser(server)
    assert ada.ask("POST", "/parcours/setup", {**ADA, "name": "Ada", "token": token}).status == 201
    late = server.command("user", "invite")
    assert (late.returncode, "users already" in late.stderr) == (1, True)

    first = link_of("add", BEN["email"], "--name", "Ben", "--role", "standard-user")
    second = link_of("invite", BEN["email"])
    ben = Browser(server)
    assert ben.ask("POST", "/parcours/join", {"token": first, "password": BEN["password"]}).status == 410
    assert ben.ask("POST", "/parcours/join", {"token": second, "password": BEN["password"]}).status == 201
    shown = server.command("user", "list").stdout
    assert re.search(r"ben@example\.com +Ben +active +standard-user +20", shown), shown

    wrong = {**BEN, "password": "wrong staple staple"}
    assert [ben.ask("POST", "/parcours/session", wrong).status for _ in range(6)] == [401] * 5 + [429]
    third = link_of("reset", BEN["email"])
    assert ben.ask("POST", "/parcours/join", {"token": third, "password": "another password"}).status == 201
    assert ben.ask("POST", "/parcours/session", {**BEN, "password": "another password"}).status == 200
    assert server.command("user", "disable", BEN["email"]).returncode == 0
    assert ben.ask("GET", "/parcours/session").status == 401
    unknown = server.command("user", "reset", "eve@example.com")
    assert (unknown.returncode, "no user has" in unknown.stderr) == (1, True)
    last = server.command("user", "disable", ADA["email"])
    assert last.returncode == 1
    assert ada.ask("GET", "/parcours/session").status == 200
