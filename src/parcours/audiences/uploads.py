"""Uploads of members: opened, filled part by part, completed or cancelled. The loader takes it from there.

A list comes in parts, cut anywhere, each in a request of its own: so a list may be larger than a request, and one that
broke off goes on with the part that is missing. Parts are only kept; what is in them is looked at when all are there.
"""

from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.audiences import upload_store
from parcours.audiences.document import text_of_time
from parcours.audiences.errors import UploadInvalid, UploadNotFound, UploadStateConflict
from parcours.audiences.rows import FORMATS
from parcours.audiences.service import AudienceService
from parcours.audiences.upload_store import Options, Progress, Upload
from parcours.db import Database
from parcours.kit.clock import Clock, SystemClock
from parcours.kit.ids import new_uuid

MODES = ("replace", "add", "remove")
MAX_PARTS = 10_000
BAD_PERCENT_OF_REPLACE = 10
"""Most bad rows of a list that replaces another, if it doesn't say: every bad row is somebody who would exit."""


class UploadService:
    """Uploads of each audience."""

    def __init__(self, db: Database, audiences: AudienceService, clock: Clock | None = None) -> None:
        self._db = db
        self._audiences = audiences
        self._clock = clock or SystemClock()

    def create(self, caller: Caller, audience_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Open an upload. Raises AudienceNotFound or UploadInvalid."""
        mode, list_format, options = read_upload(body)
        with self._db.write() as connection:
            upload = self._insert(connection, caller, audience_id, mode, list_format, options)
        return render(upload)

    def upload_at_once(self, caller: Caller, audience_id: str, body: dict[str, Any], content: bytes) -> dict[str, Any]:
        """Open an upload whose one part is `content`, and complete it. Raises as `create` does."""
        mode, list_format, options = read_upload(body)
        packed = upload_store.pack(content)
        with self._db.write() as connection:
            upload = self._insert(connection, caller, audience_id, mode, list_format, options)
            upload_store.put_part(connection, upload.no, 1, len(content), packed)
            self._queue(connection, upload, Progress(part_count=1, byte_count=len(content)))
            return render(self._find(connection, caller, audience_id, upload.id))

    def put_part(self, caller: Caller, audience_id: str, upload_id: str, part_no: int, content: bytes) -> None:
        """Keep a part of the list; sent once more, it takes the place of the one before.

        Raises AudienceNotFound, UploadNotFound, UploadInvalid or UploadStateConflict.
        """
        if not 1 <= part_no <= MAX_PARTS:
            raise UploadInvalid(f"parts are numbered from 1 to {MAX_PARTS}", "$.part")
        if not content:
            raise UploadInvalid("the part is empty", "$")
        packed = upload_store.pack(content)
        with self._db.write() as connection:
            upload = self._find(connection, caller, audience_id, upload_id)
            if upload.status != "NEW":
                raise UploadStateConflict(f"the upload is {upload.status}: it takes no further parts")
            upload_store.put_part(connection, upload.no, part_no, len(content), packed)

    def complete(self, caller: Caller, audience_id: str, upload_id: str, part_count: Any) -> dict[str, Any]:
        """Say that every part is there; the list is then read and applied, after those completed before it.

        part_count: how many parts were sent: a list that lacks one must not replace another. Completing once more what
        is complete changes nothing. Raises AudienceNotFound, UploadNotFound, UploadInvalid or UploadStateConflict.
        """
        if type(part_count) is not int or not 1 <= part_count <= MAX_PARTS:
            raise UploadInvalid(f"parts is required: how many parts the list has, 1 to {MAX_PARTS}", "$.parts")
        with self._db.write() as connection:
            upload = self._find(connection, caller, audience_id, upload_id)
            if upload.status == "CANCELLED" or (upload.status == "FAILED" and upload.queued_at_us is None):
                raise UploadStateConflict(f"the upload is {upload.status}")
            if upload.status == "NEW":
                parts = upload_store.list_parts(connection, upload.no)
                missing = [number for number in range(1, part_count + 1) if number not in parts]
                if missing:
                    shown = ", ".join(map(str, missing[:20]))
                    raise UploadStateConflict(f"{len(missing)} of {part_count} parts are missing: {shown}")
                if len(parts) > part_count:
                    raise UploadStateConflict(f"{len(parts)} parts were sent, not {part_count}")
                self._queue(connection, upload, Progress(part_count=part_count, byte_count=sum(parts.values())))
            return render(self._find(connection, caller, audience_id, upload_id))

    def get(self, caller: Caller, audience_id: str, upload_id: str) -> dict[str, Any]:
        """One upload, and while it is open the numbers of its parts. Raises AudienceNotFound or UploadNotFound."""
        with self._db.read() as connection:
            upload = self._find(connection, caller, audience_id, upload_id)
            shown = render(upload)
            if upload.status == "NEW":
                shown["receivedParts"] = list(upload_store.list_parts(connection, upload.no))
        return shown

    def uploads(self, caller: Caller, audience_id: str, start: int, limit: int) -> tuple[list[dict[str, Any]], int]:
        """(a page of the audience's uploads, the latest first; how many there are). Raises AudienceNotFound."""
        with self._db.read() as connection:
            self._audiences.stored(connection, caller.scope_id, audience_id)
            found, total = upload_store.list_uploads(connection, caller.scope_id, audience_id, start, limit)
        return [render(upload) for upload in found], total

    def cancel(self, caller: Caller, audience_id: str, upload_id: str) -> dict[str, Any]:
        """Give up an upload that has changed nothing yet.

        Raises AudienceNotFound, UploadNotFound or UploadStateConflict.
        """
        with self._db.write() as connection:
            upload = self._find(connection, caller, audience_id, upload_id)
            if upload.status != "CANCELLED":
                if upload.status in upload_store.FINAL or upload.phase == "applying":
                    state = upload.status if upload.phase is None else f"{upload.status}, {upload.phase}"
                    raise UploadStateConflict(f"the upload is {state}: it can't be cancelled any more")
                self._save(connection, upload, status="CANCELLED", ended_at_us=self._clock.now_us())
            return render(self._find(connection, caller, audience_id, upload_id))

    def _insert(
        self,
        connection: Connection,
        caller: Caller,
        audience_id: str,
        mode: upload_store.Mode,
        list_format: str,
        options: Options,
    ) -> Upload:
        self._audiences.stored(connection, caller.scope_id, audience_id)
        upload_id = new_uuid()
        upload_store.insert_upload(
            connection,
            caller.scope_id,
            audience_id,
            upload_id,
            mode,
            list_format,
            options,
            self._clock.now_us(),
            caller.user_id,
        )
        return self._find(connection, caller, audience_id, upload_id)

    def _queue(self, connection: Connection, upload: Upload, progress: Progress) -> None:
        self._save(connection, upload, status="QUEUED", progress=progress, queued_at_us=self._clock.now_us())

    def _save(self, connection: Connection, upload: Upload, **changes: Any) -> None:
        if not upload_store.save_upload(connection, upload, **changes):
            raise UploadStateConflict("the upload has just changed: look at it once more")

    def _find(self, connection: Connection, caller: Caller, audience_id: str, upload_id: str) -> Upload:
        self._audiences.stored(connection, caller.scope_id, audience_id)
        found = upload_store.find_upload(connection, caller.scope_id, audience_id, upload_id)
        if found is None:
            raise UploadNotFound(upload_id)
        return found


def read_upload(body: dict[str, Any]) -> tuple[upload_store.Mode, str, Options]:
    """(mode, format, how to read it) of {"mode", "format", "identityColumn", "delimiter", "maxBadPercent"}.

    Raises UploadInvalid.
    """
    mode = body.get("mode", "replace")
    if mode not in MODES:
        raise UploadInvalid(f"mode is one of {', '.join(MODES)}", "$.mode")
    list_format = body.get("format", "csv")
    if list_format not in FORMATS:
        raise UploadInvalid(f"format is one of {', '.join(FORMATS)}", "$.format")
    column = body.get("identityColumn")
    if column is not None and (not isinstance(column, str) or not column):
        raise UploadInvalid("identityColumn is the name of a column", "$.identityColumn")
    delimiter = body.get("delimiter", ",")
    if not isinstance(delimiter, str) or delimiter not in (",", ";", "\t", "|"):
        raise UploadInvalid("delimiter is a comma, a semicolon, a tabulator or |", "$.delimiter")
    most = body.get("maxBadPercent", BAD_PERCENT_OF_REPLACE if mode == "replace" else 100)
    if type(most) is not int or not 0 <= most <= 100:
        raise UploadInvalid("maxBadPercent is a whole number from 0 to 100", "$.maxBadPercent")
    return mode, list_format, Options(column, delimiter, most)


def render(upload: Upload) -> dict[str, Any]:
    """An upload as the API shows it."""
    progress = upload.progress
    shown: dict[str, Any] = {
        "id": upload.id,
        "audienceId": upload.audience_id,
        "mode": upload.mode,
        "format": upload.format,
        "identityColumn": upload.options.identity_column,
        "delimiter": upload.options.delimiter,
        "maxBadPercent": upload.options.max_bad_percent,
        "status": upload.status,
        "phase": upload.phase,
        "reason": upload.reason,
        "metrics": {
            "parts": progress.part_count,
            "bytes": progress.byte_count,
            "rows": progress.rows,
            "badRows": progress.bad_rows,
            "repeatedRows": progress.repeated_rows,
            "applied": progress.applied,
            "realized": progress.realized,
            "exited": progress.exited,
            "unchanged": progress.unchanged,
        },
        "badRowsByReason": progress.reasons,
        "badRows": [{"line": fault.line, "reason": fault.reason} for fault in progress.faults],
        "createdBy": upload.created_by,
    }
    for key, at_us in (
        ("createdAt", upload.created_at_us),
        ("queuedAt", upload.queued_at_us),
        ("startedAt", upload.started_at_us),
        ("endedAt", upload.ended_at_us),
    ):
        shown[key] = None if at_us is None else text_of_time(at_us)
    return shown
