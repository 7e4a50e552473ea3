"""Organisations, sandboxes, credentials and tokens: who calls, and in which sandbox."""

from parcours.access.model import Caller, Sandbox
from parcours.access.service import Access

__all__ = ["Access", "Caller", "Sandbox"]
