"""A stored version as `GET /ajo/journey` shows it (journeys §14.1). Pure, and true of unfinished drafts too."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from parcours.access.model import Caller
from parcours.journeys.activities.read_audience import DEFAULT_RATE, RECURRING
from parcours.journeys.document import DEFAULT_ACTION_S, DEFAULT_REENTRANCE_WAIT_S, transition_of
from parcours.journeys.naming import names_of_nodes
from parcours.journeys.versions import entry_type_of, metadata
from parcours.resources.store import Resource

JOURNEY_FIELDS = (
    "id", "name", "description", "version", "type", "status", "imsOrgId", "sandboxName", "metadata", "timeouts",
    "priority", "schedule", "reentrance", "labels", "metrics", "ruleset", "profileMergePolicyId", "startNodeId",
    "nodes",
)  # fmt: skip
_UNITS = {"seconds": "PT{}S", "minutes": "PT{}M", "hours": "PT{}H", "days": "P{}D"}


class Called(NamedTuple):
    """An audience as a version knows it; None for what nothing is known of."""

    name: str | None
    namespace: str | None


AudienceOf = Callable[[str], Called]
"""(id of an audience) → what a version knows of it."""


def show(
    caller: Caller, version: Resource, names: Mapping[str, Mapping[str, str]], audience_of: AudienceOf
) -> dict[str, Any]:
    """The whole Journey. names: {"events": {uid: name}, "actions": {uid: name}}."""
    body = version.body
    document: Mapping[str, Any] = body["document"]
    entry = _object(document.get("entry"))
    reentrance = _object(entry.get("reentrance"))
    is_allowed = reentrance.get("allowed", True)
    seconds = _object(document.get("timeouts")).get("actionSeconds", DEFAULT_ACTION_S)
    nodes = _object(document.get("nodes"))
    first = _object(nodes.get(str(entry.get("node"))))
    schedule = _object(first.get("schedule"))
    return {
        "id": version.id,
        "name": document.get("name"),
        "description": document.get("description", ""),
        "version": body["version"],
        "type": entry_type_of(document),
        "status": body["status"],
        "imsOrgId": caller.org_id,
        "sandboxName": caller.sandbox.name,
        "metadata": metadata(version),
        "timeouts": {"actionExecution": seconds, "entityEnrichment": seconds},
        "priority": document.get("priority", 0),
        "schedule": {
            "startDate": document.get("startDate", schedule.get("startDate")),
            "endDate": document.get("endDate", schedule.get("endDate")),
            "timezone": document.get("timeZone", "UTC"),
            "useProfileTimezone": bool(document.get("useProfileTimeZone", False)),
            "recurring": schedule.get("type") in RECURRING,
            "type": schedule.get("type", "asap" if first.get("type") == "readAudience" else None),
        },
        "reentrance": {
            "policy": "allowed" if is_allowed else "never",
            "durationInSecs": reentrance.get("waitSeconds", DEFAULT_REENTRANCE_WAIT_S) if is_allowed else None,
        },
        "labels": document.get("labels", []),
        "metrics": [one if isinstance(one, str) else one.get("id", "") for one in document.get("metrics", [])],
        "ruleset": document.get("ruleSet"),
        "profileMergePolicyId": document.get("profileMergePolicyId"),
        "startNodeId": entry.get("node"),
        "nodes": list(_nodes(document, nodes, names, audience_of)),
    }


def _nodes(
    document: Mapping[str, Any],
    nodes: Mapping[str, Any],
    names: Mapping[str, Mapping[str, str]],
    audience_of: AudienceOf,
) -> Iterator[dict[str, Any]]:
    called = names_of_nodes(nodes, names)
    edges: dict[str, list[Mapping[str, Any]]] = {}
    listed = document.get("edges")
    for edge in listed if isinstance(listed, list) else ():
        if isinstance(edge, Mapping) and isinstance(edge.get("from"), str):
            edges.setdefault(edge["from"], []).append(edge)
    for node_id, name in called.items():
        config = nodes[node_id]
        kind = str(config.get("type", ""))
        ways = edges.get(node_id, [])
        more = NODE_FIELDS.get(kind)
        fields = {} if more is None else more(config, ways)
        if "audiences" in fields:
            fields |= _audience_fields(config, audience_of)
        yield {
            "id": node_id,
            "type": kind,
            "name": name,
            "correlationId": node_id,
            "description": config.get("description", ""),
            "transitions": [_transition(edge, config, called) for edge in ways],
            **fields,
        }


def _transition(edge: Mapping[str, Any], config: Mapping[str, Any], called: Mapping[str, str]) -> dict[str, Any]:
    target = edge.get("to")
    name = edge.get("kind", "default")
    shown: dict[str, Any] = {"targetNodeId": target, "targetName": called.get(str(target)), "name": name}
    if edge.get("kind") != "path" or "path" not in edge:
        return shown
    path = next((p for p in _objects(config.get("paths")) if p.get("id") == edge["path"]), {})
    shown["name"] = path.get("label") or edge["path"]
    if config.get("type") == "optimize":
        kind = config.get("optimizeType", "targeting")
    elif config.get("type") == "condition":
        kind = config.get("conditionType", "dataSource")
    else:
        return shown
    return {**shown, "conditionType": kind, **_path_fields(kind, path)}


def _path_fields(kind: str, path: Mapping[str, Any]) -> dict[str, Any]:
    """What a path of a condition holds, under the names of a Transition."""
    match kind:
        case "time":
            hours = _object(path.get("hours"))
            times = [f"{hours.get('from', '')}-{hours.get('to', '')}"] if hours else []
            return {"times": times, "days": path.get("days", [])}
        case "date":
            return {"dates": [path[bound] for bound in ("from", "to") if bound in path]}
        case "split" | "experiment":
            return {"counterValue": str(path.get("percentage", ""))}
        case "profileCap":
            return {}
    return {"expression": path.get("expression")}


NodeFields = Callable[[Mapping[str, Any], list[Mapping[str, Any]]], dict[str, Any]]
"""(config of a node, edges that leave it) → its fields beside the common ones."""


def _event(config: Mapping[str, Any], ways: list[Mapping[str, Any]]) -> dict[str, Any]:
    timeout = _object(config.get("timeout"))
    delay = {"delay": _duration(timeout)} if timeout else {}
    return {**delay, "fallbackOnTimeoutOrError": _has_fallback(ways)}


def _wait(config: Mapping[str, Any], _: list[Mapping[str, Any]]) -> dict[str, Any]:
    wait_type = config.get("waitType", "duration")
    if wait_type != "duration":
        return {"expression": config.get("expression")} if wait_type == "custom" else {"delay": config.get("date")}
    return {"delay": _duration(_object(config.get("duration")))}


def _action(config: Mapping[str, Any], ways: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "fallbackOnTimeoutOrError": _has_fallback(ways),
        "expression": config.get("path"),
        "paramMappings": _mappings(config),
    }


def _message(config: Mapping[str, Any], ways: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "fallbackOnTimeoutOrError": _has_fallback(ways),
        "expression": config.get("address"),
        "paramMappings": _mappings(config),
        "channel": {"id": config.get("templateUid"), "type": config.get("channel")},
        "surface": config.get("configurationUid"),
    }


def _qualification(config: Mapping[str, Any], _: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "audiences": _audiences(config),
        "verbs": config.get("verbs", ["enter"]),
    }


def _lookup(config: Mapping[str, Any], ways: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {"expression": config.get("keys"), "fallbackOnTimeoutOrError": _has_fallback(ways)}


def _read_audience(config: Mapping[str, Any], _: list[Mapping[str, Any]]) -> dict[str, Any]:
    audiences = _audiences(config)
    return {
        "audiences": audiences,
        "throttlingRate": config.get("throttlingRate", DEFAULT_RATE),
        "useDelta": any(audience["incrementalRead"] for audience in audiences),
    }


NODE_FIELDS: Mapping[str, NodeFields] = {
    "event": _event,
    "businessEvent": _event,
    "reaction": _event,
    "wait": _wait,
    "customAction": _action,
    "message": _message,
    "jump": _action,
    "updateProfile": _action,
    "datasetLookup": _lookup,
    "audienceQualification": _qualification,
    "readAudience": _read_audience,
}
"""What a kind of activity shows beside the common fields, from its config (journeys §16). A kind that is not here shows
the common ones."""


def _audiences(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    hours = config.get("waitForAudienceHours")
    return [
        {
            "forcedReentrance": bool(config.get("forceReentrance", False)),
            "incrementalRead": bool(config.get("incremental", False)),
            "waitForAudience": hours is not None,
            "waitTime": hours,
        }
    ]


def _audience_fields(config: Mapping[str, Any], audience_of: AudienceOf) -> dict[str, Any]:
    """The audience with its name, and the namespace people are known by: the audience's own unless another is named."""
    audience_id = config.get("audienceId")
    called = audience_of(audience_id) if isinstance(audience_id, str) else Called(None, None)
    return {
        "audiences": [{"id": audience_id, "name": called.name, **one} for one in _audiences(config)],
        "identityNamespace": config.get("identityNamespace", called.namespace),
    }


def _mappings(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = _objects(config.get("parameters")) or _objects(config.get("updates"))
    return [
        {
            "label": one.get("label"),
            "paramPath": one.get("paramPath", one.get("path")),
            "expression": one.get("expression"),
        }
        for one in listed
    ]


def _has_fallback(ways: list[Mapping[str, Any]]) -> bool:
    return any(transition_of(edge) in ("timeout", "error") for edge in ways if edge.get("kind") != "path")


def _duration(duration: Mapping[str, Any]) -> str | None:
    """{"value": 2, "unit": "hours"} as an ISO 8601 duration."""
    form = _UNITS.get(str(duration.get("unit")))
    return None if form is None else form.format(duration.get("value"))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
