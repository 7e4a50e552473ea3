"""An instance as stored JSON."""

from collections.abc import Mapping
from typing import Any

from parcours.journeys.model import Instance, Pending


def instance_to_state(instance: Instance) -> dict[str, Any]:
    """Everything of an instance as JSON; short keys and no empty members, for it is written at every move.

    Of an ended instance the context is left out: its data is erased at the end (journeys §12.1).
    """
    state: dict[str, Any] = {
        "i": instance.id, "v": instance.version_uid, "j": instance.journey_uid, "k": instance.key,
        "st": instance.status, "t": instance.entered_at_us, "d": instance.deadline_us,
        "p": instance.pass_no, "s": instance.step_seq,
    }  # fmt: skip
    if instance.namespace is not None:
        state["ns"] = instance.namespace
    if instance.node_id is not None:
        state["n"] = instance.node_id
        state["w"] = instance.waiting_for
        state["h"] = instance.held_since_us
        state["e"] = instance.events
        if instance.actions:
            state["a"] = instance.actions
        if instance.pending:
            state["q"] = [list(pending) for pending in instance.pending]
    if instance.parent_node_id is not None:
        state["f"] = [instance.parent_node_id, instance.parent_transition]
    if instance.last_error is not None:
        state["x"] = instance.last_error
    return state


def instance_from_state(state: Mapping[str, Any]) -> Instance:
    """The instance that `instance_to_state` wrote."""
    get = state.get
    parent = get("f")
    pending = get("q")
    return Instance(
        state["i"], state["v"], state["j"], state["k"], get("ns"), get("n"), state["p"], state["st"], get("w"),
        state["t"], state["d"], state["s"], get("e") or {}, get("a") or {},
        parent[0] if parent else None, parent[1] if parent else None, get("h", 0), get("x"),
        tuple([Pending(uid, payload) for uid, payload in pending]) if pending else (),
    )  # fmt: skip
