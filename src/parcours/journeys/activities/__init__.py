"""The kinds of activities a journey is made of: one module each, found by the document's `type`."""

from collections.abc import Mapping

from parcours.journeys.activities import (
    audience_qualification,
    business_event,
    condition,
    custom_action,
    dataset_lookup,
    end,
    event,
    jump,
    message,
    optimize,
    reaction,
    read_audience,
    update_profile,
    wait,
)
from parcours.journeys.activities.kind import Kind

KINDS: Mapping[str, Kind] = {
    kind.type: kind
    for kind in (
        event.KIND,
        business_event.KIND,
        audience_qualification.KIND,
        read_audience.KIND,
        reaction.KIND,
        condition.KIND,
        optimize.KIND,
        wait.KIND,
        dataset_lookup.KIND,
        custom_action.KIND,
        message.KIND,
        jump.KIND,
        update_profile.KIND,
        end.KIND,
    )
}
