"""Step events as people and the lake read them (journeys §13.1)."""

from typing import Any

from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.model import Instance, StepEvent
from parcours.kit.clock import to_datetime


def to_document(step: StepEvent) -> dict[str, Any]:
    """A step as it is stored and shown in a trace; absent members are left out."""
    shown: dict[str, Any] = {
        "seq": step.seq, "atUs": step.at_us, "nodeId": step.node_id, "nodeName": step.node_name,
        "nodeType": step.node_type, "stepStatus": step.step_status, "eventId": step.event_id,
        "pass": step.pass_no, "processed": step.is_processed,
    }  # fmt: skip
    if step.is_entrance:
        shown["entrance"] = True
    if step.is_ended:
        shown["instanceEnded"] = True
    if step.transition is not None:
        shown["transition"] = step.transition
    if step.parent_node_id is not None:
        shown["parentNodeId"] = step.parent_node_id
        shown["parentTransition"] = step.parent_transition
    if step.processing_us:
        shown["processingUs"] = step.processing_us
    if step.action is not None:
        shown["action"] = step.action
    if step.detail:
        shown["detail"] = step.detail
    return shown


def to_record(
    journey: CompiledJourney, instance: Instance, step: StepEvent, *, is_reentrance: bool = False
) -> dict[str, Any]:
    """A step as a record of the data set `journey_step_events`.

    `_id` is made of instance and number, so that a step landed twice is one distinct `_id` (journeys §12.1).
    """
    fields: dict[str, Any] = {
        "journeyID": journey.journey_uid,
        "journeyVersionID": journey.version_uid,
        "journeyVersionName": journey.name,
        "journeyVersion": journey.version,
        "instanceID": instance.id,
        "externalKey": instance.key,
        "profileID": instance.key,
        "profileNamespace": instance.namespace,
        "eventID": step.event_id,
        "nodeID": step.node_id,
        "nodeName": step.node_name,
        "nodeType": step.node_type,
        "journeyNodeProcessed": step.is_processed,
        "stepID": f"{instance.id}-{step.pass_no}",
        "stepName": step.node_name,
        "stepType": step.step_type,
        "stepStatus": step.step_status,
        "parentStepID": None if step.parent_node_id is None else f"{instance.id}-{step.pass_no - 1}",
        "parentStepName": None if step.parent_node_id is None else _name(journey, step.parent_node_id),
        "parentTransitionID": step.parent_transition,
        "parentTransitionName": step.parent_transition,
        "processingTime": step.processing_us // 1000,
        "instanceType": "unitary",
        **(step.action or {}),
    }
    if step.is_entrance:
        fields["entrance"] = True
        fields["reentrance"] = is_reentrance
    if step.is_ended:
        fields["instanceEnded"] = True
    record: dict[str, Any] = {
        "_id": f"{instance.id}-{step.seq}",
        "timestamp": to_datetime(step.at_us).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "_experience": {
            "journeyOrchestration": {"stepEvents": {name: value for name, value in fields.items() if value is not None}}
        },
    }
    if instance.namespace is not None:
        record["identityMap"] = {instance.namespace: [{"id": instance.key, "primary": True}]}
    return record


def _name(journey: CompiledJourney, node_id: str) -> str:
    node = journey.nodes.get(node_id)
    return node_id if node is None else node.name
