"""What the log calls a changed resource, and which verb its change is: pure functions of documents.

Source of the names: the platform's tables of what its audit log captures (journeys §3.4).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]

_JOURNEY_VERBS: Mapping[tuple[str, str], str] = {
    ("Paused", "Deployed"): "Resume",
    ("Testing", "Draft"): "Deactivate test",
    ("Dry Run", "Draft"): "Stop dry run",
}
"""(status before, status after) → verb, where the status after does not say it alone."""
_JOURNEY_STATUS_VERBS: Mapping[str, str] = {
    "Deployed": "Publish",
    "Redeployed": "Publish",
    "Testing": "Activate test",
    "Dry Run": "Start dry run",
    "Paused": "Pause",
    "Closed": "Close",
    "Stopped": "Stop",
    "Finished": "Finish",
    "In Review": "Request review",
}
_STATE_VERBS: Mapping[str, str] = {
    "enabled": "Enable",
    "disabled": "Disable",
    "active": "Enable",
    "inactive": "Disable",
    "archived": "Archive",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """What a kind of resources is in the log."""

    type: str
    resource: str
    """Resource of the permission that guards it."""


ASSETS: Mapping[str, Asset] = {
    "journeyVersion": Asset("Journey", "journeys"),
    "journeyFragment": Asset("Journey fragment", "journeys"),
    "decisionRule": Asset("Decision rule", "journeys"),
    "event": Asset("Journey event", "journeys_events"),
    "dataSource": Asset("Journey datasource", "journeys_data_sources"),
    "fieldGroup": Asset("Field group", "journeys_data_sources"),
    "action": Asset("Journey custom action", "journeys_actions"),
    "clientCertificate": Asset("Client certificate", "journeys_actions"),
    "endpointConfig": Asset("Endpoint capping", "journeys_actions"),
    "throttlingConfig": Asset("Endpoint throttling", "journeys_actions"),
    "template": Asset("Message template", "messages"),
    "approvalPolicy": Asset("Approval policy", "approval_policies"),
    "channelConfiguration": Asset("Channel configuration", "journeys_actions"),
    "frequencyRule": Asset("Message frequency rule", "frequency_rules"),
    "ruleSet": Asset("Message frequency rule", "frequency_rules"),
    "usageLabel": Asset("Data usage label", "usage_labels"),
    "marketingAction": Asset("Marketing action", "usage_policies"),
    "usagePolicy": Asset("Data usage policy", "usage_policies"),
    "xdm": Asset("Schema", "schemas"),
    "xdm-descriptor": Asset("Descriptor", "schemas"),
    "dataSet": Asset("Dataset", "datasets"),
    "mappingSet": Asset("Mapping set", "sources"),
    "connection": Asset("Account", "sources"),
    "sourceConnection": Asset("Source connection", "sources"),
    "targetConnection": Asset("Target connection", "sources"),
    "flow": Asset("Source data flow", "sources"),
    "namespace": Asset("Identity namespace", "identity_namespace"),
    "merge-policy": Asset("Merge policy", "merge_policies"),
    "profile-job": Asset("Work order", "profiles"),
    "audience": Asset("Segment", "segments"),
    "segment": Asset("Segment", "segments"),
}
"""By kind of resource. A kind that is not here is logged all the same, under its own name."""

SILENT: frozenset[str] = frozenset({"journey", "deletedFlow", "throttlingEnding"})
"""Kinds that are bookkeeping of another one, whose changes are logged: versions tell of their journey."""

_DEPLOYED: frozenset[str] = frozenset({"endpointConfig", "throttlingConfig"})
"""Kinds whose documents say under `deployed` what runs, or null, and how often they were deployed."""

_XDM_TYPES: Mapping[str, str] = {
    "schemas": "Schema",
    "classes": "Class",
    "mixins": "Field group",
    "fieldgroups": "Field group",
    "datatypes": "Data type",
}
_RESOURCE_TYPES: Mapping[str, str] = {
    **{asset.resource: asset.type for asset in reversed(list(ASSETS.values()))},
    "journeys_report": "Journey report",
    "roles": "Role",
    "credentials": "Credential",
    "users": "User",
    "sandboxes": "Sandbox",
    "audit_log": "Audit log",
    "usage_labels": "Access label",
    "usage_policies": "Data usage policy",
    "monitoring": "Failed record",
    "identity_graph": "Identity graph",
    "profiles": "Profile",
    "queries": "Query",
    "sources": "Source",
}

_REVIEW_VERBS: Mapping[str, str] = {
    "approved": "Approve",
    "changesRequested": "Request changes",
    "canceled": "Cancel review",
}
"""Verdict on a request for approval → verb."""
_CALLED: Mapping[str, str] = {
    "requestApproval": "Request review",
    "approve": "Approve",
    "requestChanges": "Request changes",
    "cancelApproval": "Cancel review",
    "publish": "Publish",
    "pause": "Pause",
    "resume": "Resume",
    "close": "Close",
    "stop": "Stop",
    "test": "Activate test",
    "endTest": "Deactivate test",
    "dryRun": "Start dry run",
    "endDryRun": "Stop dry run",
}
"""Last part of a path → verb."""


def verb_of_path(path: str) -> str:
    """What a POST to a path, with its parameters in braces, would have done: of `…/{uid}/publish`, Publish."""
    *_, owner, last = ["", *path.split("/")]
    if last in _CALLED and (owner.endswith("}") or "/list/" in path):
        return _CALLED[last]
    return _spaced(last)[:60] if owner.endswith("}") and not last.endswith("}") else "Create"


def asset_of(kind: str) -> Asset:
    """What the log calls a kind of resources."""
    return ASSETS.get(kind) or Asset(_spaced(kind), _spaced(kind).lower().replace(" ", "_"))


def type_of(kind: str, document: Document) -> str:
    """The asset type of one document."""
    return _XDM_TYPES.get(str(document.get("meta:resourceType")), "") or asset_of(kind).type


def type_of_resource(resource: str) -> str:
    """The asset type that stands for a permission's resource, where no document is at hand."""
    return _RESOURCE_TYPES.get(resource) or _spaced(resource)


