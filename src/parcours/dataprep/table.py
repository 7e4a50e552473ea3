"""Compiled mapping sets by sandbox, id and version."""

import orjson

from parcours.dataprep.compile import CompiledMapping
from parcours.dataprep.documents import Document, mappings_of, schema_of
from parcours.expressions.errors import ExpressionInvalid
from parcours.kit.telemetry import get_logger
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.table import SchemaTable

log = get_logger("dataprep")

Key = tuple[int, str, int]
Kept = dict[Key, tuple[CompiledSchema | None, CompiledMapping]]
"""What was compiled, with the schema it was compiled against: a version never changes, its schema may."""


class MappingTable:
    """Every version of every mapping set at one revision; each is compiled when first asked for."""

    def __init__(self, texts: dict[Key, str], schemas: SchemaTable, kept: Kept) -> None:
        self._texts = texts
        self._schemas = schemas
        self._kept = kept
        for key in [key for key in list(kept) if key not in texts]:
            kept.pop(key, None)
        self._ready: dict[Key, CompiledMapping | None] = {}

    def get(self, scope_id: int, mapping_id: str, version: int) -> CompiledMapping | None:
        """The mapping of one version; None when the sandbox has no such set or version."""
        key = (scope_id, mapping_id, version)
        try:
            return self._ready[key]
        except KeyError:
            made = self._ready[key] = self._make(key)
            return made

    def _make(self, key: Key) -> CompiledMapping | None:
        text = self._texts.get(key)
        if text is None:
            return None
        document: Document = orjson.loads(text)
        schema = self._schemas.get(key[0], schema_of(document))
        known = self._kept.get(key)
        if known is not None and known[0] is schema:
            return known[1]
        try:
            compiled = compile_document(document, schema)
        except ExpressionInvalid as error:  # the rules at writing should have kept this out
            log.error("mapping_set.unusable", mapping_set_id=key[1], version=key[2], reason=str(error))
            return None
        self._kept[key] = (schema, compiled)
        return compiled


def compile_document(document: Document, schema: CompiledSchema | None) -> CompiledMapping:
    """A stored mapping set over its target schema, None when that is not known. Raises ExpressionInvalid."""
    return CompiledMapping(
        mappings_of(document),
        None if schema is None else schema.field_at,
        allows_null=document.get("allowNullValues") is True,
    )
