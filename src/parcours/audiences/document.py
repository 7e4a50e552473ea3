"""Audience documents: what a client may write, and what it reads (platform-apis §7.8)."""

from collections.abc import Mapping
from typing import Any

from parcours.access.model import Caller
from parcours.audiences.errors import AudienceInvalid
from parcours.audiences.fields import read_fields
from parcours.audiences.model import CUSTOM_UPLOAD, Counts, Usage
from parcours.kit.clock import to_datetime
from parcours.resources.store import Resource

AUDIENCE_KIND = "audience"
MAX_NAME = 255
MAX_DESCRIPTION = 2_000
LIFECYCLE_STATES = ("draft", "published", "inactive", "archived")
_WRITTEN = ("name", "description", "identityNamespace", "audienceId", "lifecycleState", "labels", "fields")
"""Members of a document that clients write; the others are the server's, and are passed over where they come back."""
_FIXED: Mapping[str, Any] = {
    "type": "ExternalAudience",
    "originName": CUSTOM_UPLOAD,
    "namespace": "CustomerAudienceUpload",
    "profileInstanceId": "ups",
    "isSystem": False,
    "dependencies": [],
}
"""What is the same of every audience so far."""


def read_document(body: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The part of a document that is stored, checked. before: the stored one it replaces. Raises AudienceInvalid."""
    name = body.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME or "\0" in name:
        raise AudienceInvalid(f"name is required: a text of at most {MAX_NAME} characters", "$.name")
    description = body.get("description") or ""
    if not isinstance(description, str) or len(description) > MAX_DESCRIPTION or "\0" in description:
        raise AudienceInvalid(f"description is a text of at most {MAX_DESCRIPTION} characters", "$.description")
    namespace = body.get("identityNamespace")
    if not isinstance(namespace, str) or not namespace:
        raise AudienceInvalid("identityNamespace is required: the namespace of its members", "$.identityNamespace")
    if before is not None and namespace.lower() != before["identityNamespace"].lower():
        raise AudienceInvalid("the namespace of an audience can't be changed", "$.identityNamespace")
    external_id = body.get("audienceId")
    if external_id is not None and (not isinstance(external_id, str) or not 0 < len(external_id) <= MAX_NAME):
        raise AudienceInvalid(f"audienceId is a text of at most {MAX_NAME} characters", "$.audienceId")
    state = body.get("lifecycleState", "published")
    if state not in LIFECYCLE_STATES:
        raise AudienceInvalid(f"lifecycleState is one of {', '.join(LIFECYCLE_STATES)}", "$.lifecycleState")
    labels = body.get("labels") or []
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise AudienceInvalid("labels is a list of texts", "$.labels")
    for key in ("type", "originName"):
        if body.get(key, _FIXED[key]) != _FIXED[key]:
            raise AudienceInvalid(f"{key} is {_FIXED[key]}: this server evaluates no audiences itself", f"$.{key}")
    if body.get("expression") is not None:
        raise AudienceInvalid("the members of an audience are uploaded: it has no expression", "$.expression")
    return {
        "name": name,
        "description": description,
        "identityNamespace": namespace,
        "audienceId": external_id,
        "lifecycleState": state,
        "labels": labels,
        "fields": read_fields(body.get("fields") or []),
    }


def view(caller: Caller, stored: Resource, counts: Counts, usage: Usage, *, is_evaluating: bool) -> dict[str, Any]:
    """An audience as the API shows it."""
    body = stored.body
    sandbox = caller.sandbox
    evaluated_at_us = counts.evaluated_at_us
    if is_evaluating:
        status = "evaluating"
    else:
        status = "neverEvaluated" if evaluated_at_us is None else "evaluated"
    return {
        "id": stored.id,
        "fields": [],
        **body,
        "audienceId": body["audienceId"] or stored.id,
        **_FIXED,
        "schema": {"name": "_xdm.context.profile"},
        "imsOrgId": caller.org_id,
        "sandbox": {
            "sandboxId": sandbox.id,
            "sandboxName": sandbox.name,
            "type": sandbox.type,
            "default": sandbox.is_default,
        },
        "evaluationStatus": status,
        "lastEvaluatedAt": None if evaluated_at_us is None else text_of_time(evaluated_at_us),
        "metrics": {
            "totalProfiles": counts.realized,
            "totalProfilesByStatus": {"realized": counts.realized, "exited": counts.exited},
        },
        "usedIn": usage.total,
        "createdBy": stored.created_by,
        "updatedBy": stored.updated_by,
        "creationTime": stored.created_at_ms,
        "createEpoch": stored.created_at_ms // 1000,
        "updateTime": stored.updated_at_ms,
        "updateEpoch": stored.updated_at_ms // 1000,
        "version": stored.version,
        "_etag": stored.etag,
    }


def written_part(document: Mapping[str, Any]) -> dict[str, Any]:
    """Of a document that comes back from a client, what it may have changed, and what it must not."""
    return {key: document[key] for key in (*_WRITTEN, "type", "originName", "expression") if key in document}


def text_of_time(at_us: int) -> str:
    """ISO 8601 with milliseconds, in UTC."""
    return to_datetime(at_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")
