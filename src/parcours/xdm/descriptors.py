"""Descriptors: what is said about a schema's fields from outside. Source: platform-apis §3.9."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from parcours.xdm.compiled import IdentityField
from parcours.xdm.errors import DescriptorInvalid
from parcours.xdm.usage_labels import FieldLabels

IDENTITY = "xdm:descriptorIdentity"
ONE_TO_ONE = "xdm:descriptorOneToOne"
REFERENCE = "xdm:descriptorReferenceIdentity"
RELATIONSHIP = "xdm:descriptorRelationship"
LINKS = (ONE_TO_ONE, RELATIONSHIP)
"""Kinds by which a field names one row of another schema."""
DEPRECATED = "xdm:descriptorDeprecated"
DISPLAY = "xdm:alternateDisplayInfo"
"""Says under which title and description a field is shown, and which values are suggested for it."""
LABEL = "xdm:descriptorLabel"
MAX_DESCRIPTORS = 4_000
"""Most descriptors of one sandbox."""

_TEXT, _NUMBER, _BOOLEAN, _OBJECT = "a string", "a whole number", "a boolean", "an object"
_TEXTS = "a list of strings"
_REQUIRED: Mapping[str, Mapping[str, str]] = {
    IDENTITY: {"xdm:namespace": _TEXT, "xdm:property": _TEXT},
    DISPLAY: {},
    ONE_TO_ONE: {"xdm:destinationSchema": _TEXT, "xdm:destinationVersion": _NUMBER},
    REFERENCE: {"xdm:identityNamespace": _TEXT},
    RELATIONSHIP: {"xdm:destinationSchema": _TEXT},
    DEPRECATED: {},
    "xdm:descriptorPrimaryKey": {},
    "xdm:descriptorVersion": {},
    "xdm:descriptorTimestamp": {},
    "xdm:descriptorOneToMany": {"xdm:destinationSchema": _TEXT},
    "xdm:descriptorManyToMany": {"xdm:destinationSchema": _TEXT},
    LABEL: {"xdm:labels": _TEXTS},
    "xdm:descriptorTimeSeriesGranularity": {},
}
_OPTIONAL: Mapping[str, str] = {
    "xdm:sourceVersion": _NUMBER,
    "xdm:isPrimary": _BOOLEAN,
    "xdm:destinationVersion": _NUMBER,
    "xdm:destinationProperty": _TEXT,
    "xdm:title": _OBJECT,
    "xdm:description": _OBJECT,
    "meta:enum": _OBJECT,
}
_PREFIX = "xdm:"
_BARE: Mapping[str, str] = {
    key.removeprefix(_PREFIX): key
    for key in (
        "xdm:sourceSchema",
        "xdm:sourceProperty",
        *_OPTIONAL,
        *(key for one in _REQUIRED.values() for key in one),
    )
    if key.startswith(_PREFIX)
}
"""Keys without their prefix, as a tutorial writes them → keys."""
_WHOLE_SCHEMA = frozenset({"xdm:descriptorTimeSeriesGranularity"})
"""Kinds that speak of no single field."""
_MANY_PROPERTIES = frozenset({DEPRECATED, LABEL, "xdm:descriptorPrimaryKey"})
_CARDINALITIES = ("1:1", "1:0", "M:1", "M:0")
_SERVER_KEYS = frozenset(
    {
        "@id", "createdUser", "imsOrg", "createdClient", "updatedUser", "updatedClient", "created", "updated",
        "version", "meta:containerId", "meta:sandboxId", "meta:sandboxType",
    }
)  # fmt: skip

FieldAt = Callable[[str, tuple[str, ...]], dict[str, Any] | None]
"""(`$id` of a resource, path) → the field's schema, or None."""


def path_of(source_property: str) -> tuple[str, ...]:
    """A descriptor's path as keys: "/personalEmail/address" or, as older clients write, with `xdm:` before each."""
    tokens = source_property.strip("/").split("/")
    return tuple(token.removeprefix("xdm:").removesuffix("[*]") for token in tokens if token)


def properties_of(descriptor: Mapping[str, Any]) -> list[str]:
    """The paths a descriptor speaks of."""
    value = descriptor.get("xdm:sourceProperty", [])
    return [value] if isinstance(value, str) else list(value)


