"""The designer names what every organisation has in its own catalogues; in English they say what the server says."""

import json
from pathlib import Path

from parcours.access.permissions import PERMISSION_SETS, READY_MADE

CATALOGUE = Path(__file__).parents[3] / "web/src/i18n/en/people.json"


def test_the_catalogue_names_every_ready_made_role_and_permission_set_as_the_server_does() -> None:
    told = json.loads(CATALOGUE.read_text())
    prefixes = ("people.readyMade.", "people.set.", "people.category.")
    expected = {f"people.set.{one.id}": one.name for one in PERMISSION_SETS.values()}
    for role in READY_MADE.values():
        expected |= {
            f"people.readyMade.{role.id}.name": role.name,
            f"people.readyMade.{role.id}.detail": role.description,
        }
    for one in PERMISSION_SETS.values():
        expected[f"people.category.{one.category.replace(' ', '')}"] = one.category
    assert {key: text for key, text in told.items() if key.startswith(prefixes)} == expected
