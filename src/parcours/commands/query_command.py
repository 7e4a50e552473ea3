"""`parcours query`: what a process that serves asks of the lake, on standard input: SQL, or a data set's last rows."""

import sys
import time
from typing import Any

import orjson

from parcours.app import Platform, build_lake, build_platform, schema_of_data_sets
from parcours.kit.helper import begin_helper
from parcours.kit.settings import Settings
from parcours.lake.entities import plain_value
from parcours.lake.errors import EngineFailed, LakeUnreadable, QueryInvalid, QueryTimedOut
from parcours.lake.latest import read_latest
from parcours.lake.model import DataSetName


def run(settings: Settings, limit_s: float) -> None:
    """Answer one question: {"result"}, or {"fault": message}.

    With all that a log should know: as "reason" when the engine failed, as "unreadable" when a file can't be read.
    """
    question = orjson.loads(begin_helper(limit_s))
    platform = build_platform(settings)
    try:
        result = _query(platform, question, limit_s) if "sql" in question else _latest(platform, question)
        answer: dict[str, Any] = {"result": result}
    except (QueryInvalid, QueryTimedOut) as error:
        answer = {"fault": str(error)}
    except LakeUnreadable as error:
        answer = {"fault": str(error), "unreadable": error.reason}
    except EngineFailed as error:
        answer = {"fault": str(error), "reason": error.reason}
    finally:
        platform.close()
    sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS, default=str))


def _latest(platform: Platform, question: dict[str, Any]) -> dict[str, Any]:
    found = read_latest(
        platform.db,
        platform.settings.data_dir / "lake",
        schema_of_data_sets(platform),
        question["scopeId"],
        question["datasetId"],
        limit=question["limit"],
        before=question["before"],
    )
    return {"rows": found.rows, "totalCount": found.total_count, "next": found.next}


def _query(platform: Platform, question: dict[str, Any], limit_s: float) -> dict[str, Any]:
    scope_id = question["scopeId"]
    with platform.db.read() as connection:
        data_sets = platform.catalog.table.current(connection).of_scope(scope_id)
    names = [DataSetName(data_set.id, data_set.name) for data_set in data_sets]
    started = time.perf_counter()
    with build_lake(platform).stream(
        scope_id, names, question["sql"], limit=question["limit"], timeout_s=limit_s
    ) as found:
        rows: list[list[Any]] = []
        for batch in found.batches():
            columns = [column.to_pylist(maps_as_pydicts="lossy") for column in batch.columns]
            rows += ([plain_value(value) for value in row] for row in zip(*columns, strict=True))
        return {
            "columns": [{"name": one.name, "type": str(one.type)} for one in found.schema],
            "rows": rows,
            "truncated": found.is_cut,
            "elapsedMs": round((time.perf_counter() - started) * 1000),
        }
