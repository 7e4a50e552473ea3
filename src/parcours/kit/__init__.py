"""The ground: settings, clock, ids, JSON paths, telemetry, secrets. Knows no other room."""
