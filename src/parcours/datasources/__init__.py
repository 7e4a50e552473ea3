"""Data sources: external services that journeys ask, and the profile's field groups."""

from parcours.datasources.service import DataSourceService

__all__ = ["DataSourceService"]
