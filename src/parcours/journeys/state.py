"""An instance as its row holds it: columns to look for it by, and the rest as JSON."""

from collections.abc import Mapping
from typing import Any

from orjson import Fragment

from parcours.journeys.model import Instance, Pending
from parcours.journeys.store import StoredInstance

_NO_CONTEXT: tuple[Any, ...] = ({}, {}, (), {}, None, None, None, None, None)
"""What stands for members that a row lacks: of an ended instance, or written by an older release."""


Texts = dict[int, tuple[Mapping[str, Any], bytes]]
"""Payloads that are at hand as JSON: by `id` of each, which is kept beside it so that no other gets the same `id`."""


def instance_to_state(instance: Instance, texts: Texts | None = None) -> list[Any]:
    """What no column holds, as a list for orjson; a new member stands last.

    Of an ended instance the context is left out: its data is erased at the end (journeys §12.1).
    """
    (
        _, _, _, _, _, node_id, pass_no, _, _, _, deadline_us, step_seq, events, actions, parent_node_id,
        parent_transition, held_since_us, last_error, pending, lookups, _, run, fetch, timed_pass, latest, jump,
    ) = instance  # fmt: skip
    state: list[Any] = [
        deadline_us, pass_no, step_seq, parent_node_id, parent_transition, last_error, held_since_us,
    ]  # fmt: skip
    if node_id is not None:
        if texts:
            events = {name: _as_text(payload, texts) for name, payload in events.items()}
        state += [events, actions, [tuple(event) for event in pending], lookups, run]
        if jump is not None:
            state += [fetch, timed_pass, latest, jump]
        elif latest is not None:
            state += [fetch, timed_pass, latest]
        elif timed_pass is not None:
            state += [fetch, timed_pass]
        elif fetch is not None:
            state.append(fetch)
    return state


def _as_text(payload: Any, texts: Texts) -> Any:
    found = texts.get(id(payload))
    return payload if found is None else Fragment(found[1])


def instance_from_row(row: StoredInstance) -> Instance:
    """The instance as it was written. Where a document said 30.0 days, releases before this one wrote a float."""
    deadline_us, pass_no, step_seq, parent_node_id, parent_transition, last_error, held_since_us, *context = row.state
    events, actions, pending, lookups, run, fetch, timed_pass, latest, jump = (*context, *_NO_CONTEXT[len(context) :])
    return Instance(
        row.id, row.version_uid, row.journey_uid, row.key, row.namespace, row.node_id, pass_no,
        row.status, row.waiting_for, row.entered_at_us, int(deadline_us), step_seq, events, actions,
        parent_node_id, parent_transition, held_since_us, last_error,
        tuple([Pending(uid, payload) for uid, payload in pending]), lookups, row.supplemental_id, run, fetch,
        timed_pass, latest, jump,
    )  # fmt: skip
