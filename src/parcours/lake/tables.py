"""Data sets as Iceberg tables: one namespace a sandbox, one table a data set, one snapshot a commit.

Imported only when something lands or is queried: PyIceberg and Arrow take 0.7 s and 90 MB.
"""

import re
import sqlite3
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.io.pyarrow import parquet_file_to_data_file, schema_to_pyarrow
from pyiceberg.manifest import DataFile, ManifestEntryStatus
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    ListType,
    LongType,
    MapType,
    NestedField,
    PrimitiveType,
    StringType,
    StructType,
    TimestamptzType,
)
from sqlalchemy import event, inspect
from sqlalchemy.exc import DBAPIError

from parcours.db import Database
from parcours.lake.errors import CommitOvertaken
from parcours.lake.files import ROOT_PROPERTY, LakeFiles, make_folder, new_file, resolve
from parcours.lake.shape import Entries, Items, Leaf, Shape, Struct
from parcours.lake.writer import catalog_url

THROUGH = "parcours.through"
"""Snapshot property: the highest `seq` of the data set's chunks that is in the table."""
ROW_GROUP_ROWS = 122_880
"""Rows of a Parquet row group: what DuckDB hands to one thread."""
CATALOG_TABLE = "iceberg_tables"
"""PyIceberg's table of tables; made with the first data set."""
_CATALOG = "parcours"
_PROPERTIES = {
    "format-version": "2",
    # A commit that met another one must fail: only a second look at `through` tells what is still to land.
    "commit.retry.num-retries": "0",
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "32",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "16",
}
_OPEN_TRIES, _OPEN_PAUSE_S = 20, 0.05
_LANDED_DIGITS = 19
_LANDED_NAME = re.compile(rf"/(\d{{{_LANDED_DIGITS}}})-[^/]*$", re.ASCII)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
_LEAF_TYPES: dict[Leaf, PrimitiveType] = {
    Leaf.TEXT: StringType(),
    Leaf.JSON: StringType(),
    Leaf.NUMERAL: StringType(),
    Leaf.LONG: LongType(),
    Leaf.DOUBLE: DoubleType(),
    Leaf.BOOLEAN: BooleanType(),
    Leaf.DATE: DateType(),
    Leaf.TIMESTAMP: TimestamptzType(),
}


class LakeTables:
    """The catalog of the lake. Safe between threads; a table of it is not."""

    def __init__(self, warehouse: Path, catalog_url: str = "") -> None:
        self.root = warehouse.resolve()
        if not catalog_url:
            make_folder(self.root)
            catalog_url = f"sqlite:///{catalog_path(self.root)}"
        self._catalog = self._open(catalog_url)
        if catalog_url.startswith("sqlite:"):
            event.listen(self._catalog.engine, "connect", _be_durable)
            self._catalog.engine.dispose()  # the connections made before the listener

    def _open(self, catalog_url: str) -> SqlCatalog:
        """The catalog. Its journal mode and its tables are made by whoever is first: of two at once, one fails."""
        properties = {
            "uri": catalog_url,
            "warehouse": self.root.as_uri(),
            "py-io-impl": f"{LakeFiles.__module__}.{LakeFiles.__name__}",
            ROOT_PROPERTY: str(self.root),
        }
        tries = 0
        while True:
            tries += 1
            try:
                if catalog_url.startswith("sqlite:"):
                    with closing(sqlite3.connect(catalog_path(self.root), timeout=30)) as connection:
                        connection.execute("PRAGMA journal_mode=WAL")
                return SqlCatalog(_CATALOG, **properties)
            except (DBAPIError, sqlite3.OperationalError) as fault:
                if tries == _OPEN_TRIES or not ("exist" in str(fault) or "locked" in str(fault)):
                    raise
                time.sleep(_OPEN_PAUSE_S)

    def find(self, scope_id: int, dataset_id: str) -> "LakeTable | None":
        """The table of a data set as it is now; None when nothing has landed yet."""
        try:
            return LakeTable(self.root, self._catalog.load_table(_identifier(scope_id, dataset_id)))
        except NoSuchTableError:
            return None

    def make(self, scope_id: int, dataset_id: str, shape: Struct) -> "LakeTable":
        """A new empty table with the columns of the shape, or the one another process has just made."""
        namespace, name = _identifier(scope_id, dataset_id)
        self._catalog.create_namespace_if_not_exists(namespace)
        try:
            table = self._catalog.create_table(
                (namespace, name),
                schema=Schema(*_fields(shape)),
                location=(self.root / namespace / name).as_uri(),
                properties={**_PROPERTIES, "parcours.scope-id": str(scope_id), "parcours.data-set-id": dataset_id},
            )
        except TableAlreadyExistsError:
            table = self._catalog.load_table((namespace, name))
        return LakeTable(self.root, table)

    def every(self) -> list["LakeTable"]:
        """Every table of every sandbox."""
        identifiers = [
            identifier
            for namespace in self._catalog.list_namespaces()
            for identifier in self._catalog.list_tables(namespace)
        ]
        return [LakeTable(self.root, self._catalog.load_table(identifier)) for identifier in identifiers]

    def drop(self, scope_id: int, dataset_id: str) -> bool:
        """Forget the table of a data set; its files stay. Returns whether there was one."""
        try:
            self._catalog.drop_table(_identifier(scope_id, dataset_id))
        except NoSuchTableError:
            return False
        return True

    def folder(self, scope_id: int, dataset_id: str) -> Path:
        """Where the files of a data set are."""
        return self.root.joinpath(*_identifier(scope_id, dataset_id))

    def close(self) -> None:
        """Close the catalog."""
        self._catalog.close()


