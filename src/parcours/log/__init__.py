"""The event log: what was accepted, in order, durable before the answer. SQLite now; Kafka adds a file."""

from parcours.log.protocol import LogReader, LogUnavailable, LogUnreadable, LogWriter, Record

__all__ = ["LogReader", "LogUnavailable", "LogUnreadable", "LogWriter", "Record"]
