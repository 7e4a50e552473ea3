"""What the journeys of one sandbox may refer to, taken from the tables of the other rooms."""

from collections.abc import Callable, Mapping
from typing import Any

from parcours.actions.model import ActionParameter
from parcours.actions.table import ActionTable
from parcours.events.table import EventTable
from parcours.expressions.references import EXPERIENCE_EVENTS
from parcours.journeys.activities.kind import ActionShape, ParameterShape
from parcours.journeys.compile import EventShape
from parcours.journeys.language import PROFILE_GROUP
from parcours.xdm.ids import EVENT_CLASS, PROFILE_CLASS
from parcours.xdm.table import SchemaTable


class SandboxDefinitions:
    """Events, actions and schemas of one sandbox at one moment."""

    def __init__(self, scope_id: int, events: EventTable, actions: ActionTable, schemas: SchemaTable) -> None:
        self._scope_id = scope_id
        self._events = events
        self._actions = actions
        self._schemas = schemas

    def event(self, uid: str) -> EventShape | None:
        """An event configuration by uid."""
        found = self._events.get(self._scope_id, uid)
        return None if found is None else EventShape(found.uid, found.name, found.namespace, found.document)

    def action(self, uid: str) -> ActionShape | None:
        """A custom action by uid."""
        found = self._actions.get(self._scope_id, uid)
        if found is None:
            return None
        parameters = {parameter.path: _shape(parameter) for parameter in found.parameters}
        return ActionShape(found.uid, found.name, parameters, found.response, found.failure_response)

    def platform(self) -> Mapping[str, Mapping[str, Any] | None]:
        """The profile's union schema, and the person's events."""
        profile = self._schemas.union(self._scope_id, PROFILE_CLASS).document
        event = self._schemas.union(self._scope_id, EVENT_CLASS).document
        events = {"type": "object", "properties": {"experienceevent": {"type": "array", "items": event}}}
        return {PROFILE_GROUP: profile, EXPERIENCE_EVENTS: events}


def _shape(parameter: ActionParameter) -> ParameterShape:
    return ParameterShape(parameter.label, parameter.type, parameter.is_optional)


class FrozenDefinitions:
    """The same, with events and actions under the names they had when the version was published."""

    def __init__(self, current: SandboxDefinitions, names: Mapping[str, Mapping[str, str]]) -> None:
        """names: {"events": {uid: name}, "actions": {uid: name}}."""
        self._current = current
        self._events = names.get("events", {})
        self._actions = names.get("actions", {})

    def event(self, uid: str) -> EventShape | None:
        """An event configuration by uid."""
        found = self._current.event(uid)
        if found is None or self._events.get(uid, found.name) == found.name:
            return found
        return EventShape(uid, self._events[uid], found.namespace, found.document)

    def action(self, uid: str) -> ActionShape | None:
        """A custom action by uid."""
        found = self._current.action(uid)
        if found is None or self._actions.get(uid, found.name) == found.name:
            return found
        return ActionShape(uid, self._actions[uid], found.parameters, found.answer, found.failure)

    def platform(self) -> Mapping[str, Mapping[str, Any] | None]:
        """See SandboxDefinitions."""
        return self._current.platform()


def names_in(document: Mapping[str, Any], definitions: SandboxDefinitions) -> dict[str, dict[str, str]]:
    """The names a version keeps from its publication on."""
    events: dict[str, str] = {}
    actions: dict[str, str] = {}
    for uid in uids_in(document, "eventUid"):
        event = definitions.event(uid)
        if event is not None:
            events[uid] = event.name
    for uid in uids_in(document, "actionUid"):
        action = definitions.action(uid)
        if action is not None:
            actions[uid] = action.name
    return {"events": events, "actions": actions}


def uids_in(document: Mapping[str, Any], member: str) -> set[str]:
    """Every uid the nodes of a document name in `eventUid` or `actionUid`, however unfinished the document is."""
    nodes = document.get("nodes")
    if not isinstance(nodes, Mapping):
        return set()
    named = (node.get(member) for node in nodes.values() if isinstance(node, Mapping))
    return {uid for uid in named if isinstance(uid, str)}


def map_expressions(document: Any, change: Callable[[str], str]) -> Any:
    """The document with `change(text)` in place of every expression: `expression`, and `path` of action nodes."""
    if isinstance(document, Mapping):
        is_node = document.get("type") == "customAction"
        return {
            name: change(value)
            if isinstance(value, str) and (name == "expression" or (is_node and name == "path"))
            else map_expressions(value, change)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [map_expressions(value, change) for value in document]
    return document
