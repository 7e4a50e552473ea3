"""SQL over the data sets of one sandbox: what has landed and what is staged, each record once.

Order makes it once: first the staged chunks are read, then each table's snapshot; a chunk counts only when its number
is above the snapshot's `parcours.through`. A commit in between moves records from one side to the other, never to both.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from parcours.db import Database
from parcours.kit.errors import ParcoursError
from parcours.lake.convert import Converter, quoted, sql_type
from parcours.lake.dialect import adapt, add_functions
from parcours.lake.errors import EngineFailed, LakeUnreadable, QueryInvalid, QueryTimedOut
from parcours.lake.files import within
from parcours.lake.guard import GivenFiles, close_guarded, lock, open_guarded
from parcours.lake.model import Chunk, DataSetName
from parcours.lake.naming import slugs
from parcours.lake.scan import select_columns, select_files
from parcours.lake.shape import Leaf, Struct, as_read, merge, select_named, settle, type_by
from parcours.lake.spellings import Spellings, respell
from parcours.lake.store import read_all_chunks
from parcours.lake.tables import LakeTable, find_tables
from parcours.lake.writer import SchemaOf

_ATTEMPTS = 5
_IDENTIFIER = re.compile(r'"(?:[^"]|"")*"|[^\W\d]\w*')
_LISTS_TABLES = re.compile(r"\b(show|information_schema|duckdb_\w+|pg_\w+|sqlite_master)\b", re.IGNORECASE)
# The reference platform's DATEDIFF(minute, a, b) takes the part without quotes.
_DATE_PART = re.compile(
    r"(\bdate_?diff\s*\(\s*)(year|quarter|month|week|day|hour|minute|second|millisecond|microsecond)(?=\s*,)",
    re.IGNORECASE,
)
_UNKNOWN_TABLE = re.compile(r"Table with name (\S+) does not exist")
_BROKEN = (duckdb.InternalException, duckdb.FatalException)
_BATCH_ROWS = 2_048
_NO_SPELLINGS: Spellings = {}


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Rows of a query."""

    table: pa.Table
    """At most the rows asked for."""
    is_cut: bool
    """Whether there were more."""

    def rows(self) -> list[dict[str, Any]]:
        """Each row as a dict of plain values: maps as dicts, instants as aware date-times."""
        rows: list[dict[str, Any]] = self.table.to_pylist(maps_as_pydicts="lossy")
        return rows


class RowStream:
    """Rows of a query as they are found, a batch at a time; to be read once."""

    def __init__(
        self,
        reader: pa.RecordBatchReader,
        limit: int | None,
        is_late: threading.Event,
        timeout_s: float,
        refusal: Callable[[Exception], ParcoursError],
    ) -> None:
        """refusal: what to say of an error."""
        self.schema: pa.Schema = reader.schema
        self.is_cut = False
        """Whether there were more rows than the limit; known when the batches are read."""
        self._reader = reader
        self._limit = limit
        self._is_late = is_late
        self._timeout_s = timeout_s
        self._refusal = refusal
        self._first = self._next()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """At most the rows asked for. Raises QueryInvalid, QueryTimedOut, EngineFailed or LakeUnreadable."""
        left = self._limit
        batch = self._first
        while batch is not None:
            if left is not None and batch.num_rows > left:
                self.is_cut = True
                yield batch.slice(0, left)
                return
            yield batch
            left = None if left is None else left - batch.num_rows
            batch = self._next()

    def _next(self) -> pa.RecordBatch | None:
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            return None
        except (duckdb.Error, pa.ArrowException, OSError) as error:  # Arrow makes an OSError of DuckDB's errors
            if self._is_late.is_set():
                raise QueryTimedOut(self._timeout_s) from error
            raise self._refusal(error) from error


