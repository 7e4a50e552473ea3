"""Ten thousand customers over thirty days of virtual time, as the command does it, beside bare calls of the engine."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.definitions import ENVIRONMENT
from bench.figures import Figure, figure, middle
from bench.machine import SERVER_CORE, python

CUSTOMERS = 10_000
ROUNDS = 3
TARGET_S = 10.0
EMAIL = "@event{SignedUp._acme.email}"
JOURNEY: dict[str, Any] = {
    "name": "Bench",
    "entry": {"node": "signup"},
    "nodes": {
        "signup": {"type": "event", "event": "SignedUp"},
        "worth": {
            "type": "condition",
            "paths": [{"id": "yes", "expression": "@event{SignedUp.total} > 10"}],
            "otherPath": True,
        },
        "pause": {"type": "wait", "duration": {"value": 2, "unit": "days"}},
        "order": {"type": "event", "event": "OrderPlaced", "timeout": {"value": 20, "unit": "days", "path": True}},
        "mail": {
            "type": "customAction",
            "action": "SendMail",
            "parameters": [{"paramPath": "/to", "expression": EMAIL}],
        },
    },
    "edges": [
        {"from": "signup", "to": "worth"},
        {"from": "worth", "to": "pause", "kind": "path", "path": "yes"},
        {"from": "worth", "to": "mail", "kind": "other"},
        {"from": "pause", "to": "order"},
        {"from": "order", "to": "mail"},
        {"from": "order", "to": "mail", "kind": "timeout"},
    ],
}
_BODY = {"sample": {"to": "x"}, "fields": [{"path": "/to", "type": "string", "kind": "variable"}]}
CONFIG: dict[str, Any] = {
    "events": [
        {"name": name, "namespace": "Email", "profileIdentifier": f"@event{{{name}._acme.email}}"}
        for name in ("SignedUp", "OrderPlaced")
    ],
    "actions": [{"name": "SendMail", "url": "https://mail.test/", "request": _BODY}],
}


def run() -> list[Figure]:
    """Each round in processes of their own on one core, one for the command and one for the engine alone."""
    customers = int(os.environ.get("BENCH_CUSTOMERS", CUSTOMERS))
    with tempfile.TemporaryDirectory(prefix="parcours-bench-") as name:
        folder = Path(name)
        write(folder, customers)
        ours: list[float] = []
        bare: list[float] = []
        for _ in range(ROUNDS):
            bare.append(float(on_core("-m", "bench.simulate", str(customers)).split()[-1]))
            started = time.perf_counter()
            text = on_core(
                "-m", "parcours", "simulate", str(folder / "journey.json"), "--config", str(folder / "config.json"),
                "--events", str(folder / "events.jsonl"), "--until", "30d",
            )  # fmt: skip
            ours.append(time.perf_counter() - started)
            assert f"{customers} customers, {customers} entrances; {customers} ended" in text, text
    seconds = middle(ours)
    return [
        figure(
            f"parcours simulate: {customers} customers over 30 days",
            seconds,
            "s",
            ("the engine's `advance` alone, same stimuli, same core", middle(bare)),
            f"< {TARGET_S:g} s",
            seconds < TARGET_S,
        )
    ]


def write(folder: Path, customers: int) -> None:
    """The files of the command: everybody signs up, every other one orders on the fifth day."""
    (folder / "journey.json").write_text(json.dumps(JOURNEY))
    (folder / "config.json").write_text(json.dumps(CONFIG))
    with (folder / "events.jsonl").open("w") as file:
        for event, day, numbers in (
            ("SignedUp", 0, range(customers)),
            ("OrderPlaced", 5, range(0, customers, 2)),
        ):
            for number in numbers:
                payload = {"_acme": {"email": f"customer{number}@example.com"}, "total": number % 100}
                line = {"at": f"+{day}d{number}ms", "event": event, "payload": payload}
                file.write(json.dumps(line) + "\n")


def on_core(*arguments: str) -> str:
    """What a Python process on the server's core printed."""
    done = subprocess.run(
        python(*arguments),
        capture_output=True,
        text=True,
        env={**os.environ, **ENVIRONMENT},
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout


def advance_bare(customers: int) -> float:
    """Seconds of `advance` for the same stimuli: nothing is scheduled, kept or counted."""
    from parcours.journeys.bundle import read_bundle
    from parcours.journeys.engine import advance, new_instance
    from parcours.journeys.model import ActionAnswered, ActionOutcome, CallAction, Entered, EventReceived, TimerDue
    from parcours.journeys.seen import VirtualClock
    from parcours.kit.memory import settle_memory
    from parcours.kit.yaml_text import Located

    bundle = read_bundle([Located("config", CONFIG)], VirtualClock(0))
    journey = bundle.compile(Located("journey", JOURNEY))
    settle_memory()
    good = ActionOutcome("http_200")
    day_us = 86_400_000_000
    started = time.perf_counter()
    for number in range(customers):
        payload = {"_acme": {"email": f"customer{number}@example.com"}, "total": number % 100}
        instance = new_instance(journey, f"{number:032x}", payload["_acme"]["email"], 0)
        transition = advance(journey, instance, Entered(payload), 0)
        if transition.instance.node_id == "pause":
            pause = TimerDue("pause", transition.instance.pass_no)
            transition = advance(journey, transition.instance, pause, 2 * day_us)
            if number % 2:
                late = TimerDue("order", transition.instance.pass_no)
                transition = advance(journey, transition.instance, late, 22 * day_us)
            else:
                event = EventReceived("OrderPlaced", payload)
                transition = advance(journey, transition.instance, event, 5 * day_us)
        (call,) = [command for command in transition.commands if isinstance(command, CallAction)]
        ended = advance(journey, transition.instance, ActionAnswered(call.node_id, call.pass_no, good), 22 * day_us)
        assert ended.instance.is_ended
    return time.perf_counter() - started


if __name__ == "__main__":
    print(advance_bare(int(sys.argv[1])))
