"""Definitions as files: a folder of YAML, what it would change on a server, and the change itself."""
