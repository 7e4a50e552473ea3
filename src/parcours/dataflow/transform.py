"""The pure verb: one accepted record in, valid records and failures out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from parcours.catalog.model import DataSet, DataSetTable
from parcours.collection.envelope import CREATE, DELETE, is_enveloped
from parcours.dataflow.model import (
    NO_DEFINITION,
    NOT_MAPPED,
    NOT_VALID,
    UNREADABLE,
    Change,
    Failed,
    Origin,
    Outcome,
    Valid,
)
from parcours.dataprep.service import MappingTable
from parcours.flows.model import Flow, InletTable
from parcours.kit.named import make
from parcours.log import Record
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.identities import extract_identities
from parcours.xdm.table import SchemaTable

_ALL, _SHOWN = 1000, 5
"""Violations that are looked at in a change, and those that are told, as of any record."""
RETRY_PREFIX = "retry:"
"""Begins the xaction id of a record that is another try of a failed one; the failed record's id follows."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything a message meets on its way, as of one moment."""

    inlets: InletTable
    data_sets: DataSetTable
    schemas: SchemaTable
    mappings: MappingTable

    def are(self, others: "Definitions") -> bool:
        """Whether nothing has changed between the two moments."""
        return (
            self.inlets is others.inlets
            and self.data_sets is others.data_sets
            and self.schemas is others.schemas
            and self.mappings is others.mappings
        )


def transform(record: Record, definitions: Definitions) -> Iterator[Outcome]:
    """Each message of a record, in order: a valid XDM record, a change or a failure. Never raises for bad data."""
    inlet = definitions.inlets.remembered.get(record.inlet_id)
    scope_id = inlet.scope_id if inlet is not None else record.scope_id
    flow = inlet.flows.get(record.flow_id) if inlet is not None else None
    is_raw = inlet is not None and inlet.data_type == "raw"
    dataset = definitions.data_sets.get(scope_id, record.dataset_id)
    if inlet is None and scope_id not in definitions.inlets.scopes:
        dataset = None  # what a deleted sandbox stored is still there, out of reach
    retry_of = _retry_of(record)
    for xaction_id, message in _messages(record):
        origin = make(Origin, (record.inlet_id, record.flow_id, xaction_id, record.received_at_ms, retry_of))
        if dataset is None or (flow is None and record.flow_id):
            gone = "flow" if dataset is not None else "data set" if scope_id in definitions.inlets.scopes else "sandbox"
            yield _fail(origin, scope_id, record.dataset_id, NO_DEFINITION, f"The {gone} is gone", message)
        else:
            yield _one(origin, dataset, flow, is_raw, message, definitions)


def split(record: Record) -> list[Record]:
    """A record for each message of a record; together they transform to the same."""
    if not record.is_batch:
        return [record]
    return [
        record._replace(body=orjson.dumps([(place, message)]), message_count=1, skip=())
        for place, message in _placed(record, orjson.loads(record.body))
    ]


def give_up(record: Record, definitions: Definitions, code: str, text: str) -> Failed:
    """The one message of a record as a failure."""
    inlet = definitions.inlets.remembered.get(record.inlet_id)
    scope_id = inlet.scope_id if inlet is not None else record.scope_id
    ((xaction_id, message),) = _messages(record)
    origin = Origin(record.inlet_id, record.flow_id, xaction_id, record.received_at_ms, _retry_of(record))
    return _fail(origin, scope_id, record.dataset_id, code, text, message)


def _messages(record: Record) -> Iterator[tuple[str, Any]]:
    body = orjson.loads(record.body)
    if not record.is_batch:
        yield record.xaction_id, body
        return
    for place, message in _placed(record, body):
        yield f"{record.xaction_id}:{place}", message


def _placed(record: Record, body: Any) -> Iterable[Sequence[Any]]:
    """(index in the request, message) of each message of a batch; a part of one has lists of the two, as JSON does."""
    if isinstance(body, list):  # a part of a request whose messages went to several data sets
        return body
    skip = frozenset(record.skip)
    return ((place, message) for place, message in enumerate(body["messages"]) if place not in skip)


def _retry_of(record: Record) -> int:
    """The failed record that this is another try of; 0 for none."""
    return int(record.xaction_id[len(RETRY_PREFIX) :]) if record.xaction_id.startswith(RETRY_PREFIX) else 0


