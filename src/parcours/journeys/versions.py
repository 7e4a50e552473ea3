"""A journey and its versions as stored and as shown: status, audit, what publication freezes."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from parcours.access.model import Caller
from parcours.journeys.check import Fault
from parcours.kit.clock import to_datetime
from parcours.resources.store import Resource

JOURNEY_KIND = "journey"
VERSION_KIND = "journeyVersion"

Status = Literal["Draft", "Testing", "In Review", "Dry Run", "Deployed", "Paused", "Closed", "Stopped", "Finished"]
"""Source: journeys §3.3. Closed is ours: the reference product's API has no word for "no entrance"."""
OPEN: frozenset[str] = frozenset({"Testing", "Dry Run", "Deployed", "Paused"})
"""In these events are looked at for entrances; a paused version refuses them, with a reason."""
RUNNING: frozenset[str] = OPEN | {"Closed"}
"""In these people inside move on."""
LIVE: frozenset[str] = frozenset({"Deployed", "Paused", "Closed"})
"""Published, with people inside perhaps."""
PUBLISHED: frozenset[str] = LIVE | {"Stopped", "Finished"}
DELETABLE: frozenset[str] = frozenset({"Draft", "Stopped", "Finished"})
"""Nobody is in them. Stopped ones are ours: the reference product keeps them until they are Finished."""
DRAFTS: frozenset[str] = frozenset({"Draft", "Testing", "In Review", "Dry Run"})
"""Not published yet, or not any more."""


ENTRY_TYPES: Mapping[str, str] = {
    "event": "unitary",
    "businessEvent": "business",
    "audienceQualification": "audience_qualification",
    "readAudience": "read_audience",
}
"""The type of a journey by the kind of its first activity."""


def new_version(journey_uid: str, number: int, document: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """The stored body of a draft that the caller writes."""
    return {
        "journeyUid": journey_uid,
        "version": f"{number}.0",
        "status": "Draft",
        "document": document,
        "names": None,
        "deployments": {},
        "session": None,
        "pause": None,
        "savedBy": caller.subject or caller.client_id,
    }


def show_version(caller: Caller, stored: Resource, faults: Sequence[Fault] | None = None) -> dict[str, Any]:
    """A version as the API shows it. faults: given after a check."""
    body = stored.body
    document = body["document"]
    shown = {
        "uid": stored.id,
        "journeyUid": body["journeyUid"],
        "name": document.get("name"),
        "description": document.get("description", ""),
        "version": body["version"],
        "status": body["status"],
        "orgId": caller.org_id,
        "sandboxName": caller.sandbox.name,
        "metadata": metadata(stored),
        "document": document,
    }
    if body.get("session"):
        shown["session"] = body["session"]
    if body["status"] == "In Review":
        shown["approvalRequestUid"] = body["reviews"][-1]["uid"]
    if body.get("pause"):
        shown["pausedJourneySettings"] = _pause(body["pause"])
    if body.get("experiments"):
        shown["experiments"] = body["experiments"]
    return shown if faults is None else {**shown, **show_faults(faults)}


def _pause(pause: Mapping[str, Any]) -> dict[str, Any]:
    """The last pause by the names of journeys §9."""
    shown = {
        "pauseBehavior": pause["behavior"],
        "maxPauseDurationInMinutes": pause["maxDurationInMinutes"],
        "pauseId": pause["id"],
        "lastPausedAt": at_text(pause["pausedAtMs"]),
        "lastPausedBy": pause["pausedBy"],
        "filter": pause.get("filter"),
        "holdsNoMore": bool(pause.get("isFull")),
    }
    if "resumedAtMs" in pause:
        shown |= {"lastResumedAt": at_text(pause["resumedAtMs"]), "lastResumedBy": pause["resumedBy"]}
    return shown


def show_faults(faults: Sequence[Fault]) -> dict[str, Any]:
    """{"valid", "errors", "warnings"}."""
    errors = [fault.to_json() for fault in faults if fault.severity == "error"]
    return {
        "valid": not errors,
        "errors": errors,
        "warnings": [fault.to_json() for fault in faults if fault.severity == "warning"],
    }


def show_journey(caller: Caller, stored: Resource, versions: Sequence[Resource]) -> dict[str, Any]:
    """A journey with a line for each of its versions, oldest first; name and description are the latest's."""
    latest = versions[-1]
    document = latest.body["document"]
    live = next((version for version in reversed(versions) if version.body["status"] in LIVE), None)
    return {
        "uid": stored.id,
        "name": document.get("name"),
        "description": document.get("description", ""),
        "tags": tags if isinstance(tags := document.get("tags"), list) else [],
        "entryType": entry_type_of(document),
        "archived": "archivedAtMs" in stored.body,
        "latestVersionUid": latest.id,
        "status": latest.body["status"],
        "live": None
        if live is None
        else {"uid": live.id, "version": live.body["version"], "status": live.body["status"]},
        "versions": [
            {"uid": version.id, "version": version.body["version"], "status": version.body["status"]}
            for version in versions
        ],
        "orgId": caller.org_id,
        "sandboxName": caller.sandbox.name,
        "metadata": {**metadata(latest), **_created(stored), **_deployments(versions)},
    }


def _deployments(versions: Sequence[Resource]) -> dict[str, Any]:
    """Of the latest version that was ever published; a draft after it has none of its own."""
    found: dict[str, Any] = next(
        (told for version in reversed(versions) if (told := version.body.get("deployments"))), {}
    )
    return found


def entry_type_of(document: Mapping[str, Any]) -> str:
    """How people enter a document that may be unfinished: see ENTRY_TYPES; `unspecified` for any other way."""
    entry, nodes = document.get("entry"), document.get("nodes")
    node_id = entry.get("node") if isinstance(entry, Mapping) else None
    first = nodes.get(node_id) if isinstance(nodes, Mapping) and isinstance(node_id, str) else None
    return ENTRY_TYPES.get(str(first.get("type")) if isinstance(first, Mapping) else "", "unspecified")


def metadata(stored: Resource) -> dict[str, Any]:
    """Audit fields of journeys §14.1; those of deployments once there is one."""
    return {
        **_created(stored),
        "lastModifiedBy": stored.updated_by,
        "lastModifiedById": stored.updated_by,
        "lastModifiedAt": at_text(stored.updated_at_ms),
        **stored.body.get("deployments", {}),
    }


def _created(stored: Resource) -> dict[str, Any]:
    return {
        "createdBy": stored.created_by,
        "createdById": stored.created_by,
        "createdAt": at_text(stored.created_at_ms),
    }


def deployed(body: Mapping[str, Any], user_id: str, at_ms: int) -> dict[str, Any]:
    """The `deployments` of a body that is published now."""
    at = at_text(at_ms)
    last = {"lastDeployedBy": user_id, "lastDeployedById": user_id, "lastDeployedAt": at}
    first = {"firstDeployedBy": user_id, "firstDeployedById": user_id, "firstDeployedAt": at}
    return {**first, **body.get("deployments", {}), **last}


def at_text(at_ms: int) -> str:
    """Milliseconds since 1970 as `2026-01-31T12:00:00.000Z`."""
    return to_datetime(at_ms * 1_000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
