"""Expressions in journeys: what they may refer to at a node, and what their references held when they ran."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from parcours.actions.model import AnswerShape
from parcours.expressions.compiler import JourneyExpression, compile_journey
from parcours.expressions.errors import ExpressionFailed, UnknownReference
from parcours.expressions.references import (
    EXPERIENCE_EVENTS,
    PLATFORM,
    EvaluationContext,
    Parameter,
    Reference,
    SchemaReferences,
    group_key,
)
from parcours.expressions.syntax import ReferenceKind
from parcours.expressions.types import Type
from parcours.expressions.values import type_of
from parcours.journeys.activities.kind import ActionShape, Explained, SourceShape
from parcours.journeys.run import PROFILE_GROUP
from parcours.kit.paths import item_at

_SHOWN_ITEMS = 10
_SHOWN_CHARACTERS = 200


class NodeScope(NamedTuple):
    """What expressions at one node may read."""

    events: Mapping[str, Mapping[str, Any] | None]
    """Name of an event → closed schema of its payload; None: any field."""
    actions: Mapping[str, ActionShape]
    """Name expressions use → the action."""
    lookups: Mapping[str, Mapping[str, Any] | None] = {}
    """Name of a dataset lookup → closed schema of a row; None: any field."""


class Language:
    """Compiles the expressions of one journey."""

    def __init__(
        self, platform: Mapping[str, Mapping[str, Any] | None], sources: Mapping[str, SourceShape] | None = None
    ) -> None:
        """platform: field groups of the built-in data source with their closed schemas; None: any field.

        sources: the external data sources by name.
        """
        self._platform = {PROFILE_GROUP: None, EXPERIENCE_EVENTS: None, **platform}
        self.sources: Mapping[str, SourceShape] = sources or {}
        self.added_groups: set[str] = set()
        """Field groups of the built-in source, beside those shipped, that they read."""
        self.actions_read: set[str] = set()
        """Names of the actions whose answers the expressions so far read."""
        self.reads_profile = False
        """Whether one of them reads the profile or the person's stored events."""
        self.audiences_read: set[str] = set()
        """Names of the audiences they ask for."""
        self.reads_enrichment = False
        """Whether one of them reads attributes of the member of an audience."""
        self.attributes_read: set[str] = set()
        """Names of those attributes; "*" for all of them."""
        self.properties_read: set[str] = set()
        """Names of the journey properties they read."""

    def parse(self, text: str, scope: NodeScope, expected: Type | None = None) -> JourneyExpression:
        """A text compiled for a scope, and nothing noted of what it reads. Raises ExpressionInvalid."""
        return compile_journey(text, _References(scope, self._platform, self.sources), expected)

    def compile(self, text: str, scope: NodeScope, expected: Type | None) -> Explained:
        """A text as an expression at a node with this scope. Raises ExpressionInvalid."""
        expression = self.parse(text, scope, expected)
        readers: dict[str, Callable[[EvaluationContext], Any]] = {}
        for reference in expression.references:
            readers.setdefault(reference_text(reference), reader_of(reference))
            if reference.kind == "action":
                self.actions_read.add(reference.name)
            elif reference.kind == "audience":
                self.audiences_read.add(reference.name)
            elif reference.is_enrichment:
                self.reads_enrichment = True
                self.attributes_read.add(reference.path[0] if reference.path else "*")
            elif reference.kind == "property":
                self.properties_read.add(reference.name)
            elif reference.is_profile or reference.is_experience_events:
                self.reads_profile = True
                if reference.kind == "dataSource" and reference.group not in (PROFILE_GROUP, EXPERIENCE_EVENTS):
                    self.added_groups.add(reference.group)
        return Explained(text, expression, tuple(readers.items()), expression.warnings, expression.references)


class _References:
    """Event payloads and profiles by their schemas, answers of actions and data sources by their samples."""

    def __init__(
        self, scope: NodeScope, platform: Mapping[str, Mapping[str, Any] | None], sources: Mapping[str, SourceShape]
    ) -> None:
        self._sources = sources
        self._schemas = SchemaReferences(scope.events, {PLATFORM: platform})
        self._actions = scope.actions
        self._lookups = {
            name: None
            if row is None
            else {"type": "object", "properties": {"entities": {"type": "array", "items": row}}}
            for name, row in scope.lookups.items()
        }

    def type_of(self, kind: ReferenceKind, root: tuple[str, ...], path: tuple[str, ...]) -> Type:
        """See `ReferenceTypes`."""
        if kind == "datasetLookup":
            if root[0] not in self._lookups:
                raise UnknownReference("dataset lookup", root[0], self._lookups)
            return SchemaReferences(self._lookups).type_of("event", root, path)
        if kind == "dataSource" and root[0] != PLATFORM:
            source = self._sources.get(root[0])
            if source is None:
                raise UnknownReference("data source", root[0], [PLATFORM, *self._sources])
            group = source.groups.get(root[1])
            if group is None:
                raise UnknownReference("field group", root[1], source.groups)
            return answer_type(group.answer, path)
        if kind != "action":
            return self._schemas.type_of(kind, root, path)
        action = self._actions.get(root[0])
        if action is None:
            raise UnknownReference("action", root[0], self._actions)
        if not path:
            return Type.OBJECT
        if path == ("jo_status_code",):
            return Type.STRING
        if path[0] == "errorResponse" and action.failure is not None:
            return answer_type(action.failure, path[1:])
        if action.answer is None:
            raise UnknownReference("field", path[0], ["jo_status_code"])
        return answer_type(action.answer, path)


