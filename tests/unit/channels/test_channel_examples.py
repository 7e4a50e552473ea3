"""docs/reference/channels.md shows every option in an example; tests/e2e/test_channel_reference.py runs them."""

import re
from pathlib import Path
from typing import Any

import orjson

from parcours.channels import document as configurations
from parcours.channels import smtp
from parcours.delivery import transactional
from parcours.templates import document as templates

PAGE = Path(__file__).parents[3] / "docs/reference/channels.md"
EXAMPLES: list[dict[str, Any]] = [
    orjson.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
]
WHOLE = [one for one in EXAMPLES if "leaves" in one]


def test_every_member_of_a_configuration_is_shown() -> None:
    (whole,) = [one["configuration"] for one in WHOLE if one["template"]["name"] == "Whole letter"]
    assert whole.keys() == configurations._MEMBERS
    assert whole["provider"]["settings"].keys() == smtp.KIND.schema["properties"].keys()
    for channel, names in configurations._SENDER.items():
        shown = [one["configuration"].get("sender", {}) for one in WHOLE if "configuration" in one]
        assert any(sender.keys() == set(names) for sender in shown), channel


def test_every_member_of_a_template_is_shown() -> None:
    made = [one["template"] for one in WHOLE]
    assert {name for one in made for name in one} == templates._MEMBERS
    for channel, names in templates.CONTENT.items():
        assert {name for one in made if one["channel"] == channel for name in one["content"]} == names, channel


def test_every_member_of_a_transactional_message_is_shown() -> None:
    calls = [one["message"] for one in WHOLE] + [one for one in EXAMPLES if "scheduled" in one]
    assert {name for one in calls for name in one} == transactional._MEMBERS
