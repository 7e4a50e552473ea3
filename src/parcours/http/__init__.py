"""The edge: the application, the one error table, the adapter between RSGI and ASGI."""
