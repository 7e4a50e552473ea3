"""Completed uploads → memberships, a part at a time, each part in a transaction of its own.

    QUEUED ──► checking ──► applying ──► SUCCEEDED
                  │ the list breaks, or has too many bad rows
                  └──► FAILED, and nothing has changed

The list is first read whole, without a change, and put in order (`staging.py`). Then it is applied in that order. What
a part changes, the qualifications it causes and how far the upload is by then commit together, so that after a crash
at any instruction the next part follows. Readers see each member before or after, never in between; of the audience as
a whole they see how far it has come, and `evaluationStatus` says so.
"""

import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from parcours.audiences import store, upload_store
from parcours.audiences.model import Change, IsListened
from parcours.audiences.rows import ListUnreadable, Row, read_rows
from parcours.audiences.staging import StagedList
from parcours.audiences.table import AudienceTable
from parcours.audiences.upload_store import MAX_KEPT_FAULTS, Fault, Mode, Phase, Progress, Upload, UploadStatus
from parcours.db import Database
from parcours.kit.clock import Clock, SystemClock
from parcours.kit.telemetry import Counter, get_logger
from parcours.resources.store import Compiled

PART_ROWS = 1_000
"""Rows of one transaction: it holds the database's one place for writing for some tens of milliseconds."""
CHECK_ROWS = 20_000
"""Rows read before other uploads have their turn."""
FORGOTTEN_US = 24 * 3_600_000_000
"""How long an upload may stay open."""

MEMBERS = Counter("parcours_audience_members_total", "Members of uploaded lists, by what became of them.", ["outcome"])
log = get_logger("audiences")


class _Overtaken(Exception):
    """The upload has changed since it was read: it was cancelled, its audience deleted, or another loader has it."""


@dataclass(slots=True)
class _Reading:
    """A list that is being read, or was."""

    namespace: str
    rows: Iterator[Row | Fault]
    progress: Progress
    """What was found so far; it isn't saved before the list is read whole."""
    staged: StagedList
    is_read: bool = False


class Part(NamedTuple):
    """What one transaction changes."""

    listed: list[tuple[str, str | None]]
    """Identities of the list, with their attributes."""
    unlisted: list[str]
    """Members that a list which replaces does not name."""
    through: str | None
    """Up to which identity list and audience are then through; None: to the end."""


