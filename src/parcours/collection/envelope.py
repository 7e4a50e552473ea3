"""Reads one message far enough to know where it belongs; everything else is checked by the dataflow."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from parcours.flows.model import Flow, Inlet

UNKNOWN_FORMAT = "Message has unknown xdm format"
CREATE, MERGE, DELETE = "create", "merge", "delete"
"""Operations on the data of a raw message."""
WRONG_ORG = "Message has an absent or wrong ims org in the header"

_CONTENT_TYPES = frozenset(
    f"application/vnd.adobe.xed-{view}+json;{blank}version={version}"
    for view in ("full", "full-notext")
    for blank in ("", " ")
    for version in ("1", "1.0")
)
"""The documented spellings, which need no closer look."""
_OTHER_VERSION = re.compile(r";\s*version\s*=(?!\s*\"?1(?![0-9]))", re.IGNORECASE)


class Refusal(NamedTuple):
    """Why a message is not taken."""

    message: str
    """The ending of `report.message`: the documented text where there is one."""
    detail: str = ""
    """What of it, in words of our own."""


class Destination(NamedTuple):
    """Where an accepted message goes."""

    flow_id: str
    """Empty when the message names a data set and no flow."""
    dataset_id: str


DataSetSchema = Callable[[int, str], str | None]
"""(scope, data set id) → the `$id` of its schema, or None when there is no such data set."""


def is_enveloped(message: Any) -> bool:
    """Whether a raw message is wrapped in the platform's header and body, which streaming upserts need."""
    if not isinstance(message, dict):
        return False
    header = message.get("header")
    return (
        isinstance(header, dict)
        and "body" in message
        and ("flowId" in header or "operations" in header or "schemaRef" in header)
    )


def find_destination(
    inlet: Inlet, message: Any, flow_id: str | None, schema_of: DataSetSchema
) -> Destination | Refusal:
    """Where the message goes, or why it is refused.

    message: parsed JSON, one envelope or, for a raw inlet, anything.
    flow_id: from the `x-adobe-flow-id` header or query parameter; wins over the envelope's.
    Source: platform-apis §1.3, §1.7, §1.9 and the first rows of §11.
    """
    if inlet.data_type == "raw":
        return _find_raw(inlet, message, flow_id, schema_of)
    if not isinstance(message, dict):
        return _unknown_format("a message is a JSON object")
    header = message.get("header")
    if header is None and "body" not in message and flow_id:
        return _flow(inlet, flow_id)  # bare XDM with the flow named beside it
    if not isinstance(header, dict):
        return _unknown_format("there is no header")
    org_id = header.get("imsOrgId")
    if org_id is not None and org_id != inlet.org_id:
        return Refusal(WRONG_ORG)
    body = message.get("body")
    if not isinstance(body, dict):
        return _unknown_format("there is no body")
    if header.get("msgType") == "xdmEntityUpdate":
        return Refusal("Message type xdmEntityUpdate is deprecated and not accepted")
    schema_id = _schema_id(header)
    if schema_id is None and not _has_legacy_schema(header):
        return _unknown_format("header.schemaRef.id is missing")
    meta = body.get("xdmMeta")
    if meta is not None and (not isinstance(meta, dict) or _schema_id(meta) not in (schema_id, None)):
        return _unknown_format("body.xdmMeta.schemaRef differs from header.schemaRef")
    found = _find_xdm(inlet, header, flow_id, schema_of)
    if isinstance(found, Refusal):
        return found
    destination, expected = found
    if schema_id is None:
        return destination
    if schema_id != expected:
        return _unknown_format(f"header.schemaRef.id is not the schema of data set {destination.dataset_id}")
    content_type = header["schemaRef"].get("contentType")
    if not isinstance(content_type, str) or content_type in _CONTENT_TYPES or not _OTHER_VERSION.search(content_type):
        return destination
    return _unknown_format("header.schemaRef.contentType names a version that the schema doesn't have")


