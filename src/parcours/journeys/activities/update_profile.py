"""The update profile activity: attributes of the individual's profile get new values (journeys §8.10)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.values import to_json
from parcours.journeys.activities.jump import mapped_type
from parcours.journeys.activities.kind import Builder, Explained, Kind
from parcours.journeys.model import UpdateProfile
from parcours.journeys.run import Node, Run
from parcours.kit.paths import split_pointer

MAX_UPDATES = 5


class UpdateProfileNode(Node):
    """Writes; the next activity sees the new values."""

    __slots__ = ("data_set_id", "updates")
    node_type: ClassVar[str] = "updateProfile"
    step_type: ClassVar[str | None] = "Action"
    fixed: ClassVar[dict[str, Any]] = {"actionType": "updateProfile", "actionBusinessType": "builtin"}

    def __init__(
        self, node_id: str, name: str, data_set_id: str, updates: Sequence[tuple[tuple[str, ...], Explained]]
    ) -> None:
        super().__init__(node_id, name)
        self.data_set_id = data_set_id
        self.updates = tuple((path, explained.expression.evaluate) for path, explained in updates)

    def enter(self, run: Run) -> Node | None:
        """Compute the values and write them; a dry run only passes."""
        if run.journey.mode == "dryRun":
            return run.leave("default", action=self.fixed, detail={"skipped": "dryRun"})
        context = run.context()
        try:
            updates = tuple([(path, to_json(evaluate(context))) for path, evaluate in self.updates])
        except ExpressionFailed as error:
            return run.fail("evaluation", "error", action=self.fixed, detail={"reason": str(error)})
        run.ask(UpdateProfile(self.id, run.pass_no, self.data_set_id, updates))
        return None

    def take(self, run: Run, reply: str | None) -> Node | None:
        """Nothing to do, or why it could not be done."""
        if reply is None:
            return run.leave("default", action=self.fixed)
        action = {**self.fixed, "actionExecutionError": "error", "actionExecutionErrorCode": reply}
        return run.fail("action", "error", action=action, detail={"reason": reply})


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    data_set = builder.data_set(config["dataSetId"], ".dataSetId")
    if data_set is not None and not data_set.is_of_profiles:
        message = f"data set {data_set.name!r} holds no attributes of individuals, or is not enabled for the profile"
        builder.fault("ERR_UPDATE_DATA_SET", message, ".dataSetId")
    if builder.namespace() is None:
        builder.fault("ERR_UPDATE_NAMESPACE", "a journey without a namespace has no profile to update", ".dataSetId")
    updates: dict[tuple[str, ...], Explained] = {}
    for index, update in enumerate(config["updates"]):
        where = f".updates[{index}]"
        path = split_pointer(update["path"])
        if not path or path in updates or path[0] in ("_id", "identityMap"):
            builder.fault("ERR_UPDATE_FIELD", f"{update['path']!r} can't be updated", f"{where}.path")
            continue
        document = None if data_set is None else data_set.document
        can_set, expected = mapped_type(document, path, builder, f"{where}.path")
        if can_set:
            explained = builder.expression(update["expression"], f"{where}.expression", expected)
            if explained is not None:
                updates[path] = explained
    return UpdateProfileNode(node_id, name, config["dataSetId"], list(updates.items()))


KIND = Kind(
    type="updateProfile",
    schema={
        "required": ["dataSetId", "updates"],
        "properties": {
            "dataSetId": {"type": "string", "minLength": 1, "maxLength": 64},
            "updates": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_UPDATES,
                "items": {
                    "type": "object",
                    "required": ["path", "expression"],
                    "properties": {
                        "path": {"type": "string", "pattern": "^/", "description": "JSON pointer of the attribute."},
                        "expression": {"type": "string", "minLength": 1},
                    },
                    "additionalProperties": False,
                },
            },
        },
    },
    build=_build,
    transitions=lambda _config: ("default", "error"),
)
