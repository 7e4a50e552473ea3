"""Puts people who wait straight into the stores, as the engine would have left them; run on its own core."""

import json
import os
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

from bench.definitions import ENVIRONMENT
from bench.machine import python

PART = 20_000
"""Instances in one transaction."""


def fill(data_dir: Path, version_uid: str, entity: dict[str, Any], count: int) -> None:
    """Let `count` people wait at the first wait of a version; entity: their entry event."""
    command = python("-m", "bench.filling", str(data_dir), version_uid, str(count))
    done = subprocess.run(
        command, input=json.dumps(entity), text=True, capture_output=True, env={**os.environ, **ENVIRONMENT}
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])


def _fill(data_dir: Path, version_uid: str, count: int, entity: dict[str, Any]) -> None:
    import orjson

    from parcours.app import build_platform
    from parcours.journeys import store
    from parcours.journeys.engine import advance, new_instance
    from parcours.journeys.model import Entered, StartTimer
    from parcours.journeys.state import instance_to_state
    from parcours.journeys.steps import to_stored
    from parcours.kit.settings import Settings

    platform = build_platform(Settings.from_environment(data_dir=data_dir))
    with platform.db.read() as connection:
        journey = platform.journeys.live.current(connection).get(version_uid)
    assert journey is not None
    now_us = time.time_ns() // 1000

    def people() -> Any:
        for number in range(count):
            key = f"waiting{number}@example.com"
            instance = new_instance(journey, f"{now_us // 1000:012x}{number:020x}", key, now_us)
            yield advance(journey, instance, Entered({**entity, "_id": f"waiting-{number}"}), now_us)

    everyone = people()
    while part := list(islice(everyone, PART)):
        instances: list[tuple[Any, ...]] = []
        timers: list[tuple[Any, ...]] = []
        steps: list[tuple[Any, ...]] = []
        for transition in part:
            i = transition.instance
            state = orjson.dumps(instance_to_state(i)).decode()
            instances.append(
                (
                    i.id, 0, journey.scope_id, i.journey_uid, i.version_uid, i.key, i.namespace, i.status, i.node_id,
                    i.waiting_for, i.entered_at_us, now_us, state, i.supplemental_id,
                )
            )  # fmt: skip
            steps.append((i.id, 0, journey.scope_id, now_us, to_stored(transition.steps)))
            for command in transition.commands:
                assert isinstance(command, StartTimer)
                timers.append((i.id, command.node_id, command.pass_no, 0, command.due_at_us, command.kind))
        with platform.db.write() as connection:
            store.insert_instances(connection, instances)
            store.insert_timers(connection, timers)
            store.insert_steps(connection, steps)
    platform.close()


if __name__ == "__main__":
    _fill(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), json.load(sys.stdin))
