"""A server of its own, inside this process and over a temporary directory: where a plan is rehearsed."""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from fastapi import FastAPI
from sqlalchemy import event

from parcours.app import build_platform
from parcours.ascode.errors import CallRefused
from parcours.ascode.model import Reply
from parcours.db import metadata
from parcours.edge import build_control_plane
from parcours.kit.settings import Settings
from parcours.kit.telemetry import configure_logging

_CLIENT, _SECRET, _ORG = "rehearsal", "rehearsal", "REHEARSAL@AdobeOrg"


@contextmanager
def open_scratch(tenant: str) -> Iterator["Scratch"]:
    """An empty control plane of a tenant; all of it is gone after the block."""
    configure_logging("error")
    with tempfile.TemporaryDirectory(prefix="parcours-") as folder:
        platform = build_platform(
            Settings(
                data_dir=Path(folder),
                bootstrap_client_id=_CLIENT,
                bootstrap_client_secret=_SECRET,
                bootstrap_org_id=_ORG,
                bootstrap_tenant=tenant,
                allow_private_networks=True,  # what the real server allows is for it to say
            )
        )
        loop = asyncio.new_event_loop()
        try:
            event.listen(platform.db.engine, "connect", _without_waiting)
            metadata.create_all(platform.db.engine)
            platform.access.bootstrap()
            form = {"grant_type": "client_credentials", "client_id": _CLIENT, "client_secret": _SECRET}
            token = platform.access.issue_token(form)["access_token"]
            yield Scratch(build_control_plane(platform), token, loop)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
            platform.close()


def _without_waiting(connection: Any, _record: object) -> None:
    """Nothing of a scratch server has to survive it."""
    connection.execute("PRAGMA synchronous=OFF")


class Scratch:
    """Calls an ASGI application."""

    def __init__(self, app: FastAPI, token: str, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop
        self._headers = {
            "Authorization": f"Bearer {token}",
            "x-api-key": _CLIENT,
            "x-gw-ims-org-id": _ORG,
            "x-sandbox-name": "prod",
            "Content-Type": "application/json",
        }

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """See `ascode.model.Calls`."""
        return self._loop.run_until_complete(self._call(method, path, body, {**self._headers, **(headers or {})}))

    async def _call(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Reply:
        raw, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": unquote_to_bytes(raw).decode(), "raw_path": raw.encode(), "query_string": query.encode(),
            "root_path": "", "client": None, "server": ("rehearsal", 80),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"" if body is None else orjson.dumps(body), "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self._app(scope, receive, send)
        start = next(one for one in messages if one["type"] == "http.response.start")
        text = b"".join(one.get("body", b"") for one in messages if one["type"] == "http.response.body")
        found = orjson.loads(text) if text else None
        if start["status"] >= 300:
            raise CallRefused(start["status"], found)
        etags = [value.decode() for name, value in start["headers"] if name.lower() == b"etag"]
        return Reply(found, etags[0] if etags else None)
