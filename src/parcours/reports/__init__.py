"""What journeys did, in figures: the report of a version, live counters, the overview of a sandbox."""
