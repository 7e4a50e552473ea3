"""Step events as people and the lake read them (journeys §13.1)."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import orjson

from parcours.journeys.activities.condition import ConditionNode
from parcours.journeys.activities.event import EntryNode, EventNode
from parcours.journeys.compiled import AudienceRead, CompiledJourney
from parcours.journeys.discards import IN_PAUSE, journey_fields, service_event
from parcours.journeys.model import Instance, StepEvent, shape_of
from parcours.journeys.run import Node
from parcours.journeys.runs_store import AudienceRun
from parcours.kit.clock import to_datetime
from parcours.rulesets.model import FORCED_DISCARD, QUIET_HOURS

DISCARDING = frozenset({QUIET_HOURS, FORCED_DISCARD})
"""Reasons for which quiet hours take somebody out."""

STEP_STATUS_SPELLINGS: Mapping[tuple[str, ...], Mapping[str, str]] = {
    ("stepEvents", "stepStatus"): {"endStep": "ended", "timedOut": "timedout", "cappingError": "capped"}
}
"""Other words that published queries use. Source: journeys §13.1."""


def to_stored(steps: Iterable[StepEvent]) -> str:
    """Steps as the database keeps them: a JSON list of lists, in the order of StepEvent's fields."""
    return orjson.dumps([tuple(step) for step in steps]).decode()


def from_stored(text: str) -> Iterator[StepEvent]:
    """What `to_stored` was given. A step of an older release lacks fields at the end."""
    return (StepEvent._make(values) for values in orjson.loads(text))


def to_document(step: StepEvent) -> dict[str, Any]:
    """A step as a trace shows it; absent members are left out."""
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


def to_lines(
    journey: CompiledJourney, instance: Instance, steps: Iterable[StepEvent], *, is_reentrance: bool = False
) -> list[bytes]:
    """Steps of an instance as records of the data set `journey_step_events`, each one line of JSON.

    `_id` is made of instance and number, so that a step landed twice is one distinct `_id` (journeys §12.1). The id of
    an instance needs no escaping: see `instance_id_of`.
    They are put together from text, most of which is the same for all who go this way: every move of everybody makes
    some.
    """
    instance_id, key = instance.id, _text(instance.key)
    whose = f'"instanceID":"{instance_id}","externalKey":{key},"profileID":{key},"stepID":"{instance_id}-'
    end = "}}}"
    if instance.namespace is not None:
        end += f',"identityMap":{{{_repeated(instance.namespace)}:[{{"id":{key},"primary":true}}]}}'
    end += "}"
    run = instance.run
    of_run = "" if run is None else f',"recurrenceIndex":{run["index"]},"batchInstanceID":{_text(run["id"])}'
    if instance.supplemental_id is not None:
        of_run += f',"supplementalID":{_text(instance.supplemental_id)}'
        if journey.supplemental_namespace is not None:
            of_run += f',"supplementalNamespace":{_repeated(journey.supplemental_namespace)}'
    if instance.jump is not None:
        of_run += f",{_jump_text(instance.jump)}"
    texts = journey.step_texts
    lines: list[bytes] = []
    for step in steps:
        shape = (is_reentrance, shape_of(step))
        fixed = texts.get(shape)
        if fixed is None:
            fixed = texts[shape] = _fixed_text(journey, step, is_reentrance=is_reentrance)
        seq, at_us, pass_no, processing_us, action, detail = step[0], step[1], step[2], step[15], step[16], step[17]
        more = of_run
        if step.parent_node_id is not None:
            more = f',"parentStepID":"{instance_id}-{pass_no - 1}"{of_run}'
        if action:
            more += f",{_text(action)[1:-1]}"
        if "exitCriteriaID" in detail or "reactionActionID" in detail:
            told = {name: detail[name] for name in _TOLD if name in detail}
            more += f",{_text(told)[1:-1]}"
        rest = end
        if detail and ("rejectedRuleset" in detail or detail.get("reason") == IN_PAUSE):
            rest = f"}},{_text(_refused(journey, instance, step))[1:-1]}{end[1:]}"
        lines.append(
            f'{{"_id":"{instance_id}-{seq}","timestamp":"{_timestamp(at_us)}",'
            f'"_experience":{{"journeyOrchestration":{{"stepEvents":{{{fixed},{whose}{pass_no}",'
            f'"processingTime":{processing_us // 1000}{more}{rest}'.encode()
        )
    return lines


_TOLD = ("exitCriteriaID", "exitCriteriaName", "reactionActionID", "reactionChannel", "reactionInteractionType")
"""Members of a step's `detail` that are fields of `stepEvents`."""
_JUMP_FIELDS = tuple(
    (end, index, f"{end}JumpJourney{what}")
    for end in ("origin", "previous")
    for index, what in enumerate(("ID", "VersionID", "InstanceID"))
)


def _jump_text(jump: Mapping[str, Any]) -> str:
    return _text({name: jump[end][index] for end, index, name in _JUMP_FIELDS})[1:-1]


