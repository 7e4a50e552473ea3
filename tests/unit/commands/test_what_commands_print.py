"""Tables and trees show data as it is: no markup of Rich's is read from it, and nothing in it controls the terminal."""

import io
import json
from typing import Any

import pytest

from parcours.commands import failed_command, trace_command
from parcours.kit.terminal import open_console, print_json

NASTY = ["[/bold]", "in field [timestamp]", "[/x]", "C:\\", "[red]no[/red] :smile:", "\\[x]\\"]
CONTROL = "a\x1b[31mb\x07c\nd\x9be\x7ff\u202eg"
SEEN = "a\\x1b[31mb\\x07c\\nd\\x9be\\x7ff\\u202eg"


def printed(what: Any, width: int = 200) -> str:
    out = io.StringIO()
    console = open_console(out)
    console.width = width
    console.print(what)
    return out.getvalue()


def failed_record(text: str) -> dict[str, Any]:
    return {
        "id": 1234567,
        "receivedTimeMs": 1_790_000_000_000,
        "flowId": "4ee3b2a5-54b6-4f9a-a9f5-1a2b3c4d5e6f",
        "datasetId": "data",
        "code": "INGEST-1212-400",
        "errors": [{"pointerToViolation": "#/a", "message": text}],
        "attempts": 1,
        "state": "failed",
    }


def traced(text: str) -> dict[str, Any]:
    path = {"id": text, "result": False, "references": {text: text}}
    step = {
        "atUs": 1, "nodeName": text, "nodeType": "action", "processed": True, "transition": text, "stepStatus": text,
        "detail": {"paths": [path], "reason": text}, "action": {"actionExecutionTime": 1, "actionExecutionError": text},
    }  # fmt: skip
    timer = {"nodeId": text, "dueAtUs": 1}
    told = {"event": text, "outcome": text, "reason": text}
    journey = {"journey": text, "outcome": text, "reason": text, "versionUid": text, "instanceId": text}
    return {
        "identities": [{"namespace": text, "id": text + "!"}],
        "events": [{"receivedTimeMs": 1, "eventId": text, "decisions": [{**told, "journeys": [journey]}]}],
        "instances": [
            {"journey": text, "versionUid": "v", "status": text, "nodeId": text, "id": "i", "steps": [step],
             "timers": [timer]}
        ],
    }  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_brackets_and_backslashes_of_data_are_shown_as_they_are(text: str) -> None:
    assert f"#/a: {text}" in printed(failed_command.render([failed_record(text)], 200))
    tree = printed(trace_command.render(text, text, traced(text)), 1000)
    for line in (
        f"{text} ({text})", f"event {text}", f"{text}: {text}, {text}", f"journey “{text}”", f"{text} (action)",
        f"→ {text}", f"timer of {text} due",
    ):  # fmt: skip
        assert line in tree


def test_control_characters_of_data_are_shown_by_their_codes() -> None:
    table = printed(failed_command.render([failed_record(CONTROL)], 200))
    tree = printed(trace_command.render(CONTROL, CONTROL, traced(CONTROL)), 1000)
    for shown in (table, tree):
        assert SEEN in shown
        assert not set(shown) & set("\x1b\x07\x9b\x7f\u202e")


def test_json_for_people_is_the_same_json_without_control_characters() -> None:
    out = io.StringIO()
    print_json(open_console(out), {"text": CONTROL, "more": ["[/x]" * 100]})
    assert json.loads(out.getvalue()) == {"text": CONTROL, "more": ["[/x]" * 100]}
    assert not set(out.getvalue()) & set("\x1b\x07\x9b\x7f\u202e")
