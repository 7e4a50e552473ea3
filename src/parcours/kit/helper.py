"""Work that is too much for a process that serves: a `parcours` command that answers one question and ends.

A process of its own, rather than a thread: computing in Python would take the interpreter from the inlets, and a
process can be ended at any instruction, memory and all.
"""

import asyncio
import contextlib
import math
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable

from parcours.kit.errors import Unavailable
from parcours.kit.telemetry import get_logger

MAX_HELPERS = 2
"""Most at a time in a process that serves; who comes later waits."""
_MAX_ANSWER = 256 * 1024 * 1024
_READ = 1 << 20
_PATIENCE = 6
"""So many times its limit of computing a helper may take on a busy machine."""
log = get_logger("kit")


class HelperTooLong(Exception):
    """The time was over before there was an answer."""


class HelperAbandoned(Exception):
    """Nobody waits for the answer any more."""


class Helpers:
    """Starts helpers, a few at a time."""

    def __init__(self, data_dir: os.PathLike[str], most: int = MAX_HELPERS) -> None:
        self._data_dir = str(data_dir)
        self._room = asyncio.Semaphore(most)

    async def ask(
        self, name: str, question: bytes, limit_s: float, *,
        gone: Callable[[], Awaitable[None]] | None = None, progress: Callable[[bytes], None] | None = None,
    ) -> bytes:  # fmt: skip
        """What the command `name` writes on its standard output for a question on its standard input.

        limit_s: how long it may compute; by the clock it has six times as much.
        gone: returns when nobody wants the answer any more. progress: told each line of its standard error. Raises
        HelperTooLong, HelperAbandoned, or Unavailable when it dies. Cancelled, it ends the helper, too.
        """
        async with self._room:
            return await self._ask(name, question, limit_s, gone, progress)

    async def _ask(
        self, name: str, question: bytes, limit_s: float,
        gone: Callable[[], Awaitable[None]] | None, progress: Callable[[bytes], None] | None,
    ) -> bytes:  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "parcours", name, "--data-dir", self._data_dir, "--limit", str(limit_s),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        answering = asyncio.ensure_future(_talk(process, question, progress))
        waiting = {answering} if gone is None else {answering, asyncio.ensure_future(gone())}
        try:
            done, _ = await asyncio.wait(waiting, timeout=limit_s * _PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            if answering in done:
                answer, errors = answering.result()
                if process.returncode == -signal.SIGXCPU:
                    raise HelperTooLong
                if process.returncode != 0:
                    log.error("helper.died", name=name, exit_code=process.returncode, said=errors[-2000:].decode())
                    raise Unavailable(f"the process for this ended with status {process.returncode}; the log says why")
                return answer
            raise HelperAbandoned if done else HelperTooLong
        finally:
            for task in waiting:
                task.cancel()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _talk(
    process: asyncio.subprocess.Process, question: bytes, progress: Callable[[bytes], None] | None
) -> tuple[bytes, bytes]:
    """(standard output, standard error) of a process that has ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    out, errors = process.stdout, process.stderr

    async def read_out() -> bytes:
        found = bytearray()
        while (block := await out.read(_READ)) and len(found) <= _MAX_ANSWER:
            found += block
        return bytes(found)

    async def read_errors() -> bytes:
        found = b""
        while line := await errors.readline():
            found = (found + line)[-65_536:]
            if progress is not None:
                progress(line)
        return found

    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(question)
        await process.stdin.drain()
    process.stdin.close()
    answer, said = await asyncio.gather(read_out(), read_errors())
    await process.wait()
    return answer, said


def begin_helper(limit_s: float) -> bytes:
    """In the helper: give way to those who serve, end when the time is over, and read the question."""
    os.nice(5)
    seconds = max(math.ceil(limit_s), 1)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limit_s * _PATIENCE + 5.0)  # should its parent be gone
    return sys.stdin.buffer.read()
