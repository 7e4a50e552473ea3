"""The nouns of the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


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
    is_kept: bool = False
    """Whether the system alone writes to it, and nobody changes it."""


@dataclass(frozen=True, slots=True)
class DataSetTable:
    """Every data set of every sandbox."""

    by_id: Mapping[tuple[int, str], DataSet]

    def get(self, scope_id: int, dataset_id: str) -> DataSet | None:
        """The data set, or None."""
        return self.by_id.get((scope_id, dataset_id))

    def of_scope(self, scope_id: int) -> list[DataSet]:
        """Every data set of a sandbox."""
        return [data_set for (scope, _), data_set in self.by_id.items() if scope == scope_id]


WINDOW_MS = 900_000
"""Streamed records are grouped into batches and flow runs of 15 minutes. Source: platform-apis §2.8."""


def window_of(at_ms: int) -> int:
    """The start of the window a moment is in, in epoch milliseconds."""
    return at_ms - at_ms % WINDOW_MS


REASONS: Mapping[str, str] = {
    "INGEST-1100-400": "A definition the record was accepted for is gone",
    "INGEST-1212-400": "The record does not conform to its schema",
    "INGEST-1401-400": "The record is not what the flow takes",
    "INGEST-1500-500": "The server failed on the record",
    "MAPPER-3700-400": "Mapper Transform Error",
}
"""Reason codes of failed records in words. Source: platform-apis §1.8."""


class FailedRow(NamedTuple):
    """A failed record of a batch."""

    record: Any
    """As received."""
    code: str
    errors: list[dict[str, Any]]
    """Violations as `xdm.violations.leaf` has them, or {"message"}."""


@dataclass(slots=True)
class RunDelta:
    """What one transaction adds to a window of a flow: to its run and to its batches.

    Counts are differences and may be negative: a failed record that landed at last is -1 failed, +1 landed.
    """

    landed: int = 0
    updated: int = 0
    """Records of which a part was merged into a profile; they land in no batch."""
    deleted: int = 0
    """Records that were deleted from a profile; nor do they."""
    failed: int = 0
    warnings: int = 0
    """Processed records of which the mapping dropped something, or an identity was none."""
    bytes_in: int = 0
    """As received."""
    bytes_out: int = 0
    """As landed."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Failed records by reason code."""
    first_at_ms: int = 0
    """Earliest receipt noted; 0 when none was."""
    last_at_ms: int = 0
    """Latest time of processing noted."""
    measured: int = 0
    """How many records' latencies are in the sum."""
    latency_sum_ms: int = 0
    latency_min_ms: int = 0
    latency_max_ms: int = 0

    def note_received(self, received_at_ms: int, now_ms: int, count: int = 1) -> None:
        """Count in the times of records received at once: receipt and processing, in epoch milliseconds."""
        latency_ms = max(0, now_ms - received_at_ms)
        if not self.measured or received_at_ms < self.first_at_ms:
            self.first_at_ms = received_at_ms
        if not self.measured or latency_ms < self.latency_min_ms:
            self.latency_min_ms = latency_ms
        if latency_ms > self.latency_max_ms:
            self.latency_max_ms = latency_ms
        if now_ms > self.last_at_ms:
            self.last_at_ms = now_ms
        self.latency_sum_ms += latency_ms * count
        self.measured += count


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
