"""What activities are called."""

from collections.abc import Mapping
from typing import Any


def names_of_nodes(nodes: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """By node id: the label; without one the configuration's name, with a number when it is used again; else the id.

    names: {"events": {uid: name}, "actions": {uid: name}}. The same rule as `compile` has (journeys §7), for documents
    that can't be compiled: drafts, and versions whose definitions are gone. What is no object is left out.
    """
    found: dict[str, str] = {}
    used: dict[tuple[str, str], int] = {}
    for node_id, node in nodes.items():
        if not isinstance(node, Mapping):
            continue
        name = node_id
        for kind, member in (("events", "eventUid"), ("actions", "actionUid")):
            uid = node.get(member)
            known = names.get(kind, {}).get(uid) if isinstance(uid, str) else None
            if isinstance(uid, str) and known is not None:
                number = used[kind, uid] = used.get((kind, uid), 0) + 1
                name = known if number == 1 else f"{known}{number}"
        label = node.get("label")
        found[node_id] = label if isinstance(label, str) and label else name
    return found