class Lake:
    """Reads the lake; works beside a running server and without one. Safe between threads."""

    def __init__(
        self,
        db: Database,
        warehouse: Path,
        schema_of: SchemaOf,
        *,
        memory_limit: str = "1GB",
        threads: int = 2,
        spellings: Spellings = _NO_SPELLINGS,
    ) -> None:
        """memory_limit: what one query may use, as DuckDB writes it; queries don't spill to disk.

        spellings: other words that queries may use for what is stored.
        """
        self._db = db
        self._warehouse = warehouse
        self._schema_of = schema_of
        self._memory_limit = memory_limit
        self._threads = threads
        self._spellings = spellings

    def query(
        self,
        scope_id: int,
        data_sets: Sequence[DataSetName],
        sql: str,
        *,
        limit: int | None = None,
        timeout_s: float = 600.0,
    ) -> QueryResult:
        """What `stream` gives, as one table."""
        with self.stream(scope_id, data_sets, sql, limit=limit, timeout_s=timeout_s) as rows:
            table = pa.Table.from_batches(list(rows.batches()), rows.schema)
            return QueryResult(table, rows.is_cut)

    @contextmanager
    def stream(
        self,
        scope_id: int,
        data_sets: Sequence[DataSetName],
        sql: str,
        *,
        limit: int | None = None,
        timeout_s: float = 600.0,
    ) -> Iterator[RowStream]:
        """Run one SELECT over the data sets of a sandbox; its rows are read while the block runs.

        data_sets: all that the sandbox has; each is a table named by its name's slug ("Web events" is web_events) and
        by its id. limit: most rows returned; None means all. Raises QueryInvalid, QueryTimedOut, EngineFailed or
        LakeUnreadable.
        """
        with ExitStack() as stack:
            yield self._open(stack, scope_id, data_sets, sql, limit, timeout_s)

    def _open(
        self,
        stack: ExitStack,
        scope_id: int,
        data_sets: Sequence[DataSetName],
        sql: str,
        limit: int | None,
        timeout_s: float,
    ) -> RowStream:
        for attempt in range(_ATTEMPTS):
            files = GivenFiles()
            try:
                with ExitStack() as opened:
                    rows = self._start(opened, files, scope_id, data_sets, sql, limit, timeout_s)
                    stack.push(opened.pop_all())
                    return rows
            except FileNotFoundError as error:  # of the table's metadata
                if attempt == _ATTEMPTS - 1:
                    name = within(self._warehouse, error.filename or "")
                    raise LakeUnreadable("missing", name, str(error)) from error
            except LakeUnreadable:
                if files.missing is None or attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError

    def _start(
        self,
        opened: ExitStack,
        files: GivenFiles,
        scope_id: int,
        data_sets: Sequence[DataSetName],
        sql: str,
        limit: int | None,
        timeout_s: float,
    ) -> RowStream:
        sql = _DATE_PART.sub(r"\1'\2'", sql)
        names = slugs(data_sets)
        wanted = _wanted(sql, names)
        words = frozenset(_words(sql))
        with self._db.read() as reading:
            staged = read_all_chunks(reading, scope_id, list(wanted))
        tables = find_tables(self._db, self._warehouse, scope_id, list(wanted))
        connection = open_guarded(files, self._memory_limit, self._threads)
        opened.callback(close_guarded, connection)
        shapes: list[Struct] = []
        refusal = partial(_refusal, files, self._warehouse)
        with _told(names, refusal):
            for number, (dataset_id, views) in enumerate(wanted.items()):
                columns, source = self._source(
                    connection, files, scope_id, dataset_id, tables.get(dataset_id), staged[dataset_id], words, number
                )
                shapes.append(columns)
                for view in views:
                    connection.execute(f"CREATE VIEW {quoted(view)} AS {source}")
            sql = add_functions(connection, sql, words)
        lock(connection, files.names)
        sql = respell(connection, sql, self._spellings)
        return _run(opened, connection, sql, shapes, names, refusal, limit, timeout_s)

    def _source(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: GivenFiles,
        scope_id: int,
        dataset_id: str,
        table: LakeTable | None,
        chunks: Sequence[Chunk],
        words: frozenset[str],
        number: int,
    ) -> tuple[Struct, str]:
        """(columns, SQL) for every record of a data set, with every column any of them has or the query names."""
        document = self._schema_of(scope_id, dataset_id)
        through = table.through() if table is not None else 0
        lines = [line for chunk in chunks if chunk.seq > through for line in chunk.lines.split(b"\n")]
        columns = table.shape() if table is not None else Struct()
        type_by(columns, document)
        staged = None
        if lines:
            converter = Converter()
            try:
                staged = converter.convert(lines, columns, document).table
            finally:
                converter.close()
        columns = as_read(columns)
        merge(columns, select_named(document, words))
        if not columns.fields:
            settle(columns, document)
            columns.fields.setdefault("_id", Leaf.TEXT)
        parts: list[str] = []
        data_files = table.data_files() if table is not None else []
        if data_files and table is not None:
            paths = [files.give(table.path_of(file)) for file in data_files]
            parts += select_files(connection, columns, paths, "TRY_CAST")
        if staged is not None:
            name = f"parcours_staged.part_{number}"
            connection.execute("CREATE SCHEMA IF NOT EXISTS parcours_staged")
            connection.register("incoming", staged)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming")  # noqa: S608
            connection.unregister("incoming")
            parts.append(select_columns(columns, name, connection.table(name), "TRY_CAST"))
        if not parts:
            empty = ", ".join(f"CAST(NULL AS {sql_type(c)}) AS {quoted(n)}" for n, c in columns.fields.items())
            parts.append(f"SELECT {empty} LIMIT 0")
        return columns, " UNION ALL ".join(parts)