def name_of(kind: str, document: Document) -> str:
    """What people call the document; empty where it has no name."""
    if kind == "journeyVersion":
        document = document.get("document") or {}
    for key in ("name", "title", "@type"):
        if isinstance(document.get(key), str):
            return str(document[key])
    return ""


def verb_of(kind: str, before: Document | None, after: Document | None) -> str:
    """Which change it was. before: None when it was made; after: None when it was deleted."""
    if before is None:
        return "Create"
    if after is None:
        return "Delete"
    if kind == "journeyVersion" and before.get("status") == "In Review" and after.get("status") != "Deployed":
        decision = _decision(before, after)
        return "Update" if decision is None else _REVIEW_VERBS[decision["verdict"]]
    if kind == "journeyVersion" and before.get("status") != after.get("status"):
        old, new = str(before.get("status")), str(after.get("status"))
        return _JOURNEY_VERBS.get((old, new)) or _JOURNEY_STATUS_VERBS.get(new, "Update")
    if kind in _DEPLOYED and before["deployed"] is not None and after["deployed"] is None:
        return "Undeploy"
    if kind in _DEPLOYED and before["deployments"] != after["deployments"]:
        return "Deploy"
    if kind == "usagePolicy" and before["status"] != after["status"]:
        return _STATE_VERBS.get(str(after["status"]).lower(), "Update")
    if kind == "journeyFragment" and before["state"] == "archived" and after["state"] != "archived":
        return "Unarchive"
    if before.get("state") != after.get("state"):
        return _STATE_VERBS.get(str(after.get("state")).lower(), "Update")
    return "Update"


def comment_of(kind: str, before: Document | None, after: Document | None) -> str:
    """What was said of a change of a journey's approval; empty for any other."""
    if kind != "journeyVersion" or after is None or before is None:
        return ""
    decision = _decision(before, after)
    if decision is None and after.get("status") == "In Review" and before.get("status") != "In Review":
        decision = after["reviews"][-1]
    return "" if decision is None else str(decision["comment"])


def _decision(before: Document, after: Document) -> Document | None:
    """What was decided about the approval that a version waited for; None when nothing was."""
    old, new = before.get("reviews"), after.get("reviews")
    if not old or not new or old[-1]["uid"] != new[-1]["uid"]:
        return None
    decisions: list[Document] = new[-1]["decisions"]
    return decisions[-1] if len(decisions) > len(old[-1]["decisions"]) else None


def permission_of(verb: str) -> str:
    """The permission's action that a verb needs, in capitals."""
    if verb in ("Publish", "Pause", "Resume", "Start dry run"):
        return "PUBLISH"
    if verb in ("Approve", "Request changes"):
        return "APPROVE"
    return {"Delete": "DELETE", "Read": "READ", "Reset": "RESET"}.get(verb, "WRITE")


def _spaced(kind: str) -> str:
    """`dataSource` and `data-source` → `Data source`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-_]", " ", kind).lower()
    return words[:1].upper() + words[1:]
