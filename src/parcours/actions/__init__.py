"""Custom actions: their configuration, and the HTTP request one makes of a journey's values."""

from parcours.actions.service import ActionService

__all__ = ["ActionService"]
