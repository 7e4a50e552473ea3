"""The two forms of a definition: as a server's API shows it, and as a file has it. Pure.

A file holds what a person decides, in the names of the API. What the server makes (ids, audit fields, counters, masked
secrets) is left out, and so is what it would fill in by itself. A schema has its descriptors with it, a flow its
source and target connection.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from parcours.actions.authentication import MASK
from parcours.ascode.model import KEY, XDM, Document
from parcours.flows.specs import DATA_LAKE, FLOW_MAPPED, FLOW_PLAIN, HTTP_API, STREAMING_AUTH, VERSION
from parcours.governance.document import READ_ONLY, short_reference
from parcours.xdm.errors import SchemaInvalid
from parcours.xdm.fieldtypes import xdm_type
from parcours.xdm.rules import TEMPLATE_KEYS, template

_READ_ONLY: Mapping[str, frozenset[str]] = {
    "namespaces": frozenset({"id", "namespaceType", "status", "custom", "createTime", "updateTime"}),
    "datasets": frozenset(
        {
            "imsOrg", "sandboxId", "namespace", "version", "created", "updated", "createdClient", "createdUser",
            "updatedUser", "observableSchema", "statsCache", "dule", "basePath", "files", "viewId", "classification",
            "lastBatchId", "lastBatchStatus", "lastSuccessfulBatch", "lastFailedBatch",
        }
    ),
    "mappings": frozenset(
        {
            "id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy", "schemaRef", "xdmSchema",
            "mappings",
        }
    ),
    "flows": frozenset(
        {
            "id", "etag", "version", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient",
            "updatedClient", "sandboxId", "sandboxName", "imsOrgId", "inheritedAttributes", "runs", "lastOperation",
            "lastRunDetails", "providerRefId",
        }
    ),
    "merge-policies": frozenset({"id", "imsOrgId", "sandbox", "updateEpoch", "schema", "version"}),
    "audiences": frozenset(
        {
            "id", "type", "originName", "namespace", "profileInstanceId", "isSystem", "dependencies", "schema",
            "imsOrgId", "sandbox", "evaluationStatus", "lastEvaluatedAt", "metrics", "usedIn", "createdBy", "updatedBy",
            "creationTime", "createEpoch", "updateTime", "updateEpoch", "version", "_etag",
        }
    ),
    "events": frozenset({"uid", "orgId", "sandboxName", "metadata", "state", "version", "usedIn"}),
    "actions": frozenset({"uid", "orgId", "sandboxName", "metadata", "state", "version", "usedIn"}),
    "decision-rules": frozenset({"uid", "orgId", "sandboxName", "metadata", "usedIn"}),
    "rule-sets": frozenset({"uid", "orgId", "sandboxName", "metadata", "usedIn"}),
    **dict.fromkeys(("usage-labels", "marketing-actions", "usage-policies"), READ_ONLY),
    "data-sources": frozenset({"uid", "orgId", "sandboxName", "metadata", "state", "version", "usedIn", "builtIn"}),
}  # fmt: skip
_DEFAULTS: Mapping[str, Document] = {
    "datasets": {"state": "DRAFT", "fileDescription": {"format": "parquet"}},
    "mappings": {"xdmVersion": "1.0"},
    "inlets": {"state": "enabled", "connectionSpec": {"id": HTTP_API, "version": VERSION}},
    "merge-policies": {"default": False, "isActiveOnEdge": False},
    "audiences": {"lifecycleState": "published"},
    "events": {"type": "unitary"},
    "actions": {"authentication": {"type": "none"}},
    "rule-sets": {"isGlobal": False, "state": "draft"},
    "usage-labels": {"category": "Custom"},
    "usage-policies": {"status": "DRAFT"},
    "data-sources": {"authentication": {"type": "none"}},
}
"""Members that a file leaves out when they are these, or empty."""
_ORDER = (
    KEY, "code", "name", "title", "description", "type", "idType", "eventID", "inlet", "dataset", "mapping",
    "mappingVersion", "state", "url", "method", "schemaRef", "datasetId", "outputSchema", "namespace",
    "profileIdentifier", "idCondition", "connectionSpec", "auth", "headers", "queryParameters", "authentication",
    "request", "response", "failureResponse", "fields", "meta:intendedToExtend", "meta:immutableTags", "allOf",
    "properties", "definitions", "required", "mappings", "tags", "source", "target", "descriptors",
)  # fmt: skip
"""Members in the order of reading; others stand after these, in the order that the server gives."""
_MEANT_WHEN_NULL: Mapping[str, frozenset[str]] = {"events": frozenset({"namespace"})}
"""Left out, these would be filled in with something else."""
FLOW_SERVER = _READ_ONLY["flows"]
"""What Flow Service adds to each of its objects."""
_OF_ROW = ("destination", "source", "sourceType", "name", "description", "identityGroup", "namespaceCode")
_DESCRIPTOR_SERVER = frozenset(
    {
        "@id", "createdUser", "imsOrg", "createdClient", "updatedUser", "updatedClient", "created", "updated",
        "version", "meta:containerId", "meta:sandboxId", "meta:sandboxType", "xdm:sourceSchema",
    }
)  # fmt: skip


def to_file(kind: str, shown: Mapping[str, Any]) -> Document:
    """The form of files of what the API shows.

    Flows: see `flow_to_file`; of the registry: `schema_to_file`; message templates and channel configurations have
    modules of their own.
    """
    if kind == "journeys":
        return dict(shown["document"])
    left_out = _READ_ONLY["flows" if kind == "inlets" else kind]
    found = {name: value for name, value in shown.items() if name not in left_out}
    if kind == "mappings":
        found["mappings"] = [_row(row) for row in shown["mappings"]]
        output = {name: value for name, value in found["outputSchema"].items() if name != "jsonSchema"}
        found["outputSchema"] = output
    if kind == "rule-sets":
        found["rules"] = [{k: v for k, v in rule.items() if (k, v) != ("state", "active")} for rule in shown["rules"]]
    if kind == "usage-labels" and found.get("friendlyName") == found["name"]:
        del found["friendlyName"]
    if kind == "usage-policies":
        found["marketingActionRefs"] = [short_reference(one) for one in shown["marketingActionRefs"]]
    if kind == "data-sources":
        found["fieldGroups"] = [_field_group(group) for group in shown["fieldGroups"] if not group.get("builtIn")]
    if kind == "audiences" and found.get("audienceId") == shown["id"]:
        del found["audienceId"]
    if kind == "inlets" and isinstance(found.get("auth"), dict):
        auth = found["auth"]
        params = {name: value for name, value in auth.get("params", {}).items() if name not in ("inletId", "inletUrl")}
        found["auth"] = {k: v for k, v in auth.items() if (k, v) != ("specName", STREAMING_AUTH)} | {"params": params}
    return tidy(kind, found)


def to_body(kind: str, document: Mapping[str, Any]) -> Document:
    """What is sent to a server for a file whose references are ids already and whose secrets are in clear."""
    body = {name: value for name, value in document.items() if name != KEY}
    if kind == "inlets":
        body = {**_DEFAULTS["inlets"], **body}
        if isinstance(body.get("auth"), dict):
            body["auth"] = {"specName": STREAMING_AUTH, **body["auth"]}
        body.pop("state", None)
    elif kind == "merge-policies":
        body = {**_DEFAULTS["merge-policies"], **body}
    return body


def tidy(kind: str, document: Mapping[str, Any]) -> Document:
    """A document without what is empty or what the server would fill in, in the order of files."""
    defaults = _DEFAULTS.get(kind, {})
    meant = _MEANT_WHEN_NULL.get(kind, frozenset())
    kept = {
        name: value
        for name, value in document.items()
        if name in meant or (not _is_empty(value) and value != defaults.get(name, ...))
    }
    first = {name: kept[name] for name in _ORDER if name in kept}
    return {**first, **kept}


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _row(row: Mapping[str, Any]) -> Document:
    flags = {name: True for name in ("identity", "primaryIdentity") if row.get(name) is True}
    return {**{name: row[name] for name in _OF_ROW if name in row}, **flags}


def _field_group(group: Mapping[str, Any]) -> Document:
    kept = {name: value for name, value in group.items() if name != "usedIn" and not _is_empty(value)}
    if kept.get("method") == "GET":
        del kept["method"]
    if kept.get("cacheDuration", {}).get("duration") == 0:
        del kept["cacheDuration"]
    kept.setdefault("responsePayload", {})
    return kept if "fields" not in group else {name: value for name, value in kept.items() if name != "responsePayload"}


# --- flows --------------------------------------------------------------------------------------------------------


def flow_to_file(
    flow: Mapping[str, Any], source: Mapping[str, Any], target: Mapping[str, Any], latest: int | None
) -> Document:
    """A flow with its connections. latest: the newest version of its mapping set; None when it has no mapping."""
    found = {name: value for name, value in flow.items() if name not in _READ_ONLY["flows"]}
    for name in ("sourceConnectionIds", "targetConnectionIds", "transformations"):
        found.pop(name, None)
    params = (flow.get("transformations") or [{}])[0].get("params", {})
    if params:
        found["mapping"] = params["mappingId"]
        version = int(params.get("mappingVersion", 0))
        if version != latest:
            found["mappingVersion"] = version
    if found.get("state") == "enabled":
        del found["state"]
    if found.get("flowSpec") == _flow_spec(bool(params)):
        del found["flowSpec"]
    found["inlet"] = source["baseConnectionId"]
    found["dataset"] = target["params"]["dataSetId"]
    found["source"] = _connection(source, HTTP_API, {"baseConnectionId"})
    found["target"] = _connection(target, DATA_LAKE, set())
    params_of_target = {name: value for name, value in target["params"].items() if name != "dataSetId"}
    found["target"].pop("params", None)
    if params_of_target:
        found["target"]["params"] = params_of_target
    return tidy("flows", found)


def _flow_spec(is_mapped: bool) -> Document:
    return {"id": FLOW_MAPPED if is_mapped else FLOW_PLAIN, "version": VERSION}


def _connection(shown: Mapping[str, Any], spec: str, left_out: set[str]) -> Document:
    found = {name: value for name, value in shown.items() if name not in _READ_ONLY["flows"] | left_out}
    found.pop("state", None)
    if found.get("connectionSpec") == {"id": spec, "version": VERSION}:
        del found["connectionSpec"]
    return tidy("flows", found)


def flow_parts(document: Mapping[str, Any]) -> tuple[Document, Document, Document]:
    """(flow, source connection, target connection) to send for a file; the flow still without their ids.

    Connections without a name are called after the flow. `transformations` has the version that the file pins, or none.
    """
    own = {name: value for name, value in document.items() if name != KEY}
    inlet, data_set, mapping = own.pop("inlet", None), own.pop("dataset", None), own.pop("mapping", None)
    version, state = own.pop("mappingVersion", None), own.pop("state", None)
    source, target = dict(own.pop("source", None) or {}), dict(own.pop("target", None) or {})
    name = own.get("name")
    source = {
        "name": f"{name}: source", "connectionSpec": {"id": HTTP_API, "version": VERSION}, **source,
        "baseConnectionId": inlet,
    }  # fmt: skip
    target = {"name": f"{name}: target", "connectionSpec": {"id": DATA_LAKE, "version": VERSION}, **target}
    target["params"] = {**(target.get("params") or {}), "dataSetId": data_set}
    flow = {"flowSpec": _flow_spec(mapping is not None), **own}
    if mapping is not None:
        params = {"mappingId": mapping, **({} if version is None else {"mappingVersion": version})}
        flow["transformations"] = [{"name": "Mapping", "params": params}]
    if state is not None:
        flow["state"] = state
    return flow, source, target


# --- the Schema Registry ------------------------------------------------------------------------------------------


def schema_to_file(folder: str, shown: Mapping[str, Any], descriptors: list[Mapping[str, Any]]) -> Document:
    """A resource of the registry with the descriptors that speak of it."""
    own = {key: shown[key] for key in TEMPLATE_KEYS if not _is_empty(shown.get(key))}
    if own.get("meta:extensible") == (folder != "schemas"):
        del own["meta:extensible"]
    if own.get("meta:abstract") == (folder not in ("schemas", "datatypes", "data-types")):
        del own["meta:abstract"]
    brief = shorten(XDM[folder], own)
    if descriptors:
        brief["descriptors"] = sorted((_descriptor(one) for one in descriptors), key=_place_of_descriptor)
    return tidy(folder, brief)


def shorten(kind: str, own: Document) -> Document:
    """A resource of the registry without what the registry fills in: it gives the same when it is read again."""
    brief = _brief(own)
    if own.get("type") == "object":
        brief.pop("type", None)
    try:
        return brief if template(kind, brief) == template(kind, own) else dict(own)
    except SchemaInvalid:
        return dict(own)


def _brief(node: Any) -> Any:
    if isinstance(node, list):
        return [_brief(one) for one in node]
    if not isinstance(node, dict):
        return node
    result: Document = {}
    is_reference = "$ref" in node
    for key, value in node.items():
        if key in ("properties", "definitions") and isinstance(value, dict):
            result[key] = {name: _brief(child) for name, child in value.items()}
        elif key in ("allOf", "items", "additionalProperties"):
            result[key] = _brief(value)
        elif (key == "meta:xdmType" and value == _told(node)) or (key == "type" and value == "object" and is_reference):
            continue
        else:
            result[key] = value
    return result


def _told(node: Mapping[str, Any]) -> str:
    """The XDM type that a node's other members tell."""
    return "object" if "$ref" in node else xdm_type({k: v for k, v in node.items() if k != "meta:xdmType"})


