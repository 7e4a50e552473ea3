"""The jump activity: the individual enters another journey, and goes on in this one (journeys §8.9)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from parcours.expressions.errors import ExpressionFailed, UnknownReference
from parcours.expressions.references import SchemaReferences
from parcours.expressions.types import Type
from parcours.expressions.values import to_json
from parcours.journeys.activities.kind import Builder, Explained, Kind
from parcours.journeys.model import Instance, Jump, JumpOutcome
from parcours.journeys.run import Node, Run
from parcours.kit.clock import to_datetime
from parcours.kit.paths import split_pointer


class JumpNode(Node):
    """Sends the first event of the target to it."""

    __slots__ = ("event_uid", "fields", "fixed", "journey_uid")
    node_type: ClassVar[str] = "jump"
    step_type: ClassVar[str | None] = "Action"

    def __init__(
        self, node_id: str, name: str, journey_uid: str, event_uid: str, target_name: str,
        fields: Sequence[tuple[tuple[str, ...], Explained]],
    ) -> None:  # fmt: skip
        super().__init__(node_id, name)
        self.journey_uid = journey_uid
        self.event_uid = event_uid
        self.fields = tuple((path, explained.expression.evaluate) for path, explained in fields)
        self.fixed = {
            "actionID": journey_uid, "actionName": target_name, "actionType": "jump", "actionBusinessType": "builtin",
        }  # fmt: skip

    def enter(self, run: Run) -> Node | None:
        """Map the fields and jump; a dry run only passes."""
        if run.journey.mode == "dryRun":
            return run.leave("default", action=self.fixed, detail={"skipped": "dryRun"})
        context = run.context()
        payload: dict[str, Any] = {}
        try:
            for path, evaluate in self.fields:
                value = to_json(evaluate(context))
                if value is not None:
                    put(payload, path, value)
        except ExpressionFailed as error:
            return run.fail("evaluation", "error", action=self.fixed, detail={"reason": str(error)})
        run.ask(Jump(self.id, run.pass_no, self.journey_uid, self.event_uid, payload))
        return None

    def take(self, run: Run, reply: JumpOutcome) -> Node | None:
        """Someone who is in the target already does not enter it, which is no error."""
        detail: dict[str, Any] = {"jump": reply.outcome}
        if reply.instance_id is not None:
            detail["instanceId"] = reply.instance_id
        if reply.outcome != "error":
            return run.leave("default", action=self.fixed, detail=detail)
        detail["reason"] = reply.reason or "error"
        action = {**self.fixed, "actionExecutionError": "error", "actionExecutionErrorCode": detail["reason"]}
        return run.fail("action", "error", action=action, detail=detail)


def first_event(instance: Instance, command: Jump, now_us: int) -> tuple[str, dict[str, Any]]:
    """(`_id`, payload) of the event that a jump sends to its target; `_id` is the same whenever it is made."""
    event_id = f"{instance.id}-{command.pass_no}"
    now = to_datetime(now_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    payload = {"_id": event_id, "timestamp": now, **command.payload}
    if instance.namespace is not None:
        payload["identityMap"] = {instance.namespace: [{"id": instance.key, "primary": True}]}
    return event_id, payload


def provenance(instance: Instance) -> dict[str, Any]:
    """Where somebody comes from whom this instance's jump lets enter: `Instance.jump`."""
    here = [instance.journey_uid, instance.version_uid, instance.id]
    return {"origin": here if instance.jump is None else instance.jump["origin"], "previous": here}


def put(target: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a value below objects, which are made where they are missing; what stands in the way is replaced."""
    for name in path[:-1]:
        child = target.get(name)
        if not isinstance(child, dict):
            child = target[name] = {}
        target = child
    target[path[-1]] = value


def mapped_type(
    document: Mapping[str, Any] | None, path: tuple[str, ...], builder: Builder, where: str
) -> tuple[bool, Type | None]:
    """(whether the field can be given a value, the type it must have) of a field of a schema."""
    if document is None:
        return True, None
    try:
        kind = SchemaReferences(data_sources={"s": {"g": document}}).type_of("dataSource", ("s", "g"), path)
    except UnknownReference as error:
        builder.fault("ERR_FIELD_UNKNOWN", str(error), where)
        return False, None
    if kind is Type.OBJECT:
        builder.fault("ERR_FIELD_UNKNOWN", f"/{'/'.join(path)} is an object: give its fields one by one", where)
        return False, None
    return True, None if kind in (Type.ANY, Type.MAP) else kind


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    uid = config["targetJourneyUid"]
    target = builder.target(uid, ".targetJourneyUid")
    fields: dict[tuple[str, ...], Explained] = {}
    for index, mapping in enumerate(config.get("parameters", ())):
        where = f".parameters[{index}]"
        path = split_pointer(mapping["paramPath"])
        if not path or path in fields:
            builder.fault("ERR_JUMP_PARAMETER", f"{mapping['paramPath']!r} can't be mapped", f"{where}.paramPath")
            continue
        document = None if target is None else target.event_document
        can_map, expected = mapped_type(document, path, builder, f"{where}.paramPath")
        if can_map:
            explained = builder.expression(mapping["expression"], f"{where}.expression", expected)
            if explained is not None:
                fields[path] = explained
    event_uid = "" if target is None else target.event_uid
    return JumpNode(node_id, name, uid, event_uid, "" if target is None else target.name, list(fields.items()))


PARAMETERS_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "maxItems": 500,
    "items": {
        "type": "object",
        "required": ["paramPath", "expression"],
        "properties": {
            "paramPath": {"type": "string", "pattern": "^/", "description": "JSON pointer of the field."},
            "label": {"type": "string"},
            "expression": {"type": "string", "minLength": 1},
        },
        "additionalProperties": False,
    },
}
KIND = Kind(
    type="jump",
    schema={
        "required": ["targetJourneyUid"],
        "properties": {
            "targetJourneyUid": {"type": "string", "minLength": 1, "maxLength": 64},
            "parameters": PARAMETERS_SCHEMA,
        },
    },
    build=_build,
    transitions=lambda _config: ("default", "error"),
)
