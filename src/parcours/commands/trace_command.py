"""`parcours trace`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from rich.text import Text
from rich.tree import Tree

from parcours.commands.client import Client
from parcours.identity.errors import NamespaceNotFound
from parcours.kit.clock import to_datetime
from parcours.kit.terminal import open_console, plain, print_json


def run_event(data_dir: Path, sandbox: str, event_id: str, *, as_json: bool) -> None:
    """Print every receipt of one event with every decision about it, then the journeys it moved somebody in."""
    found = Client(data_dir, sandbox).get("/journey/orchestration/trace", eventId=event_id)
    console = open_console()
    if as_json:
        print_json(console, found)
    else:
        console.print(render_event(event_id, found))


def run(data_dir: Path, sandbox: str, identity: str, namespace: str, *, as_json: bool) -> None:
    """Print a customer's events with every decision about them, then the journeys they are or were in."""
    client = Client(data_dir, sandbox)
    found = client.get("/journey/orchestration/trace", identity=identity, namespace=namespace)
    if not found["events"] and not found["instances"]:
        codes = [known["code"] for known in client.get("/data/core/idnamespace/identities")]
        if namespace.lower() not in (code.lower() for code in codes):
            raise NamespaceNotFound(
                f"there is no identity namespace {namespace!r} in sandbox {sandbox!r}; there are: {', '.join(codes)}"
            )
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
    _add(root, found, lambda event: f"event {event['eventId']}")
    return root


def render_event(event_id: str, found: dict[str, Any]) -> Tree:
    """The trace of one event as a tree for a terminal."""
    root = Tree(Text.assemble(plain(f"event {event_id}", "bold")))
    if not found["events"]:
        root.add("no event with this _id was looked at by an event configuration")

    def title(event: dict[str, Any]) -> str:
        about = "no person" if event["identity"] is None else f"{event['namespace']} {event['identity']}"
        return f"about {about}, through inlet {event['inletId'][:12]}…"

    _add(root, found, title)
    return root


def _add(root: Tree, found: dict[str, Any], title: Callable[[dict[str, Any]], str]) -> None:
    """Receipts of events and what was decided about them, then instances with their steps."""
    for event in reversed(found["events"]):
        branch = root.add(Text.assemble(_time(event["receivedTimeMs"] * 1000), plain(f" {title(event)}")))
        for told in event["decisions"]:
            twig = branch.add(plain(f"{told['event']}: {_outcome(told)}{_things(told)}"))
            for journey in told.get("journeys", ()):
                which = f", instance {journey['instanceId']}" if "instanceId" in journey else ""
                twig.add(
                    plain(
                        f"journey “{journey['journey']}”: {_outcome(journey)} (version {journey['versionUid']}{which})"
                    )
                )
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


_WORDS = {
    "notMatched": "not matched",
    "EVENT_WITH_NO_JOURNEY": "matched, but no live journey begins with it, waits for it or counts it",
    "duplicate": "duplicate, an event with this _id came within the last ten minutes",
    "movedOn": "moved on",
    "runBegun": "a run of its audience has begun",
    "queued": "kept until the call under way is answered",
    "notSuitableInitialEvent": "they are in it, and it doesn't wait for this event where they stand",
    "reentranceNotAllowed": "they were in it before, and may not enter again, or not yet",
    "EXTERNAL_KEY_COMPUTATION_ERROR": "the event doesn't say whom it is about",
    "maxInstanceStackEventsReached": "too many events wait for the call under way",
    "notListening": "it doesn't wait for this event where they stand",
    "eventTooLarge": "it is longer than the 64 KB that journeys take; the record landed",
    "eventTooOld": "its timestamp is older than the event's maximum age; the record landed",
    "globalTimeout": "the journey's whole time was over",
    "notEnoughTimeLeft": "the wait would last longer than the journey's whole time",
    "instanceTooLarge": "its events and answers together were too large",
    "stopped": "the version was stopped",
}
"""Outcomes and reasons as people say them; those that are sentences already are left as they are."""


def _outcome(told: dict[str, Any]) -> str:
    outcome, reason = told["outcome"], told.get("reason")
    text = _WORDS.get(outcome, outcome)
    if outcome == "matched" and told.get("journeys") == []:
        text = "matched, but they are in no journey that waits for it or counts it"
    return f"{text}, {_WORDS.get(reason, reason)}" if reason else text


def _things(told: dict[str, Any]) -> str:
    """That an event is a business event, or the supplemental ids it has."""
    if told.get("type") == "business":
        return " (business event)"
    if "supplementalIds" not in told:
        return ""
    left_out = told.get("supplementalIdsLeftOut", 0)
    more = f", and {left_out} more that are left out" if left_out else ""
    return f" (supplemental ids: {', '.join(told['supplementalIds']) or 'none'}{more})"


def _step(step: dict[str, Any]) -> Text:
    parts = [Text.assemble(_time(step["atUs"]), plain(f" {step['nodeName']} ({step['nodeType']})"))]
    if not step["processed"]:
        parts.append(plain("waits"))
    elif step.get("transition"):
        parts.append(plain(f"→ {step['transition']}"))
    is_fault = step["stepStatus"] not in ("ended", "transitions")
    if is_fault:
        parts.append(plain(step["stepStatus"], "red"))
    for path in step.get("detail", {}).get("paths", ()):
        seen = ", ".join(
            f"{text} = {orjson.dumps(value).decode()}" for text, value in path.get("references", {}).items()
        )
        result = "error" if "error" in path else path.get("result")
        rule = f" by rule {path['rule']!r}" if "rule" in path else ""
        parts.append(plain(f"{path.get('id')}{rule}: {result}" + (f" ({seen})" if seen else "")))
    action = step.get("action")
    if action and "actionExecutionTime" in action:
        parts.append(plain(_call(action)))
    if reason := step.get("detail", {}).get("reason"):
        parts.append(plain(_WORDS.get(reason, reason), "red" if is_fault else ""))
    if step.get("instanceEnded"):
        parts.append(plain("left the journey"))
    return Text("  ").join(parts)


def _call(action: dict[str, Any]) -> str:
    """How a call of an action ended, in how many attempts and how long."""
    attempts = action.get("actionSchedulerCount", 1)
    tries = f" after {attempts} attempts" if attempts > 1 else ""
    error, code = action.get("actionExecutionError"), action.get("actionExecutionErrorCode")
    what = "sent" if error is None else error if code in (None, error, "internalError") else f"{error} {code}"
    before = [action[name] for name in ("actionExecutionOriginError", "actionExecutionOriginCode") if name in action]
    return f"{what}{tries} in {action['actionExecutionTime']} ms" + (f", before: {' '.join(before)}" if before else "")


def _time(at_us: int) -> Text:
    return plain(to_datetime(at_us).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], "cyan")
