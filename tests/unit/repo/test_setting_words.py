"""The designer tells in its own catalogues what each setting is; in English it says what the server says."""

import json
from pathlib import Path

from parcours.kit.settings import Settings

CATALOGUE = Path(__file__).parents[3] / "web/src/i18n/en/settings.json"
PREFIX = "settings.about."


def test_the_catalogue_tells_of_every_setting_what_the_server_tells() -> None:
    told = {key: text for key, text in json.loads(CATALOGUE.read_text()).items() if key.startswith(PREFIX)}
    quoted = {PREFIX + str(one["name"]): str(one["description"]) for one in Settings().describe()}
    assert {key: text.replace("'{'", "{").replace("'}'", "}") for key, text in told.items()} == quoted
