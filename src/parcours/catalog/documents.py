"""Data set documents: what a client may write, and what it reads (platform-apis §5.1)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from parcours.access import Caller
from parcours.catalog.errors import CatalogInvalid
from parcours.catalog.model import REASONS, WINDOW_MS, Batch, DataSet
from parcours.catalog.store import BatchError
from parcours.catalog.tags import PROFILE, TABLE, is_enabled, normalise_tags
from parcours.resources.store import Resource

DATA_SET_KIND = "dataSet"
DEFAULT_CONTENT_TYPE = "application/vnd.adobe.xed+json;version=1"
SYSTEM = "SYSTEM"
"""`classification.managedBy` of data sets that Parcours itself writes to."""

_CONTENT_TYPE = re.compile(r"application/vnd\.adobe\.x(?:ed|dm)(?:-[a-z]+)*\+json(?:;\s*version=\d+(?:\.\d+)?)?")
_SERVER_KEYS = frozenset(
    {
        "imsOrg", "sandboxId", "version", "created", "updated", "createdClient", "createdUser", "updatedUser",
        "viewId", "files", "lastBatchId", "lastBatchStatus", "lastSuccessfulBatch", "lastFailedBatch", "namespace",
        "classification", "statsCache", "dule", "basePath",
    }
)  # fmt: skip
"""What only the server sets: ignored where a client sends it back."""
_OBJECTS = ("fileDescription", "observableSchema", "extensions", "enrichment", "lineage")
MAX_NAME = 500


def checked(body: Mapping[str, Any], *, may_be_unnamed: bool = False) -> dict[str, Any]:
    """The part of a document that clients write, checked and with normal tags. Raises CatalogInvalid.

    may_be_unnamed: there may be no name, for the caller gives it one.
    """
    document = {key: value for key, value in body.items() if key not in _SERVER_KEYS}
    name = document.get("name", "-" if may_be_unnamed else None)
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
        raise CatalogInvalid(f"name is required: a text of at most {MAX_NAME} characters", "$.name")
    for key, kind in (("description", str), ("enableErrorDiagnostics", bool), *((key, dict) for key in _OBJECTS)):
        if document.get(key) is not None and not isinstance(document[key], kind):
            raise CatalogInvalid(f"{key} is {_WORDS[kind]}", f"$.{key}")
    document["schemaRef"] = _schema_ref(document.get("schemaRef"))
    document["tags"] = normalise_tags(document.get("tags"))
    document.setdefault("fileDescription", {"format": "parquet"})
    document.setdefault("state", "DRAFT")
    return document


_WORDS: Mapping[type, str] = {str: "a text", bool: "true or false", dict: "an object"}


def _schema_ref(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise CatalogInvalid("schemaRef is required: an object with id and contentType", "$.schemaRef")
    schema_id, content_type = value.get("id"), value.get("contentType", DEFAULT_CONTENT_TYPE)
    if not isinstance(schema_id, str) or not schema_id:
        raise CatalogInvalid("schemaRef.id is required: the $id of a schema", "$.schemaRef.id")
    if not isinstance(content_type, str) or not _CONTENT_TYPE.fullmatch(content_type):
        raise CatalogInvalid(
            f"schemaRef.contentType is a media type of the registry, such as {DEFAULT_CONTENT_TYPE}",
            "$.schemaRef.contentType",
        )
    return {"id": schema_id, "contentType": content_type}


def merged(document: Any, change: Any) -> Any:
    """A deep merge: objects grow together, anything else is replaced."""
    if not isinstance(document, dict) or not isinstance(change, dict):
        return change
    return {**document, **{key: merged(document.get(key), value) for key, value in change.items()}}


def compile_data_set(resource: Resource, *, is_kept: bool = False) -> DataSet:
    """The stored document as the hot path needs it."""
    body = resource.body
    tags = body["tags"]
    return DataSet(
        resource.scope_id,
        resource.id,
        body["name"],
        body["schemaRef"]["id"],
        is_enabled(tags, PROFILE),
        "isUpsert:true" in tags.get(PROFILE, ()),
        tags[TABLE][0],
        tags,
        is_kept,
    )


def version_of(resource: Resource) -> str:
    """The semantic version clients see: each change raises the last digit."""
    return f"1.0.{resource.version}"


def render_data_set(resource: Resource, caller: Caller, last: Mapping[bool, Batch] | None = None) -> dict[str, Any]:
    """A data set as the API shows it. last: its newest batch that landed (False) and that failed (True)."""
    body = resource.body
    view = f"@/dataSets/{resource.id}/views/{body['viewId']}"
    document = {
        "name": body["name"],
        "description": body.get("description", ""),
        "imsOrg": caller.org_id,
        "sandboxId": caller.sandbox.id,
        "namespace": "ACP",
        "version": version_of(resource),
        "created": resource.created_at_ms,
        "updated": resource.updated_at_ms,
        "createdClient": resource.created_client,
        "createdUser": resource.created_by,
        "updatedUser": resource.updated_by,
        "observableSchema": {},
        "statsCache": {},
        "dule": {},
        "basePath": f"lake/{body['tags'][TABLE][0]}",
        **body,
        "files": f"{view}/files",
    }
    if last:
        newest = max(last.values(), key=lambda batch: (batch.updated_ms, batch.id))
        document["lastBatchId"] = newest.id
        document["lastBatchStatus"] = newest.status
        if False in last:
            document["lastSuccessfulBatch"] = last[False].id
        if True in last:
            document["lastFailedBatch"] = last[True].id
    return document


def render_last_batches(last: Mapping[bool, Batch]) -> dict[str, Any]:
    """One data set's entry of `/lastBatches`."""
    newest = max(last.values(), key=lambda batch: (batch.updated_ms, batch.id))
    document: dict[str, Any] = {"lastBatchId": newest.id, "lastBatchStatus": newest.status}
    if False in last:
        document["lastSuccessfulBatchId"] = last[False].id
    if True in last:
        document["lastFailedBatchId"] = last[True].id
    return document


