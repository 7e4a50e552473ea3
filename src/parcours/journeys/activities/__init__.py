"""The kinds of activities a journey is made of: one module each, found by the document's `type`."""

from collections.abc import Mapping

from parcours.journeys.activities import condition, custom_action, end, event, wait
from parcours.journeys.activities.kind import Kind

KINDS: Mapping[str, Kind] = {
    kind.type: kind for kind in (event.KIND, condition.KIND, wait.KIND, custom_action.KIND, end.KIND)
}
