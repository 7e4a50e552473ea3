"""Journeys: documents and their check, the pure engine, and the instances that move through them."""
