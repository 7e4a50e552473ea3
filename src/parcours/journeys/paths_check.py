"""What every way through a journey has in common: how long it takes at least, and how many messages it sends."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parcours.journeys import graph
from parcours.journeys.activities.kind import DAY_US, UNIT_US, duration_us
from parcours.journeys.check import Fault
from parcours.journeys.document import DEFAULT_GLOBAL_DAYS, transition_of


def check_ways(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Nodes that nobody can live to see, waits that somebody can't, and ways that send more than is allowed.

    document: of the right shape, its graph without faults.
    """
    nodes: Mapping[str, Any] = document["nodes"]
    entry: str = document["entry"]["node"]
    life_us = document.get("timeouts", {}).get("globalDays", DEFAULT_GLOBAL_DAYS) * DAY_US
    arrows: dict[str, list[tuple[str, str]]] = {}
    for edge in document.get("edges", ()):
        arrows.setdefault(edge["from"], []).append((transition_of(edge), edge["to"]))
    order = graph.in_order(entry, {source: [to for _, to in ways] for source, ways in arrows.items()})
    shortest: dict[str, int] = {entry: 0}
    longest: dict[str, int] = {entry: 0}
    messages: dict[str, list[str]] = {entry: []}
    for node_id in order:
        sent = messages[node_id] + ([node_id] if nodes[node_id]["type"] in ("customAction", "message") else [])
        for transition, target in arrows.get(node_id, ()):
            least, most = _stay_us(nodes[node_id], transition)
            shortest[target] = min(shortest.get(target, shortest[node_id] + least), shortest[node_id] + least)
            longest[target] = max(longest.get(target, 0), longest[node_id] + most)
            if target not in messages or len(sent) > len(messages[target]):
                messages[target] = sent
    for node_id in order:
        config = nodes[node_id]
        if shortest[node_id] > life_us:
            message = f"nobody comes to node {node_id!r}: the waits before it are longer than the global timeout"
            yield Fault("ERR_WAIT_BEYOND_LIFE", message, f"$.nodes.{node_id}", node_id)
        elif config["type"] == "wait" and longest[node_id] + (own_us := _stay_us(config, "default")[1]) > life_us:
            if own_us > life_us:
                continue  # refused for itself
            message = (
                f"on its longest way, the wait {node_id!r} ends after the global timeout: such individuals leave here"
            )
            yield Fault("ERR_WAIT_BEYOND_LIFE", message, f"$.nodes.{node_id}", node_id, "warning")
    limit = document.get("maxMessagesPerPath")
    if limit is not None:
        yield from _too_many(nodes, order, messages, limit)


def _too_many(
    nodes: Mapping[str, Any], order: Sequence[str], messages: Mapping[str, list[str]], limit: int
) -> Iterator[Fault]:
    for node_id in order:
        if nodes[node_id]["type"] in ("customAction", "message") and len(messages[node_id]) == limit:
            way = " → ".join([*messages[node_id], node_id])
            message = f"one way sends {limit + 1} messages, {limit} at most: {way}"
            yield Fault("ERR_TOO_MANY_MESSAGES", message, f"$.nodes.{node_id}", node_id)


def _stay_us(config: Mapping[str, Any], transition: str) -> tuple[int, int]:
    """(least, most) time at a node that is left by a transition; what can't be known counts nothing."""
    if config["type"] == "wait" and config.get("waitType", "duration") == "duration":
        length_us = duration_us(config["duration"])
        return length_us, length_us
    if config["type"] == "message":
        within_hours = config.get("sendTimeOptimization", {}).get("withinHours", 0)
        return 0, within_hours * UNIT_US["hours"]
    timeout = config.get("timeout")
    if timeout is None:
        return 0, 0
    length_us = duration_us(timeout)
    return (length_us if transition == "timeout" else 0), length_us
