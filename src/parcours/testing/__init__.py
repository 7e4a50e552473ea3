"""Journeys under test: a virtual clock, cases in YAML, and a plugin for pytest. Nothing here is imported unasked."""
