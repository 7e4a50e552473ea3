"""Small journeys on the demo's event, and what became of those who entered."""

from collections.abc import Mapping, Sequence
from typing import Any

from asking import query
from definitions import JOURNEYS
from platform_client import Platform


def event_uid(platform: Platform, name: str = "OrderPlaced") -> str:
    """The uid of an event configuration."""
    found = platform.get(f"{JOURNEYS}/events")["results"]
    uid: str = next(event["uid"] for event in found if event["name"] == name)
    return uid


def publish(
    platform: Platform,
    name: str,
    nodes: Mapping[str, Any],
    edges: Sequence[tuple[str, ...]],
    **more: Any,
) -> str:
    """Publish a journey that begins with OrderPlaced at node `order`; its version's uid.

    edges: (from, to) or (from, to, kind) or (from, to, "path", path). more: other members of the document.
    """
    document = {
        "name": name,
        "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
        "nodes": {"order": {"type": "event", "eventUid": event_uid(platform)}, **nodes},
        "edges": [dict(zip(("from", "to", "kind", "path"), edge, strict=False)) for edge in edges],
        **more,
    }
    uid: str = platform.post(f"{JOURNEYS}/journeys", document)["versionUid"]
    platform.post(f"{JOURNEYS}/journeyVersions/{uid}/publish")
    return uid


def instances(platform: Platform, version_uid: str, key: str) -> list[dict[str, Any]]:
    """Every instance of a key in a version, with its steps, the first entrance first."""
    found = platform.get(query(f"{JOURNEYS}/journeyVersions/{version_uid}/instances", key=key))["results"]
    return [platform.get(f"{JOURNEYS}/instances/{one['id']}") for one in reversed(found)]


def transitions(instance: Mapping[str, Any]) -> list[str]:
    """node → transition of each step that is done, such as "gold:path:vip"."""
    return [f"{step['nodeId']}:{step['transition']}" for step in instance["steps"] if step.get("transition")]
