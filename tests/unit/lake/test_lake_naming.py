"""Names of data sets in SQL."""

import pytest

from parcours.lake.model import DataSetName
from parcours.lake.naming import slug, slugs


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("journey_step_events", "journey_step_events"),
        ("Web events", "web_events"),
        ("Événements web (v2)", "evenements_web_v2"),
        ("2024 orders", "_2024_orders"),
        ("--", "_"),
        ("日本", "_"),
        ('a"; drop', "a_drop"),
    ],
)
def test_a_name_becomes_an_identifier(name: str, identifier: str) -> None:
    assert slug(name) == identifier


def test_names_that_are_alike_are_numbered_and_ids_always_work() -> None:
    sets = [DataSetName("id1", "Web"), DataSetName("id2", "web!"), DataSetName("id3", "Web"), DataSetName("WEB", "x")]
    assert slugs(sets) == {
        "web": "id1",
        "web_2": "id2",
        "web_3": "id3",
        "x": "WEB",
        "id1": "id1",
        "id2": "id2",
        "id3": "id3",
    }
