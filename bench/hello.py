"""The baseline of every request: Granian answering a POST with a constant, over RSGI, and nothing else."""

import sys
from typing import Any

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

_ANSWER = b'{"inletId":"' + b"a" * 64 + b'","xactionId":"1584479347507:2153:240","receivedTimeMs":1584479347507}'
_HEADERS = [("content-type", "application/json")]


async def hello(scope: Any, protocol: Any) -> None:
    await protocol()
    protocol.response_bytes(200, _HEADERS, _ANSWER)


async def main() -> None:
    server = Server(
        hello,
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.RSGI,
        websockets=False,
        backlog=1024,
        log_enabled=False,
    )
    await server.serve()


uvloop.run(main())
