"""The event log: what was accepted, in order, durable before the answer. SQLite now; Kafka adds a file."""

from parcours.log.protocol import LogReader, LogUnavailable, LogWriter, Record

__all__ = ["LogReader", "LogUnavailable", "LogWriter", "Record"]