class LakeTable:
    """One data set's table, as of the moment it was loaded or last changed through this object."""

    def __init__(self, root: Path, table: Table) -> None:
        self.root = root
        self.table = table

    @property
    def folder(self) -> Path:
        """Where the files are: `data/` and `metadata/`."""
        return resolve(self.root, self.table.metadata_location).parent.parent

    def through(self) -> int:
        """The highest chunk number that has landed; 0 when none has."""
        snapshot = self.table.current_snapshot()
        while snapshot is not None:
            value = snapshot.summary.additional_properties.get(THROUGH) if snapshot.summary else None
            if value is not None:
                return int(value)
            snapshot = self.table.snapshot_by_id(snapshot.parent_snapshot_id or -1)
        return 0

    def shape(self) -> Struct:
        """The columns; text that holds JSON is not told from plain text here."""
        return _shape_of_struct(self.table.schema().fields)

    def data_files(self) -> list[DataFile]:
        """The Parquet files of the current snapshot in the order in which their records landed, oldest first."""
        snapshot = self.table.current_snapshot()
        if snapshot is None:
            return []
        entries = [
            entry
            for manifest in snapshot.manifests(self.table.io)
            for entry in manifest.fetch_manifest_entry(self.table.io, discard_deleted=True)
        ]
        entries.sort(
            key=lambda entry: (_landed(entry.data_file), entry.sequence_number or 0, entry.data_file.file_path)
        )
        return [entry.data_file for entry in entries]

    def path_of(self, file: DataFile) -> Path:
        """Where a data file lies."""
        return resolve(self.root, file.file_path)

    def grow(self, transaction: Transaction, shape: Struct) -> Struct:
        """Add the columns of `shape` that the table lacks; returns the columns the table then has, in its order."""
        with transaction.update_schema() as update:
            update.union_by_name(Schema(*_fields(shape)))
        return _shape_of_struct(transaction.table_metadata.schema().fields)

    def append(self, transaction: Transaction, records: pa.Table, through: int) -> None:
        """Write the records, whose columns are the transaction's, to a new file and commit them as one snapshot.

        Raises CommitOvertaken when the table changed since it was loaded; then nothing has landed.
        """
        self.replace(transaction, (), [records], through)

    def replace(
        self, transaction: Transaction, old: Sequence[DataFile], records: Iterable[pa.Table], through: int
    ) -> None:
        """Commit `records` as one new file in the place of `old` ones, as one snapshot.

        old: neighbours in the order of `data_files`; the new file takes their place in it.
        """
        schema = transaction.table_metadata.schema()
        landed = _landed(old[-1]) if old else through
        location = f"{self.table.location()}/data/{landed:0{_LANDED_DIGITS}}-{uuid.uuid4()}.parquet"
        path = resolve(self.root, location)
        write_parquet(path, schema_to_pyarrow(schema), records)
        try:
            added = parquet_file_to_data_file(self.table.io, transaction.table_metadata, location)
            update = transaction.update_snapshot(snapshot_properties={THROUGH: str(through)})
            with update.overwrite() if old else update.merge_append() as producer:
                for file in old:
                    producer.delete_data_file(file)
                producer.append_data_file(added)
            transaction.commit_transaction()
        except CommitFailedException as error:
            path.unlink(missing_ok=True)
            raise CommitOvertaken(str(error)) from error

    def expire(self, keep: int) -> int:
        """Forget all but the newest `keep` snapshots; returns how many were forgotten."""
        snapshots = sorted(self.table.snapshots(), key=lambda snapshot: snapshot.sequence_number or 0)
        current = self.table.current_snapshot()
        old = [s.snapshot_id for s in snapshots[: -keep or None] if current is None or s != current]
        if not old:
            return 0
        try:
            self.table.maintenance.expire_snapshots().by_ids(old).commit()
        except CommitFailedException as error:
            raise CommitOvertaken(str(error)) from error
        return len(old)

    def unreferenced(self) -> set[Path]:
        """Files in the table's folder that no snapshot kept needs: of crashed, overtaken and expired commits."""
        # Listed before the references are read: a file that a commit adds meanwhile is then in no list.
        present = {path for path in self.folder.rglob("*") if path.is_file()}
        table = self.table.refresh()
        needed = {resolve(self.root, table.metadata_location)}
        needed.update(resolve(self.root, entry.metadata_file) for entry in table.metadata.metadata_log)
        seen: set[str] = set()
        for snapshot in table.snapshots():
            needed.add(resolve(self.root, snapshot.manifest_list))
            for manifest in snapshot.manifests(table.io):
                if manifest.manifest_path in seen:
                    continue
                seen.add(manifest.manifest_path)
                needed.add(resolve(self.root, manifest.manifest_path))
                for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
                    if entry.status != ManifestEntryStatus.DELETED:
                        needed.add(resolve(self.root, entry.data_file.file_path))
        return present - needed