def _descriptor(shown: Mapping[str, Any]) -> Document:
    kept = {key: value for key, value in shown.items() if key not in _DESCRIPTOR_SERVER}
    if kept.get("xdm:sourceVersion") == 1:
        del kept["xdm:sourceVersion"]
    if kept.get("xdm:isPrimary") is False:
        del kept["xdm:isPrimary"]
    first = ("@type", "xdm:sourceProperty", "xdm:namespace", "xdm:property", "xdm:isPrimary")
    return {**{key: kept[key] for key in first if key in kept}, **kept}


def descriptor_body(document: Mapping[str, Any], schema_id: str) -> Document:
    """What is sent for a descriptor of a file."""
    return {"xdm:sourceVersion": 1, **document, "xdm:sourceSchema": schema_id}


def descriptor_key(document: Mapping[str, Any]) -> tuple[str, str]:
    """What a descriptor is known by beside its schema: its type and what it speaks of."""
    return str(document.get("@type")), orjson.dumps(document.get("xdm:sourceProperty")).decode()


def _place_of_descriptor(document: Document) -> tuple[str, str, bytes]:
    return (*descriptor_key(document), orjson.dumps(document, option=orjson.OPT_SORT_KEYS))


# --- secrets ------------------------------------------------------------------------------------------------------


def map_masked(value: Any, change: Callable[[tuple[str, ...]], Any], path: tuple[str, ...] = ()) -> Any:
    """The document with `change(keys to it)` in place of every masked secret."""
    if isinstance(value, dict):
        return {key: map_masked(child, change, (*path, str(key))) for key, child in value.items()}
    if isinstance(value, list):
        return [map_masked(child, change, (*path, str(place))) for place, child in enumerate(value)]
    return change(path) if value == MASK else value
