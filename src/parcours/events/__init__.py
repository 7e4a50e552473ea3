"""Event configurations: which streamed records are an event, and who it is about."""
