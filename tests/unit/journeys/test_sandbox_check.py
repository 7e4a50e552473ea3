"""What a draft finds in its sandbox: a way to send its messages, and whether their best time can be known."""

from itertools import count
from typing import Any

import pytest
from fastapi.testclient import TestClient
from test_journey_api import BASE, JOURNEYS, VERSIONS, Sandbox

NOBODY = "00000000-0000-0000-0000-000000000000"
NUMBERS = count()


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


def configuration(api: TestClient, name: str, channel: str = "email", **members: Any) -> str:
    answer = api.post(f"{BASE}/channelConfigurations", json={"name": name, "channel": channel, **members})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["uid"])


def template(api: TestClient, channel: str) -> str:
    contents = {"email": {"subject": "Hello", "text": "Hello"}, "push": {"title": "Hello", "body": "Hello"}}
    body = {"name": f"Hello {next(NUMBERS)}", "channel": channel, "content": contents[channel]}
    uid = str(api.post(f"{BASE}/messageTemplates", json=body).json()["uid"])
    assert api.post(f"{BASE}/messageTemplates/{uid}/publish").status_code == 200
    return uid


def mailing(sandbox: Sandbox, channel: str = "email", optimize_for: str = "", **members: Any) -> dict[str, Any]:
    """An event, and a message after it."""
    message = {"type": "message", "channel": channel, "templateUid": template(sandbox.api, channel), **members}
    if optimize_for:
        message["sendTimeOptimization"] = {"optimizeFor": optimize_for, "withinHours": 12}
    return {
        "name": "Mailing", "entry": {"node": "start"},
        "nodes": {"start": {"type": "event", "eventUid": sandbox.event["uid"]}, "m": message},
        "edges": [{"from": "start", "to": "m"}],
    }  # fmt: skip


def told(sandbox: Sandbox, document: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(code, path, severity) of what is wrong, the same of the document and of a version that has it."""
    api = sandbox.api
    version = api.post(JOURNEYS, json=document).json()["versionUid"]
    stored = api.post(f"{VERSIONS}/{version}/check").json()
    assert api.post(f"{BASE}/journeys/check", json=document).json() == stored
    return [(one["code"], one["path"], one["severity"]) for one in [*stored["errors"], *stored["warnings"]]]


def test_messages_of_a_configuration_that_is_not_there_can_not_be_published(api: TestClient, sandbox: Sandbox) -> None:
    fault = ("ERR_CHANNEL_CONFIGURATION", "$.nodes.m.configurationUid", "error")
    unknown = mailing(sandbox, configurationUid=NOBODY)
    assert told(sandbox, unknown) == [fault]
    version = api.post(JOURNEYS, json=unknown).json()["versionUid"]
    refused = api.post(f"{VERSIONS}/{version}/publish")
    assert (refused.status_code, refused.json()["report"]["sub-errors"][0]["code"]) == (400, fault[0])
    of_push = configuration(api, "Phones", "push")
    assert told(sandbox, {**unknown, "nodes": mailing(sandbox, configurationUid=of_push)["nodes"]}) == [fault]
    for uid in (configuration(api, "Mail"), "inbox"):
        assert told(sandbox, {**unknown, "nodes": mailing(sandbox, configurationUid=uid)["nodes"]}) == []
    assert told(sandbox, mailing(sandbox)) == []  # the inbox, as long as there is no default


@pytest.mark.parametrize(
    ("tracking", "optimize_for", "is_known"),
    [
        ({}, "opens", True),
        ({}, "clicks", True),
        ({"opens": False}, "opens", False),
        ({"opens": False}, "clicks", True),
        ({"links": False}, "clicks", False),
        ({"links": False}, "opens", True),
    ],
)
def test_a_best_time_that_can_never_be_known_is_warned_of(
    api: TestClient, sandbox: Sandbox, tracking: dict[str, bool], optimize_for: str, is_known: bool
) -> None:
    configuration(api, "Mail", tracking=tracking, isDefault=True)
    fault = ("ERR_SEND_TIME_UNTRACKED", "$.nodes.m.sendTimeOptimization.optimizeFor", "warning")
    assert told(sandbox, mailing(sandbox, optimize_for=optimize_for)) == ([] if is_known else [fault])
    assert told(sandbox, mailing(sandbox)) == []


def test_opens_of_notifications_are_told_by_the_app(api: TestClient, sandbox: Sandbox) -> None:
    configuration(api, "Phones", "push", isDefault=True)
    assert told(sandbox, mailing(sandbox, "push", "opens")) == []
