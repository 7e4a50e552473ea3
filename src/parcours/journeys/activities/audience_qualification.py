"""The audience qualification activity: an individual enters or leaves an audience (journeys §4.6)."""

from collections.abc import Mapping, Sequence
from typing import Any

from parcours.journeys.activities.event import TIMEOUT_SCHEMA, EntryNode, EventNode, listener_transitions, read_timeout
from parcours.journeys.activities.kind import Builder, Kind
from parcours.journeys.run import Node, Run
from parcours.kit.clock import to_datetime

EVENT_NAMES = ("AudienceQualification", "SegmentQualification")
"""What expressions call the payload {"status", "lastQualificationTime", "audienceId"}; the second name is older."""
MISMATCH = "ERROR_SEGMENT_REALISATION_CONDITION_MISMATCH"
STATUSES: Mapping[str, tuple[str, ...]] = {"enter": ("realized", "existing"), "exit": ("exited",)}
"""Behaviour → statuses of the membership it means."""


def event_uid_of(audience_id: str) -> str:
    """How qualifications for an audience are called among events."""
    return f"audience:{audience_id}"


def payload_of(audience_id: str, status: str, at_us: int) -> dict[str, Any]:
    """What journeys are told of a change of membership."""
    at = to_datetime(at_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"status": status, "lastQualificationTime": at, "audienceId": audience_id}


class QualificationNode(EventNode):
    """Listens for a change of membership."""

    __slots__ = ("statuses",)

    def __init__(
        self, node_id: str, name: str, audience_id: str, statuses: Sequence[str], timeout_us: int | None,
        on_timeout: str,
    ) -> None:  # fmt: skip
        super().__init__(node_id, name, event_uid_of(audience_id), EVENT_NAMES, timeout_us, on_timeout)
        self.statuses = frozenset(statuses)

    def takes(self, run: Run, payload: Mapping[str, Any]) -> bool:
        """Whether the change is one of those listened for."""
        return payload.get("status") in self.statuses


def statuses_of(config: Mapping[str, Any]) -> list[str]:
    """Statuses of the membership that a config's behaviours mean; entering unless it says otherwise."""
    return [status for verb in config.get("verbs", ("enter",)) for status in STATUSES[verb]]


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    audience = builder.audience(config["audienceId"], ".audienceId")
    if builder.is_entry:
        if "timeout" in config:
            builder.fault("ERR_EVENT_ENTRY_TIMEOUT", "the entry can't have a timeout", ".timeout")
        return EntryNode(node_id, name, event_uid_of(config["audienceId"]))
    if "identityNamespace" in config:
        message = "only a journey's first activity chooses the namespace"
        builder.fault("ERR_QUALIFICATION_NAMESPACE", message, ".identityNamespace")
    if audience is not None and builder.namespace() is None:
        message = "a journey without a namespace can't know who is in an audience"
        builder.fault("ERR_QUALIFICATION_NAMESPACE", message, ".audienceId")
    timeout_us, on_timeout = read_timeout(config, builder)
    return QualificationNode(node_id, name, config["audienceId"], statuses_of(config), timeout_us, on_timeout)


KIND = Kind(
    type="audienceQualification",
    schema={
        "required": ["audienceId"],
        "properties": {
            "audienceId": {"type": "string", "minLength": 1, "maxLength": 64},
            "verbs": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(STATUSES)}},
            "identityNamespace": {"type": "string", "minLength": 1, "maxLength": 64},
            "timeout": TIMEOUT_SCHEMA,
        },
    },
    build=_build,
    transitions=listener_transitions,
    can_be_entry=True,
    can_be_parallel=True,
)
