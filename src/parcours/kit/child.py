"""A child process that is another `parcours` command, and that is never left behind when its parent dies."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable

from parcours.kit.telemetry import get_logger

_GO = b"g"
log = get_logger("kit")


class Child:
    """One `parcours` command as a child. A pipe, the lifeline, tells it when to begin and that its parent is gone."""

    def __init__(self, name: str, *arguments: str) -> None:
        """name: the command; arguments: its options."""
        self._name = name
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self._lifeline = -1

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Begin the process; it loads its modules and waits for `go`."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
        reading, self._lifeline = os.pipe()
        command = (sys.executable, "-m", "parcours", self._name, *self._arguments, "--lifeline", str(reading))
        self._process = await asyncio.create_subprocess_exec(*command, pass_fds=(reading,))
        os.close(reading)

    def go(self) -> None:
        """What it needs is ready: let it work."""
        with contextlib.suppress(BrokenPipeError):  # it has died already: whoever looks after it will see
            os.write(self._lifeline, _GO)

    async def wait(self) -> int:
        """Its exit status, once it has ended."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self, timeout_s: float) -> None:
        """Let it finish, then make sure that it is gone."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), timeout_s)
        except TimeoutError:
            log.error("child.killed", name=self._name)
            self._process.kill()
            await self._process.wait()


def wait_for_go(lifeline: int) -> bool:
    """In the child: wait until the parent says go; False when it is gone instead."""
    return os.read(lifeline, 1) == _GO


def on_parent_gone(lifeline: int, stop: Callable[[], None], loop: asyncio.AbstractEventLoop) -> None:
    """In the child: call `stop` when the other end of the lifeline is closed."""

    def readable() -> None:
        if not os.read(lifeline, 1):
            loop.remove_reader(lifeline)
            stop()

    loop.add_reader(lifeline, readable)
