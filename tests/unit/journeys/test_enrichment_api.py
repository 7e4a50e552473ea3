"""What the list of an audience says of a member in published journeys: kept as it was at the publication."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from test_journey_api import BASE, VERSIONS, Sandbox, live
from test_lifecycle_api import draft

from parcours.app import Platform
from parcours.journeys.compiled import AudienceRead
from parcours.journeys.enrichment import enrichment_in
from parcours.templates.compiled import CompiledTemplate
from parcours.templates.document import read_document

AUDIENCES = "/data/core/ups/audiences"
TEMPLATES = f"{BASE}/messageTemplates"
FIELDS = [{"name": "tier", "type": "string"}, {"name": "points", "type": "integer"}]


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


def template(api: TestClient, text: str) -> str:
    body = {"name": "Offer", "channel": "email", "content": {"subject": "Hello", "text": text}}
    made = api.post(TEMPLATES, json=body)
    assert made.status_code == 201, made.text
    uid: str = made.json()["uid"]
    assert api.post(f"{TEMPLATES}/{uid}/publish").status_code == 200
    return uid


def audience(api: TestClient) -> str:
    answer = api.post(AUDIENCES, json={"name": "VIP", "identityNamespace": "Email", "fields": FIELDS})
    assert answer.status_code == 201, answer.text
    uid: str = answer.json()["id"]
    return uid


def published(api: TestClient, audience_id: str, node: dict[str, Any]) -> str:
    nodes = {"start": {"type": "readAudience", "audienceId": audience_id}, "n": node}
    document = {"name": "L", "entry": {"node": "start"}, "nodes": nodes, "edges": [{"from": "start", "to": "n"}]}
    uid: str = draft(api, document)["versionUid"]
    answer = api.post(f"{VERSIONS}/{uid}/publish")
    assert answer.status_code == 200, answer.text
    return uid


def read_of(platform: Platform, uid: str) -> AudienceRead:
    """As the worker reads it: from what the publication kept."""
    read = live(platform).versions[uid].audience_read
    assert read is not None
    return read


def message(uid: str) -> dict[str, Any]:
    return {"type": "message", "channel": "email", "templateUid": uid}


@pytest.mark.usefixtures("sandbox")
def test_a_template_that_reads_the_list_gets_it_with_the_types_of_the_fields(
    api: TestClient, platform: Platform
) -> None:
    uid = published(api, audience(api), message(template(api, "{{ profile.audienceEnrichment.tier }}")))
    read = read_of(platform, uid)
    assert read.attributes is not None
    assert read.attributes('{"tier":"gold","points":"12","other":"x"}') == {"tier": "gold", "points": 12}


@pytest.mark.usefixtures("sandbox")
def test_a_journey_whose_template_does_not_read_the_list_carries_nothing(api: TestClient, platform: Platform) -> None:
    uid = published(api, audience(api), message(template(api, "{{ profile.person.name.firstName }}")))
    assert read_of(platform, uid).attributes is None


@pytest.mark.usefixtures("sandbox")
def test_a_published_version_keeps_the_fields_of_its_publication(api: TestClient, platform: Platform) -> None:
    audience_id = audience(api)
    checks = "#{ExperiencePlatform.AudienceEnrichment.points} > 10"
    node = {"type": "condition", "paths": [{"id": "x", "expression": checks}]}
    uid = published(api, audience_id, node)
    patch = [{"op": "replace", "path": "/fields", "value": FIELDS[:1]}]
    assert api.patch(f"{AUDIENCES}/{audience_id}", json=patch).status_code == 201
    assert [field["name"] for field in api.get(f"{AUDIENCES}/{audience_id}").json()["fields"]] == ["tier"]
    read = read_of(platform, uid)
    assert read.attributes is not None
    assert read.attributes('{"points":"12"}') == {"points": 12}


def test_a_template_shows_what_the_list_says() -> None:
    content = {"subject": "Hello", "html": "<p>{{ profile.audienceEnrichment['first name'] | default: 'you' }}</p>"}
    document = read_document({"name": "Offer", "channel": "email", "content": content})
    made = CompiledTemplate(1, "t", 1, document)
    assert enrichment_in(made.paths) == [("profile", "audienceEnrichment", "first name")]
    for attributes, shown in (({"first name": "Ann"}, "<p>Ann</p>"), ({}, "<p>you</p>")):
        picked = made.pick({"profile": {"audienceEnrichment": attributes}})
        assert made.render(picked).fields["html"] == shown
