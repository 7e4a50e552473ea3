"""What expressions refer to: the values when they run, and their types when they are written."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple, Protocol

from parcours.expressions.allowance import Allowance
from parcours.expressions.errors import UnknownReference
from parcours.expressions.syntax import ReferenceKind
from parcours.expressions.types import Type

PLATFORM = "ExperiencePlatform"
"""The built-in data source."""
EXPERIENCE_EVENTS = "ExperienceEventFieldGroup"
"""Its field group of the person's events; any other group of it, but for the next one, reads the profile."""
AUDIENCE_ENRICHMENT = "AudienceEnrichment"
"""Its field group of what the list says of a member of the audience that a journey reads (journeys §8.5)."""
PROFILE_STEPS = ("profile", "Profile")
"""What may stand between a field group of it and the field, as published examples have it, and means nothing."""


_NOTHING: Mapping[Any, Any] = {}


class EvaluationContext(NamedTuple):
    """The values an expression reads. Everything is plain JSON as received.

    data_sources: source → field group → data. A reference with params looks its group up under
    `(group, ((name, value), …))`, names in order. All mappings may fetch lazily; an exception other than KeyError
    passes through `evaluate`, so that a caller can stop, fetch and evaluate again.
    `data_sources["ExperiencePlatform"]["ExperienceEventFieldGroup"]["experienceevent"]` lists the person's events,
    newest first; its other groups hold the profile.
    """

    events: Mapping[str, Any] = _NOTHING
    """Event configuration name → its latest received payload (the XDM entity)."""
    data_sources: Mapping[str, Mapping[Any, Any]] = _NOTHING
    actions: Mapping[str, Any] = _NOTHING
    """Action name → its response, with `jo_status_code`."""
    properties: Mapping[str, Any] = _NOTHING
    """Journey properties: name → value."""
    now_us: int = 0
    """The instant of evaluation: one for the whole expression."""
    decisions: Mapping[str, Any] = _NOTHING
    lookups: Mapping[str, Any] = _NOTHING
    audiences: Collection[str] = frozenset()
    """Names of the audiences the person is in."""
    allowance: Allowance | None = None
    """Set by an evaluation that could take long; nobody else sets it."""


class Parameter(NamedTuple):
    """A dynamic value that a reference to a data source gives: `params: {name: …}`."""

    name: str
    type: Type
    run: Callable[[EvaluationContext, Any], Any]
    """(context, element in hand) → its value."""


class GroupKey(tuple[Any, ...]):
    """What a field group is looked up by for some values: equal to `(group, ((name, value), …))`."""

    parameters: tuple[Parameter, ...]
    """The place in the text: a context that fetches knows each by its own, whatever the values are by now."""


def group_key(group: str, parameters: tuple[Parameter, ...], context: EvaluationContext, element: Any) -> GroupKey:
    """The key for the values that the parameters have now."""
    values = tuple((name, _hashable(run(context, element))) for name, _, run in parameters)
    key = GroupKey((group, values))
    key.parameters = parameters
    return key


def _hashable(value: Any) -> Any:
    return tuple(_hashable(item) for item in value) if type(value) is list else value


class Reference(NamedTuple):
    """One thing an expression reads."""

    kind: ReferenceKind
    name: str
    """The event, data source, action, property or audience."""
    group: str = ""
    """The field group, for a data source."""
    path: tuple[str, ...] = ()
    """Field names from the root; lists are passed through silently, "*" is any key of a map."""
    parameters: tuple[Parameter, ...] = ()
    """Values it gives itself, by name; none when the place it stands at has them."""
    depends_on_element: bool = False
    """Whether one of these can't be known before the elements of a list are gone through."""

    @property
    def has_parameters(self) -> bool:
        """Whether it gives values itself."""
        return bool(self.parameters)

    @property
    def is_profile(self) -> bool:
        """Whether it reads the profile (of which audience membership is a part)."""
        if self.kind == "audience":
            return True
        is_platform = self.kind == "dataSource" and self.name == PLATFORM
        return is_platform and self.group not in (EXPERIENCE_EVENTS, AUDIENCE_ENRICHMENT)

    @property
    def is_experience_events(self) -> bool:
        """Whether it reads the person's stored events."""
        return self.kind == "dataSource" and self.name == PLATFORM and self.group == EXPERIENCE_EVENTS

    @property
    def is_enrichment(self) -> bool:
        """Whether it reads attributes of the member that an audience read let enter."""
        return self.kind == "dataSource" and self.name == PLATFORM and self.group == AUDIENCE_ENRICHMENT


class ReferenceTypes(Protocol):
    """Answers the type of what an expression may refer to, where it is written."""

    def type_of(self, kind: ReferenceKind, root: tuple[str, ...], path: tuple[str, ...]) -> Type:
        """The type of a field, OBJECT for the root itself, ANY when only running will tell.

        root: (event,), (source, field group), (action,), (property,) … path: field names; a list's elements are
        entered by their own field names, "*" is any key of a map. Raises UnknownReference.
        """
        ...


