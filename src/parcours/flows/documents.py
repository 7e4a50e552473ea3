"""Flow Service documents: what a client may write, checked as far as one document can be by itself."""

from collections.abc import Callable, Mapping
from typing import Any

from parcours.flows.errors import FlowRefused
from parcours.flows.model import Flow, Inlet
from parcours.flows.specs import (
    CONNECTION_SPEC_BY_ID,
    DATA_LAKE,
    FLOW_MAPPED,
    FLOW_PLAIN,
    FLOW_SPEC_BY_ID,
    HTTP_API,
    VERSION,
    is_supported,
)

CONNECTION = "connection"
SOURCE = "sourceConnection"
TARGET = "targetConnection"
FLOW = "flow"
KINDS = (CONNECTION, SOURCE, TARGET, FLOW)
DELETED_FLOW = "deletedFlow"
"""What records that were accepted before a flow was deleted still need of it: see `remember`."""

DRAFT, ENABLED, DISABLED = "draft", "enabled", "disabled"

_SERVER_KEYS = frozenset(
    {
        "id", "etag", "version", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient", "updatedClient",
        "sandboxId", "sandboxName", "imsOrgId", "inheritedAttributes", "runs", "lastOperation", "lastRunDetails",
        "state", "providerRefId",
    }
)  # fmt: skip
"""What only the server sets: ignored where a client sends it back."""
_SERVER_PARAMS = ("inletId", "inletUrl")
_MAX_TEXT = 1000
_FREQUENCIES = ("once", "minute", "hour", "day", "week")


