"""Files of one data set hold different nested fields: any of them may be asked for, and comes as it was sent."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from parcours.db import Database
from parcours.lake import DataSetName, LakeWriter, compaction, stage
from parcours.lake.query import Lake
from parcours.lake.tables import LakeTables
from parcours.lake.writer import catalog_url

Node = dict[str, Any]
Path_ = tuple[str, ...]
SETS = [DataSetName("d1", "Web events")]
LEAVES: list[Node] = [{"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}]
VALUES = {
    "string": st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=3),
    "integer": st.integers(-9, 9),
    "number": st.sampled_from([0.5, -1.25, 3.0]),
    "boolean": st.booleans(),
}
KEYS = ("k", "l")
SEVERAL = st.integers(2, 4)
SCOPES = itertools.count(1)


def nodes(depth: int) -> st.SearchStrategy[Node]:
    """A schema node: a leaf, or an object, array or map of others, at most `depth` deep."""
    leaf = st.sampled_from(LEAVES)
    if depth == 0:
        return leaf
    inner = nodes(depth - 1)
    return st.one_of(
        *[objects(depth)] * (6 if depth > 2 else 2),  # what differs between files lies mostly in objects of objects
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda values: {"type": "object", "additionalProperties": values}, inner),
        leaf,
    )


def objects(depth: int) -> st.SearchStrategy[Node]:
    fields = st.lists(nodes(depth - 1), min_size=2 if depth > 3 else 1, max_size=3)
    return st.builds(lambda children: {"type": "object", "properties": dict(enumerate(children))}, fields)


def named(node: Node, numbers: Iterator[int]) -> Node:
    """The same schema with a name of its own for each field: a query names a field and none beside it."""
    below = {part: named(node[part], numbers) for part in ("items", "additionalProperties") if part in node}
    if "properties" in node:
        below["properties"] = {f"f{next(numbers)}": named(child, numbers) for child in node["properties"].values()}
    return {**node, **below}


def narrowed(draw: st.DrawFn, node: Node) -> Node:
    """The same schema with some fields of some objects left out: what the records of one file know of."""
    if "properties" in node:
        kept = {name: narrowed(draw, child) for name, child in node["properties"].items() if draw(st.booleans())}
        return {**node, "properties": kept}
    return {
        **node,
        **{part: narrowed(draw, node[part]) for part in ("items", "additionalProperties") if part in node},
    }


def filled(draw: st.DrawFn, node: Node) -> Any:
    """A value of a node; of objects, some fields."""
    if "properties" in node:
        return {n: filled(draw, child) for n, child in node["properties"].items() if draw(st.integers(0, 4))}
    if "additionalProperties" in node:
        return {key: filled(draw, node["additionalProperties"]) for key in KEYS if draw(st.booleans())}
    if "items" in node:
        return [filled(draw, node["items"]) for _ in range(draw(st.integers(0, 2)))]
    return draw(VALUES[node["type"]])


@st.composite
def landings(draw: st.DrawFn) -> tuple[Node, list[list[dict[str, Any]]]]:
    """A schema, and the records of several files of it."""
    root = named(draw(objects(5)), itertools.count())
    files = []
    for _ in range(draw(SEVERAL)):
        known = narrowed(draw, root)
        files.append([filled(draw, known) for _ in range(draw(st.integers(1, 2)))])
    for number, record in enumerate([record for file in files for record in file]):
        record["_id"] = f"r{number}"
    return {**root, "properties": {"_id": {"type": "string"}, **root["properties"]}}, files


def paths(node: Node, sql: str = "", at: Path_ = ()) -> Iterator[tuple[str, Path_]]:
    """Every part of a schema as SQL names it, and as steps from the record: `*` is each item of an array."""
    for name, child in node.get("properties", {}).items():
        yield from _below(child, f"{sql}.{name}" if sql else name, (*at, name))


def _below(node: Node, sql: str, at: Path_) -> Iterator[tuple[str, Path_]]:
    yield sql, at
    if "properties" in node:
        yield from paths(node, sql, at)
    elif "additionalProperties" in node:
        yield from _below(node["additionalProperties"], f"{sql}['k']", (*at, "k"))
    elif "items" in node:
        name = f"x{len(at)}"
        for inner, below in _below(node["items"], name, (*at, "*")):
            if below[-1] != "*":
                yield f"[{inner} FOR {name} IN {sql}]", below


def found_at(value: Any, at: Sequence[str]) -> Any:
    """What stands at a path of a record; None where nothing does."""
    for number, step in enumerate(at):
        if value is None:
            return None
        if step == "*":
            return [found_at(item, at[number + 1 :]) for item in value]
        value = value.get(step)
    return value


def known(value: Any) -> Any:
    """A value without what is null, nor objects that hold nothing: files don't tell these from what is not there."""
    if isinstance(value, Mapping):
        kept = {name: known(child) for name, child in value.items()}
        return {name: child for name, child in kept.items() if child is not None} or None
    return [known(item) for item in value] if isinstance(value, list) else value


