"""A server in this process with the demo's definitions, and folders brought to it."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parcours.ascode.apply import apply_tasks, tasks_of
from parcours.ascode.folder import read_folder, write_folder
from parcours.ascode.model import Calls, Plan, Ref
from parcours.ascode.plan import Wishes, make_plan
from parcours.ascode.remote import read_present
from parcours.commands.scratch import open_scratch

sys.path.insert(0, str(Path(__file__).parents[3] / "examples" / "demo"))
from definitions import define

JOURNEYS = "/journey/orchestration"
SECRETS = {"SEND_MESSAGE_PASSWORD": "not shown again"}


class Client:
    """What the demo asks of a client, over calls."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def get(self, path: str) -> Any:
        accept = {"Accept": "application/vnd.adobe.xed+json"}
        return self._calls.call("GET", path, None, accept).body

    def post(self, path: str, body: Any = None) -> Any:
        return self._calls.call("POST", path, body).body

    def put(self, path: str, body: Any) -> Any:
        return self._calls.call("PUT", path, body).body

    def patch(self, path: str, body: Any) -> Any:
        return self._calls.call("PATCH", path, body, {"If-Match": "*"}).body


def define_demo(calls: Calls) -> None:
    """The demo's schemas, data sets, inlets, flows, event, action and live journey."""
    define(Client(calls), "https://receiver.example.com", lambda _line: None)  # type: ignore[arg-type]


def export(calls: Calls, folder: Path) -> None:
    """Everything into a folder."""
    present = read_present(calls)
    write_folder(folder, list(present.resources.values()), present.tenant, present.resources)


def plan(calls: Calls, folder: Path, **wishes: bool) -> Plan:
    """What an apply would do."""
    found, _ = make_plan(read_folder(folder, read_present(calls).tenant), calls, open_scratch, Wishes(**wishes))
    return found


def apply(calls: Calls, folder: Path, secrets: Mapping[str, str] = SECRETS, **wishes: bool) -> list[str]:
    """Bring a folder to a server; what was done, in order."""
    wanted = Wishes(**wishes)
    read = read_folder(folder, read_present(calls).tenant)
    found, present = make_plan(read, calls, open_scratch, wanted)
    assert not found.faults, [str(fault) for fault in found.faults]
    done: list[str] = []
    tasks = tasks_of(found, read, present, secrets, wanted)
    apply_tasks(calls, tasks, found, present, lambda change, _: done.append(f"{change.verb} {change.ref}"))
    return done


def told(found: Plan) -> list[str]:
    """A plan's changes in lines."""
    lines: list[str] = []
    for change in found:
        lines.append(" ".join([change.verb, str(change.ref), *(f"({note})" for note in change.notes)]))
        lines += [f"  {one.path}: {one.text}" for one in change.differences]
    return lines


def edit(folder: Path, path: str, old: str, new: str) -> None:
    """Replace a text in a file; it must be there once."""
    text = (folder / path).read_text()
    assert text.count(old) == 1, (path, old, text)
    (folder / path).write_text(text.replace(old, new))


def texts(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def uid_of(calls: Calls, kind: str, key: str) -> str:
    """The id of a resource."""
    return read_present(calls).resources[Ref(kind, key)].id
