"""Flow Service objects as the API shows them (platform-apis §2.4 to §2.8)."""

from collections.abc import Mapping, Sequence
from typing import Any

from parcours.access import Caller
from parcours.catalog.model import REASONS, WINDOW_MS, Batch
from parcours.flows.compile import Graph
from parcours.flows.documents import CONNECTION, FLOW
from parcours.flows.store import Run
from parcours.resources.store import Resource


def render(
    resource: Resource,
    kind: str,
    caller: Caller,
    graph: Graph,
    base_url: str,
    last_run: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One item. last_run: a flow's newest run as `render_run` gives it."""
    document = {
        "id": resource.id,
        "createdAt": resource.created_at_ms,
        "updatedAt": resource.updated_at_ms,
        "createdBy": resource.created_by,
        "updatedBy": resource.updated_by,
        "createdClient": resource.created_client,
        "updatedClient": resource.updated_client,
        "sandboxId": caller.sandbox.id,
        "sandboxName": caller.sandbox.name,
        "imsOrgId": caller.org_id,
        **resource.body,
        "version": resource.etag,
        "etag": resource.etag,
    }
    if kind == CONNECTION:
        auth = resource.body.get("auth")
        params = auth.get("params") if isinstance(auth, dict) else None
        if isinstance(auth, dict) and isinstance(params, dict) and "inletId" in params:
            url = f"{base_url}/collection/{params['inletId']}"
            document["auth"] = {**auth, "params": {**params, "inletUrl": url}}
        return document
    document["inheritedAttributes"] = graph.inherited(kind, resource.body)
    if kind == FLOW:
        document["runs"] = f"/runs?property=flowId=={resource.id}"
        document["lastOperation"] = {
            "started": resource.updated_at_ms,
            "updated": resource.updated_at_ms,
            "operation": "create" if resource.version == 0 else "update",
        }
        if last_run is not None:
            times = last_run["metrics"]["durationSummary"]
            document["lastRunDetails"] = {"id": last_run["id"], "state": last_run["state"], **times}
    return document


def render_run(
    run: Run,
    caller: Caller,
    flow: Resource | None,
    reasons: Sequence[tuple[str, int]],
    batches: Mapping[bool, Batch],
    pending: int,
    now_ms: int,
    base_url: str,
) -> dict[str, Any]:
    """One run: a window of a flow.

    reasons: (code, records) of its failures. batches: what landed (False) and what failed (True).
    pending: records accepted and not processed yet, which belong to the newest run only.
    inputRecordCount = outputRecordCount + failedRecordCount + pendingRecordCount, always.
    """
    is_open = now_ms < run.window_start_ms + WINDOW_MS or pending > 0
    status = _status(run, is_open)
    export = f"{base_url}/data/foundation/export/batches"
    duration: dict[str, Any] = {"startedAtUTC": run.first_at_ms or run.window_start_ms}
    if not is_open:
        duration["completedAtUTC"] = max(run.last_at_ms, run.window_start_ms + WINDOW_MS)
    records = {
        "inputRecordCount": run.processed + run.failed + pending,
        "createdRecordCount": run.landed,
        "updatedRecordCount": run.updated,
        "skippedRecordCount": 0,
        "failedRecordCount": run.failed,
        "deletedRecordCount": run.deleted,
        "warningRecordCount": run.warnings,
        "outputRecordCount": run.processed,
        "pendingRecordCount": pending,
        "failedInfo": [
            {"code": code, "message": REASONS.get(code, code), "details": {"recordCount": count}}
            for code, count in reasons
        ],
        "skippedInfo": [],
    }
    size = {"inputBytes": run.bytes_in or run.bytes_out, "outputBytes": run.bytes_out}
    statuses: dict[str, Any] = {
        "status": status,
        "errors": [{"code": code, "message": REASONS.get(code, code)} for code, _ in reasons],
    }
    if True in batches:
        location = f"{export}/{batches[True].id}/meta?path="
        statuses["extensions"] = {
            "manifest": {
                "failedRecords": f"{location}row_errors",
                "sampleErrors": f"{location}row_errors_sample.json",
            }
        }
    files = {
        "inputFileCount": 0,
        "outputFileCount": len(batches),
        "skippedFileCount": 0,
        "failedFileCount": 0,
        "manifest": {"fileInfo": [{"path": f"{export}/{b.id}/meta?path=input_files"} for b in batches.values()]},
    }
    body = flow.body if flow is not None else {}
    return {
        "id": run.id,
        "flowId": run.flow_id,
        "imsOrgId": caller.org_id,
        "sandboxId": caller.sandbox.id,
        "sandboxName": caller.sandbox.name,
        "createdAt": run.first_at_ms or run.window_start_ms,
        "updatedAt": run.last_at_ms or run.window_start_ms,
        "createdBy": "parcours",
        "updatedBy": "parcours",
        "createdClient": "parcours",
        "updatedClient": "parcours",
        "flowSpec": body.get("flowSpec", {}),
        "providerRefId": run.id,
        "state": status,
        "etag": f'"{run.id[:8]}-{run.processed + run.failed:x}"',
        "metrics": {
            "durationSummary": duration,
            "latencySummary": {
                "minMs": run.latency_min_ms,
                "maxMs": run.latency_max_ms,
                "avgMs": round(run.latency_sum_ms / run.measured) if run.measured else 0,
            },
            "sizeSummary": size,
            "recordSummary": records,
            "fileSummary": files,
            "statusSummary": statuses,
        },
        "activities": [
            {
                "id": "streamingActivity",
                "name": "Streaming Activity",
                "updatedAtUTC": run.last_at_ms or run.window_start_ms,
                "durationSummary": duration,
                "sizeSummary": size,
                "recordSummary": records,
                "fileSummary": files,
                "statusSummary": {"status": status},
                "sourceInfo": [
                    {"id": source_id, "type": "SourceConnection"} for source_id in body.get("sourceConnectionIds", ())
                ],
                "targetInfo": [
                    {
                        "id": target_id,
                        "type": "TargetConnection",
                        "reference": {"type": "Batch", "ids": [batch.id for batch in batches.values()]},
                    }
                    for target_id in body.get("targetConnectionIds", ())
                ],
            }
        ],
    }


def _status(run: Run, is_open: bool) -> str:
    if is_open:
        return "inProgress"
    if run.failed <= 0:
        return "success"
    return "partialSuccess" if run.processed else "failed"
