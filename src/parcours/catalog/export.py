"""The files a failed batch is downloaded as (platform-apis §1.8)."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_OID, uuid5

import orjson

from parcours.catalog.model import Batch, FailedRow

SUCCESS_MARK = "_SUCCESS"
ROW_ERRORS = "row_errors"
INPUT_FILES = "input_files"
SAMPLE_NAMES = ("row_errors_sample.json", "row_error_samples.json")
"""Both spellings are in circulation."""
SAMPLE_ROWS = 100
MAX_FILES = 100

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


def failed_lines(rows: Iterable[FailedRow]) -> Iterator[bytes]:
    """Failed records as they are downloaded: each as it came, with its error keys."""
    for row in rows:
        line = row.record if isinstance(row.record, dict) else {"_corrupt_record": row.record}
        is_about_body = row.code == _CORRUPT or all("keyword" in error for error in row.errors)
        errors = (
            {"_validationErrors": row.errors} if is_about_body else {"_errors": {"_streamingValidation": row.errors}}
        )
        yield orjson.dumps({**line, **errors})


def row_errors(rows: Iterable[FailedRow], batch: Batch) -> Iterator[bytes]:
    """Failed records in the form of `meta?path=row_errors`: the record as text, its errors as code and message."""
    filename = part_name(batch)
    for row in rows:
        text = row.record if isinstance(row.record, str) else orjson.dumps(row.record).decode()
        errors = [
            {"code": row.code, "message": f"{error.get('pointerToViolation', '')} {error['message']}".strip()}
            for error in row.errors
        ]
        yield orjson.dumps({"_corrupt_record": text, "_errors": errors, "_filename": filename})


def sample(rows: Iterable[FailedRow]) -> Iterator[FailedRow]:
    """The first hundred."""
    return islice(rows, SAMPLE_ROWS)