def displayed(field: Mapping[str, Any], descriptor: Mapping[str, Any]) -> dict[str, Any]:
    """A field as a descriptor of its display says: suggested values are added to those it has, or left out.

    Source: the tutorial on suggested values; that left-out ones aren't shown any more is inferred.
    """
    result = dict(field)
    for key in ("title", "description"):
        text = _in_english(descriptor.get(f"xdm:{key}"))
        if text is not None:
            result[key] = text
    values = dict(field.get("meta:enum", {}))
    for key in ("xdm:excludeMetaEnum", "meta:excludeMetaEnum"):
        left_out = descriptor.get(key)
        for value, label in left_out.items() if isinstance(left_out, dict) else ():
            if values.get(value) == _in_english(label):
                del values[value]
    values |= {value: _in_english(label) or value for value, label in descriptor.get("meta:enum", {}).items()}
    return {**result, "meta:enum": values} if values or "meta:enum" in field else result


def _in_english(words: Any) -> str | None:
    """One text, or a text by language: the English one, else the first."""
    if isinstance(words, dict):
        words = words.get("en_us", next(iter(words.values()), None))
    return words if isinstance(words, str) else None


def label_names(descriptor: Mapping[str, Any]) -> list[str]:
    """The labels of a label descriptor by their names: clients write `C1` or `core/C1`."""
    return [text.rpartition("/")[2] for text in descriptor["xdm:labels"]]


def field_labels(descriptors: Iterable[Mapping[str, Any]]) -> FieldLabels:
    """The usage labels that descriptors put on fields; what several put on one adds up."""
    found: dict[tuple[str, ...], frozenset[str]] = {}
    for one in descriptors:
        for text in properties_of(one) if one["@type"] == LABEL else ():
            path = path_of(text)
            found[path] = found.get(path, frozenset()).union(label_names(one))
    return found


def identity_field(descriptor: Mapping[str, Any], *, is_own: bool = True) -> IdentityField | None:
    """The identity a descriptor declares; None for `identityMap`, whose entries name themselves."""
    path = path_of(descriptor["xdm:sourceProperty"])
    if path == ("identityMap",):
        return None
    is_primary = is_own and descriptor.get("xdm:isPrimary") is True
    return IdentityField(path, namespace_of(descriptor), is_primary)


def namespace_of(descriptor: Mapping[str, Any]) -> str:
    """The namespace code of an identity descriptor; a standard namespace may be given by its number."""
    value = str(descriptor["xdm:namespace"])
    return _STANDARD_IDS.get(value, value) if descriptor.get("xdm:property") == "xdm:id" else value


_STANDARD_IDS = {
    "0": "CORE", "4": "ECID", "6": "Email", "7": "Phone", "8": "WAID", "9": "TNTID", "10": "AAID",
    "11": "Email_LC_SHA256", "14": "Phone_E.164", "15": "Phone_SHA256", "16": "Phone_SHA256_E.164", "411": "AdCloud",
    "20914": "GAID", "20915": "IDFA", "20919": "FCM", "20920": "APNS",
}  # fmt: skip