def _run(
    opened: ExitStack,
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    shapes: Sequence[Struct],
    names: Mapping[str, str],
    refusal: Callable[[Exception], ParcoursError],
    limit: int | None,
    timeout_s: float,
) -> RowStream:
    with _told(names, refusal):
        statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryInvalid("one SELECT statement is expected: the lake is read-only")
    is_late = threading.Event()

    def stop() -> None:
        is_late.set()
        connection.interrupt()

    timer = threading.Timer(timeout_s, stop)
    timer.daemon = True
    timer.start()
    opened.callback(timer.cancel)
    try:
        with _told(names, refusal):
            reader = _bind(connection, sql, shapes).to_arrow_reader(_BATCH_ROWS)
    except QueryInvalid as error:
        if is_late.is_set():
            raise QueryTimedOut(timeout_s) from error
        raise
    opened.callback(reader.close)
    return RowStream(reader, limit, is_late, timeout_s, refusal)


def _bind(connection: duckdb.DuckDBPyConnection, sql: str, shapes: Sequence[Struct]) -> duckdb.DuckDBPyRelation:
    try:
        return connection.sql(sql)
    except duckdb.BinderException as error:
        refused = error
    for adapted in dict.fromkeys(adapt(connection, sql, shapes)):
        if adapted != sql:
            try:
                return connection.sql(adapted)
            except duckdb.BinderException as error:
                refused = error
    raise refused


@contextmanager
def _told(names: Mapping[str, str], refusal: Callable[[Exception], ParcoursError]) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, pa.ArrowException) as error:
        message = str(error).strip()
        unknown = _UNKNOWN_TABLE.search(message) if isinstance(error, duckdb.CatalogException) else None
        if unknown is None:
            raise refusal(error) from error
        tables = sorted(name for name, dataset_id in names.items() if name != dataset_id)
        listed = f"there are {', '.join(tables[:20])}{' …' if len(tables) > 20 else ''}" if tables else "there are none"
        raise QueryInvalid(f"no table {unknown[1]}: {listed}", tables) from error


def _refusal(files: GivenFiles, warehouse: Path, error: Exception) -> QueryInvalid | EngineFailed | LakeUnreadable:
    """What to say of an error of DuckDB, which Arrow may have handed on as one of its own."""
    message = str(error).strip()
    if files.missing is not None:
        return LakeUnreadable("missing", within(warehouse, files.missing), message)
    damaged = files.find_damaged(message)
    if damaged is not None:
        return LakeUnreadable("damaged", within(warehouse, damaged), message)
    if isinstance(error, _BROKEN) or message.startswith(("INTERNAL Error", "FATAL Error")):
        return EngineFailed(message)
    return QueryInvalid(message)


def _words(sql: str) -> Iterator[str]:
    for found in _IDENTIFIER.findall(sql):
        yield (found[1:-1].replace('""', '"') if found[0] == '"' else found).lower()


def _wanted(sql: str, names: dict[str, str]) -> dict[str, list[str]]:
    """The data sets a query may mean, by id, with the names they get: opening all of them would take its time."""
    words = set(_words(sql))
    is_any = _LISTS_TABLES.search(sql) is not None
    wanted: dict[str, list[str]] = {}
    for name, dataset_id in names.items():
        if (is_any and name != dataset_id) or name.lower() in words:
            wanted.setdefault(dataset_id, []).append(name)
    return wanted
