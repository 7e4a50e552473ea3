"""Step events as people and the lake read them (journeys §13.1)."""

from functools import lru_cache
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
    instance_id = instance.id
    fields = journey.step_fields.copy()
    fields["instanceID"] = instance_id
    fields["externalKey"] = fields["profileID"] = instance.key
    fields["eventID"] = step.event_id
    fields["nodeID"] = step.node_id
    fields["nodeName"] = fields["stepName"] = step.node_name
    fields["nodeType"] = step.node_type
    fields["journeyNodeProcessed"] = step.is_processed
    fields["stepID"] = f"{instance_id}-{step.pass_no}"
    fields["stepStatus"] = step.step_status
    fields["processingTime"] = step.processing_us // 1000
    if step.step_type is not None:
        fields["stepType"] = step.step_type
    if step.parent_node_id is not None:
        parent = journey.nodes.get(step.parent_node_id)
        fields["parentStepID"] = f"{instance_id}-{step.pass_no - 1}"
        fields["parentNodeID"] = step.parent_node_id
        fields["parentNodeName"] = fields["parentStepName"] = step.parent_node_id if parent is None else parent.name
        fields["parentTransitionID"] = fields["parentTransitionName"] = step.parent_transition
    if step.action is not None:
        fields.update(step.action)
    if step.is_entrance:
        fields["entrance"] = True
        fields["reentrance"] = is_reentrance
    if step.is_ended:
        fields["instanceEnded"] = True
    record: dict[str, Any] = {
        "_id": f"{instance_id}-{step.seq}",
        "timestamp": _timestamp(step.at_us),
        "_experience": {"journeyOrchestration": {"stepEvents": fields}},
    }
    if instance.namespace is not None:
        record["identityMap"] = {instance.namespace: [{"id": instance.key, "primary": True}]}
    return record


@lru_cache(maxsize=256)
def _timestamp(at_us: int) -> str:
    """The steps of a batch share few moments."""
    return to_datetime(at_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")
