"""A child process that is another `parcours` command, and that is never left behind when its parent dies."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable

from parcours.kit.telemetry import get_logger

_GO, _WAKE = b"g", b"w"
log = get_logger("kit")


class Child:
    """One `parcours` command as a child.

    A pipe, the lifeline, tells it when to begin, that there is something to do, and that its parent is gone.
    """

    def __init__(self, name: str, *arguments: str) -> None:
        """name: the command; arguments: its options."""
        self._name = name
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self._lifeline = -1

    @property
    def name(self) -> str:
        """The command it is."""
        return self._name

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Of the process that runs, or ran last; 0 before the first."""
        return 0 if self._process is None else self._process.pid

    async def start(self) -> None:
        """Begin the process; it loads its modules and waits for `go`."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
        reading, self._lifeline = os.pipe()
        command = (sys.executable, "-m", "parcours", self._name, *self._arguments, "--lifeline", str(reading))
        os.set_blocking(self._lifeline, False)
        self._process = await asyncio.create_subprocess_exec(*command, pass_fds=(reading,))
        os.close(reading)

    def go(self) -> None:
        """What it needs is ready: let it work."""
        self._tell(_GO)

    def wake(self) -> None:
        """There is something for it to do. Cheap, and of no effect while it isn't there."""
        self._tell(_WAKE)

    def _tell(self, what: bytes) -> None:
        if self._lifeline < 0:
            return
        # Broken: it has died already, and whoever looks after it will see. Full: it has been told often enough.
        with contextlib.suppress(BrokenPipeError, BlockingIOError):
            os.write(self._lifeline, what)

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
    while told := os.read(lifeline, 1):
        if told == _GO:
            return True
    return False


def listen_to_parent(
    lifeline: int, loop: asyncio.AbstractEventLoop, *, stop: Callable[[], None], wake: Callable[[], None] | None = None
) -> None:
    """In the child, once it may go: call `stop` when the parent is gone, `wake` when it says that there is work."""

    def readable() -> None:
        if not os.read(lifeline, 4096):
            loop.remove_reader(lifeline)
            stop()
        elif wake is not None:
            wake()

    loop.add_reader(lifeline, readable)


def stop_on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Call `stop` at SIGTERM and at Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
