"""Parcours: real-time customer journeys on one machine, wire-compatible with AEP streaming."""

__version__ = "0.1.0"
