"""The worked examples of the references of channels, and what it takes to use them as they stand."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from asking import ask
from definitions import JOURNEYS
from platform_client import Platform
from running import wait_for

DOCS = Path(__file__).parents[2] / "docs" / "reference"
TEMPLATES = f"{JOURNEYS}/messageTemplates"
CONFIGURATIONS = f"{JOURNEYS}/channelConfigurations"


def examples_of(page: str) -> list[dict[str, Any]]:
    """Every JSON of a page, in its order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [json.loads(one) for one in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def outgoing_of(page: str) -> dict[str, dict[str, Any]]:
    """The examples of a page that leave, by the name of their template."""
    return {one["template"]["name"]: one for one in examples_of(page) if "leaves" in one}


def configured(platform: Platform, document: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """Accepted, shown with its secrets masked and all else as given, and accepted again as shown."""
    settings = {**document["provider"].get("settings", {}), **ours}
    assert "…" not in json.dumps(settings, ensure_ascii=False)
    given = {**document, "provider": {**document["provider"], "settings": settings}}
    made: dict[str, Any] = platform.post(CONFIGURATIONS, given)
    for name, value in given.items():
        if name not in ("provider", "feedbackSecret"):
            assert made[name] == value, name
    for name, value in settings.items():
        assert made["provider"]["settings"][name] in (value, "********")
    url = f"{platform.url}{CONFIGURATIONS}/{made['uid']}"
    back = ask("PUT", url, made, {**platform.headers, "Content-Type": "application/json"})
    assert back.status == 200, back.body
    return made


def published(platform: Platform, document: dict[str, Any]) -> str:
    """The uid of a template that is written and published."""
    uid: str = platform.post(TEMPLATES, document)["uid"]
    assert platform.post(f"{TEMPLATES}/{uid}/publish")["state"] == "published"
    return uid


def path_of(template: str) -> str:
    """Where messages of a template are sent, one for each call."""
    return f"/acme/campaign/mcacme/EVT{quote(template)}"


def send(platform: Platform, one: dict[str, Any]) -> str:
    """Publish an example's template and make its call, its moments in the days to come; the key of what left."""
    published(platform, one["template"])
    told = sent(platform, one["template"]["name"], one["message"])
    assert told["status"] == "sent", told
    return str(told["PKey"])


def sent(platform: Platform, template: str, message: dict[str, Any]) -> dict[str, Any]:
    """What is told of a message once it has left, or can't."""
    made = platform.post(path_of(template), in_time(message))
    told: dict[str, Any] = {}

    def is_over() -> bool:
        nonlocal told
        told = platform.get(f"{path_of(template)}/{made['PKey']}")
        return told["status"] != "pending"

    wait_for(is_over, what="the message")
    return told


def in_time(message: dict[str, Any]) -> dict[str, Any]:
    """The example's moments, which have passed or will, a day ahead; an expiration two."""
    days = {"scheduled": 1, "expiration": 2}
    later = {
        name: (datetime.now(UTC) + timedelta(days=n)).strftime("%Y-%m-%d %H:%M:%S.000Z")
        for name, n in days.items()
        if name in message
    }
    return {**message, **later}


def filled(value: Any, **places: str) -> Any:
    """A value of a page with what stands in braces put in: `{message}` …"""
    text = json.dumps(value)
    for name, found in places.items():
        text = text.replace(f"{{{name}}}", found)
    return json.loads(text)
