"""Rows of a data set as the entities that landed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from parcours.db import Database, metadata
from parcours.kit.clock import to_datetime
from parcours.lake import DataSetName, LakeWriter, stage
from parcours.lake.entities import to_entity
from parcours.lake.landed import Landed, Slice
from parcours.lake.query import Lake

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


# --- over a lake -----------------------------------------------------------------------------------------------------

EVENTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "_id": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
        "free": {"type": "object"},
    },
}
NAMES = [DataSetName("a" * 24, "Orders"), DataSetName("b" * 24, "Visits"), DataSetName("c" * 24, "Empty")]
HOUR_US = 3_600_000_000
START_US = 1_767_225_600_000_000


def line(number: int, at_us: int) -> bytes:
    at = to_datetime(at_us).isoformat()
    return orjson.dumps({"_id": f"e{number}", "timestamp": at, "free": {"n": number}})


@pytest.fixture
def landed(tmp_path: Path) -> Iterator[Landed]:
    """Two data sets with records on both sides of a commit, the later ones first; and an empty one."""
    db = Database(f"sqlite:///{tmp_path / 'state.db'}")
    metadata.create_all(db.engine)
    writer = LakeWriter(db, tmp_path / "lake", lambda _scope, _id: EVENTS)
    for half in (1, 0):
        with db.write() as connection:
            for place, name in enumerate(NAMES[:2]):
                at = [START_US + (half * 5 + n) * HOUR_US // 2 + place for n in range(5)]
                stage(connection, 1, name.id, [line(half * 5 + n, at[n]) for n in range(5)])
        if half:
            writer.commit_due()
    yield Landed(Lake(db, tmp_path / "lake", lambda _scope, _id: EVENTS), 1, NAMES, {n.id: EVENTS for n in NAMES})
    writer.close()
    db.close()


@pytest.mark.stored
@pytest.mark.parametrize("rows", [1, 8, 1000])
def test_every_record_of_a_period_is_read_once_in_order(
    landed: Landed, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parcours.lake.landed.SLICE_ROWS", rows)
    until_us = START_US + 9 * HOUR_US // 2
    parts = landed.slices(START_US + 1, until_us)
    assert len(parts) == (1 if rows == 1000 else 5 if rows == 1 else 3)
    assert all(one.to_us <= other.from_us for one, other in pairwise(parts))
    assert (parts[0].from_us, parts[-1].to_us) == (START_US + 1, until_us)
    found = [(at_us, name, entity["_id"]) for part in parts for at_us, name, entity in landed.read(part)]
    of = {n.name: [(at_us, i) for at_us, name, i in found if name == n.id] for n in NAMES}
    assert of["Orders"] == [(START_US + n * HOUR_US // 2, f"e{n}") for n in range(1, 9)]
    assert of["Visits"] == [(START_US + n * HOUR_US // 2 + 1, f"e{n}") for n in range(9)]
    assert of["Empty"] == []


@pytest.mark.stored
def test_what_is_read_is_what_landed(landed: Landed) -> None:
    ((_, _, first),) = list(landed.read(Slice(START_US, START_US + 1)))
    assert first == {"_id": "e0", "timestamp": "2026-01-01T00:00:00.000Z", "free": {"n": 0}}
    assert landed.slices(0, START_US) == []
