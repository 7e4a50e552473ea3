"""Rule sets: how many journeys an individual enters, how many messages they get, and when none is sent."""
