"""Tables and trees show data as it is: no markup of Rich's is read from it, and nothing in it controls the terminal."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from parcours.commands import failed_command, trace_command
from parcours.commands.client import CallRefused
from parcours.identity.errors import NamespaceNotFound
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


def step_line(**members: Any) -> str:
    step = {
        "atUs": 1, "nodeName": "Send", "nodeType": "action", "processed": True, "stepStatus": "error",
        "instanceEnded": True, **members,
    }  # fmt: skip
    found = traced("x")
    found["instances"][0]["steps"] = [step]
    (line,) = [one for one in printed(trace_command.render("a", "Email", found)).splitlines() if "Send (action)" in one]
    return line.split("Send (action)")[1].strip()


def test_a_step_that_failed_says_why_after_how_many_attempts() -> None:
    action = {
        "actionExecutionTime": 1240, "actionExecutionError": "http", "actionExecutionErrorCode": "503",
        "actionSchedulerCount": 4,
    }  # fmt: skip
    assert step_line(action=action, detail={"statusCode": "http_503"}) == (
        "error  http 503 after 4 attempts in 1240 ms  left the journey"
    )
    late = {
        "actionExecutionTime": 30000, "actionExecutionError": "timedout", "actionExecutionErrorCode": "timedout",
        "actionExecutionOriginError": "http", "actionExecutionOriginCode": "500", "actionSchedulerCount": 2,
    }  # fmt: skip
    assert step_line(action=late, detail={"reason": "no answer within 30 s"}, stepStatus="timedout") == (
        "timedout  timedout after 2 attempts in 30000 ms, before: http 500  no answer within 30 s  left the journey"
    )
    refused = {
        "actionExecutionTime": 3, "actionExecutionError": "error", "actionExecutionErrorCode": "internalError",
        "actionSchedulerCount": 1,
    }  # fmt: skip
    assert step_line(action=refused, detail={"reason": "can't connect to [shop]"}) == (
        "error  error in 3 ms  can't connect to [shop]  left the journey"
    )


def test_a_step_that_ended_early_says_why() -> None:
    assert step_line(detail={"reason": "division by zero"}) == "error  division by zero  left the journey"
    tried = {"id": "vip", "error": "division by zero", "references": {"@event{A.b}": 0}}
    assert step_line(detail={"paths": [tried], "reason": "division by zero"}) == (
        "error  vip: error (@event{A.b} = 0)  division by zero  left the journey"
    )
    assert step_line(stepStatus="ended", detail={"reason": "stopped"}) == "the version was stopped  left the journey"


def test_an_entrance_names_version_and_instance() -> None:
    text = printed(trace_command.render("a", "Email", traced("x")))
    assert "journey “x”: x, x (version x, instance x)" in text


def test_a_narrow_table_of_failed_records_keeps_ids_whole_and_gives_the_reason_the_room() -> None:
    reason = "expected type: String, found: Long, in a sentence that goes on"
    wide = printed(failed_command.render([failed_record(reason)], 200))
    assert f"#/a: {reason}" in wide
    assert "4ee3b2a5-54b6-4f9a-a9f5-1a2b3c4d5e6f" in wide
    narrow = printed(failed_command.render([failed_record(reason)], 80), 80)
    row = next(line for line in narrow.splitlines() if "1234567" in line)
    assert "INGEST-1212-400" in row
    assert "4ee3b2a5…" in row


def test_a_list_that_is_cut_says_that_there_are_more() -> None:
    records = [failed_record("x"), failed_record("y")]
    assert printed(failed_command.render(records, 200)).startswith("2 failed records")
    assert printed(failed_command.render(records, 200, is_cut=True)).startswith(
        "The oldest 2 failed records; there are"
    )


class Answers:
    """Stands for the command's client."""

    def __init__(self, **found: Any) -> None:
        self.found = found
        self.posted: list[str] = []

    def __call__(self, *_: Any) -> "Answers":
        return self

    def get(self, path: str, **_: Any) -> Any:
        return self.found[path.rsplit("/", 1)[1]]

    def post(self, path: str) -> None:
        if "/9999/" in path:
            raise CallRefused(404, {"detail": "no failed record 9999"})
        self.posted.append(path.split("/")[-2])


def test_a_retry_that_is_refused_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Answers()
    monkeypatch.setattr(failed_command, "Client", server)
    with pytest.raises(failed_command.RetryIncomplete, match=r"^1 refused\n9999: 404: no failed record 9999$"):
        failed_command.retry_records(Path(), "prod", [1, 9999, 2, 1], every=False)
    assert server.posted == ["1", "2"]
    assert capsys.readouterr().out == "2 records sent through again.\n"


def test_all_of_a_flow_are_those_of_the_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    class Server(Answers):
        def get(self, path: str, **query: Any) -> Any:
            ids = [1, 2] if query["flowId"] == "one" else [1, 2, 3]
            return {"items": [{"id": i} for i in ids], "_page": {"next": None}}

    for flow, sent in (("one", ["1", "2"]), (None, ["1", "2", "3"])):
        server = Server()
        monkeypatch.setattr(failed_command, "Client", server)
        failed_command.retry_records(Path(), "prod", [], every=True, flow=flow)
        assert server.posted == sent


def test_a_flow_that_stays_with_an_older_mapping_is_told_of() -> None:
    class Server(Answers):
        def get(self, path: str, **_: Any) -> Any:
            if path.endswith("/gone"):
                raise CallRefused(404, "")
            return super().get(path)

    def flow(version: Any) -> dict[str, Any]:
        return {"items": [{"transformations": [{"params": {"mappingId": "m", "mappingVersion": version}}]}]}

    server = Server(behind=flow("0"), latest=flow(1), plain={"items": [{}]}, m={"version": 1})
    assert failed_command.mappings_behind(server, ["gone", "behind", "latest", "plain"]) == [  # type: ignore[arg-type]
        "Flow behind uses version 0 of its mapping set; the latest is 1."
    ]


def test_a_trace_in_a_namespace_that_is_not_there_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = {"identities": [], "events": [], "instances": []}
    monkeypatch.setattr(trace_command, "Client", Answers(trace=empty, identities=[{"code": "Email"}, {"code": "Crm"}]))
    with pytest.raises(
        NamespaceNotFound, match="no identity namespace 'nope' in sandbox 'prod'; there are: Email, Crm"
    ):
        trace_command.run(Path(), "prod", "jane", "nope", as_json=False)
    trace_command.run(Path(), "prod", "jane", "crm", as_json=False)
    assert "no event of this customer" in capsys.readouterr().out
