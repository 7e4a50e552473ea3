"""Events that a journey refused, as records of the data set `journey_step_events` (journeys §13.1)."""

import hashlib
from typing import Any

import orjson

from parcours.journeys.compiled import CompiledJourney
from parcours.kit.clock import to_datetime
from parcours.rulesets.model import Refusal

TOO_MANY_PENDING = "maxInstanceStackEventsReached"
"""More events wait for a busy instance than are kept."""
INSIDE = frozenset({TOO_MANY_PENDING, "JOURNEY_IN_PAUSED_STATE"})
"""Reasons that concern somebody inside; all others concern an entrance."""
MAX_LINES = 20
"""Records for one version and reason in one transaction. The counters know of every discard; a flood of them would
otherwise write as much to the lake as the journeys themselves do."""


class Discards:
    """The records of one transaction."""

    def __init__(self, now_us: int) -> None:
        self._now_us = now_us
        self._written: dict[tuple[CompiledJourney, str], int] = {}

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
        written = self._written.get((journey, reason), 0)
        if written == MAX_LINES:
            return None
        self._written[journey, reason] = written + 1
        name = f"{journey.version_uid}|{event_uid}|{key}|{reason}|{seed}"
        service = "stateMachine" if reason in INSIDE else "dispatcher"
        event_id = journey.event_ids.get(event_uid, event_uid)
        told: dict[str, Any] = {"eventType": reason, "eventCode": "discard", "eventID": event_id}
        if service == "dispatcher":
            told["eventCodeReason"] = reason
        if refusal is not None:
            told["rejectedRuleset"] = refusal.to_json()
        fields: dict[str, Any] = {
            "serviceType": service,
            "serviceEvents": {service: told},
            "stepEvents": {
                "journeyID": journey.journey_uid,
                "journeyVersionID": journey.version_uid,
                "journeyVersionName": journey.name,
                "journeyVersion": journey.version,
                "eventID": event_id,
            },
            "journey": {
                "ID": journey.journey_uid,
                "versionID": journey.version_uid,
                "name": journey.name,
                "version": journey.version,
            },
        }
        record: dict[str, Any] = {
            "_id": f"discard-{hashlib.blake2b(name.encode(), digest_size=16).hexdigest()}",
            "timestamp": to_datetime(self._now_us).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "_experience": {"journeyOrchestration": fields},
        }
        if key is not None:
            fields["profile"] = {"ID": key}
            if journey.namespace is not None:
                fields["profile"]["namespace"] = journey.namespace
                record["identityMap"] = {journey.namespace: [{"id": key, "primary": True}]}
        return orjson.dumps(record)
