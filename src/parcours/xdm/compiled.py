"""A schema ready for use: its closed document, its identities, and the validator built from them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from jsonschema_rs import Draft7Validator, FancyRegexOptions

from parcours.xdm.usage_labels import FieldLabels
from parcours.xdm.violations import leaf, leaves

Behaviour = Literal["record", "time-series", "adhoc"]

_BACKTRACK_LIMIT = 20_000
"""Steps one pattern may take on one value: a hostile pattern costs a violation, not a worker."""
_ITEM_TOKENS = frozenset({"*", "[*]", "[]", "-"})


@dataclass(frozen=True, slots=True)
class IdentityField:
    """A field that names the person, from an identity descriptor."""

    path: tuple[str, ...]
    """Keys from the record's root, e.g. ("personalEmail", "address")."""
    namespace: str
    """Namespace code as the descriptor spells it."""
    is_primary: bool


@dataclass(frozen=True, eq=False)
class CompiledSchema:
    """One version of a schema, resolved and closed. Made by `parcours.xdm.table`, shared between threads."""

    schema_id: str
    """The `$id`."""
    class_id: str
    """The `$id` of its class."""
    title: str
    version: int
    """Minor version: 0 for "1.0"."""
    behaviour: Behaviour
    is_union: bool
    """Whether records of this schema make up profiles (`meta:immutableTags` holds `union`)."""
    document: dict[str, Any]
    """Resolved JSON Schema without references; every object closed, maps open."""
    identities: tuple[IdentityField, ...] = ()
    labels: FieldLabels = field(default_factory=dict)
    """Usage labels by field."""
    primary_identity: IdentityField | None = field(init=False)
    has_identity_map: bool = field(init=False)
    _validator: Draft7Validator = field(init=False, repr=False)
    _check: Callable[[Any], bool] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        primary = next((identity for identity in self.identities if identity.is_primary), None)
        object.__setattr__(self, "primary_identity", primary)
        object.__setattr__(self, "has_identity_map", "identityMap" in self.document.get("properties", {}))
        validator = build_validator(self.document)
        object.__setattr__(self, "_validator", validator)
        object.__setattr__(self, "_check", validator.is_valid)

    def is_valid(self, entity: Any) -> bool:
        """Whether a record may land: the schema holds, and at most one entry of `identityMap` is primary."""
        try:
            if not self._check(entity):
                return False
        except ValueError:  # nested deeper than the validator goes
            return False
        identity_map = entity.get("identityMap") if self.has_identity_map else None
        return identity_map is None or count_primaries(identity_map) < 2

    def violations(self, entity: Any, limit: int = 5) -> list[dict[str, Any]]:
        """What `is_valid` refuses, as leaves of the documented tree, `limit` at most; [] when valid.

        Each: schemaLocation, pointerToViolation (both "#…"), causingExceptions ([]), keyword, message.
        Source: platform-apis §1.7.
        """
        found = leaves(self._validator, entity, limit)
        if not found and not self.is_valid(entity):
            at = ("properties", "identityMap")
            found.append(leaf(at, ("identityMap",), "maxContains", "only one identity may be primary"))
        return found

    def field_at(self, tokens: Sequence[str]) -> dict[str, Any] | None:
        """The JSON Schema of a field, None when the schema has no such field.

        Arrays are entered by an index, by "*", or silently by a key of their items; maps by any key.
        """
        return field_at(self.document, tokens)


def field_at(document: dict[str, Any], tokens: Sequence[str]) -> dict[str, Any] | None:
    """A field of a resolved document, as `CompiledSchema.field_at`."""
    node: dict[str, Any] = document
    for token in tokens:
        while node.get("type") == "array" and not (token.isdecimal() or token in _ITEM_TOKENS):
            node = node.get("items", {})
        if node.get("type") == "array":
            child = node.get("items")
        else:
            child = node.get("properties", {}).get(token)
            if child is None and "properties" not in node:
                child = node.get("additionalProperties")
        if not isinstance(child, dict):
            return None
        node = child
    return node


def build_validator(document: Mapping[str, Any]) -> Draft7Validator:
    """The validator of a resolved document; formats are checked. Raises ValueError on a bad pattern."""
    return Draft7Validator(
        dict(document),
        validate_formats=True,
        ignore_unknown_formats=True,
        pattern_options=FancyRegexOptions(backtrack_limit=_BACKTRACK_LIMIT),
    )


def count_primaries(identity_map: Mapping[str, Any]) -> int:
    """How many entries of a well-formed `identityMap` are marked primary."""
    count = 0
    for entries in identity_map.values():
        for entry in entries:
            if entry.get("primary") is True:
                count += 1
    return count
