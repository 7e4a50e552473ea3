"""From the outbox to the world: calls that were decided and committed are made, and their answers handed back."""
