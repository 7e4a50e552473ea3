"""Fixtures of the profile tests."""

import pytest
from profile_people import People

from parcours.app import Platform


@pytest.fixture
def people(platform: Platform) -> People:
    return People(platform)