def own_part(body: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that clients write."""
    return {key: value for key, value in body.items() if key not in _SERVER_KEYS}


def check_draft(body: Mapping[str, Any]) -> dict[str, Any]:
    """An incomplete document: only what is there must be of the right kind."""
    document = own_part(body)
    _text(document, "name", is_required=False)
    _text(document, "description", is_required=False)
    return document


def check_document(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A complete document of a kind, with defaults filled in. Raises FlowRefused."""
    return _CHECKS[kind](own_part(body))


def _check_connection(document: dict[str, Any]) -> dict[str, Any]:
    _common(document)
    spec = _connection_spec(document)
    if spec["id"] not in (HTTP_API, DATA_LAKE):
        raise _unsupported(spec)
    auth = document.get("auth")
    if auth is None and not spec["authSpec"]:
        return document
    if not isinstance(auth, dict):
        raise FlowRefused("1100-400", "auth is required: an object with specName and params", "$.auth")
    spec_name = auth.get("specName")
    if not isinstance(spec_name, str) or spec_name not in [one["name"] for one in spec["authSpec"]]:
        raise FlowRefused("1415-400", f"{spec['name']} has no auth specification {spec_name!r}", "$.auth.specName")
    params = _object(auth, "params", "$.auth")
    document["auth"] = {**auth, "params": _streaming_params(params, document["name"])}
    return document


def _streaming_params(params: Mapping[str, Any], connection_name: str) -> dict[str, Any]:
    found = {key: value for key, value in params.items() if key not in _SERVER_PARAMS}
    if found.get("dataType") not in ("xdm", "raw"):
        raise FlowRefused("1100-400", "auth.params.dataType is xdm or raw", "$.auth.params.dataType")
    for key in ("sourceId", "name"):
        value = found.setdefault(key, connection_name)
        if not isinstance(value, str) or not value or len(value) > _MAX_TEXT:
            raise FlowRefused("1100-400", f"auth.params.{key} is a text", f"$.auth.params.{key}")
    required = found.setdefault("authenticationRequired", False)
    if isinstance(required, str) and required.lower() in ("true", "false"):
        required = found["authenticationRequired"] = required.lower() == "true"
    if not isinstance(required, bool):
        raise FlowRefused(
            "1100-400", "auth.params.authenticationRequired is true or false", "$.auth.params.authenticationRequired"
        )
    return found


def _check_source(document: dict[str, Any]) -> dict[str, Any]:
    _common(document)
    spec = _connection_spec(document)
    if spec["id"] != HTTP_API:
        raise _unsupported(spec)
    _id(document, "baseConnectionId")
    return document


def _check_target(document: dict[str, Any]) -> dict[str, Any]:
    _common(document)
    spec = _connection_spec(document)
    if spec["id"] != DATA_LAKE:
        raise _unsupported(spec)
    if document.get("baseConnectionId") is not None:
        _id(document, "baseConnectionId")
    params = _object(document, "params")
    dataset_id = params.get("dataSetId", params.get("datasetId"))
    if not isinstance(dataset_id, str) or not dataset_id:
        raise FlowRefused("1100-400", "params.dataSetId is required: the id of a data set", "$.params.dataSetId")
    document["params"] = {**{k: v for k, v in params.items() if k != "datasetId"}, "dataSetId": dataset_id}
    data = document.get("data") or {}
    schema = data.get("schema") or {}
    if not isinstance(schema, dict) or not isinstance(schema.get("id") or "", str):
        raise FlowRefused("1100-400", "data.schema is an object with the $id of a schema as id", "$.data.schema")
    return document


def _check_flow(document: dict[str, Any]) -> dict[str, Any]:
    _common(document)
    flow_spec = _object(document, "flowSpec")
    spec = FLOW_SPEC_BY_ID.get(flow_spec["id"]) if isinstance(flow_spec.get("id"), str) else None
    if spec is None:
        raise FlowRefused("1413-400", f"no flow specification {flow_spec.get('id')!r}", "$.flowSpec.id")
    if not is_supported(spec):
        raise _unsupported(spec)
    document["flowSpec"] = {**flow_spec, "version": _version(flow_spec, "flowSpec")}
    for key in ("sourceConnectionIds", "targetConnectionIds"):
        ids = document.get(key)
        if not isinstance(ids, list) or len(ids) != 1 or not isinstance(ids[0], str) or not ids[0]:
            raise FlowRefused("1100-400", f"{key} is a list of one id", f"$.{key}")
    for key in ("options", "scheduleParams"):
        if document.get(key) is not None and not isinstance(document[key], dict):
            raise FlowRefused("1100-400", f"{key} is an object", f"$.{key}")
    _check_schedule(document.get("scheduleParams") or {})
    mapping = mapping_of(document)
    if spec["id"] == FLOW_MAPPED and mapping is None:
        raise FlowRefused(
            "1419-400", "this flow specification needs a transformation named Mapping", "$.transformations"
        )
    if spec["id"] == FLOW_PLAIN and mapping is not None:
        raise FlowRefused(
            "1419-400", f"this flow specification takes no transformation; {FLOW_MAPPED} does", "$.transformations"
        )
    return document


def mapping_of(document: Mapping[str, Any]) -> tuple[str, int] | None:
    """(mapping set id, version) of a flow document's transformation, None when it has none. Raises FlowRefused."""
    transformations = document.get("transformations")
    if transformations is None or transformations == []:
        return None
    path = "$.transformations"
    if not isinstance(transformations, list) or len(transformations) > 1:
        raise FlowRefused("1419-400", "transformations is a list of one mapping", path)
    params = transformations[0].get("params") if isinstance(transformations[0], dict) else None
    mapping_id = params.get("mappingId") if isinstance(params, dict) else None
    if not isinstance(params, dict) or not isinstance(mapping_id, str) or not mapping_id:
        raise FlowRefused(
            "1419-400", "a transformation is an object with params.mappingId", f"{path}[0].params.mappingId"
        )
    version = params.get("mappingVersion", 0)
    if isinstance(version, str) and version.isascii() and version.isdecimal() and len(version) < 10:
        version = int(version)
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version < 2**31:
        raise FlowRefused("1412-400", "mappingVersion is a whole number", f"{path}[0].params.mappingVersion")
    return mapping_id, version


def remember(inlet: Inlet, flow: Flow) -> dict[str, Any]:
    """A flow that is being deleted, as a document of its own."""
    return {
        "inletId": inlet.inlet_id,
        "connectionId": inlet.connection_id,
        "dataType": inlet.data_type,
        "name": flow.name,
        "dataSetId": flow.dataset_id,
        "schemaId": flow.schema_id,
        "mapping": flow.mapping,
    }


def _check_schedule(schedule: Mapping[str, Any]) -> None:
    """Streaming flows have no use for a schedule; one that is given anyway must at least make sense."""
    frequency = schedule.get("frequency")
    if frequency is not None and frequency not in _FREQUENCIES:
        raise FlowRefused(
            "1100-400", f"scheduleParams.frequency is one of {', '.join(_FREQUENCIES)}", "$.scheduleParams.frequency"
        )


def _common(document: dict[str, Any]) -> None:
    _text(document, "name", is_required=True)
    _text(document, "description", is_required=False)
    for key in ("data", "params"):
        if document.get(key) is not None and not isinstance(document[key], dict):
            raise FlowRefused("1100-400", f"{key} is an object", f"$.{key}")


def _text(document: Mapping[str, Any], key: str, *, is_required: bool) -> None:
    value = document.get(key)
    if value is None and not is_required:
        return
    if not isinstance(value, str) or len(value) > _MAX_TEXT or (is_required and not value.strip()):
        need = "is required: a text" if is_required else "is a text"
        raise FlowRefused("1100-400", f"{key} {need} of at most {_MAX_TEXT} characters", f"$.{key}")


def _id(document: Mapping[str, Any], key: str) -> None:
    if not isinstance(document.get(key), str) or not document[key]:
        raise FlowRefused("1100-400", f"{key} is required: the id of a base connection", f"$.{key}")


def _object(document: Mapping[str, Any], key: str, path: str = "$") -> dict[str, Any]:
    value = document.get(key)
    if not isinstance(value, dict):
        raise FlowRefused("1100-400", f"{key} is required: an object", f"{path}.{key}")
    return value


def _connection_spec(document: dict[str, Any]) -> dict[str, Any]:
    given = _object(document, "connectionSpec")
    spec = CONNECTION_SPEC_BY_ID.get(given["id"]) if isinstance(given.get("id"), str) else None
    if spec is None:
        raise FlowRefused("1413-400", f"no connection specification {given.get('id')!r}", "$.connectionSpec.id")
    document["connectionSpec"] = {**given, "version": _version(given, "connectionSpec")}
    return spec


def _version(spec: Mapping[str, Any], key: str) -> str:
    version = spec.get("version", VERSION)
    if version not in (VERSION, 1, 1.0, "1"):
        raise FlowRefused("1413-400", f"{key}.version is {VERSION}", f"$.{key}.version")
    return VERSION


def _unsupported(spec: Mapping[str, Any]) -> FlowRefused:
    return FlowRefused("1413-400", f"this server does not run {spec['name']!r} here")


_CHECKS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    CONNECTION: _check_connection,
    SOURCE: _check_source,
    TARGET: _check_target,
    FLOW: _check_flow,
}
