"""Logs (structlog: a stable event name plus fields, ids and never personal data) and Prometheus metrics."""

import logging
import sys

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

registry: CollectorRegistry = REGISTRY


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
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def get_logger(room: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of a room; every line carries the room's name. It takes its level when it is first used."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(room=room)
    return logger


__all__ = ["Counter", "Gauge", "Histogram", "configure_logging", "get_logger", "registry"]
