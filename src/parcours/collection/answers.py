"""The documented bodies of the streaming ingestion service (platform-apis §1.5 to §1.7)."""

from typing import Any, NamedTuple

import orjson

from parcours.collection.envelope import Refusal


class Answer(NamedTuple):
    """A status, a JSON body, and headers beyond the content type."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


_PROBLEM = "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet"
_AUTHORIZATION = "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization"


def accepted(inlet_id: str, xaction_id: str, received_at_ms: int, sync: str = "") -> bytes:
    """The single-message answer; `sync` names the key that says validation passed."""
    tail = f',"{sync}":{{"status":"pass"}}' if sync else ""
    return f'{{"inletId":"{inlet_id}","xactionId":"{xaction_id}","receivedTimeMs":{received_at_ms}{tail}}}'.encode()


def batch_accepted(
    inlet_id: str, batch_id: str, received_at_ms: int, refusals: dict[int, Refusal], count: int
) -> bytes:
    """The 207 body: by position, `{batch}:{index}` for a kept message, status and reason for a refused one.

    A refusal carries `status` and an `xactionId` ending in `-{index}` too: the Kafka Connect sink of the reference
    platform finds failed messages by these.
    """
    responses: list[dict[str, Any]] = []
    for index in range(count):
        refusal = refusals.get(index)
        if refusal is None:
            responses.append({"xactionId": f"{batch_id}:{index}"})
            continue
        told = {"xactionId": f"{batch_id}-{index}", "status": 400, "statusCode": 400, "message": refusal.message}
        if refusal.detail:
            told["detail"] = refusal.detail
        responses.append(told)
    return orjson.dumps(
        {"inletId": inlet_id, "batchId": batch_id, "receivedTimeMs": received_at_ms, "responses": responses}
    )


def refused(
    status: int,
    title: str,
    message: str,
    cause: Any = None,
    headers: tuple[tuple[str, str], ...] = (),
    detail: str = "",
) -> Answer:
    """A problem of the inlet; `cause` is the tree of violations of synchronous validation."""
    report: dict[str, Any] = {"message": message}
    if detail:
        report["detail"] = detail
    if cause is not None:
        report["cause"] = {"_streamingValidation": cause}
    body = {"type": _PROBLEM, "status": status, "title": title, "report": report}
    return Answer(status, orjson.dumps(body), headers)


def unauthorized(status: int, message: str) -> Answer:
    """An authentication problem; its `status` is a string, unlike that of every other problem."""
    body = {
        "type": _AUTHORIZATION,
        "status": str(status),
        "title": "Authorization",
        "report": {"message": f"[id] {message}"},
    }
    return Answer(status, orjson.dumps(body))


NO_CONTENT_TYPE = Answer(
    400,
    orjson.dumps(
        {
            "type": "/placeholder/type/uri",
            "status": 400,
            "title": "BadRequestError",
            "detail": "A valid content-type must be specified",
        }
    ),
)