def run_line(journey: CompiledJourney, read: AudienceRead, run: AudienceRun, now_us: int) -> bytes:
    """A run of Read audience as a record of the same data set; it is about nobody (journeys §13.1)."""
    code = "INFO_EXPORTJOB_SUCCEEDED" if run.status == "finished" else None
    if run.status == "failed":
        code = "ERROR_EXPORTJOB_APICALL_TIMEOUT" if run.reason == "tooLong" else "ERROR_EXPORTJOB_FAILED"
    told = {} if code is None else {"eventCode": code}
    job = {
        "ID": run.id,
        "status": run.status,
        "exportCountTotal": run.read_count,
        "exportCountRealized": run.entered_count,
        "exportCountFailed": run.failed_count,
        "exportSegmentID": read.audience_id,
        "eventType": "segmenttrigger-orchestrator",
        **told,
    }
    steps = {name: value for name, value in journey.step_fields.items() if name != "profileNamespace"}
    return orjson.dumps(
        {
            "_id": f"{run.id}-{run.status}",
            "timestamp": _timestamp(now_us),
            "_experience": {
                "journeyOrchestration": {
                    "stepEvents": {**steps, "nodeID": read.node_id, "recurrenceIndex": run.number},
                    "serviceType": "segmentExportJob",
                    "serviceEvents": {"segmentExportJob": job},
                    "journey": journey_fields(journey),
                }
            },
        }
    )


def _refused(journey: CompiledJourney, instance: Instance, step: StepEvent) -> dict[str, Any]:
    """What stands beside the step of somebody whom a rule refused a message, or whom a pause took out."""
    if "rejectedRuleset" in step.detail:
        told = {"serviceType": "dispatcher", "serviceEvents": {"dispatcher": _rejected(step)}}
    else:
        told = service_event(IN_PAUSE, journey.event_ids.get(step.event_id, step.event_id))
    profile = {"ID": instance.key}
    if instance.namespace is not None:
        profile["namespace"] = instance.namespace
    return {**told, "journey": journey_fields(journey), "profile": profile}


def _rejected(step: StepEvent) -> dict[str, Any]:
    """Which rule refused a message. Only who leaves for it is a discard: the others go on."""
    told = {"rejectedRuleset": step.detail["rejectedRuleset"]}
    if not step.is_ended or step.step_status != "ended" or step.detail.get("reason") not in DISCARDING:
        return told
    reason = step.detail["reason"]
    return {"eventType": reason, "eventCode": "discard", "eventCodeReason": reason, **told}


def _fixed_text(journey: CompiledJourney, step: StepEvent, *, is_reentrance: bool) -> str:
    """Members of `stepEvents` that all steps of one shape share."""
    fields = {**journey.step_fields, "nodeID": step.node_id, "nodeName": step.node_name, "stepName": step.node_name}
    fields["nodeType"] = step.node_type
    event_id = journey.event_ids.get(step.event_id, step.event_id)
    fields |= {"stepStatus": step.step_status, "eventID": event_id, "journeyNodeProcessed": step.is_processed}
    if step.step_type is not None:
        fields["stepType"] = step.step_type
    if step.is_entrance:
        fields |= {"entrance": True, "reentrance": is_reentrance}
    if step.is_ended:
        fields["instanceEnded"] = True
    if _took_event(journey, step):
        fields["eventProcessed"] = True
    if step.parent_node_id is not None:
        parent = journey.nodes.get(step.parent_node_id)
        fields["parentNodeID"] = step.parent_node_id
        fields["parentNodeName"] = fields["parentStepName"] = step.parent_node_id if parent is None else parent.name
        fields["parentTransitionID"] = fields["parentTransitionName"] = step.parent_transition
        if parent is not None:
            fields["parentNodeType"] = parent.node_type
            kind = _transition_type(parent, step.parent_transition or "")
            if kind is not None:
                fields["parentTransitionType"] = kind
    return _text(fields)[1:-1]


def _took_event(journey: CompiledJourney, step: StepEvent) -> bool:
    """Whether a node left by the event it listens to, and not by an exit criterion that the same event met."""
    node = journey.nodes.get(step.node_id)
    if not isinstance(node, EntryNode | EventNode) or not step.is_processed or step.step_status != "ended":
        return False
    is_sure = step.transition is not None or all(one.event_uid != node.event_uid for one in journey.exit_criteria)
    return is_sure and step.event_id == node.event_uid


def _transition_type(parent: Node, transition: str) -> str | None:
    """By what a node was left; None where its transition does not tell. Source: XDM, step event common fields."""
    if isinstance(parent, EntryNode):
        return "Event Triggered"
    if isinstance(parent, EventNode) and transition == "default":
        is_sure = parent.timeout_us is None or parent.on_timeout != "default"
        return "Event Triggered" if is_sure else None
    if isinstance(parent, ConditionNode) and transition != "error":
        return "Condition Triggered"
    return "Basic"


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


_repeated = lru_cache(maxsize=1024)(_text)


@lru_cache(maxsize=256)
def _timestamp(at_us: int) -> str:
    """The steps of a batch share few moments."""
    return to_datetime(at_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")