JOURNEY_PROPERTIES: dict[str, Type] = dict.fromkeys(
    (
        "journeyUID", "journeyVersionUID", "journeyVersionName", "journeyVersionDescription", "journeyVersion",
        "instanceUID", "externalKey", "organizationId", "sandboxName", "profileId", "namespace", "currentNodeId",
        "currentNodeName", "previousNodeId", "previousNodeName", "lastNodeUIDInError", "lastNodeNameInError",
        "lastNodeTypeInError", "lastErrorCode", "lastExecutedActionErrorCode", "lastDataFetchErrorCode",
        "supplementalId",
    ),
    Type.STRING,
) | dict.fromkeys(("lastActionExecutionElapsedTime", "lastDataFetchElapsedTime"), Type.INTEGER)  # fmt: skip
"""Source: expression-language §9."""


def property_type(name: str) -> Type:
    """The type of a journey property. Raises UnknownReference."""
    found = JOURNEY_PROPERTIES.get(name)
    if found is None:
        raise UnknownReference("journey property", name, JOURNEY_PROPERTIES)
    return found


class AnyReferences:
    """Every event, field group, action and field exists, and its type is known only when it runs."""

    def type_of(self, kind: ReferenceKind, root: tuple[str, ...], path: tuple[str, ...]) -> Type:
        """ANY; journey properties have their own types. Raises UnknownReference for an unknown property."""
        return property_type(root[0]) if kind == "property" else Type.ANY


Schema = Mapping[str, Any]
QUALIFICATION: Schema = {
    "type": "object",
    "properties": {
        "status": {"type": "string"},
        "lastQualificationTime": {"type": "string", "format": "date-time"},
        "audienceId": {"type": "string"},
    },
}
"""The payload of `AudienceQualification`."""


class SchemaReferences:
    """Types read from resolved JSON Schemas; None in place of a schema means ANY all through."""

    def __init__(
        self,
        events: Mapping[str, Schema | None] | None = None,
        data_sources: Mapping[str, Mapping[str, Schema | None]] | None = None,
        actions: Mapping[str, Schema | None] | None = None,
    ) -> None:
        """events: configuration name → schema of its payload. data_sources: source → group → schema.

        actions: name → schema of the response.
        """
        qualification = dict.fromkeys(("AudienceQualification", "SegmentQualification"), QUALIFICATION)
        self._events: Mapping[str, Schema | None] = {**qualification, **(events or {})}
        self._data_sources = data_sources or {}
        self._actions = actions or {}

    def type_of(self, kind: ReferenceKind, root: tuple[str, ...], path: tuple[str, ...]) -> Type:
        """See ReferenceTypes."""
        name = root[0]
        match kind:
            case "property":
                return property_type(name)
            case "event":
                return _field_type(_known("event", name, self._events), path)
            case "action":
                schema = _known("action", name, self._actions)
                return Type.STRING if path == ("jo_status_code",) else _field_type(schema, path)
            case "dataSource":
                groups = _known("data source", name, self._data_sources)
                return _field_type(_known("field group", root[1], groups), path)
        return Type.ANY


def _known(what: str, name: str, things: Mapping[str, Any]) -> Any:
    if name not in things:
        raise UnknownReference(what, name, things)
    return things[name]


def _field_type(schema: Schema | None, path: tuple[str, ...]) -> Type:
    if schema is None:
        return Type.ANY
    node: Schema = schema
    for name in path:
        while schema_type(node).is_list and isinstance(node.get("items"), Mapping):
            node = node["items"]
        if schema_type(node) is Type.ANY:
            return Type.ANY
        properties = node.get("properties", {})
        child = properties.get(name)
        if child is None and isinstance(node.get("additionalProperties"), Mapping):
            child = node["additionalProperties"]
        if not isinstance(child, Mapping):
            raise UnknownReference("field", name, properties)
        node = child
    return schema_type(node)


def schema_type(schema: Schema) -> Type:
    """The type of a field from its JSON Schema. Source: expression-language §3.1."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), None)
    if kind == "string":
        return {"date": Type.DATE_ONLY, "date-time": Type.DATE_TIME}.get(schema.get("format", ""), Type.STRING)
    if kind == "array":
        items = schema.get("items")
        element = schema_type(items) if isinstance(items, Mapping) else Type.ANY
        return Type.LIST_OBJECT if element in (Type.OBJECT, Type.MAP) else element.list
    if kind == "object" or "properties" in schema:
        is_map = isinstance(schema.get("additionalProperties"), Mapping) and not schema.get("properties")
        return Type.MAP if is_map else Type.OBJECT
    return {"integer": Type.INTEGER, "number": Type.DECIMAL, "boolean": Type.BOOLEAN}.get(str(kind), Type.ANY)
