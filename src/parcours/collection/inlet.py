"""The inlets as a bare RSGI application: no router, no middleware; definitions come from an in-memory table."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

import orjson

from parcours.access import Access
from parcours.collection import answers
from parcours.collection.answers import Answer
from parcours.collection.body import RequestBody, read_body
from parcours.collection.envelope import DataSetSchema, Destination, Refusal, find_destination
from parcours.flows.model import Inlet
from parcours.kit.depth import MAX_DEPTH, nests_too_deep, text_nests_too_deep
from parcours.kit.errors import Unavailable
from parcours.kit.ids import new_xaction_id
from parcours.kit.tally import Tally, TallyHistogram
from parcours.log import LogWriter, Record

_KEPT, _REFUSED = "accepted", "refused"
REQUESTS = Tally("parcours_collection_requests_total", "Requests to inlets, by status.", "status")
MESSAGES = Tally(
    "parcours_collection_messages_total", "Messages offered to inlets, by outcome.", "outcome", (_KEPT, _REFUSED)
)
ACK_SECONDS = TallyHistogram(
    "parcours_collection_ack_seconds",
    "From the request's arrival to its durable acknowledgement.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)

_JSON_HEADERS = [("content-type", "application/json")]
_PREFIXES = ("/data/foundation/import/collection/", "/collection/")
_FORMAT = "Invalid XDM Message Format"
_RETRY = (("retry-after", "1"),)


class Protocol_(RequestBody, Protocol):
    """The part of Granian's RSGI HTTP protocol that is used here."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send the answer."""
        ...


class InletLookup(Protocol):
    """What the collector asks of the definitions; both change under it when a definition does."""

    def get(self, inlet_id: str) -> Inlet | None:
        """The inlet, or None."""
        ...


MAX_WAITING_BYTES = 268_435_456
"""Bodies that wait for the disk; with more, senders are told to come back."""
Validate = Callable[[Inlet, str, str, Any], Awaitable[list[dict[str, Any]]]]
"""(inlet, flow id, data set id, message) → the violations of synchronous validation."""


class Collector:
    """Answers POST /collection/{inletId} and /collection/batch/{inletId}."""

    def __init__(
        self,
        access: Access,
        log: LogWriter,
        max_body_bytes: int,
        max_waiting: int,
        refresh: Callable[[], Awaitable[None]],
        validate: Validate,
    ) -> None:
        self._access = access
        self._log = log
        self._max_body_bytes = max_body_bytes
        self._max_waiting = max_waiting
        self.refresh = refresh
        """Read the definitions again, if any has changed."""
        self._validate = validate
        self.inlets: Mapping[str, Inlet] = {}
        """Every inlet by id; replaced as a whole when a definition changes."""
        self.schema_of: DataSetSchema = lambda _scope, _dataset: None

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path is an inlet's."""
        return path.startswith(_PREFIXES)

    async def __call__(self, scope: Any, protocol: Protocol_) -> None:
        """One request, answered. Never raises for anything a client sends."""
        started = time.perf_counter()
        try:
            status, body, headers = await self._answer(scope, protocol)
        except Unavailable as error:
            status, body, headers = answers.refused(503, "Service unavailable", str(error), headers=_RETRY)
        protocol.response_bytes(status, [*_JSON_HEADERS, *headers] if headers else _JSON_HEADERS, body)
        REQUESTS.add(status)
        ACK_SECONDS.observe(time.perf_counter() - started)

    async def _answer(self, scope: Any, protocol: Protocol_) -> Answer:
        path: str = scope.path
        tail = path[path.index("/collection/") + 12 :].rstrip("/")
        is_batch = tail.startswith("batch/")
        inlet_id = tail[6:] if is_batch else tail
        headers = scope.headers
        if scope.method != "POST":
            return answers.refused(405, "Method not allowed", "An inlet takes POST only", headers=(("allow", "POST"),))
        problem = _check_content(headers.get("content-type"))
        if problem is not None:
            return problem
        inlet = self.inlets.get(inlet_id)
        if inlet is None:
            await self.refresh()
            inlet = self.inlets.get(inlet_id)
            if inlet is None:
                return answers.refused(404, "Inlet not found", f"inletId: [{inlet_id[:80]}] No inlet has this id")
        if inlet.is_authenticated:
            problem = self._check_token(inlet, headers)
            if problem is not None:
                return problem
        if not inlet.is_enabled:
            return _refuse(inlet, "The connection of this inlet is disabled", 403)
        if self._log.waiting >= self._max_waiting or self._log.waiting_bytes >= MAX_WAITING_BYTES:
            return answers.refused(503, "Service busy", "Too many records wait for the disk", headers=_RETRY)
        body = await read_body(protocol, headers.get("content-length"), self._max_body_bytes)
        if isinstance(body, int):
            return answers.refused(
                413,
                "Request entity too large",
                f"The body has {body} bytes; an inlet takes {self._max_body_bytes} at most",
            )
        query = dict(parse_qsl(scope.query_string, keep_blank_values=True)) if scope.query_string else {}
        flow_id = headers.get("x-adobe-flow-id") or (query and _flow_in(query)) or None
        if flow_id is not None:
            flow_id = flow_id.lower()
        try:
            message = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            what = "The request has no body" if not body.strip() else f"The body is not JSON: {error}"
            return _refuse(inlet, what)
        # A batch has too many brackets for counting them to say anything.
        if nests_too_deep(message) if is_batch else text_nests_too_deep(body, message):
            return _refuse(inlet, f"The body nests deeper than {MAX_DEPTH} levels")
        if flow_id is not None and flow_id not in inlet.flows:
            await self.refresh()
            inlet = self.inlets.get(inlet_id, inlet)
        if is_batch:
            return await self._take_batch(inlet, message, body, flow_id)
        record = self._read_one(inlet, message, body, flow_id)
        if isinstance(record, Answer):
            return record
        sync = _sync_key(query) if query else ""
        if sync:
            violations = await self._validate(inlet, record.flow_id, record.dataset_id, message)
            if violations:
                MESSAGES.add(_REFUSED)
                return answers.refused(400, _FORMAT, _prefix(inlet) + "Message is invalid", violations)
        await self._log.append((record,))
        MESSAGES.add(_KEPT)
        return Answer(200, answers.accepted(inlet.inlet_id, record.xaction_id, record.received_at_ms, sync))

    def _read_one(self, inlet: Inlet, message: Any, body: bytes, flow_id: str | None) -> Record | Answer:
        destination = find_destination(inlet, message, flow_id, self.schema_of)
        if isinstance(destination, Refusal):
            MESSAGES.add(_REFUSED)
            return _refuse(inlet, destination.message, detail=destination.detail)
        now_ms = time.time_ns() // 1_000_000
        to_flow, dataset_id = destination
        return Record(
            inlet.inlet_id, to_flow, dataset_id, new_xaction_id(now_ms), now_ms, body, False, 1, (), inlet.scope_id
        )

    async def _take_batch(self, inlet: Inlet, batch: Any, body: bytes, flow_id: str | None) -> Answer:
        messages = batch.get("messages") if isinstance(batch, dict) else None
        if not isinstance(messages, list):
            return _refuse(inlet, "A batch is an object with a list of messages")
        now_ms = time.time_ns() // 1_000_000
        batch_id = new_xaction_id(now_ms)
        refusals: dict[int, Refusal] = {}
        runs: list[tuple[Destination, list[int]]] = []
        schema_of = self.schema_of
        for index, message in enumerate(messages):
            destination = find_destination(inlet, message, flow_id, schema_of)
            if isinstance(destination, Refusal):
                refusals[index] = destination._replace(message=_prefix(inlet) + destination.message)
            elif runs and runs[-1][0] == destination:
                runs[-1][1].append(index)
            else:
                runs.append((destination, [index]))
        if runs:
            await self._log.append(_records(inlet, batch_id, now_ms, body, messages, runs, refusals))
        MESSAGES.add(_REFUSED, len(refusals))
        MESSAGES.add(_KEPT, len(messages) - len(refusals))
        return Answer(207, answers.batch_accepted(inlet.inlet_id, batch_id, now_ms, refusals, len(messages)))

    def _check_token(self, inlet: Inlet, headers: Any) -> Answer | None:
        authorization = headers.get("authorization")
        if not authorization and (authorization is not None or "authorization" not in headers):
            return answers.unauthorized(401, "Ims service token is empty")
        # Granian has the name alone of a header that is not ASCII
        token = self._access.read_token(authorization) if authorization else None
        if token is None:
            return answers.unauthorized(401, "Ims service token is invalid or expired")
        if token.org_id != inlet.org_id:
            return answers.unauthorized(403, "Ims service token belongs to another organisation")
        return None