def _find_xdm(
    inlet: Inlet, header: dict[str, Any], flow_id: str | None, schema_of: DataSetSchema
) -> tuple[Destination, str] | Refusal:
    flow_id = flow_id or header.get("flowId")
    dataset_id = header.get("datasetId")
    if not flow_id:
        if isinstance(dataset_id, str) and not dataset_id.startswith("string - "):  # the payload preview's hint
            for flow in inlet.flows.values():
                if flow.dataset_id == dataset_id:
                    return _checked(flow)
            schema_id = schema_of(inlet.scope_id, dataset_id)
            if schema_id is None:
                return Refusal(f"Message names an unknown data set: {dataset_id[:80]!r}")
            return Destination("", dataset_id), schema_id
        if len(inlet.flows) != 1:
            return Refusal("Message names no flow: set x-adobe-flow-id, header.flowId or header.datasetId")
        return _checked(next(iter(inlet.flows.values())))
    return _checked(_find_flow(inlet, flow_id))


def _checked(flow: Flow | Refusal) -> tuple[Destination, str] | Refusal:
    """Where an enabled flow leads, and the `$id` of the schema it takes."""
    if isinstance(flow, Refusal):
        return flow
    if not flow.is_enabled:
        return Refusal(f"Flow {flow.id} is disabled")
    return Destination(flow.id, flow.dataset_id), flow.schema_id


def _find_raw(inlet: Inlet, message: Any, flow_id: str | None, schema_of: DataSetSchema) -> Destination | Refusal:
    operations = None
    if is_enveloped(message):
        header = message["header"]
        org_id = header.get("imsOrgId")
        if org_id is not None and org_id != inlet.org_id:
            return Refusal(WRONG_ORG)
        operations = header.get("operations")
        flow_id = flow_id or header.get("flowId")
    if not flow_id:
        if len(inlet.flows) != 1:
            return Refusal("Message names no flow: a raw inlet needs x-adobe-flow-id")
        flow_id = next(iter(inlet.flows))
    found = _checked(_find_flow(inlet, flow_id))
    if isinstance(found, Refusal):
        return found
    fault = "" if operations is None else _fault_of_operations(inlet, operations, *found, schema_of)
    return Refusal(fault) if fault else found[0]


def _fault_of_operations(
    inlet: Inlet, operations: Any, destination: Destination, schema_id: str, schema_of: DataSetSchema
) -> str:
    """What keeps `header.operations` from being done, or nothing. Source: platform-apis §1.9."""
    if not isinstance(operations, dict):
        return "Message has operations that are no object"
    data = operations.get("data", CREATE)
    if data not in (CREATE, MERGE, DELETE):
        return f"Operation {str(data)[:40]!r} on data is none of create, merge and delete"
    identity = operations.get("identity")
    if identity is None:
        return ""
    if identity != CREATE:
        return f"Operation {str(identity)[:40]!r} on identities is not create"
    dataset_id = operations.get("identityDatasetId")
    found = schema_of(inlet.scope_id, dataset_id) if isinstance(dataset_id, str) else None
    if found is None:
        return "Message creates identities and names no data set in operations.identityDatasetId"
    if dataset_id == destination.dataset_id or found != schema_id:
        return "The data set of operations.identityDatasetId is another one of the same schema"
    return ""


def _flow(inlet: Inlet, flow_id: Any) -> Destination | Refusal:
    found = _checked(_find_flow(inlet, flow_id))
    return found if isinstance(found, Refusal) else found[0]


def _find_flow(inlet: Inlet, flow_id: Any) -> Flow | Refusal:
    found = None
    if isinstance(flow_id, str):
        found = inlet.flows.get(flow_id) or inlet.flows.get(flow_id.lower())  # a UUID in whatever case
    return Refusal(f"Message names an unknown flow: {str(flow_id)[:80]!r}") if found is None else found


def _unknown_format(detail: str) -> Refusal:
    return Refusal(UNKNOWN_FORMAT, detail)


def _has_legacy_schema(header: dict[str, Any]) -> bool:
    """Whether the header has `xdmSchema.name` for `schemaRef`: the schema is then that of the data set."""
    legacy = header.get("xdmSchema")
    return isinstance(legacy, dict) and isinstance(legacy.get("name"), str) and "schemaRef" not in header


def _schema_id(holder: dict[str, Any]) -> str | None:
    reference = holder.get("schemaRef")
    if not isinstance(reference, dict):
        return None
    found = reference.get("id")
    return found if isinstance(found, str) else None
