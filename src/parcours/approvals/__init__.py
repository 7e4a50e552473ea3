"""Approval policies: which journeys somebody else has to approve before they are published, and who may."""