def _check_content(content_type: str | None) -> Answer | None:
    if content_type == "application/json":
        return None
    if not content_type:
        return answers.NO_CONTENT_TYPE
    media = content_type.partition(";")[0].strip().lower()
    if media == "application/json" or (media.startswith("application/") and media.endswith("+json")):
        return None
    return answers.refused(415, "Unsupported media type", f"Send application/json, not {media[:80]!r}")


def _records(
    inlet: Inlet,
    batch_id: str,
    now_ms: int,
    body: bytes,
    messages: list[Any],
    runs: list[tuple[Destination, list[int]]],
    refusals: dict[int, Refusal],
) -> list[Record]:
    """One record for each run of messages with one destination, in order; the body goes in as it came when all have it.

    The parts of a body are lists of [index in the request, message], which no request is.
    """
    if len(runs) == 1:
        ((destination, indexes),) = runs
        skip = tuple(sorted(refusals))
        return [Record(inlet.inlet_id, *destination, batch_id, now_ms, body, True, len(indexes), skip, inlet.scope_id)]
    return [
        Record(
            inlet.inlet_id,
            *destination,
            batch_id,
            now_ms,
            orjson.dumps([(i, messages[i]) for i in indexes]),
            True,
            len(indexes),
            scope_id=inlet.scope_id,
        )
        for destination, indexes in runs
    ]


def _flow_in(query: Mapping[str, str]) -> str:
    """The flow that the query names, as a header would: its name in any case."""
    return next((value for key, value in query.items() if key.lower() == "x-adobe-flow-id"), "")


def _sync_key(query: dict[str, str]) -> str:
    for key in ("syncValidation", "synchronousValidation"):
        if query.get(key, "").lower() == "true":
            return key
    return ""


def _prefix(inlet: Inlet) -> str:
    return f"inletId: [{inlet.inlet_id}] imsOrgId: [{inlet.org_id}] "


def _refuse(inlet: Inlet, message: str, status: int = 400, detail: str = "") -> Answer:
    return answers.refused(status, _FORMAT, _prefix(inlet) + message, detail=detail)
