"""Synchronous validation: what the dataflow would say of a message, before it is accepted."""

from typing import Any

import orjson

from parcours.dataflow.model import Failed
from parcours.dataflow.transform import Definitions, transform
from parcours.log import Record
from parcours.xdm.violations import tree


def find_violations(
    inlet_id: str, flow_id: str, dataset_id: str, message: Any, definitions: Definitions
) -> list[dict[str, Any]]:
    """The documented tree of what is wrong with a message, as a list of one; [] when it is valid."""
    record = Record(inlet_id, flow_id, dataset_id, "sync", 0, orjson.dumps(message))
    (outcome,) = transform(record, definitions)
    if not isinstance(outcome, Failed):
        return []
    return [tree(outcome.errors)] if all("keyword" in error for error in outcome.errors) else outcome.errors
