"""The requests of docs/reference/events.md, run in their order."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from event_world import create_namespace, create_schema, identify
from fastapi.testclient import TestClient

from parcours.access.routing import Gate
from parcours.app import Platform
from parcours.edge import build_control_plane
from parcours.events.api import sending_router
from parcours.events.document import MAX_AGE_S
from parcours.events.feedback import FEEDBACK_SCHEMA, read_feedback
from parcours.events.fields import MAX_FIELDS
from parcours.events.model import MAX_EVENT_BYTES, MAX_PER_SCHEMA
from parcours.events.sending import EventSender
from parcours.events.trial import SOURCE
from parcours.log import Record
from parcours.xdm.registry import Registry
from parcours.xdm.table import SchemaTable

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
EXCHANGE = re.compile(r"```http\n(\w+) (\S+)\n(.*?)```\n\n```json (\d+)\n(.*?)```", re.DOTALL)
ANY = "…"


def differences(expected: Any, found: Any, path: str = "$") -> list[str]:
    """Where what was found is not what is shown; members that are not shown are not looked at."""
    if expected == ANY:
        return [] if found not in (None, "") else [f"{path}: nothing is there"]
    if isinstance(expected, dict) and isinstance(found, dict):
        return [text for key, value in expected.items() for text in differences(value, found.get(key), f"{path}.{key}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [text for index, (one, other) in pairs for text in differences(one, other, f"{path}[{index}]")]
    return [] if expected == found else [f"{path}: {expected!r} is shown, {found!r} was found"]


@pytest.fixture
def sent() -> list[Record]:
    return []


@pytest.fixture
def client(platform: Platform, api: TestClient, sent: list[Record]) -> Any:
    sender = EventSender(platform.db, platform.resources, platform.catalog, platform.events, sent.append)
    app = build_control_plane(platform, [sending_router(Gate(platform.access), sender)])
    return TestClient(app, headers=api.headers, raise_server_exceptions=False)


def test_each_request_has_the_answer_that_is_shown(api: TestClient, client: TestClient, sent: list[Record]) -> None:
    orders = create_schema(api)
    create_namespace(api, "BookingNumber")
    identify(api, orders, "/_acme/bookings/number", "BookingNumber")
    stock = create_schema(api, title="Stock", with_identity=False, with_event_id=False)
    ids = {"{ORDERS}": orders, "{STOCK}": stock}

    def filled(text: str) -> str:
        for name, value in ids.items():
            text = text.replace(name, value)
        return text

    exchanges = EXCHANGE.findall(PAGE)
    assert len(exchanges) == PAGE.count("```http") == 11
    for method, path, body, status, shown in exchanges:
        answer = client.request(method, filled(path), content=filled(body) or None)
        assert answer.status_code == int(status), (method, path, answer.text)
        assert differences(orjson.loads(filled(shown)), answer.json()) == [], (method, path)
        if answer.status_code == 201:
            name = re.sub(r"(?<!^)([A-Z])", r"_\1", answer.json()["name"]).upper()
            ids[f"{{{name}}}"] = answer.json()["uid"]
    assert len(sent) == 2


def test_what_is_sent_back_about_a_message_is_read_as_the_page_says() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    entity = orjson.loads(example)
    schema = SchemaTable({1: Registry()}, {}).get(1, FEEDBACK_SCHEMA.replace("Feedback", "Tracking"))
    assert schema is not None
    assert schema.violations(entity) == []
    found = read_feedback(entity)
    assert found is not None
    assert (found.status, found.pass_no) == ("click", 3)


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    for text in (
        f"at most {MAX_FIELDS}", f"1 to {MAX_AGE_S} ", f"at most {MAX_PER_SCHEMA} events", f"{MAX_EVENT_BYTES} bytes",
        f"`{SOURCE}`", FEEDBACK_SCHEMA,
    ):  # fmt: skip
        assert text in PAGE, text
