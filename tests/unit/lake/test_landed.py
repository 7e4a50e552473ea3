"""Rows of a data set as the entities that landed."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import orjson

from parcours.lake.landed import to_entity

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "timestamp": {"type": "string", "format": "date-time"},
        "free": {"type": "object"},
        "list": {"type": "array"},
        "any": {},
        "text": {"type": "string"},
        "map": {"type": "object", "additionalProperties": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    },
}


def test_nulls_go_instants_are_utc_and_undescribed_objects_are_objects_again() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 600_000, tzinfo=timezone(timedelta(hours=1)))
    row = {
        "timestamp": at, "free": '{"a":[1]}', "list": "[1,null]", "any": '{"x":1}', "text": '{"x":1}', "gone": None,
        "map": {"k": {"n": 1}, "empty": {"n": None}}, "day": date(2026, 1, 2), "nested": {"a": None},
        "zero": 0, "no": False,
    }  # fmt: skip
    assert to_entity(row, SCHEMA) == {
        "timestamp": "2026-01-02T02:04:05.600Z", "free": {"a": [1]}, "list": [1, None], "any": '{"x":1}',
        "text": '{"x":1}', "map": {"k": {"n": 1}}, "day": "2026-01-02", "zero": 0, "no": False,
    }  # fmt: skip


def test_a_record_that_fitted_no_column_comes_whole() -> None:
    whole = {"a": {"b": "c"}}
    assert to_entity({"a": None, "_parcours_unreadable": orjson.dumps(whole).decode()}, SCHEMA) == whole


def test_a_microsecond_is_kept() -> None:
    assert to_entity({"timestamp": datetime(2026, 1, 1, 0, 0, 0, 7, UTC)}, None) == {
        "timestamp": "2026-01-01T00:00:00.000007Z"
    }