class MemberLoader:
    """Brings uploads into their audiences. One at a time works; a second one does no harm, only no good."""

    def __init__(
        self,
        db: Database,
        audiences: Compiled[AudienceTable],
        is_listened: IsListened,
        folder: Path,
        clock: Clock | None = None,
        *,
        part_rows: int = PART_ROWS,
    ) -> None:
        """folder: where lists are put in order; nothing in it outlives the process."""
        self._db = db
        self._audiences = audiences
        self._folder = folder
        self._is_listened = is_listened
        self._clock = clock or SystemClock()
        self._part_rows = part_rows
        self._readings: dict[int, _Reading] = {}
        self._turn = 0

    def has_work(self, connection: Connection) -> bool:
        """Whether `step` would do something."""
        return upload_store.has_work(connection, self._clock.now_us() - FORGOTTEN_US)

    def step(self) -> float | None:
        """Do some of what there is to do, of each audience in turn.

        Returns for how many seconds the database was held for writing; None when there was nothing to do.
        Raises DBAPIError when the database can't be used, OSError when lists can't be put in order (a full disk): what
        was not committed is done again.
        """
        with self._db.read() as connection:
            has_work = self.has_work(connection)
            uploads = upload_store.find_running(connection)
        for no in self._readings.keys() - {upload.no for upload in uploads}:
            self._forget(no)
        if not has_work:
            return None
        if not uploads:
            return self._clean()
        self._turn += 1
        upload = uploads[self._turn % len(uploads)]
        try:
            return self._advance(upload)
        except _Overtaken:
            self._forget(upload.no)
            return 0.0
        except (DBAPIError, OSError):
            self._forget(upload.no)
            raise
        except ListUnreadable as error:
            return self._end(upload, "FAILED", str(error))
        except Exception as error:
            log.error("audiences.upload_failed", upload_id=upload.id, exc_info=error)
            return self._end(upload, "FAILED", f"the server failed on it: {type(error).__name__}; its log says why")

    def _advance(self, upload: Upload) -> float:
        match upload.phase:
            case None:
                return self._save(upload, phase="checking", started_at_us=self._clock.now_us())
            case "checking":
                return self._check(upload)
            case "applying":
                return self._apply(upload)

    def _check(self, upload: Upload) -> float:
        reading = self._read_on(upload)
        if not reading.is_read:
            return 0.0
        refusal = refuse(reading.progress, upload.options.max_bad_percent)
        if refusal is not None:
            return self._end(upload, "FAILED", refusal, reading.progress)
        return self._save(upload, phase="applying", progress=reading.progress)

    def _apply(self, upload: Upload) -> float:
        reading = self._read_on(upload)  # after a crash, from the beginning
        if not reading.is_read:
            return 0.0
        progress = deepcopy(upload.progress)
        of = upload.scope_id, upload.audience_id
        listed = reading.staged.after(progress.after, self._part_rows)
        inside: list[str] = []
        if upload.mode == "replace":
            with self._db.read() as connection:
                inside = store.identities_after(connection, *of, reading.namespace, progress.after, self._part_rows)
        part = next_part(listed, inside, self._part_rows)

        def write(connection: Connection) -> None:
            at_us = self._clock.now_us()  # within the transaction: the order of times is that of commits
            is_listened = self._is_listened(connection, *of)
            change = bring_in(connection, *of, reading.namespace, upload.mode, part, at_us, is_listened=is_listened)
            progress.applied += len(part.listed)
            progress.realized += change.realized
            progress.exited += change.exited
            progress.unchanged += change.unchanged
            progress.after = part.through or progress.after

        if part.through is None:
            held_s = self._end(upload, "SUCCEEDED", None, progress, write)
        else:
            held_s = self._save(upload, phase="applying", progress=progress, work=write)
        MEMBERS.labels("realized").inc(progress.realized - upload.progress.realized)
        MEMBERS.labels("exited").inc(progress.exited - upload.progress.exited)
        MEMBERS.labels("unchanged").inc(progress.unchanged - upload.progress.unchanged)
        return held_s

    def _read_on(self, upload: Upload) -> _Reading:
        """The list, read some way further."""
        reading = self._readings.get(upload.no)
        if reading is None:
            reading = self._readings[upload.no] = self._open(upload)
        if reading.is_read:
            return reading
        progress = reading.progress
        good: list[tuple[str, str | None]] = []
        count = 0
        for row in islice(reading.rows, CHECK_ROWS):
            count += 1
            if isinstance(row, Row):
                good.append((row.identity[1], row.attributes))
                continue
            progress.bad_rows += 1
            progress.reasons[row.reason] = progress.reasons.get(row.reason, 0) + 1
            if len(progress.faults) < MAX_KEPT_FAULTS:
                progress.faults.append(row)
        reading.staged.add(good)
        progress.rows += count
        if count < CHECK_ROWS:
            progress.repeated_rows = progress.rows - progress.bad_rows - reading.staged.count()
            reading.is_read = True
        return reading

    def _open(self, upload: Upload) -> _Reading:
        with self._db.read() as connection:
            audience = self._audiences.current(connection).get(upload.scope_id, upload.audience_id)
        if audience is None:
            raise _Overtaken
        rows = read_rows(self._pieces(upload), upload.format, audience.namespace, upload.options)
        progress = Progress(part_count=upload.progress.part_count, byte_count=upload.progress.byte_count)
        return _Reading(audience.namespace, rows, progress, StagedList(self._folder, f"upload-{upload.no}"))

    def _forget(self, no: int) -> None:
        reading = self._readings.pop(no, None)
        if reading is not None:
            reading.staged.close()

    def _pieces(self, upload: Upload) -> Iterator[bytes]:
        for part_no in range(1, upload.progress.part_count + 1):
            with self._db.read() as connection:
                piece = upload_store.read_part(connection, upload.no, part_no)
            if piece is None:
                raise ListUnreadable(f"part {part_no} is gone")
            yield piece

    def _end(
        self,
        upload: Upload,
        status: UploadStatus,
        reason: str | None,
        progress: Progress | None = None,
        work: Callable[[Connection], None] | None = None,
    ) -> float:
        self._forget(upload.no)
        try:
            held_s = self._save(
                upload,
                status=status,
                phase=None if status == "SUCCEEDED" else upload.phase,
                progress=progress,
                reason=reason,
                work=work,
                ended_at_us=self._clock.now_us(),
            )
        except _Overtaken:
            return 0.0
        log.info("audiences.upload_ended", upload_id=upload.id, status=status, reason=reason)
        return held_s

    def _save(
        self,
        upload: Upload,
        *,
        phase: Phase | None,
        status: UploadStatus = "PROCESSING",
        progress: Progress | None = None,
        reason: str | None = None,
        work: Callable[[Connection], None] | None = None,
        **times: int,
    ) -> float:
        """One transaction: `work`, and the upload as far as it then is; how long it took. Raises _Overtaken."""
        with self._db.write() as connection:
            started = time.perf_counter()
            if work is not None:
                work(connection)
            if not upload_store.save_upload(
                connection, upload, status=status, phase=phase, progress=progress, reason=reason, **times
            ):
                raise _Overtaken  # the transaction is rolled back
        return time.perf_counter() - started

    def _clean(self) -> float:
        """Remove some of what nobody needs any more."""
        now_us = self._clock.now_us()
        with self._db.write() as connection:
            started = time.perf_counter()
            upload_store.fail_forgotten(
                connection, now_us - FORGOTTEN_US, "it was never completed; uploads stay open for a day", now_us
            )
            if not upload_store.delete_unneeded_part(connection):
                erasure = upload_store.find_erasure(connection)
                if erasure is not None and store.delete_some(connection, *erasure, self._part_rows) < self._part_rows:
                    store.forget_audience(connection, *erasure)
                    upload_store.finish_erasure(connection, erasure[1])
        return time.perf_counter() - started


