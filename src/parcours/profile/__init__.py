"""The real-time profile: fragments by identity and data set, events of a person, and how they merge."""
