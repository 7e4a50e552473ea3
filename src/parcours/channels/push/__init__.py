"""Push notifications: Firebase, Apple and Web Push."""
