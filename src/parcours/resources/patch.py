"""JSON Patch (RFC 6902) over plain documents, with the operation names in either case."""

import copy
from typing import Any

import jsonpatch
import orjson

from parcours.kit.depth import MAX_DEPTH, nests_too_deep
from parcours.kit.errors import Invalid

MAX_BYTES = 8_388_608
"""Largest document a patch may make: a few `copy` operations can double it again and again."""

OPERATIONS = frozenset({"add", "remove", "replace", "move", "copy", "test"})
"""Their names; callers may write them in any case."""

_MAX_TEXT = 120


class PatchInvalid(Invalid):
    """The patch is not a list of operations, or one of them does not apply."""


def apply_patch(document: dict[str, Any], operations: Any) -> dict[str, Any]:
    """The document with every operation applied; the given one is not changed.

    operations: a list of {"op", "path", "value" | "from"}; `op` in any case.
    Raises PatchInvalid whose path names the operation, e.g. "$[1]".
    """
    if not isinstance(operations, list):
        raise PatchInvalid("a JSON Patch is a list of operations")
    if not operations:
        raise PatchInvalid("a JSON Patch has at least one operation")
    result: Any = copy.deepcopy(document)
    for index, operation in enumerate(operations):
        where = f"$[{index}]"
        if not isinstance(operation, dict) or not isinstance(operation.get("op"), str):
            raise PatchInvalid("an operation is an object with 'op' and 'path'", where)
        try:
            result = jsonpatch.JsonPatch([{**operation, "op": operation["op"].lower()}]).apply(result, in_place=True)
        except (
            jsonpatch.JsonPatchException,
            jsonpatch.JsonPointerException,
            TypeError,
            KeyError,
            ValueError,
        ) as error:
            raise PatchInvalid(f"operation {index} can't be applied: {_reason(error, operation)}", where) from None
        if nests_too_deep(result):
            raise PatchInvalid(f"operation {index} makes a document deeper than {MAX_DEPTH} levels", where)
        if len(orjson.dumps(result)) > MAX_BYTES:
            raise PatchInvalid(f"operation {index} makes a document of more than {MAX_BYTES} bytes", where)
    if not isinstance(result, dict):
        raise PatchInvalid("a patch can't turn an object into something else")
    return result


def _reason(error: Exception, operation: dict[str, Any]) -> str:
    """Why an operation fails, in few words and without what the document holds."""
    if isinstance(error, jsonpatch.JsonPatchTestFailed):
        return f"what is at {_short(operation.get('path'))} has another value"
    if isinstance(error, jsonpatch.InvalidJsonPatch):
        return str(error)[:_MAX_TEXT]
    places = [_short(operation[key]) for key in ("from", "path") if key in operation]
    return f"the document has no such place: {', '.join(places)}"


def _short(pointer: Any) -> str:
    text = repr(pointer)
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"
