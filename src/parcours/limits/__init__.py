"""How often an endpoint may be called: capping drops what is too much, throttling makes it wait."""
