"""Refusals that are no steps, as records of the data set `journey_step_events` (journeys §13.1)."""

import hashlib
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from parcours.journeys.compiled import AudienceRead, CompiledJourney
from parcours.journeys.engine import INTERNAL_ERROR
from parcours.kit.clock import to_datetime
from parcours.rulesets.model import Refusal
from parcours.xdm.identities import Identity

if TYPE_CHECKING:  # a simulation without audiences loads no database
    from parcours.journeys.runs_store import AudienceRun

TOO_MANY_PENDING = "maxInstanceStackEventsReached"
"""More events wait for a busy instance than are kept."""
IN_PAUSE = "JOURNEY_IN_PAUSED_STATE"
"""Somebody inside is at an action of a paused journey."""
NO_JOURNEY = "EVENT_WITH_NO_JOURNEY"
"""No live journey begins with the event, waits for it or counts it."""
BAD_NAMESPACE = "ERROR_INSTANCE_BAD_NAMESPACE"
"""A member of an audience has no id in the namespace that the journey reads."""
DUPLICATION = "ERROR_INSTANCE_DUPLICATION"
"""A member is an individual whom the same run has let enter."""
STATE_MACHINE = frozenset({TOO_MANY_PENDING, "reentranceNotAllowed", "notSuitableInitialEvent"})
"""Reasons that depend on where the individual is, or was, in the journey. All others but IN_PAUSE are the dispatcher's.
"""
MAX_LINES = 20
"""Records of one version and reason in one transaction, or of one event and reason. The counters know of every discard;
a flood of them would otherwise write as much to the lake as the journeys themselves do."""


class Discards:
    """The records of one transaction."""

    def __init__(self, now_us: int) -> None:
        self._timestamp = to_datetime(now_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._written: dict[tuple[Hashable, str], int] = {}

    def line(
        self, journey: CompiledJourney, event_uid: str, key: str | None, reason: str, seed: str,
        refusal: Refusal | None = None,
    ) -> bytes | None:  # fmt: skip
        """One discard as a line of JSON; None when this transaction has told enough of them.

        key: None when it could not be computed. seed: names the event's receipt, so that a record has the same `_id`
        whenever this is run. refusal: of a rule set.
        Who was refused stands under `profile`, not under `stepEvents`: whoever counts step events by `profileID`
        counts people who were in the journey.
        """
        if not self._is_wanted(journey, reason):
            return None
        event_id = journey.event_ids.get(event_uid, event_uid)
        fields = service_event(reason, event_id, refusal)
        fields |= {"stepEvents": {**version_fields(journey), "eventID": event_id}, "journey": journey_fields(journey)}
        name = f"{journey.version_uid}|{event_uid}|{key}|{reason}|{seed}"
        return self._record(name, fields, journey.namespace, key)

    def unheard(
        self, scope_id: int, event_uid: str, event_id: str | None, namespace: str | None, key: str | None, seed: str
    ) -> bytes | None:
        """An event that came to no journey, as a line of JSON; None when this transaction has told enough of them.

        event_id: the one in its payload; None: its configuration's uid stands for it.
        """
        if not self._is_wanted((scope_id, event_uid), NO_JOURNEY):
            return None
        fields = service_event(NO_JOURNEY, event_id or event_uid)
        return self._record(f"{event_uid}|{key}|{NO_JOURNEY}|{seed}", fields, namespace, key)

    def member(
        self, journey: CompiledJourney, read: AudienceRead, run: "AudienceRun", identity: Identity, reason: str
    ) -> bytes | None:
        """A member that a run left out, as a line of JSON; None when this transaction has told enough of them.

        Source: Journey Optimizer, queries related to the Read Audience; XDM, service event segmentExportJob.
        """
        if not self._is_wanted(journey, reason):
            return None
        fields = {
            "serviceType": "segmentExportJob",
            "serviceEvents": {
                "segmentExportJob": {
                    "ID": run.id,
                    "exportSegmentID": read.audience_id,
                    "eventType": "error",
                    "eventCode": "ERROR_INSTANCE_INTERNAL" if reason == INTERNAL_ERROR else reason,
                }
            },
            "stepEvents": {**version_fields(journey), "nodeID": read.node_id, "recurrenceIndex": run.number},
            "journey": journey_fields(journey),
        }
        namespace, key = identity
        # an individual may be several members: each is known by the page that was read and its number there
        name = f"{run.id}|{run.after_key}|{self._written[journey, reason]}|{namespace}|{key}|{reason}"
        return self._record(name, fields, namespace, key)

    def _is_wanted(self, of: Hashable, reason: str) -> bool:
        written = self._written.get((of, reason), 0)
        if written == MAX_LINES:
            return False
        self._written[of, reason] = written + 1
        return True

    def _record(self, name: str, fields: dict[str, Any], namespace: str | None, key: str | None) -> bytes:
        """name: what makes the `_id`."""
        record: dict[str, Any] = {
            "_id": f"discard-{hashlib.blake2b(name.encode(), digest_size=16).hexdigest()}",
            "timestamp": self._timestamp,
            "_experience": {"journeyOrchestration": fields},
        }
        if key is not None:
            fields["profile"] = {"ID": key}
            if namespace is not None:
                fields["profile"]["namespace"] = namespace
                record["identityMap"] = {namespace: [{"id": key, "primary": True}]}
        return orjson.dumps(record)


def service_event(reason: str, event_id: str, refusal: Refusal | None = None) -> dict[str, Any]:
    """`serviceType` and `serviceEvents` of a refused event.

    The state machine tells what happened as its type and why as its code; of a pause, and everything of the
    dispatcher, the reason is the type. Source: Journey Optimizer, event-based queries, and troubleshooting of discards
    in paused journeys; XDM, service event stateMachine.
    """
    service = "stateMachine" if reason in STATE_MACHINE or reason == IN_PAUSE else "dispatcher"
    told: dict[str, Any] = {"eventType": reason, "eventCode": "discard", "eventID": event_id}
    if reason in STATE_MACHINE:
        told = {"eventType": "discard", "eventCode": reason, "eventID": event_id}
    elif service == "dispatcher":
        told["eventCodeReason"] = reason
    if refusal is not None:
        told["rejectedRuleset"] = refusal.to_json()
    return {"serviceType": service, "serviceEvents": {service: told}}


def version_fields(journey: CompiledJourney) -> Mapping[str, Any]:
    """`stepEvents` of a record that is about a version and no instance of it."""
    return {
        "journeyID": journey.journey_uid,
        "journeyVersionID": journey.version_uid,
        "journeyVersionName": journey.name,
        "journeyVersion": journey.version,
    }


def journey_fields(journey: CompiledJourney) -> Mapping[str, Any]:
    """`journey` of a record: the version it is about."""
    return {
        "ID": journey.journey_uid,
        "versionID": journey.version_uid,
        "name": journey.name,
        "version": journey.version,
    }
