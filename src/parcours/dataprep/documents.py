"""Mapping sets as clients write and read them, in the new form and the legacy one. Source: platform-apis §6.2."""

from collections.abc import Mapping as AnyMapping
from typing import Any

from parcours.dataprep.errors import MappingSetInvalid
from parcours.dataprep.model import Mapping, SourceType
from parcours.expressions.errors import ExpressionInvalid
from parcours.expressions.mapping_paths import parse_path
from parcours.kit.ids import new_hex

MAX_MAPPINGS = 10_000
MAX_TEXT = 8_192
_ATTRIBUTE, _EXPRESSION, _STATIC = "ATTRIBUTE", "EXPRESSION", "STATIC"
_SOURCE_TYPES: AnyMapping[str, SourceType] = {
    "attribute": "ATTRIBUTE",
    "text/x.schema-path": "ATTRIBUTE",
    "expression": "EXPRESSION",
    "text/x.aep-xl": "EXPRESSION",
    "static": "STATIC",
    "constant": "STATIC",
}
_KEPT = ("name", "description", "inputSchema", "xdmVersion", "status", "tags", "allowNullValues")
_KEPT_OF_MAPPING = ("name", "description", "identityGroup", "namespaceCode")
_CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"

Document = dict[str, Any]


def read_mapping_set(body: AnyMapping[str, Any]) -> Document:
    """The document as it is stored: one output schema, every mapping with an id. Raises MappingSetInvalid."""
    mappings = body.get("mappings")
    if not isinstance(mappings, list):
        raise MappingSetInvalid("a mapping set has a list of mappings", "$.mappings")
    if len(mappings) > MAX_MAPPINGS:
        raise MappingSetInvalid(f"a mapping set has at most {MAX_MAPPINGS} mappings", "$.mappings")
    for key in ("name", "description", "xdmVersion", "status"):
        if not isinstance(body.get(key), str | None):
            raise MappingSetInvalid(f"{key} is a text", f"$.{key}")
    if not isinstance(body.get("allowNullValues"), bool | None):
        raise MappingSetInvalid("allowNullValues is true or false", "$.allowNullValues")
    return {
        **{key: body[key] for key in _KEPT if body.get(key) is not None},
        "outputSchema": read_output_schema(body),
        "mappings": [read_mapping(mapping, f"$.mappings[{index}]") for index, mapping in enumerate(mappings)],
    }


def read_output_schema(body: AnyMapping[str, Any]) -> Document:
    """`outputSchema` in the new form, from `schemaRef` or `xdmSchema` in a body of the legacy form.

    Raises MappingSetInvalid.
    """
    output, at = body.get("outputSchema"), "$.outputSchema.schemaRef.id"
    if output is None and body.get("schemaRef") is not None:
        output, at = {"schemaRef": body["schemaRef"]}, "$.schemaRef.id"
    if output is None:
        legacy = body.get("xdmSchema")
        if not isinstance(legacy, str) or not legacy:
            raise MappingSetInvalid("a mapping set names its target: outputSchema.schemaRef.id, schemaRef or xdmSchema",
                                    "$.outputSchema")  # fmt: skip
        return {"schemaRef": {"id": legacy, "contentType": _CONTENT_TYPE}}
    reference = output.get("schemaRef") if isinstance(output, dict) else None
    schema_id = reference.get("id") if isinstance(reference, dict) else None
    if not isinstance(output, dict) or not isinstance(schema_id, str) or not schema_id:
        raise MappingSetInvalid(f"the target schema is named by {at[2:]}", at)
    content_type = reference.get("contentType") if isinstance(reference, dict) else None
    if not isinstance(content_type, str):
        content_type = _CONTENT_TYPE
    kept = {key: output[key] for key in ("id", "version", "jsonSchema") if key in output}
    return {**kept, "schemaRef": {"id": schema_id, "contentType": content_type}}


def read_mapping(mapping: Any, path: str = "$") -> Document:
    """One mapping as it is stored: keys of the new form, the legacy flags kept. Raises MappingSetInvalid."""
    if not isinstance(mapping, dict):
        raise MappingSetInvalid("a mapping is an object", path)
    given = mapping.get("sourceType")
    if given is not None and (not isinstance(given, str) or given.lower() not in _SOURCE_TYPES):
        raise MappingSetInvalid("sourceType is ATTRIBUTE, EXPRESSION or STATIC", f"{path}.sourceType")
    source = mapping.get("source", mapping.get("sourceAttribute"))
    destination = mapping.get("destination", mapping.get("destinationXdmPath"))
    if not isinstance(destination, str) or not destination.strip() or len(destination) > MAX_TEXT:
        raise MappingSetInvalid("a mapping has a destination, a path in the target schema", f"{path}.destination")
    is_static = given is not None and _SOURCE_TYPES[given.lower()] == _STATIC
    if not (isinstance(source, str) and len(source.strip()) > 0 and len(source) <= MAX_TEXT) and not (
        is_static and isinstance(source, str | int | float | bool)
    ):
        raise MappingSetInvalid("a mapping has a source: a path, an expression or a literal", f"{path}.source")
    for key in (*_KEPT_OF_MAPPING, "id"):
        if not isinstance(mapping.get(key), str | None):
            raise MappingSetInvalid(f"{key} is a text", f"{path}.{key}")
    identifier = mapping.get("id")
    return {
        "id": identifier if identifier and len(identifier) <= 64 else new_hex(32),
        "version": 0,
        "sourceType": given or ("text/x.schema-path" if "source" not in mapping else _guess(str(source))),
        "source": source,
        "destination": destination,
        **{key: mapping[key] for key in _KEPT_OF_MAPPING if mapping.get(key) is not None},
        "identity": mapping.get("identity") is True,
        "primaryIdentity": mapping.get("primaryIdentity") is True,
        "matchScore": 0.0,
        "functionVersion": 1,
    }


def _guess(source: str) -> str:
    try:
        parse_path(source)
    except ExpressionInvalid:
        return _EXPRESSION
    return _EXPRESSION if any(char in source for char in "()+*/\"'?") else _ATTRIBUTE


def mappings_of(document: AnyMapping[str, Any]) -> list[Mapping]:
    """The rows of a stored document."""
    return [
        Mapping(_SOURCE_TYPES[row["sourceType"].lower()], row["source"], row["destination"])
        for row in document["mappings"]
    ]


def schema_of(document: AnyMapping[str, Any]) -> str:
    """The `$id` (or altId) of the target schema."""
    schema_id: str = document["outputSchema"]["schemaRef"]["id"]
    return schema_id


def show_mapping(row: AnyMapping[str, Any]) -> Document:
    """One mapping as answered: keys of both forms."""
    return {**row, "sourceAttribute": row["source"], "destinationXdmPath": row["destination"]}


def show_content(document: AnyMapping[str, Any]) -> Document:
    """A mapping set's own part of an answer: keys of both forms."""
    return {
        **document,
        "schemaRef": document["outputSchema"]["schemaRef"],
        "xdmSchema": schema_of(document),
        "xdmVersion": document.get("xdmVersion", "1.0"),
        "mappings": [show_mapping(row) for row in document["mappings"]],
    }
