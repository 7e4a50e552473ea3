"""Logs (structlog: a stable event name plus fields, ids and never personal data) and Prometheus metrics."""

import contextlib
import logging
import os
import sys
from bisect import bisect_left
from collections import Counter as Counted
from collections.abc import Sequence
from pathlib import Path

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, multiprocess

registry: CollectorRegistry = REGISTRY


class BulkHistogram(Histogram):
    """A histogram that takes a value many times at once: each single one costs a lock and two writes to a file."""

    def observe_many(self, amount: float, count: int) -> None:
        """Observe the amount `count` times."""
        self._sum.inc(amount * count)
        self._buckets[bisect_left(self._upper_bounds, amount)].inc(count)

    def observe_all(self, amounts: Sequence[float]) -> None:
        """Observe each amount."""
        if not amounts:
            return
        self._sum.inc(sum(amounts))
        for bucket, count in Counted(bisect_left(self._upper_bounds, amount) for amount in amounts).items():
            self._buckets[bucket].inc(count)


class _StderrLogger(structlog.PrintLogger):
    """Writes to standard error and never raises: that may be a file on the very disk whose fault is to be told."""

    def msg(self, message: str) -> None:
        """Print a line, if it can be printed."""
        with contextlib.suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


def configure_logging(level: str = "info") -> None:
    """One JSON line per event on standard error, or coloured columns on a terminal."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if sys.stderr.isatty() else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: _StderrLogger(sys.stderr),
        cache_logger_on_first_use=True,
    )


def reserve_metric_files() -> None:
    """Take the disk space of this process's measurements now.

    The files are written through memory: on a full disk, the first touch of a page without a place would be the end
    of the process (SIGBUS).
    """
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    for path in Path(folder).glob(f"*_{os.getpid()}.db") if folder else ():
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def forget_process(pid: int) -> None:
    """Of a process that is gone, what only a living one can measure: how much waits in it, say."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def get_logger(room: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of a room; every line carries the room's name. It takes its level when it is first used."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(room=room)
    return logger


__all__ = [
    "BulkHistogram",
    "Counter",
    "Gauge",
    "Histogram",
    "configure_logging",
    "forget_process",
    "get_logger",
    "registry",
    "reserve_metric_files",
]
