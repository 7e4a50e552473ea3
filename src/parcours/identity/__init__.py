"""Namespaces, XIDs and the identity graph: who is who."""
