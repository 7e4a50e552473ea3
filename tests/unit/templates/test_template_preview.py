"""Previews of a stored person, and what journeys keep from being deleted."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform

BASE = "/journey/orchestration"
TEMPLATES = f"{BASE}/messageTemplates"
CONFIGURATIONS = f"{BASE}/channelConfigurations"


def template(api: TestClient, name: str = "Hello") -> str:
    content = {"subject": "Hello {{ profile.person.name.firstName }}", "text": "{{ params.state }}"}
    body = {"name": name, "channel": "email", "content": content, "parameters": [{"name": "state", "optional": True}]}
    answer = api.post(TEMPLATES, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["uid"])


def know(platform: Platform, monkeypatch: pytest.MonkeyPatch, **person: Any) -> list[tuple[str, str]]:
    """Let there be one person; who is asked for, as (namespace, id)."""
    asked: list[tuple[str, str]] = []

    def profile(caller: Any, wanted: Any, *_more: Any) -> dict[str, Any]:
        asked.append((wanted.namespace, wanted.entity_id))
        return {"xid": {"entityId": "xid", "entity": person}}

    monkeypatch.setattr(platform.profiles, "profile", profile)
    return asked


def test_a_preview_reads_a_stored_profile(api: TestClient, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = template(api)
    asked = know(platform, monkeypatch, person={"name": {"firstName": "Ann"}})
    body = {"profile": {"namespace": "Email", "id": "ann@example.com"}, "params": {"state": "ready"}}
    shown = api.post(f"{TEMPLATES}/{uid}/preview", json=body).json()
    assert (shown["subject"], shown["text"].strip(), shown["missing"]) == ("Hello Ann", "ready", [])
    assert asked == [("Email", "ann@example.com")]
    given = {"profile": {"namespace": "Email", "id": "x", "person": {"name": {"firstName": "Bo"}}}}
    assert api.post(f"{TEMPLATES}/{uid}/preview", json=given).json()["subject"] == "Hello Bo"
    assert len(asked) == 1  # that is a profile of its own


def test_nobody_is_no_profile(api: TestClient) -> None:
    uid = template(api)
    nobody = {"profile": {"namespace": "Email", "id": "nobody@example.com"}}
    assert api.post(f"{TEMPLATES}/{uid}/preview", json=nobody).status_code == 404
    assert api.post(f"{TEMPLATES}/{uid}/proof", json={"addresses": ["a@example.com"], **nobody}).status_code == 404
    wrong = api.post(f"{TEMPLATES}/{uid}/preview", json={"profile": {"namespace": "Email", "id": 7}})
    assert (wrong.status_code, wrong.json()["report"]["path"]) == (400, "$.profile.id")


def test_a_stored_profile_needs_the_permission_to_read_profiles(api: TestClient, platform: Platform) -> None:
    """Those who write templates needn't see people."""
    from parcours.access.errors import PermissionDenied
    from parcours.access.model import Caller
    from parcours.access.store import list_sandboxes
    from parcours.templates.values import PreviewValues

    with platform.db.read() as connection:
        sandbox = next(one for one in list_sandboxes(connection) if one.is_default)
    caller = Caller("c", "c", sandbox, permissions=frozenset({"messages.read"}))
    values = PreviewValues(platform.profiles)
    with pytest.raises(PermissionDenied):
        values.read(caller, {"profile": {"namespace": "Email", "id": "ann@example.com"}})
    assert values.read(caller, {"profile": {"id": "given"}}) == {"profile": {"id": "given"}}


def draft(api: TestClient, name: str, **node: Any) -> str:
    document = {
        "name": name, "entry": {"node": "start"},
        "nodes": {"start": {"type": "event", "eventUid": "e"}, "mail": {"type": "message", "channel": "email", **node}},
        "edges": [{"from": "start", "to": "mail"}],
    }  # fmt: skip
    answer = api.post(f"{BASE}/journeys", json=document)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["uid"])


def test_what_journeys_send_can_not_be_deleted_and_they_are_named(api: TestClient) -> None:
    template_uid = template(api)
    configuration_uid = api.post(CONFIGURATIONS, json={"name": "Shop mail", "channel": "email"}).json()["uid"]
    journeys = [
        draft(api, f"Journey {number}", templateUid=template_uid, configurationUid=configuration_uid)
        for number in range(7)
    ]
    for url in (f"{TEMPLATES}/{template_uid}", f"{CONFIGURATIONS}/{configuration_uid}"):
        refused = api.delete(url)
        assert refused.status_code == 409
        assert "journeys 'Journey 0', 'Journey 1', 'Journey 2', 'Journey 3', 'Journey 4' and 2 more" in refused.text
        assert api.get(url).status_code == 200
    for uid in journeys[1:]:
        assert api.delete(f"{BASE}/journeys/{uid}").status_code == 204
    assert "for it is sent by journey 'Journey 0'" in api.delete(f"{TEMPLATES}/{template_uid}").text
    assert api.delete(f"{BASE}/journeys/{journeys[0]}").status_code == 204
    assert api.delete(f"{TEMPLATES}/{template_uid}").status_code == 204
    assert api.delete(f"{CONFIGURATIONS}/{configuration_uid}").status_code == 204
