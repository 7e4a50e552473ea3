"""The audit log: who changed what, when, and who was not allowed to."""

from parcours.audit.model import CALL, AuditEvent, Call

__all__ = ["CALL", "AuditEvent", "Call"]