def deep(*names: str) -> Node:
    """Objects in objects, with a text at the end."""
    return {"type": "object", "properties": {names[0]: deep(*names[1:])}} if names else {"type": "string"}


NESTED = (
    {"type": "object", "properties": {"_id": {"type": "string"}, "a": {
        "type": "object", "properties": {"s": deep("x"), "v": deep("d", "e")}}}},
    [[{"_id": "r0", "a": {"s": {"x": "1"}}}], [{"_id": "r2", "a": {"s": {"x": "2"}, "v": {"d": {"e": "3"}}}}]],
)  # fmt: skip
"""Two files, of which one lacks an object with another object in it."""
SOME_EMPTY = (NESTED[0], [[{"_id": "r0", "a": {"s": {"x": "1"}}}, {"_id": "r1"}], NESTED[1][1]])
"""The same, and the file that lacks it has a record without what the object would be in."""


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@example(landing=NESTED, is_last_staged=False, merged_count=0)
@example(landing=SOME_EMPTY, is_last_staged=False, merged_count=0)
@example(landing=SOME_EMPTY, is_last_staged=False, merged_count=2)
@given(landing=landings(), is_last_staged=st.booleans(), merged_count=st.sampled_from([0, 2, 3]))
def test_every_part_of_every_record_is_found_whatever_files_it_is_in(
    db: Database,
    warehouse: Path,
    landing: tuple[Node, list[list[dict[str, Any]]]],
    is_last_staged: bool,
    merged_count: int,
) -> None:
    document, files = landing
    scope_id = next(SCOPES)
    schema_of = lambda _scope_id, _dataset_id: document  # noqa: E731
    writer = LakeWriter(db, warehouse, schema_of)
    for number, records in enumerate(files):
        with db.write() as connection:
            stage(connection, scope_id, "d1", [orjson.dumps(record) for record in records])
        if not (is_last_staged and number == len(files) - 1):
            writer.commit_due()
        if merged_count and number + 1 == merged_count:
            merge(warehouse, db, scope_id)
    writer.close()
    records = {record["_id"]: record for file in files for record in file}
    lake = Lake(db, warehouse, schema_of)
    parts = list(paths(document))
    check_whole(lake, scope_id, records)
    check(lake, scope_id, records, parts)
    # What no record holds makes a query widen every file; without it files are read as they are.
    held = [(sql, at) for sql, at in parts if any(found_at(record, at) is not None for record in records.values())]
    if 0 < len(held) < len(parts):
        check(lake, scope_id, records, held)


def check(lake: Lake, scope_id: int, records: Mapping[str, Any], parts: Sequence[tuple[str, Path_]]) -> None:
    """Ask for each part by itself, and for the records that have it."""
    asked: list[str] = []
    wanted: dict[tuple[int, str], Any] = {}
    for number, (part, at) in enumerate(parts):
        asked.append(f"SELECT {2 * number} AS part, _id, to_json({part}) AS value FROM web_events")
        asked.append(f"SELECT {2 * number + 1}, _id, NULL FROM web_events WHERE ({part}) IS NOT NULL")
        values = {record_id: found_at(record, at) for record_id, record in records.items()}
        wanted |= {(2 * number, record_id): known(value) for record_id, value in values.items()}
        wanted |= {(2 * number + 1, record_id): None for record_id, value in values.items() if value is not None}
    rows = lake.query(scope_id, SETS, " UNION ALL ".join(asked)).rows()
    found = {(row["part"], row["_id"]): row["value"] for row in rows}
    assert len(rows) == len(found)
    assert {at: None if text is None else known(orjson.loads(text)) for at, text in found.items()} == wanted, parts


def check_whole(lake: Lake, scope_id: int, records: Mapping[str, Any]) -> None:
    """Ask for all that there is of the records: each, and each of a half."""
    for where, ids in (("true", set(records)), ("_id >= 'r1'", {one for one in records if one >= "r1"})):
        rows = lake.query(scope_id, SETS, f"SELECT * FROM web_events WHERE {where}").rows()
        assert {row["_id"]: known(row) for row in rows} == {one: known(records[one]) for one in ids}


def merge(warehouse: Path, db: Database, scope_id: int) -> None:
    """Make one file of all there are."""
    tables = LakeTables(warehouse, catalog_url(db))
    table = tables.find(scope_id, "d1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "_MIN_FILES", 2)
        assert table is not None
        compaction.merge_small_files(table)
        assert len(table.data_files()) == 1
    tables.close()
