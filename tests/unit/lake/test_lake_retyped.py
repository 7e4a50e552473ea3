"""A field whose schema said text and now says a whole number: rows of before and after are read as numbers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from parcours.db import Database
from parcours.lake import DataSetName, LakeWriter, stage
from parcours.lake.latest import read_latest
from parcours.lake.query import Lake
from parcours.lake.store import lake_chunk_table

SET = DataSetName("5f3b3cfa6dc4de18ab5fb3e3", "steps")


def schema(wait: dict[str, Any]) -> dict[str, Any]:
    inner = {"type": "object", "properties": {"name": {"type": "string"}, "wait": wait}}
    return {"type": "object", "properties": {"_id": {"type": "string"}, "step": inner}}


TEXT, NUMBER = schema({"type": "string"}), schema({"type": "integer", "meta:xdmType": "long"})


class Place:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "lake"
        self.db = Database(f"sqlite:///{folder / 'state.db'}")
        lake_chunk_table.create(self.db.engine)

    def land(self, schema: dict[str, Any], *waits: Any, commit: bool = True) -> None:
        with self.db.write() as connection:
            lines = [orjson.dumps({"_id": str(wait), "step": {"name": "n", "wait": wait}}) for wait in waits]
            stage(connection, 1, SET.id, lines)
        if commit:
            self.commit(schema)

    def commit(self, schema: dict[str, Any]) -> None:
        writer = LakeWriter(self.db, self.folder, lambda _scope_id, _dataset_id: schema)
        writer.commit_due()
        writer.maintain()
        writer.close()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        lake = Lake(self.db, self.folder, lambda _scope_id, _dataset_id: NUMBER)
        return [tuple(row.values()) for row in lake.query(1, [SET], sql).rows()]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.db.close()


SUM = "SELECT sum(step.wait), percentile_cont(0.5) WITHIN GROUP (ORDER BY step.wait), count(*) FROM steps"


def test_old_rows_new_rows_and_staged_rows_are_numbers_together(place: Place) -> None:
    place.land(TEXT, "5", "none")
    place.land(NUMBER, 7, 12)
    place.land(NUMBER, 100, commit=False)
    assert place.ask(SUM) == [(124, 9.5, 5)]
    assert place.ask("SELECT step.wait FROM steps WHERE step.wait > 6 ORDER BY 1") == [(7,), (12,), (100,)]
    rows = read_latest(place.db, place.folder, lambda *_: NUMBER, 1, SET.id, limit=3).rows
    assert [row["step"]["wait"] for row in rows] == [100, 12, 7]
    assert place.ask("SELECT count(*) FROM (DESCRIBE steps) WHERE column_name = '_parcours_unreadable'") == [(0,)]


def test_what_was_staged_as_text_lands_as_a_number(place: Place) -> None:
    place.land(TEXT, "5", commit=False)
    place.land(NUMBER, 6)
    assert place.ask(SUM) == [(11, 5.5, 2)]
    assert place.ask("SELECT count(*) FROM (DESCRIBE steps) WHERE column_name = '_parcours_unreadable'") == [(0,)]
