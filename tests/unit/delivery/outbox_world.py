"""A delivery over a real database and a real receiver, with a stand-in for the worker that takes answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from parcours.access.model import Caller, Sandbox
from parcours.actions import ActionService
from parcours.actions.model import HttpRequest
from parcours.db import Database
from parcours.delivery import store
from parcours.delivery.model import ActionAnswer
from parcours.delivery.service import Delivery
from parcours.journeys.workset import OutgoingCall
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.limits.service import Limits
from parcours.resources.store import ResourceStore

CALLER = Caller("client", "user", Sandbox(1, "id", "ACME@AdobeOrg", "acme", "prod", "Prod", "production", "active", 0))
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class World:
    """A delivery, the receiver it calls, and a stand-in for the worker that takes answers."""

    def __init__(self, db: Database, handler: Handler, **settings: Any) -> None:
        self.db = db
        self.handler = handler
        self.settings = Settings(**{"allow_private_networks": True, **settings})
        self.actions = ActionService(db, ResourceStore(), SecretBox(b"k" * 32), self.settings)
        self.limits = Limits(db, ResourceStore())
        self.keys: list[str] = []
        self.requests: list[web.Request] = []
        self.answers: list[ActionAnswer] = []
        self.is_deleting = True
        self.number = 0
        self.committed_us = 1_000_000
        """When calls are said to have been committed."""

    async def __aenter__(self) -> "World":
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port: int = self._runner.addresses[0][1]
        document = {
            "name": "Send",
            "url": f"http://127.0.0.1:{self.port}/in",
            "authentication": {"type": "basic", "username": "ann", "password": "pw"},
            "response": {"sample": {"id": "x"}},
        }
        self.action_uid: str = self.actions.create(CALLER, document)[0]["uid"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.keys.append(request.headers["Idempotency-Key"])
        self.requests.append(request)
        return await self.handler(request)

    def delivery(self, **options: Any) -> Delivery:
        delivery = Delivery(self.db, self.actions, self.limits, self.settings, **options)
        delivery.on_answers = self.take
        return delivery

    def take(self, answers: list[ActionAnswer]) -> None:
        self.answers += answers
        if self.is_deleting:
            with self.db.write() as connection:
                store.delete_answered(connection, [answer.outbox_id for answer in answers])

    def put(self, count: int = 1, path: str = "", limit_s: float = 5, host: str = "127.0.0.1", **changes: Any) -> None:
        request = HttpRequest(
            "POST", f"http://{host}:{self.port}/in{path}", (("Content-Type", "application/json"),), b"{}"
        )
        calls = []
        for _ in range(count):
            self.number += 1
            call = OutgoingCall(
                1, 0, f"i{self.number}", "n", 1, "v", self.action_uid, request, self.committed_us + round(limit_s * 1e6)
            )
            calls.append(call._replace(**changes))
        with self.db.write() as connection:
            store.enqueue(connection, calls, self.committed_us)

    def pending(self) -> int:
        with self.db.read() as connection:
            return store.count(connection)

    async def until(self, condition: Callable[[], bool], limit_s: float = 20) -> None:
        async with asyncio.timeout(limit_s):
            while not condition():
                await asyncio.sleep(0.005)


async def ok(request: web.Request) -> web.StreamResponse:
    return web.json_response({"id": "m1", "noise": 1})


def play(db: Database, handler: Handler, story: Callable[[World], Awaitable[None]], **settings: Any) -> None:
    async def main() -> None:
        async with World(db, handler, **settings) as world:
            await story(world)

    asyncio.run(main())


async def running(delivery: Delivery) -> "asyncio.Task[None]":
    task = asyncio.create_task(delivery.run())
    await asyncio.sleep(0)
    return task
