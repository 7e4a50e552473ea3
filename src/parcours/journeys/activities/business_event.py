"""The business event activity: something that concerns no one person lets an audience enter (journeys §4.5)."""

from collections.abc import Mapping
from typing import Any

from parcours.journeys.activities.event import EntryNode
from parcours.journeys.activities.kind import Builder, Kind
from parcours.journeys.run import Node


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    builder.event_name(config["eventUid"], ".eventUid")
    if not builder.is_entry:
        builder.fault("ERR_BUSINESS_PLACE", "a business event is the first activity of its journey", "")
    if list(builder.followers()) != ["readAudience"]:
        builder.fault("ERR_BUSINESS_AUDIENCE", "a business event is followed by Read audience, and by nothing else", "")
    return EntryNode(node_id, name, config["eventUid"])


KIND = Kind(
    type="businessEvent",
    schema={
        "required": ["eventUid"],
        "properties": {"eventUid": {"type": "string", "minLength": 1, "maxLength": 255}},
    },
    build=_build,
    transitions=lambda _config: ("default",),
    can_be_entry=True,
)