def answer_type(shape: AnswerShape, path: tuple[str, ...]) -> Type:
    """The type of a field of an answer. Raises UnknownReference."""
    node: Any = shape.sample
    pointer: str | None = ""
    """Below a list, its elements are at `[]`; None for what can't be declared."""
    for name in path:
        while isinstance(node, list):
            node = node[0] if node else None
            pointer = None if pointer is None else pointer + "/[]"
        if not isinstance(node, Mapping):
            raise UnknownReference("field", name)
        if name not in node:
            raise UnknownReference("field", name, node)
        node = node[name]
        if pointer is not None:
            pointer += "/" + name.replace("~", "~0").replace("/", "~1")
    declared = None if pointer is None else shape.types.get(pointer)
    found = declared or type_of(node)
    return Type.ANY if found is Type.NULL and pointer is not None and "/[]" in pointer else found


def reference_text(reference: Reference) -> str:
    """A reference as it is written, without selectors: @event{Order.total}."""
    path = "".join("." + name for name in reference.path)
    match reference.kind:
        case "event":
            return f"@event{{{reference.name}{path}}}"
        case "dataSource":
            return f"#{{{reference.name}.{reference.group}{path}}}"
        case "property":
            return f"${{{reference.name}}}"
        case "audience":
            return f"inAudience({reference.name!r})"
    return f"@{reference.kind}{{{reference.name}{path}}}"


def reader_of(reference: Reference) -> Callable[[EvaluationContext], Any]:
    """What shows a person the value a reference had: JSON, long values cut."""
    name, group, path = reference.name, reference.group, reference.path
    parameters = reference.parameters
    read = _read if "*" in path or "profile" in path else _read_plain
    match reference.kind:
        case "event":
            return lambda context: read(context.events.get(name), path)
        case "dataSource" if not reference.has_parameters:
            return lambda context: read(_group(context, name, group), path)
        case "dataSource" if not reference.depends_on_element:
            return lambda context: _read(_fetched(context, name, group, parameters), path)
        case "action":
            return lambda context: _read(context.actions.get(name), path)
        case "property":
            return lambda context: context.properties.get(name)
        case "audience":
            return lambda context: name in context.audiences
        case "datasetLookup":
            return lambda context: _read(context.lookups.get(name), path)
    return lambda context: None


def _group(context: EvaluationContext, name: str, group: str) -> Any:
    source = context.data_sources.get(name)
    return None if source is None else source.get(group)


def _fetched(context: EvaluationContext, name: str, group: str, parameters: tuple[Parameter, ...]) -> Any:
    source = context.data_sources.get(name)
    try:
        return None if source is None else source.get(group_key(group, parameters, context, None))
    except (TypeError, ValueError, OverflowError, ArithmeticError, RecursionError) as error:
        raise ExpressionFailed(f"a dynamic value can't be evaluated: {error}") from error


def _read_plain(value: Any, path: tuple[str, ...]) -> Any:
    """What `_read` gives for a path without special names, faster for nothing or a scalar below plain objects."""
    if type(value) is dict and not value and path:  # the profile of somebody new; an exception would cost more
        return None
    try:
        found = item_at(value, path)
    except KeyError:
        return None
    except TypeError:  # nothing or a list on the way
        return _read(value, path)
    kind = type(found)
    if found is None or kind is int or kind is float or kind is bool:
        return found
    if kind is str and len(found) <= _SHOWN_CHARACTERS:
        return found
    return _read(value, path)


def _read(value: Any, path: tuple[str, ...]) -> Any:
    for index, name in enumerate(path):
        if isinstance(value, Mapping):
            if name == "*":
                return _shown([_read(child, path[index + 1 :]) for child in list(value.values())[: _SHOWN_ITEMS + 1]])
            if index == 0 and name == "profile" and name not in value:
                continue
            value = value.get(name)
        elif isinstance(value, list):
            return _shown([_read(child, path[index:]) for child in value[: _SHOWN_ITEMS + 1]])
        else:
            return None
    return _shown(value)


def _shown(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    if kind is list:
        shown = [_shown(item) for item in value[:_SHOWN_ITEMS]]
        return [*shown, "…"] if len(value) > _SHOWN_ITEMS else shown
    if isinstance(value, Mapping):
        return f"an object of {len(value)} fields"
    return value
