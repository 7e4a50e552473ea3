"""An instance as its row holds it: columns to look for it by, and the rest as JSON."""

from typing import Any

from parcours.journeys.model import Instance, Pending
from parcours.journeys.store import StoredInstance

_NO_CONTEXT: tuple[Any, ...] = ({}, {}, (), {}, None, None)
"""What stands for members that a row lacks: of an ended instance, or written by an older release."""


def instance_to_state(instance: Instance) -> list[Any]:
    """What no column holds, as a JSON list; a new member stands last.

    Of an ended instance the context is left out: its data is erased at the end (journeys §12.1).
    """
    state: list[Any] = [
        instance.deadline_us, instance.pass_no, instance.step_seq, instance.parent_node_id, instance.parent_transition,
        instance.last_error, instance.held_since_us,
    ]  # fmt: skip
    if instance.node_id is not None:
        state += [
            instance.events, instance.actions, [tuple(event) for event in instance.pending], instance.lookups,
            instance.run,
        ]  # fmt: skip
        if instance.fetch is not None:
            state.append(instance.fetch)
    return state


def instance_from_row(row: StoredInstance) -> Instance:
    """The instance as it was written."""
    deadline_us, pass_no, step_seq, parent_node_id, parent_transition, last_error, held_since_us, *context = row.state
    events, actions, pending, lookups, run, fetch = (*context, *_NO_CONTEXT[len(context) :])
    return Instance(
        row.id, row.version_uid, row.journey_uid, row.key, row.namespace, row.node_id, pass_no,
        row.status, row.waiting_for, row.entered_at_us, deadline_us, step_seq, events, actions,
        parent_node_id, parent_transition, held_since_us, last_error,
        tuple([Pending(uid, payload) for uid, payload in pending]), lookups, row.supplemental_id, run, fetch,
    )  # fmt: skip
