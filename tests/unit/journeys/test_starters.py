"""Journeys to start from: whole ones, in both languages."""

from typing import Any

import pytest
from journey_world import WORLD

from parcours.journeys.compile import examine
from parcours.journeys.starters import LANGUAGES, STARTERS, Language, Starter, list_starters, preferred_language

CHOSEN = {"$late": "b1", "$purchase": "e2", "$away": "vip", "$passengers": "vip"}


def filled(starter: Starter, language: Language) -> dict[str, Any]:
    """The document with everything that it needs chosen: events are e1, templates themselves."""
    shown = starter.to_json(language)
    kinds = {need["placeholder"]: need["kind"] for need in shown["needs"]}

    def choose(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: choose(one) for name, one in value.items()}
        if isinstance(value, list):
            return [choose(one) for one in value]
        if value in kinds:
            return CHOSEN.get(value, "e1" if kinds[value] == "event" else "t1")
        assert not (isinstance(value, str) and value.startswith("$")), f"{value} is needed and not told"
        return value

    document: dict[str, Any] = choose(shown["document"])
    return document


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("starter", STARTERS, ids=lambda one: one.uid)
def test_a_starter_can_be_published_once_everything_is_chosen(starter: Starter, language: Language) -> None:
    journey, faults = examine(filled(starter, language), WORLD)
    assert [fault for fault in faults if fault.severity == "error"] == []
    assert journey is not None


@pytest.mark.parametrize("starter", STARTERS, ids=lambda one: one.uid)
def test_every_activity_has_a_place_and_every_need_is_used(starter: Starter) -> None:
    shown = starter.to_json("en")
    assert set(starter.places) == set(starter.nodes)
    assert set(starter.labels) <= set(starter.nodes)
    text = str(shown["document"]["nodes"])
    assert all(repr(need["placeholder"]) in text for need in shown["needs"])


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"), ("fr", "fr"), ("fr-FR,fr;q=0.9,en;q=0.8", "fr"), ("de,en;q=0.5,fr;q=0.7", "fr"), ("de", "en"),
        ("*;q=x, en", "en"), ("en; q=0.5, fr", "fr"), ("de,fr;q=0", "en"), ("fry", "en"), ("FR-ca", "fr"),
    ],
)  # fmt: skip
def test_the_language_is_that_of_who_asks(header: str, language: str) -> None:
    assert preferred_language(header) == language


def test_they_are_told_in_that_language() -> None:
    assert [one["name"] for one in list_starters("fr")][:2] == ["Bienvenue", "Panier abandonné"]
    assert {one["uid"] for one in list_starters("en")} == {one["uid"] for one in list_starters("fr")}