def _one(
    origin: Origin, dataset: DataSet, flow: Flow | None, is_raw: bool, message: Any, definitions: Definitions
) -> Outcome:
    scope_id = dataset.scope_id
    schema = definitions.schemas.get(scope_id, dataset.schema_id)
    if schema is None:
        return _fail(origin, scope_id, dataset.id, NO_DEFINITION, f"Schema {dataset.schema_id} is gone", message)
    entity: Any
    operations = None
    if is_raw:
        entity = message
        if is_enveloped(message):
            entity = message["body"]
            operations = message["header"].get("operations")
    elif "header" in message and isinstance(message.get("body"), dict):
        entity = message["body"].get("xdmEntity")
        if entity is None:
            return _fail(origin, scope_id, dataset.id, UNREADABLE, "Payload body is missing xdmEntity", message)
    else:
        entity = message
    warnings: tuple[str, ...] = ()
    appended: tuple[tuple[str, ...], ...] = ()
    if flow is not None and flow.mapping is not None:
        mapping = definitions.mappings.get(scope_id, *flow.mapping)
        if mapping is None:
            text = f"Mapping set {flow.mapping[0]} version {flow.mapping[1]} is gone"
            return _fail(origin, scope_id, dataset.id, NOT_MAPPED, text, message)
        result = mapping.apply(entity)
        if not result.entity and not isinstance(entity, dict):
            text = "The mapping finds nothing in this message, which is no JSON object"
            return _fail(origin, scope_id, dataset.id, NOT_MAPPED, text, message)
        entity, appended = result.entity, result.appended
        warnings = tuple(str(warning) for warning in result.warnings)
    if not isinstance(entity, dict):
        return _fail(origin, scope_id, dataset.id, UNREADABLE, "The XDM entity is not a JSON object", message)
    if operations is not None and isinstance(operations, dict) and operations.get("data", CREATE) != CREATE:
        return _change(origin, dataset, schema, operations, entity, appended, warnings, message)
    if not schema.is_valid(entity):
        errors = schema.violations(entity)
        if warnings:
            errors = [*errors, *({"keyword": "mapping", "message": warning} for warning in warnings)]
        return Failed(origin, scope_id, dataset.id, NOT_VALID, errors, orjson.dumps(message))
    primary, identities, left_out = extract_identities(schema, entity)
    if left_out:
        warnings = (*warnings, *left_out)
    if primary is None and identities:
        primary = identities[0]  # nobody is marked: the first one named is meant
    line = orjson.dumps(entity)
    return make(Valid, (origin, scope_id, dataset, schema, entity, line, primary, identities, warnings))


def _change(
    origin: Origin,
    dataset: DataSet,
    schema: CompiledSchema,
    operations: dict[str, Any],
    entity: dict[str, Any],
    appended: tuple[tuple[str, ...], ...],
    warnings: tuple[str, ...],
    message: Any,
) -> Change | Failed:
    """A message that merges or deletes. What a record must have may be missing in it, but whom it is about."""
    scope_id = dataset.scope_id
    if not (dataset.is_profile_enabled and schema.is_union and schema.behaviour == "record"):
        text = "Only records of data sets and schemas that are enabled for profiles are merged and deleted"
        return _fail(origin, scope_id, dataset.id, UNREADABLE, text, message)
    if not schema.is_valid(entity):
        errors = [error for error in schema.violations(entity, _ALL) if error["keyword"] != "required"]
        if errors:
            return Failed(origin, scope_id, dataset.id, NOT_VALID, errors[:_SHOWN], orjson.dumps(message))
    primary, identities, left_out = extract_identities(schema, entity)
    if primary is None and identities:
        primary = identities[0]
    if primary is None:
        text = "The message names nobody: the primary identity is missing"
        return _fail(origin, scope_id, dataset.id, NOT_VALID, text, message)
    linked = identities if operations.get("identity") == CREATE else []
    is_removal = operations["data"] == DELETE
    return Change(origin, scope_id, dataset, is_removal, entity, primary, linked, appended, (*warnings, *left_out))


def _fail(origin: Origin, scope_id: int, dataset_id: str, code: str, text: str, message: Any) -> Failed:
    return Failed(origin, scope_id, dataset_id, code, [{"message": text}], orjson.dumps(message))
