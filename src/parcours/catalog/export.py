"""The files a failed batch is downloaded as (platform-apis §1.8)."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_OID, uuid5

import orjson

from parcours.catalog.model import Batch

SUCCESS_MARK = "_SUCCESS"
ROW_ERRORS = "row_errors"
INPUT_FILES = "input_files"
SAMPLE_NAMES = ("row_errors_sample.json", "row_error_samples.json")
"""Both spellings are in circulation."""
SAMPLE_LINES = 100
MAX_FILES = 100

_NOT_VALID = "INGEST-1212-400"
_CORRUPT = "INGEST-1401-400"


def part_name(batch: Batch) -> str:
    """The name of a batch's one file of failed records, the same at every call."""
    return f"part-00000-{uuid5(NAMESPACE_OID, batch.id)}-c000.json"


def file_list(base_url: str, folder: str, files: Iterable[tuple[str, int]]) -> dict[str, Any]:
    """A listing of (name, length in bytes); `length` goes out as text, as clients expect it."""
    data = [
        {
            "name": name,
            "length": str(length),
            "_links": {"self": {"href": f"{base_url}{folder}?path={quote(name, safe='/')}"}},
        }
        for name, length in files
    ]
    return {"data": data, "_page": {"limit": MAX_FILES, "count": len(data)}}


def size_of(lines: Iterable[bytes]) -> int:
    """Bytes of the lines as a file, line feeds included."""
    return sum(len(line) + 1 for line in lines)


def row_errors(lines: Iterable[bytes], batch: Batch) -> Iterator[bytes]:
    """Failed lines in the form of `meta?path=row_errors`: the record as text, its errors as code and message."""
    filename = part_name(batch)
    for line in lines:
        record = orjson.loads(line)
        errors = _errors(record)
        original = {key: value for key, value in record.items() if key not in ("_errors", "_validationErrors")}
        corrupt = original.get("_corrupt_record") if list(original) == ["_corrupt_record"] else original
        text = corrupt if isinstance(corrupt, str) else orjson.dumps(corrupt).decode()
        yield orjson.dumps({"_corrupt_record": text, "_errors": errors, "_filename": filename})


def sample(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The first hundred lines."""
    return islice(lines, SAMPLE_LINES)


def _errors(record: dict[str, Any]) -> list[dict[str, str]]:
    violations = record.get("_validationErrors")
    if isinstance(violations, list):
        return [
            {"code": _NOT_VALID, "message": f"{v.get('pointerToViolation', '')} {v.get('message', '')}".strip()}
            for v in violations
            if isinstance(v, dict)
        ]
    found = record.get("_errors")
    if isinstance(found, dict):
        code = str(found.get("code", _CORRUPT))
        faults = found.get("_streamingValidation")
        return [
            {"code": code, "message": str(fault.get("message", ""))}
            for fault in (faults if isinstance(faults, list) else [])
            if isinstance(fault, dict)
        ]
    return [{"code": _CORRUPT, "message": "Row is corrupted"}]
