"""Proves that nobody who waits is forgotten: every instance has what will move it on, and all of it happens in time."""
