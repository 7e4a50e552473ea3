"""Flow Service: connections, flows and their runs; and the inlets compiled from them."""
