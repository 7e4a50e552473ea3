"""The registry's API as the tutorials use it."""

from typing import Any
from urllib.parse import quote

from fastapi.testclient import TestClient

from parcours.access.model import Sandbox
from parcours.app import Platform

BASE = "/data/foundation/schemaregistry"
XDM = "https://ns.adobe.com/xdm/"
PROFILE = XDM + "context/profile"
EVENT = XDM + "context/experienceevent"
FULL = {"Accept": "application/vnd.adobe.xed-full+json;version=1"}
RAW = {"Accept": "application/vnd.adobe.xed+json;version=1"}
LIST = {"Accept": "application/vnd.adobe.xed+json"}
IDS = {"Accept": "application/vnd.adobe.xed-id+json"}

Document = dict[str, Any]


def path(segment: str, resource_id: str = "", container: str = "tenant") -> str:
    """A registry path; a `$id` is percent-encoded, as clients do."""
    return f"{BASE}/{container}/{segment}" + (f"/{quote(resource_id, safe='')}" if resource_id else "")


class RegistryClient:
    """The calls of the tutorials, each expected to succeed."""

    def __init__(self, api: TestClient) -> None:
        self.api = api

    def field_group(self, title: str = "Loyalty", *, intends: str = PROFILE, **fields: Any) -> Document:
        """A field group with own fields under the tenant's object, the way the tutorial writes it."""
        fields = fields or {"loyaltyId": {"type": "string", "title": "Loyalty id"}}
        body = {
            "type": "object",
            "title": title,
            "description": "Own fields",
            "meta:intendedToExtend": [intends],
            "allOf": [{"$ref": "#/definitions/property"}],
            "definitions": {"property": {"properties": {"_acme": {"type": "object", "properties": fields}}}},
        }
        return self.post("fieldgroups", body)

    def schema(self, title: str, *parts: str, class_id: str = PROFILE, **more: Any) -> Document:
        """A schema of a class and field groups."""
        references = [{"$ref": uri} for uri in (class_id, *parts)]
        return self.post("schemas", {"type": "object", "title": title, "allOf": references, **more})

    def identity(self, schema_id: str, source: str = "/_acme/loyaltyId", *, is_primary: bool = True) -> Document:
        """An identity descriptor."""
        return self.post("descriptors", identity_body(schema_id, source, is_primary=is_primary))

    def post(self, segment: str, body: Document) -> Document:
        """Create, with the Accept header that the Python client sends."""
        answer = self.api.post(path(segment), json=body, headers=LIST)
        assert answer.status_code == 201, answer.text
        document: Document = answer.json()
        return document

    def patch(self, segment: str, resource_id: str, *operations: Document) -> Document:
        """Change by JSON Patch."""
        answer = self.api.patch(path(segment, resource_id), json=list(operations), headers=LIST)
        assert answer.status_code == 200, answer.text
        document: Document = answer.json()
        return document

    def enable(self, schema_id: str) -> Document:
        """Let a schema's records make up profiles."""
        return self.patch("schemas", schema_id, {"op": "add", "path": "/meta:immutableTags", "value": ["union"]})

    def full(self, resource_id: str, segment: str = "schemas") -> Document:
        """The resolved form."""
        answer = self.api.get(path(segment, resource_id), headers=FULL)
        assert answer.status_code == 200, answer.text
        document: Document = answer.json()
        return document


def identity_body(schema_id: str, source: str, *, is_primary: bool) -> Document:
    """An identity descriptor as the tutorial sends it."""
    return {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema_id,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": source,
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": is_primary,
    }


def other_sandbox(platform: Platform, sandbox: Sandbox) -> str:
    """The name of one more, empty sandbox of the same organisation."""
    body = {"name": f"{sandbox.name}-other", "title": "Other", "type": "development"}
    return platform.access.create_sandbox(sandbox.org_id, body).name
