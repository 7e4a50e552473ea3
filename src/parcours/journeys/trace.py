"""What happened to a person or an event, and why, put together from decisions, instances, timers and steps."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from parcours.identity.graph import find_cluster
from parcours.journeys import decision_store, store
from parcours.journeys.match import LiveJourneys
from parcours.journeys.state import instance_from_row
from parcours.journeys.steps import from_stored, to_document
from parcours.journeys.store import StoredInstance
from parcours.kit.errors import Invalid, NotFound
from parcours.profile.store import event_key
from parcours.xdm.identities import Identity


class InstanceNotFound(NotFound):
    """No instance has this id in the caller's sandbox."""

    def __init__(self, instance_id: str) -> None:
        super().__init__(f"no journey instance {instance_id!r}")
        self.instance_id = instance_id


class TraceUnclear(Invalid):
    """A trace needs an identity or an event id."""


def describe_instance(
    instance: StoredInstance,
    live: LiveJourneys,
    steps: Sequence[Mapping[str, Any]],
    timers: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """An instance as its page shows it. Times are microseconds since 1970."""
    return {
        "id": instance.id,
        "journeyUid": instance.journey_uid,
        "versionUid": instance.version_uid,
        "journey": live.names.get(instance.version_uid),
        "key": instance.key,
        "namespace": instance.namespace,
        "status": instance.status,
        "nodeId": instance.node_id,
        "waitingFor": instance.waiting_for,
        "enteredAtUs": instance.entered_at_us,
        "updatedAtUs": instance.updated_at_us,
        "timers": list(timers),
        "steps": list(steps),
    }


def list_steps(connection: Connection, instance_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The steps of instances, in order, as they are shown."""
    found: dict[str, list[dict[str, Any]]] = {}
    for instance_id, text in store.list_steps(connection, instance_ids):
        found.setdefault(instance_id, []).extend(map(to_document, from_stored(text)))
    return found


def trace_instance(connection: Connection, scope_id: int, instance_id: str, live: LiveJourneys) -> dict[str, Any]:
    """One instance with its steps and timers. Raises InstanceNotFound."""
    instance = store.find_instances(connection, [instance_id]).get(instance_id)
    if instance is None or instance.scope_id != scope_id:
        raise InstanceNotFound(instance_id)
    steps = list_steps(connection, [instance_id]).get(instance_id, [])
    return describe_instance(instance, live, steps, store.list_timers(connection, instance_id))


_PHASES = {"active": "running", "ended": "finished", "exited": "finished", "stopped": "finished"}


def read_test_log(connection: Connection, scope_id: int, version_uid: str, limit: int) -> list[dict[str, Any]]:
    """What became of those who entered a version, the latest first, as the log of test mode shows it (journeys §10.2).

    Of somebody who has left, the events and answers are erased; their history stays.
    """
    instances = store.list_instances(connection, scope_id, version_uid=version_uid, limit=limit)
    steps = list_steps(connection, [instance.id for instance in instances])
    return [_logged(instance, steps.get(instance.id, [])) for instance in instances]


def _logged(row: StoredInstance, steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    instance = instance_from_row(row)
    last = steps[-1] if steps else {}
    calls = [step for step in steps if "actionType" in step.get("action", {})]
    return {
        "Id": row.id,
        "currentstep": {
            "step": row.node_id or last.get("nodeId"),
            "phase": _PHASES.get(row.status, row.status),
            "extraInfo": last.get("detail", {}),
            "fetchErrors": [
                {"nodeId": step["nodeId"], **step.get("detail", {})}
                for step in steps
                if (step["nodeType"] == "datasetLookup" and step["stepStatus"] == "error")
                or "fetchError" in step.get("action", {})
            ],
        },
        "externalKeys": [{"namespace": row.namespace, "id": row.key}],
        "enrichedData": {"datasetLookup": instance.lookups},
        "transitionHistory": [
            {
                "nodeId": step["nodeId"], "nodeName": step["nodeName"], "transition": step.get("transition"),
                "atUs": step["atUs"], "eventId": step["eventId"],
            }
            for step in steps
            if step["processed"]
        ],
        "events": instance.events,
        "actionExecutionErrors": [
            {"nodeId": step["nodeId"], **step["action"]} for step in calls if "actionExecutionError" in step["action"]
        ],
        "actionsHistory": instance.actions,
    }  # fmt: skip


def trace_person(
    connection: Connection, scope_id: int, identity: Identity, live: LiveJourneys, limit: int = 100
) -> dict[str, Any]:
    """A person's events, each with what every event configuration decided, and the instances they are or were in."""
    members = find_cluster(connection, scope_id, identity)
    decisions = decision_store.list_decisions(connection, scope_id, identities=members, limit=limit)
    instances = [
        instance
        for member in members
        for instance in store.list_instances(connection, scope_id, key=member[1], limit=limit)
        if instance.namespace in (None, member[0])
    ]
    steps = list_steps(connection, [instance.id for instance in instances])
    return {
        "identities": [{"namespace": namespace, "id": value} for namespace, value in members],
        "events": decisions,
        "instances": [
            describe_instance(instance, live, steps.get(instance.id, []), store.list_timers(connection, instance.id))
            for instance in instances
        ],
    }


def trace_event(connection: Connection, scope_id: int, event_id: str, live: LiveJourneys) -> dict[str, Any]:
    """Every receipt of one event, what was decided about it, and the instances it moved."""
    decisions = decision_store.list_decisions(connection, scope_id, event_id=event_key(event_id))
    ids = [
        journey["instanceId"]
        for decision in decisions
        for told in decision["decisions"]
        for journey in told.get("journeys", ())
        if "instanceId" in journey
    ]
    return {
        "events": decisions,
        "instances": [trace_instance(connection, scope_id, i, live) for i in dict.fromkeys(ids)],
    }
