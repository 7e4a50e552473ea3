"""From a raw or XDM message to a valid XDM record, or to a failure that keeps its body and its reason."""