def refuse(progress: Progress, max_bad_percent: int) -> str | None:
    """Why a list that was read whole is not applied; None when it is."""
    if progress.bad_rows and progress.bad_rows == progress.rows:
        return f"none of its {progress.rows} rows names anybody; nothing was changed"
    if progress.bad_rows * 100 > max_bad_percent * progress.rows:
        return (
            f"{progress.bad_rows} of {progress.rows} rows are bad, more than the {max_bad_percent} % that it may have; "
            "nothing was changed"
        )
    return None


def next_part(listed: list[tuple[str, str | None]], inside: list[str], limit: int) -> Part:
    """How far list and audience can be compared, having seen at most `limit` of each. Both are in order.

    inside: members of the audience, where the list replaces it; else nothing.
    """
    ends = [found[-1] for found in ([identity for identity, _ in listed], inside) if len(found) == limit]
    through = min(ends, default=None)
    if through is not None:
        listed = [one for one in listed if one[0] <= through]
        inside = [identity for identity in inside if identity <= through]
    named = {identity for identity, _ in listed}
    return Part(listed, [identity for identity in inside if identity not in named], through)


def bring_in(
    connection: Connection, scope_id: int, audience_id: str, namespace: str, mode: Mode, part: Part, at_us: int,
    *, is_listened: bool,
) -> Change:  # fmt: skip
    """Change the memberships of one part; after the last one the audience is up to date as of `at_us`."""
    of = scope_id, audience_id
    members = {(namespace, identity): attributes for identity, attributes in part.listed}
    if mode == "remove":
        change = store.leave(connection, *of, members, at_us, is_listened=is_listened)
    else:
        change = store.realize(connection, *of, members, at_us, is_listened=is_listened)
        if part.unlisted:
            unlisted = [(namespace, identity) for identity in part.unlisted]
            gone = store.leave(connection, *of, unlisted, at_us, is_listened=is_listened)
            change = change._replace(exited=gone.exited)
    if part.through is None:
        store.note_evaluated(connection, *of, at_us)
    return change
