"""The nouns of the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataSet:
    """Where valid records of one schema land."""

    scope_id: int
    id: str
    """24 lower-case hex characters."""
    name: str
    schema_id: str
    """`$id` of its schema."""
    is_profile_enabled: bool
    """Whether its records make up profiles (`tags.unifiedProfile` holds `enabled:true`)."""
    is_upsert: bool
    """Whether its profile records change single fields instead of replacing the fragment (`isUpsert:true`)."""
    table_name: str
    """Its name in SQL, unique in the sandbox."""
    tags: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class DataSetTable:
    """Every data set of every sandbox."""

    by_id: Mapping[tuple[int, str], DataSet]

    def get(self, scope_id: int, dataset_id: str) -> DataSet | None:
        """The data set, or None."""
        return self.by_id.get((scope_id, dataset_id))


WINDOW_MS = 900_000
"""Streamed records are grouped into batches and flow runs of 15 minutes. Source: platform-apis §2.8."""


def window_of(at_ms: int) -> int:
    """The start of the window a moment is in, in epoch milliseconds."""
    return at_ms - at_ms % WINDOW_MS


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one flow (or, without one, of one data set) in one window that landed, or that failed."""

    id: str
    """A ULID."""
    scope_id: int
    dataset_id: str
    flow_id: str
    """Empty for records that named a data set and no flow."""
    window_start_ms: int
    is_failed: bool
    """Whether it holds the failed records of its window; those that landed are a batch of their own."""
    record_count: int
    """Landed records; 0 in a failed batch."""
    failed_record_count: int
    """Failed records that are still kept; 0 in a batch that landed."""
    size_bytes: int
    created_ms: int
    updated_ms: int

    @property
    def status(self) -> str:
        """`success`, `failed`, or `inactive` when every failed record has landed or was given up since."""
        if self.is_failed:
            return "failed" if self.failed_record_count > 0 else "inactive"
        return "success"
