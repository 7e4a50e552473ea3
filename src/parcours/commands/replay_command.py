"""`parcours replay`: a backtest for a process that serves, which asks on standard input."""

import sys
from typing import Any

import orjson

from parcours.access.errors import SandboxNotFound
from parcours.app import Platform, build_platform
from parcours.commands.replay import Asked, Far, Replay
from parcours.journeys.backtest_report import told
from parcours.journeys.moments import moment_text
from parcours.journeys.stubs import read_stub
from parcours.kit.errors import Invalid, NotFound
from parcours.kit.helper import begin_helper
from parcours.kit.memory import settle_memory
from parcours.kit.settings import Settings
from parcours.lake.errors import LakeUnreadable, QueryTimedOut


def run(settings: Settings, limit_s: float) -> None:
    """Answer one question: {"result"}, or {"fault": {"message", "path"}}. On standard error: how far it is."""
    question = orjson.loads(begin_helper(limit_s))
    settle_memory()
    platform = build_platform(settings)
    try:
        answer: dict[str, Any] = {"result": _replay(platform, question)}
    except Invalid as error:
        answer = {"fault": {"message": str(error), "path": error.path}}
    except (NotFound, LakeUnreadable, QueryTimedOut) as error:
        answer = {"fault": {"message": str(error), "path": "$"}}
    finally:
        platform.close()
    sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_NON_STR_KEYS, default=str))


def _replay(platform: Platform, question: dict[str, Any]) -> dict[str, Any]:
    asked = question["asked"]
    found = [one for one in platform.access.sandboxes(question["org"]) if one.name == question["sandbox"]]
    if not found:
        raise SandboxNotFound(question["sandbox"])
    stubs = {name: read_stub(document, f"$.stubs.{name}") for name, document in (asked.get("stubs") or {}).items()}
    replay = Replay(
        platform,
        found[0],
        Asked(
            question["journeyUid"], asked.get("dataSets") or (), asked["from"], asked.get("to"), question["versionUid"],
            None, stubs, str(asked.get("seed") or ""), asked.get("tolerance") or "10m", question["sandbox"],
            question["document"], question["maxRecords"],
        ),
        _tell,
    )  # fmt: skip
    replayed = replay.run()
    return told(
        replayed.report, replayed.pairs, replayed.world.records, replayed.document, replayed.live_counts,
        replay.live_steps, asked.get("show"),
        {
            "datasets": [{"id": one.id, "name": one.name} for one in replayed.data_sets],
            "insideAtStart": replayed.inside, "notes": replayed.audience_notes,
        },
    )  # fmt: skip


def _tell(far: Far) -> None:
    line = {"records": far.records, "total": far.total, "at": moment_text(far.at_us)}
    sys.stderr.buffer.write(orjson.dumps({"progress": line}) + b"\n")
    sys.stderr.buffer.flush()
