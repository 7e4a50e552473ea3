"""Synchronous validation: what the dataflow would say of a message, before it is accepted."""

from typing import Any

import orjson

from parcours.dataflow.model import Failed
from parcours.dataflow.transform import Definitions, transform
from parcours.log import Record
from parcours.xdm.violations import leaf, tree


def find_violations(
    inlet_id: str, flow_id: str, dataset_id: str, message: Any, definitions: Definitions
) -> list[dict[str, Any]]:
    """The documented tree of what is wrong with a message, as a list of one; [] when it is valid.

    A fault that no keyword of a schema stands for has the reason code as its keyword.
    """
    record = Record(inlet_id, flow_id, dataset_id, "sync", 0, orjson.dumps(message))
    (outcome,) = transform(record, definitions)
    if not isinstance(outcome, Failed):
        return []
    # what is no violation of the schema, such as a body without an entity, is one of the whole message
    bare = leaf((), (), outcome.code, "")
    return [tree([{**bare, **error} for error in outcome.errors])]