def find_tables(db: Database, warehouse: Path, scope_id: int, dataset_ids: Sequence[str]) -> dict[str, LakeTable]:
    """The tables that some data sets have now, by id. Makes nothing where no lake is yet."""
    url = catalog_url(db)
    is_made = inspect(db.engine).has_table(CATALOG_TABLE) if url else catalog_path(warehouse).exists()
    if not dataset_ids or not is_made:
        return {}
    tables = LakeTables(warehouse, url)
    try:
        found = {dataset_id: tables.find(scope_id, dataset_id) for dataset_id in dataset_ids}
    finally:
        tables.close()
    return {dataset_id: table for dataset_id, table in found.items() if table is not None}


def _be_durable(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=30000")


def catalog_path(root: Path) -> Path:
    """The file of the embedded catalog."""
    return root / "catalog.db"


def write_parquet(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """A durable Parquet file with Iceberg's field ids; the tables' columns are those of the schema, in its order."""
    with (
        new_file(path) as file,
        pq.ParquetWriter(file, schema, compression="zstd", compression_level=1) as writer,
    ):
        for table in tables:
            writer.write_table(table.cast(schema), row_group_size=ROW_GROUP_ROWS)


def _landed(file: DataFile) -> int:
    """The highest chunk number among a file's records, from its name; 0 for files of a time before names told it."""
    found = _LANDED_NAME.search(file.file_path)
    return int(found[1]) if found else 0


def _identifier(scope_id: int, dataset_id: str) -> tuple[str, str]:
    name = dataset_id if _PLAIN_NAME.fullmatch(dataset_id) else f"x{dataset_id.encode().hex()}"
    return f"sandbox_{scope_id}", name


def _fields(shape: Struct) -> list[NestedField]:
    return _Numbering().fields(shape)


class _Numbering:
    """Gives each field a number of its own, as a schema needs; the catalog replaces them by lasting ones."""

    def __init__(self) -> None:
        self._last = 0

    def fields(self, shape: Struct) -> list[NestedField]:
        return [
            NestedField(field_id=self._next(), name=name, field_type=self._type(child), required=False)
            for name, child in shape.fields.items()
        ]

    def _next(self) -> int:
        self._last += 1
        return self._last

    def _type(self, shape: Shape) -> IcebergType:
        match shape:
            case Struct():
                return StructType(*self.fields(shape))
            case Items(element):
                return ListType(element_id=self._next(), element_type=self._type(element), element_required=False)
            case Entries(value):
                return MapType(
                    key_id=self._next(),
                    key_type=StringType(),
                    value_id=self._next(),
                    value_type=self._type(value),
                    value_required=False,
                )
            case Leaf():
                return _LEAF_TYPES[shape]


def _shape_of_struct(fields: Iterable[NestedField]) -> Struct:
    return Struct({field.name: _shape_of(field.field_type) for field in fields})


def _shape_of(kind: IcebergType) -> Shape:
    match kind:
        case StructType():
            return _shape_of_struct(kind.fields)
        case ListType():
            return Items(_shape_of(kind.element_type))
        case MapType():
            return Entries(_shape_of(kind.value_type))
        case _:
            return next(leaf for leaf, known in _LEAF_TYPES.items() if known == kind)
