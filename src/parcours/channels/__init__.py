"""Channels: through whom e-mails, SMS and push notifications leave, and what is known of those that left."""