def render_batch(batch: Batch, caller: Caller, errors: Iterable[BatchError], now_ms: int) -> dict[str, Any]:
    """A batch as the API shows it (platform-apis §5.3). It is `completed` once its window is over."""
    is_over = now_ms >= batch.window_start_ms + WINDOW_MS
    total = batch.record_count + batch.failed_record_count
    reasons = list(errors)
    metrics: dict[str, Any] = {
        "startTime": batch.created_ms,
        "endTime": batch.updated_ms,
        "recordsRead": total,
        "recordsWritten": batch.record_count,
        "recordsFailed": batch.failed_record_count,
        "inputRecordCount": total,
        "outputRecordCount": batch.record_count,
        "failedRecordCount": batch.failed_record_count,
        "invalidRecordCount": batch.failed_record_count,
        "inputByteSize": batch.size_bytes,
        "recordsSize": batch.size_bytes,
    }
    document: dict[str, Any] = {
        "imsOrg": caller.org_id,
        "sandboxId": caller.sandbox.id,
        "created": batch.created_ms,
        "createdClient": "parcours",
        "createdUser": "parcours",
        "updated": batch.updated_ms,
        "updatedUser": "parcours",
        "started": batch.created_ms,
        "status": batch.status,
        "version": "1.0.0",
        "recordCount": batch.record_count,
        "failedRecordCount": batch.failed_record_count,
        "size": batch.size_bytes,
        "errors": [
            {
                "code": reason.code,
                "description": REASONS.get(reason.code, reason.code),
                "recordCount": reason.record_count,
                "rows": [],
            }
            for reason in reasons
        ],
        "metrics": metrics,
        "relatedObjects": [{"type": "dataSet", "id": batch.dataset_id}],
        "tags": {"flowId": [batch.flow_id]} if batch.flow_id else {},
        "inputFormat": {"format": "json"},
    }
    if is_over:
        document["completed"] = max(batch.updated_ms, batch.window_start_ms + WINDOW_MS)
    if batch.is_failed:
        document["failedBatchLocation"] = f"/data/foundation/export/batches/{batch.id}/failed"
    return document
