"""Journey fragments as files: their form, what a plan says of them, what an apply does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from code_world import JOURNEYS, Client, apply, define_demo, edit, export, plan, texts, told
from jsonschema_rs import Draft202012Validator

from parcours.ascode.apply import apply_tasks, tasks_of
from parcours.ascode.errors import ApplyIncomplete, FolderInvalid
from parcours.ascode.folder import read_folder
from parcours.ascode.fragments import STATES, fragment_parts, fragment_to_file
from parcours.ascode.model import Ref
from parcours.ascode.plan import Wishes, make_plan
from parcours.ascode.remote import read_present
from parcours.ascode.schemas import file_schema, shape_faults
from parcours.commands.code_command import _chosen
from parcours.commands.scratch import Scratch, open_scratch

FRAGMENTS = f"{JOURNEYS}/fragments"
THANKS, HALF = "fragments/thanks.yaml", "fragments/half.yaml"
WAIT: dict[str, Any] = {"type": "wait", "duration": {"value": 1, "unit": "hours"}}


def test_a_fragment_comes_out_of_its_file_as_it_went_in() -> None:
    document = {"name": "Two", "description": "", "tags": ["a"], "edges": [{"from": "a", "to": "b"}], "layout": {}}
    document["nodes"] = {"a": WAIT, "b": WAIT}
    for state in STATES:
        written = fragment_to_file({"uid": "u", "state": state, **document, "orgId": "o", "metadata": {}})
        assert list(written) == ["name", "tags", *(["state"] if state != "draft" else []), "nodes", "edges"]
        assert list(shape_faults("fragments", written)) == []
        saved, wanted = fragment_parts(written)
        assert {"description": "", "layout": {}, **saved} == document
        assert wanted == state


def test_a_fragment_may_be_unfinished_and_says_its_state_rightly() -> None:
    half = {"name": "Half", "nodes": {"ask": {"type": "condition"}}}
    assert list(shape_faults("fragments", half)) == []
    assert not Draft202012Validator(file_schema("fragments")).is_valid(half), "an editor tells what is missing"
    for wrong in ({**half, "state": "activ"}, {**half, "entry": "ask"}, {"name": "x"}, {**half, "nodes": {"a": {}}},
                  {**half, "nodes": {"on": {"type": "jump"}}}):  # fmt: skip
        assert list(shape_faults("fragments", wrong)), wrong


@pytest.fixture
def server() -> Iterator[Scratch]:
    with open_scratch("parcours") as calls:
        define_demo(calls)
        client = Client(calls)
        present = read_present(calls)
        action = present.resources[Ref("actions", "SendMessage")].id
        event = present.resources[Ref("events", "OrderPlaced")].id
        nodes = {
            "pause": {"type": "wait", "label": "Let it rest", "duration": {"value": 1, "unit": "hours"}},
            "send": {"type": "customAction", "actionUid": action, "parameters": []},
            "heard": {"type": "event", "eventUid": event},
        }
        edges = [{"from": "pause", "to": "send"}, {"from": "send", "to": "heard"}]
        made = client.post(FRAGMENTS, {"name": "Thanks", "tags": ["b", "a"], "nodes": nodes, "edges": edges})
        client.post(f"{FRAGMENTS}/{made['uid']}/activate")
        client.post(FRAGMENTS, {"name": "Half", "nodes": {"ask": {"type": "condition"}}})
        yield calls


def states(calls: Scratch) -> dict[str, str]:
    return {one["name"]: one["state"] for one in Client(calls).get(FRAGMENTS)["results"]}


@pytest.mark.stored
def test_a_round_trip_is_byte_identical_and_fragments_name_others_by_name(
    empty: Scratch, folder: Path, tmp_path: Path
) -> None:
    text = (folder / THANKS).read_text()
    assert "actionUid: SendMessage\n" in text
    assert "eventUid: OrderPlaced\n" in text
    assert "state: active\n" in text
    assert (folder / HALF).read_text() == "name: Half\nnodes:\n  ask:\n    type: condition\n"
    lines = [line for line in told(plan(empty, folder)) if "fragment" in line]
    assert lines == ["create fragment 'Half'", "create fragment 'Thanks' (active)"]
    done = apply(empty, folder)
    assert done[-2:] == ["create fragment 'Half'", "create fragment 'Thanks'"], "after what they name"
    assert states(empty) == {"Half": "draft", "Thanks": "active"}
    export(empty, tmp_path / "again")
    assert texts(tmp_path / "again") == texts(folder)
    assert told(plan(empty, folder)) == []


@pytest.mark.stored
def test_a_plan_tells_what_differs_and_an_active_fragment_is_active_again(server: Scratch, folder: Path) -> None:
    edit(folder, THANKS, "value: 1", "value: 2")
    assert told(plan(server, folder)) == [
        "update fragment 'Thanks' (a draft while it is changed, then active again; journeys keep the copies they have)",
        "  nodes.pause.duration.value: 1 → 2",
    ]
    apply(server, folder)
    assert states(server) == {"Half": "draft", "Thanks": "active"}
    assert told(plan(server, folder)) == []
    edit(folder, THANKS, "state: active\n", "")
    assert told(plan(server, folder)) == [
        "update fragment 'Thanks' (no longer active)", '  state: removed; it was "active"',
    ]  # fmt: skip
    apply(server, folder)
    assert states(server)["Thanks"] == "draft"
    for changed, state in (("value: 2", "archived"), ("value: 3", "archived"), ("value: 3", "active")):
        text = (folder / THANKS).read_text().replace("state: archived\n", "")
        text = text.replace("name: Thanks\n", f"name: Thanks\nstate: {state}\n").replace("value: 2", changed)
        (folder / THANKS).write_text(text)
        lines = told(plan(server, folder))
        is_same = (changed, state) == ("value: 3", "archived")
        note = f"then {state} again; journeys keep the copies they have)" if is_same else f"({state})"
        assert lines[0].endswith(note)
        apply(server, folder)
        assert states(server)["Thanks"] == state
        assert told(plan(server, folder)) == []
    edit(folder, THANKS, "name: Thanks\n", "name: Thanks\nedges_: 1\n")
    with pytest.raises(FolderInvalid, match=r"fragments/thanks\.yaml"):
        plan(server, folder)


@pytest.mark.stored
def test_what_is_not_finished_is_not_made_active_and_the_plan_says_where(server: Scratch, folder: Path) -> None:
    edit(folder, HALF, "name: Half\n", "name: Half\nstate: active\n")
    (fault,) = plan(server, folder).faults
    assert str(fault).startswith("fragments/half.yaml:4:"), str(fault)
    edit(folder, HALF, "type: condition", "type: customAction\n    actionUid: Nobody")
    (fault,) = plan(server, folder).faults
    assert str(fault).startswith("fragments/half.yaml:6:5: there is no action 'Nobody'")


@pytest.mark.stored
def test_what_others_changed_meanwhile_is_not_overwritten(server: Scratch, folder: Path) -> None:
    edit(folder, THANKS, "value: 1", "value: 2")
    read = read_folder(folder, "parcours")
    found, present = make_plan(read, server, open_scratch, Wishes())
    client = Client(server)
    url = f"{FRAGMENTS}/{present.resources[Ref('fragments', 'Thanks')].id}"
    shown = client.post(f"{url}/deactivate")
    client.put(url, {**shown, "description": "Of somebody else"})
    client.post(f"{url}/activate")
    tasks = tasks_of(found, read, present, {}, Wishes())
    with pytest.raises(ApplyIncomplete, match="412"):
        apply_tasks(server, tasks, found, present, lambda *_: None)
    assert client.get(url)["description"] == "Of somebody else"
    assert client.get(url)["state"] == "active"


@pytest.mark.stored
def test_fragments_are_pruned_chosen_and_carried_to_another_tenant(
    server: Scratch, folder: Path, tmp_path: Path
) -> None:
    present = read_present(server)
    chosen = _chosen(present, ["fragments"], ["Thanks"], with_dependencies=True)
    assert {str(ref) for ref in chosen} >= {"fragment 'Thanks'", "action 'SendMessage'", "event 'OrderPlaced'"}
    reads = "value: 1\n      unit: hours"
    edit(folder, THANKS, reads, f"{reads}\n      expression: '@event{{OrderPlaced._parcours.person.emailAddress}}'")
    with open_scratch("globex") as other:
        node = read_folder(folder, "globex").files[Ref("fragments", "Thanks")].document["nodes"]["pause"]
        assert "_globex.person" in node["duration"]["expression"]
        assert other is not None
    (folder / THANKS).unlink()
    assert told(plan(server, folder)) == []
    assert told(plan(server, folder, prune=True)) == ["delete fragment 'Thanks'"]
    apply(server, folder, prune=True)
    assert states(server) == {"Half": "draft"}
