"""The references of channels show every option in a table and in an example, and none that isn't there.

tests/e2e/test_channel_reference.py and test_provider_reference.py use the examples.
"""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from parcours.channels import document as configurations
from parcours.channels.kinds import KINDS
from parcours.delivery import transactional
from parcours.templates import document as templates

REFERENCE = Path(__file__).parents[3] / "docs/reference"
PAGE_OF = {"inbox": "channels.md", "smtp": "channels.md", "twilio": "sms.md", "push": "push.md"}
"""Kind of provider → the page that tells its settings."""


HEADING = {"smtp": "### `smtp`", "twilio": "## `twilio`", "push": "## `push`"}


def text_of(page: str) -> str:
    return (REFERENCE / page).read_text(encoding="utf-8")


def examples_of(page: str) -> list[dict[str, Any]]:
    return [orjson.loads(text) for text in re.findall(r"```json\n(.*?)```", text_of(page), re.DOTALL)]


def table_of(page: str, heading: str, head: str) -> set[str]:
    """Names in the first column of the first table after a heading whose head begins so."""
    section = text_of(page).partition(f"\n{heading}\n")[2].partition(f"\n| {head} |")[2]
    rows = section.partition("\n\n")[0].splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])}


EXAMPLES = examples_of("channels.md")
WHOLE = [one for page in dict.fromkeys(PAGE_OF.values()) for one in examples_of(page) if "leaves" in one]
USED = [one["configuration"] for one in WHOLE if "configuration" in one]
"""Configurations through which a test sends."""
SHOWN = USED + [one for page in dict.fromkeys(PAGE_OF.values()) for one in examples_of(page) if "provider" in one]


def settings_of(kind: str) -> set[str]:
    return set(KINDS[kind].schema["properties"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_of_a_provider_is_in_its_table_and_used_in_an_example(kind: str) -> None:
    used = [one["provider"].get("settings", {}) for one in USED if one["provider"]["kind"] == kind]
    assert {name for one in used for name in one} == settings_of(kind)
    if settings_of(kind):
        assert table_of(PAGE_OF[kind], HEADING[kind], "setting") == settings_of(kind)


def test_no_example_names_what_is_not_there() -> None:
    for one in SHOWN:
        assert one.keys() <= configurations._MEMBERS, one["name"]
        assert one["provider"].get("settings", {}).keys() <= settings_of(one["provider"]["kind"]), one["name"]
        assert one.get("sender", {}).keys() <= set(configurations._SENDER[one["channel"]]), one["name"]
    for one in WHOLE:
        assert one["template"].keys() <= templates._MEMBERS
        assert one["template"]["content"].keys() <= templates.CONTENT[one["template"]["channel"]]
        assert one["message"].keys() <= transactional._MEMBERS


def test_every_member_of_a_configuration_is_in_the_table_and_used() -> None:
    assert {name for one in USED for name in one} == configurations._MEMBERS
    assert table_of("channels.md", "## Channel configurations", "member") >= configurations._MEMBERS
    for channel, names in configurations._SENDER.items():
        used = [one.get("sender", {}) for one in USED if one["channel"] == channel]
        assert {name for sender in used for name in sender} == set(names), channel


def test_every_member_of_a_template_is_in_the_table_and_used() -> None:
    made = [one["template"] for one in WHOLE]
    assert {name for one in made for name in one} == templates._MEMBERS
    told = text_of("channels.md")
    assert table_of("channels.md", "## Templates", "member") >= templates._MEMBERS
    for channel, names in templates.CONTENT.items():
        assert {name for one in made if one["channel"] == channel for name in one["content"]} == names, channel
        assert all(f"`{name}`" in told for name in names)


def test_every_member_of_a_transactional_message_is_in_the_table_and_used() -> None:
    calls = [one["message"] for one in WHOLE] + [one for one in EXAMPLES if "scheduled" in one]
    assert {name for one in calls for name in one} == transactional._MEMBERS
    assert table_of("channels.md", "## One message without a journey", "member") == transactional._MEMBERS
