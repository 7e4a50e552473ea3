"""`parcours trace`."""

from pathlib import Path
from typing import Any

import orjson
from rich.text import Text
from rich.tree import Tree

from parcours.commands.client import Client
from parcours.kit.clock import to_datetime
from parcours.kit.terminal import open_console, plain, print_json


def run(data_dir: Path, sandbox: str, identity: str, namespace: str, *, as_json: bool) -> None:
    """Print a customer's events with every decision about them, then the journeys they are or were in."""
    found = Client(data_dir, sandbox).get("/journey/orchestration/trace", identity=identity, namespace=namespace)
    console = open_console()
    if as_json:
        print_json(console, found)
    else:
        console.print(render(identity, namespace, found))


def render(identity: str, namespace: str, found: dict[str, Any]) -> Tree:
    """The trace as a tree for a terminal."""
    others = [f"{i['namespace']} {i['id']}" for i in found["identities"] if i["id"] != identity]
    also = f" = {', '.join(others)}" if others else ""
    root = Tree(Text.assemble(plain(identity, "bold"), plain(f" ({namespace}){also}")))
    if not found["events"]:
        root.add("no event of this customer was looked at by an event configuration")
    for event in reversed(found["events"]):
        branch = root.add(Text.assemble(_time(event["receivedTimeMs"] * 1000), plain(f" event {event['eventId']}")))
        for told in event["decisions"]:
            twig = branch.add(plain(f"{told['event']}: {_outcome(told)}"))
            for journey in told.get("journeys", ()):
                twig.add(plain(f"journey “{journey['journey']}”: {_outcome(journey)}"))
    for instance in reversed(found["instances"]):
        name = instance["journey"] or instance["versionUid"]
        state = instance["status"] if instance["nodeId"] is None else f"at {instance['nodeId']}"
        branch = root.add(
            Text.assemble(plain(f"journey “{name}”", "bold"), plain(f", {state} (instance {instance['id']})"))
        )
        for step in instance["steps"]:
            branch.add(_step(step))
        for timer in instance["timers"]:
            what = timer["nodeId"] or "the whole journey"
            branch.add(Text.assemble(plain(f"timer of {what} due "), _time(timer["dueAtUs"])))
    return root


_WORDS = {
    "notMatched": "not matched",
    "EVENT_WITH_NO_JOURNEY": "matched, but no live journey begins with it or waits for it",
    "duplicate": "duplicate, an event with this _id came within the last ten minutes",
    "movedOn": "moved on",
    "queued": "kept until the call under way is answered",
    "notSuitableInitialEvent": "they are in it, and it doesn't wait for this event where they stand",
    "reentranceNotAllowed": "they were in it before, and may not enter again, or not yet",
    "EXTERNAL_KEY_COMPUTATION_ERROR": "the event doesn't say whom it is about",
    "maxInstanceStackEventsReached": "too many events wait for the call under way",
    "notListening": "it doesn't wait for this event where they stand",
}
"""Outcomes and reasons as people say them; those that are sentences already are left as they are."""


def _outcome(told: dict[str, Any]) -> str:
    outcome, reason = told["outcome"], told.get("reason")
    text = _WORDS.get(outcome, outcome)
    return f"{text}, {_WORDS.get(reason, reason)}" if reason else text


def _step(step: dict[str, Any]) -> Text:
    parts = [Text.assemble(_time(step["atUs"]), plain(f" {step['nodeName']} ({step['nodeType']})"))]
    if not step["processed"]:
        parts.append(plain("waits"))
    elif step.get("transition"):
        parts.append(plain(f"→ {step['transition']}"))
    if step["stepStatus"] not in ("ended", "transitions"):
        parts.append(plain(step["stepStatus"], "red"))
    for path in step.get("detail", {}).get("paths", ()):
        seen = ", ".join(
            f"{text} = {orjson.dumps(value).decode()}" for text, value in path.get("references", {}).items()
        )
        parts.append(plain(f"{path.get('id')}: {path.get('result')}" + (f" ({seen})" if seen else "")))
    action = step.get("action")
    if action and "actionExecutionTime" in action:
        error = action.get("actionExecutionError")
        parts.append(plain(f"{error or 'sent'} in {action['actionExecutionTime']} ms"))
    if step.get("instanceEnded"):
        parts.append(plain("left the journey"))
    return Text("  ").join(parts)


def _time(at_us: int) -> Text:
    return plain(to_datetime(at_us).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], "cyan")
