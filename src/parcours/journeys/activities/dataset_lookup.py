"""The dataset lookup activity: rows of a data set by key, for expressions after it (journeys §8.15)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import orjson

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.types import Type
from parcours.expressions.values import type_of
from parcours.journeys.activities.jump import mapped_type
from parcours.journeys.activities.kind import Builder, Explained, Kind
from parcours.journeys.model import LookUp
from parcours.journeys.run import Node, Run
from parcours.kit.paths import split_pointer

MAX_FIELDS = 20
MAX_KEYS = 50
MAX_ANSWER_BYTES = 10_240
MAX_PER_JOURNEY = 10


class LookupNode(Node):
    """Keeps the rows under the node's name."""

    __slots__ = ("data_set_id", "fields", "keys", "result_name")
    node_type: ClassVar[str] = "datasetLookup"
    step_type: ClassVar[str | None] = "Enrichment"

    def __init__(
        self, node_id: str, name: str, result_name: str, data_set_id: str, keys: Explained | None,
        fields: Sequence[str],
    ) -> None:  # fmt: skip
        super().__init__(node_id, name)
        self.result_name = result_name
        """What expressions call it: @datasetLookup{result_name.entities}."""
        self.data_set_id = data_set_id
        self.keys = keys
        self.fields = tuple(fields)

    def enter(self, run: Run) -> Node | None:
        """Ask for the rows."""
        assert self.keys is not None
        try:
            value = self.keys.expression.evaluate(run.context())
            named = value if isinstance(value, list) else [value]
            keys = tuple(dict.fromkeys(_as_key(key) for key in named if key is not None))
        except ExpressionFailed as error:
            return run.fail("evaluation", "error", detail={"reason": str(error)})
        if len(keys) > MAX_KEYS:
            return run.fail("fetch", "error", detail={"reason": f"{len(keys)} keys, {MAX_KEYS} at most"})
        if not keys:
            return self.take(run, [])
        run.ask(LookUp(self.id, run.pass_no, self.data_set_id, keys, self.fields))
        return None

    def take(self, run: Run, reply: list[dict[str, Any]] | str) -> Node | None:
        """Keep the rows."""
        if isinstance(reply, str):
            return run.fail("fetch", "error", detail={"reason": reply})
        if len(orjson.dumps(reply)) > MAX_ANSWER_BYTES:
            return run.fail("fetch", "error", detail={"reason": f"the rows exceed {MAX_ANSWER_BYTES} bytes"})
        run.lookups = {**run.lookups, self.result_name: {"entities": reply}}
        return run.leave("default", detail={"rows": len(reply)})


def _as_key(value: Any) -> str:
    """As `lookups.keys.key_of` reads it in a row. Raises ExpressionFailed for what is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ExpressionFailed(f"a key is a text or a whole number, not {type_of(value)}")


def result_name_of(node_id: str, config: Mapping[str, Any]) -> str:
    """What expressions call a lookup: its label when that can be written, else its id."""
    label = config.get("label", "")
    return label if label.isidentifier() else node_id


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    data_set = builder.data_set(config["dataSetId"], ".dataSetId")
    if data_set is not None and not data_set.is_lookup:
        message = f"data set {data_set.name!r} is not enabled for lookup"
        builder.fault("ERR_LOOKUP_DATA_SET", message, ".dataSetId")
    fields = config.get("fields", [])
    for index, pointer in enumerate(fields):
        if data_set is not None:
            mapped_type(data_set.document, split_pointer(pointer), builder, f".fields[{index}]")
    keys = builder.expression(config["keys"], ".keys", None)
    if keys is not None and keys.expression.type not in (Type.STRING, Type.STRING.list, Type.ANY):
        builder.fault("ERR_LOOKUP_KEYS", "the keys are a string or a list of strings", ".keys")
    return LookupNode(node_id, name, result_name_of(node_id, config), config["dataSetId"], keys, fields)


KIND = Kind(
    type="datasetLookup",
    schema={
        "required": ["dataSetId", "keys"],
        "properties": {
            "dataSetId": {"type": "string", "minLength": 1, "maxLength": 64},
            "keys": {"type": "string", "minLength": 1, "description": "Expression: a string or a list of strings."},
            "fields": {
                "type": "array",
                "maxItems": MAX_FIELDS,
                "items": {"type": "string", "pattern": "^/"},
                "description": "JSON pointers of the fields wanted; left out: all.",
            },
        },
    },
    build=_build,
    transitions=lambda _config: ("default", "error"),
)
