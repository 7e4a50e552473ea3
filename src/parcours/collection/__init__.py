"""Inlets: the hot path from a request to a durable record. Envelope, inlet authentication, acknowledgement."""
