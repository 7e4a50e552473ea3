"""What a designer is told of a backtest: counts on the canvas, customers with their way, what would have gone out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from parcours.journeys.backtest import Pair, Run
from parcours.journeys.model import StepEvent
from parcours.journeys.moments import moment_text
from parcours.journeys.node_counts import NodeCounts, stay_of
from parcours.journeys.seen import InstanceRecord
from parcours.journeys.trial import shown_steps

DEFAULT_SHOWN = 200
MAX_SHOWN = 1_000
"""Most customers, and most calls, that are told of one by one."""


def told(
    report: Mapping[str, Any], pairs: Sequence[Pair], records: Sequence[InstanceRecord], document: Mapping[str, Any],
    live_counts: NodeCounts | None, live_steps: Callable[[Sequence[str]], Mapping[str, Sequence[StepEvent]]],
    show: int | None, more: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """The report of the command with counts by activity and arrow, customers (those that differ first) and calls.

    live_steps: steps by instance id. show: most customers and calls. more: members in place of the report's.
    """
    counts = NodeCounts(document)
    by_id: dict[str, InstanceRecord] = {}
    for record in records:
        counts.add(stay_of(record))
        by_id[record.instance.id] = record
    most = DEFAULT_SHOWN if show is None else show
    shown = sorted(pairs, key=lambda pair: (pair.kind == "same", _entered_at(pair), pair.key))[:most]
    lives = live_steps([pair.live.instance_id for pair in shown if pair.live is not None])
    calls = list(_calls(pair.draft for pair in pairs if pair.draft is not None))
    return {
        **report,
        **more,
        **counts.to_json(),
        "live": None if live_counts is None else live_counts.to_json(),
        "customerCount": len(pairs),
        "customers": [_customer(pair, by_id, lives) for pair in shown],
        "callCount": len(calls),
        "calls": sorted(calls, key=lambda call: (call["at"], call["key"]))[:most],
    }


def _entered_at(pair: Pair) -> int:
    first = pair.draft or pair.live
    return 0 if first is None else first.entered_at_us


def _customer(
    pair: Pair, by_id: Mapping[str, InstanceRecord], lives: Mapping[str, Sequence[StepEvent]]
) -> dict[str, Any]:  # fmt: skip
    found = pair.to_json()
    if pair.draft is not None:
        record = by_id[pair.draft.instance_id]
        found["draft"] |= {"nodeId": record.instance.node_id, "steps": shown_steps(record.steps)}
    if pair.live is not None:
        steps = lives.get(pair.live.instance_id, ())
        at = steps[-1].node_id if steps and pair.live.status == "active" else None
        found["live"] |= {"nodeId": at, "steps": shown_steps(steps)}
    return found


def _calls(drafts: Iterable[Run]) -> Iterable[dict[str, Any]]:
    for run in drafts:
        for call in run.calls:
            yield {
                "at": moment_text(call.at_us), "key": run.key, "nodeId": call.node_id, "action": call.action,
                "statusCode": call.status, "parameters": call.parameters,
            }  # fmt: skip