def check(body: Mapping[str, Any], field_at: FieldAt, tenant: str) -> dict[str, Any]:
    """The client's part of a descriptor, checked. Raises DescriptorInvalid, whose path names the key."""
    body = _as_meant(body)
    kind = body.get("@type")
    if not isinstance(kind, str) or kind not in _REQUIRED:
        raise DescriptorInvalid(f"@type is one of {', '.join(_REQUIRED)}", "$.@type")
    source = body.get("xdm:sourceSchema")
    if not isinstance(source, str):
        raise DescriptorInvalid("xdm:sourceSchema is the $id of a schema", "$.xdm:sourceSchema")
    if field_at(source, ()) is None:
        raise DescriptorInvalid(f"xdm:sourceSchema names no resource: {source}", "$.xdm:sourceSchema")
    for key, what in _REQUIRED[kind].items():
        if key not in body:
            raise DescriptorInvalid(f"{key} is required for {kind}", f"$.{key}")
        _typed(body[key], what, key)
    for key, what in _OPTIONAL.items():
        if body.get(key) is not None:
            _typed(body[key], what, key)
    fields = [_field(body, text, source, field_at, tenant) for text in _source_properties(body, kind)]
    if kind == IDENTITY:
        _check_identity(body, fields[0])
    if kind == "xdm:descriptorTimestamp" and fields[0].get("format") != "date-time":
        raise DescriptorInvalid("a timestamp descriptor needs a date-time field", "$.xdm:sourceProperty")
    cardinality = body.get("xdm:cardinality")
    if cardinality is not None and cardinality not in _CARDINALITIES:
        raise DescriptorInvalid(f"xdm:cardinality is one of {', '.join(_CARDINALITIES)}", "$.xdm:cardinality")
    destination = body.get("xdm:destinationSchema")
    if isinstance(destination, str) and field_at(destination, ()) is None:
        raise DescriptorInvalid(f"xdm:destinationSchema names no resource: {destination}", "$.xdm:destinationSchema")
    kept = {key: value for key, value in body.items() if key not in _SERVER_KEYS and value is not None}
    kept.setdefault("xdm:sourceVersion", 1)
    if kind == IDENTITY:
        kept.setdefault("xdm:isPrimary", False)
    return kept


def _as_meant(body: Mapping[str, Any]) -> dict[str, Any]:
    """Keys with their prefix, versions that came as text as numbers, and a namespace's number as text."""
    result = {_BARE.get(key, key): value for key, value in body.items() if _BARE.get(key) not in body}
    for key in ("xdm:sourceVersion", "xdm:destinationVersion"):
        text = result.get(key)
        if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 10:
            result[key] = int(text)
    namespace = result.get("xdm:namespace")
    if result.get("xdm:property") == "xdm:id" and isinstance(namespace, int) and not isinstance(namespace, bool):
        result["xdm:namespace"] = str(namespace)
    return result


def _typed(value: Any, what: str, key: str) -> None:
    is_right = {
        _TEXT: isinstance(value, str) and value != "",
        _NUMBER: isinstance(value, int) and not isinstance(value, bool),
        _BOOLEAN: isinstance(value, bool),
        _OBJECT: isinstance(value, dict),
        _TEXTS: isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value),
    }[what]
    if not is_right:
        raise DescriptorInvalid(f"{key} is {what}", f"$.{key}")


def _source_properties(body: Mapping[str, Any], kind: str) -> list[str]:
    value = body.get("xdm:sourceProperty")
    if value is None and kind in _WHOLE_SCHEMA:
        return []
    if isinstance(value, list) and kind in _MANY_PROPERTIES:
        if value and all(isinstance(item, str) for item in value):
            return value
        raise DescriptorInvalid("xdm:sourceProperty lists paths", "$.xdm:sourceProperty")
    if not isinstance(value, str):
        raise DescriptorInvalid("xdm:sourceProperty is the path of a field", "$.xdm:sourceProperty")
    return [value]


def _field(body: Mapping[str, Any], text: str, source: str, field_at: FieldAt, tenant: str) -> dict[str, Any]:
    at = "$.xdm:sourceProperty"
    if not text.startswith("/") or text.endswith("/"):
        raise DescriptorInvalid("a path begins with '/' and does not end with it", at)
    path = path_of(text)
    if "properties" in path:
        raise DescriptorInvalid("a path names fields only, without 'properties'", at)
    if path == (f"_{tenant}",):
        raise DescriptorInvalid("the tenant's object itself can't be described", at)
    found = field_at(source, path)
    if found is None:
        raise DescriptorInvalid(f"{source} has no field {text}", at)
    return found


def _check_identity(body: Mapping[str, Any], field: Mapping[str, Any]) -> None:
    if body["xdm:property"] not in ("xdm:code", "xdm:id"):
        raise DescriptorInvalid("xdm:property is xdm:code or xdm:id", "$.xdm:property")
    if path_of(body["xdm:sourceProperty"]) == ("identityMap",):
        return
    kind = field.get("type")
    is_many = kind == "array" and field.get("items", {}).get("type") == "string"
    if kind != "string" and not (is_many and body.get("xdm:isPrimary") is not True):
        raise DescriptorInvalid("an identity is a field of type string", "$.xdm:sourceProperty")
