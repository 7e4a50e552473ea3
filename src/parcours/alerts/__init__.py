"""Alerts: who is told when a journey goes wrong, and telling them."""
