"""What the commands print: each asks a running server over its HTTP API, as any other client would."""
