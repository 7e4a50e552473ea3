"""Helps who writes a journey: checks documents and expressions before they are saved, says what may be read where."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from parcours.access.errors import PermissionDenied
from parcours.access.model import Caller
from parcours.audiences.store import members_after
from parcours.db import Database
from parcours.expressions.errors import ExpressionFailed, ExpressionInvalid, nearest
from parcours.expressions.evaluator import describe_error, result_of
from parcours.expressions.json_context import JsonContext
from parcours.expressions.parsing import offset_of
from parcours.expressions.references import AUDIENCE_ENRICHMENT, EXPERIENCE_EVENTS, PLATFORM
from parcours.expressions.types import Type
from parcours.journeys.activities.kind import Explained
from parcours.journeys.check import MAX_FAULTS
from parcours.journeys.compile import VersionIdentity, examine
from parcours.journeys.definitions import SandboxDefinitions
from parcours.journeys.errors import DraftQueryInvalid
from parcours.journeys.language import Language, NodeScope
from parcours.journeys.run import PROFILE_GROUP
from parcours.journeys.scope_view import functions, roots_of
from parcours.journeys.service import JourneyService
from parcours.journeys.surroundings import Surroundings
from parcours.journeys.versions import show_faults
from parcours.kit.clock import Clock
from parcours.profile.service import Asked, EventQuery, ProfileService

_PLACES = frozenset({"document", "nodeId", "eventUid", "event", "eventSchemaId", "eventName"})
_CHECKED = _PLACES | {"expression", "expects"}
_VALUES = frozenset(
    {"events", "actions", "dataSources", "datasetLookups", "audiences", "journeyProperties", "supplementalId", "now"}
)
"""What `evaluate` takes of values, as `parcours eval` does; `profile` beside them."""
_EVALUATED = _PLACES | _VALUES | {"expression", "profile"}
_MAX_EVENTS = 1_000
_MEMBERS_SEEN = 100
"""Members of an audience whose attributes are offered."""
_NO_FIELDS: Mapping[str, Any] = {}


class Place(NamedTuple):
    """Where an expression stands."""

    scope: NodeScope
    is_node: bool
    """Whether it is an activity's: only there external data sources can be read."""
    payload_of: str | None = None
    """The event whose payload alone can be read."""
    has_qualification: bool = False
    around: Surroundings | None = None
    """Of a place in a document."""


class Drafts:
    """Answers about documents that need not be stored, nor be finished."""

    def __init__(self, db: Database, journeys: JourneyService, profiles: ProfileService, clock: Clock) -> None:
        self._db = db
        self._journeys = journeys
        self._profiles = profiles
        self._clock = clock

    def check(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """What is wrong with a document: {"valid", "errors", "warnings"}, as `JourneyService.check` says it.

        body: the document, or {"document", "versionUid"}: as if that version were saved with it. Raises
        DraftQueryInvalid or JourneyNotFound.
        """
        document, version_uid = body, None
        if "document" in body:
            document, version_uid = body["document"], body.get("versionUid")
            _only(body, frozenset({"document", "versionUid"}))
        with self._db.read() as connection:
            if version_uid is not None and isinstance(document, Mapping):
                stored = self._journeys.find_version(connection, caller.scope_id, str(version_uid))
                version = replace(stored, body={**stored.body, "document": document})
                return show_faults(self._journeys.examine_version(connection, caller, version)[1])
            definitions = self._journeys.definitions(connection, caller.scope_id)
            identity = VersionIdentity(scope_id=caller.scope_id, org_id=caller.org_id, sandbox_name=caller.sandbox.name)
            journey, faults = examine(document, definitions, identity)
            if journey is not None:
                faults += self._journeys.check_sandbox(connection, caller.scope_id, document)
        return show_faults(faults)

    def check_expression(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """{"type", "faults"} of an expression where it stands. Raises DraftQueryInvalid."""
        text, expected = _text(body), _expected(body)
        _only(body, _CHECKED)
        with self._db.read() as connection:
            definitions = self._journeys.definitions(connection, caller.scope_id)
            place = self._place(connection, caller, definitions, body)
        language = Language(_platform(place, definitions), definitions.sources())
        try:
            explained = language.compile(text, place.scope, expected)
        except ExpressionInvalid as error:
            return {"type": None, "faults": [_invalid(text, error)]}
        faults = [*_misplaced(explained, place), *_unknown_audiences(language, definitions)]
        faults += [
            _fault(lint.rule, lint.message, "warning", text, lint.line, lint.column) for lint in explained.warnings
        ]
        return {"type": explained.expression.type.value, "faults": faults[:MAX_FAULTS]}

    def scope(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """{"roots", "functions"}: what expressions may read at a place, and call. Raises DraftQueryInvalid."""
        _only(body, _PLACES)
        with self._db.read() as connection:
            definitions = self._journeys.definitions(connection, caller.scope_id)
            place = self._place(connection, caller, definitions, body)
            platform = {} if place.payload_of is not None else _platform(place, definitions)
            seen = self._attributes_seen(connection, caller, place, platform)
        sources = definitions.sources() if place.is_node else {}
        roots = roots_of(place.scope, platform, sources, has_qualification=place.has_qualification, seen=seen)
        if place.payload_of is not None:
            roots = [root for root in roots if root["kind"] == "event"]
        return {"roots": roots, "functions": functions()}

    def evaluate(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """{"value", "type"} of an expression over given values, or {"error"}.

        Raises DraftQueryInvalid, ContextInvalid, PermissionDenied or ProfileNotFound.
        """
        text = _text(body)
        _only(body, _EVALUATED)
        values = {name: body[name] for name in _VALUES if body.get(name) is not None}
        if body.get("profile") is not None:
            values["dataSources"] = self._with_profile(caller, values.get("dataSources"), body["profile"])
        context = JsonContext(values, self._clock.now_us())
        with self._db.read() as connection:
            definitions = self._journeys.definitions(connection, caller.scope_id)
            place = self._place(connection, caller, definitions, body)
        language = Language(_platform(place, definitions), definitions.sources())
        try:
            expression = language.parse(text, place.scope)
            return result_of(expression, context)._asdict()
        except (ExpressionInvalid, ExpressionFailed) as error:
            return {"error": describe_error(text, error)}

    @staticmethod
    def _attributes_seen(
        connection: Connection, caller: Caller, place: Place, platform: Mapping[str, Any]
    ) -> list[str]:  # fmt: skip
        """Names of attributes that the first members of the audience have, where it declares no fields."""
        around = place.around
        if around is None or around.audience_id is None or platform.get(AUDIENCE_ENRICHMENT, _NO_FIELDS) is not None:
            return []
        members = members_after(connection, caller.scope_id, around.audience_id, "", _MEMBERS_SEEN)
        names = (name for member in members if member.attributes for name in orjson.loads(member.attributes))
        return list(dict.fromkeys(names))

    def _with_profile(self, caller: Caller, sources: Any, profile: Any) -> dict[str, Any]:
        """Data sources with a profile: its attributes, or {"namespace", "id"} of a stored one with its events."""
        if not isinstance(profile, Mapping):
            raise DraftQueryInvalid('profile is an object: attributes, or {"namespace", "id"}', "$.profile")
        groups: dict[str, Any] = {PROFILE_GROUP: profile}
        if set(profile) == {"namespace", "id"}:
            if not caller.may("profiles.read"):
                raise PermissionDenied("profiles.read", caller.sandbox.name, "the profile is a stored one", "$.profile")
            asked = Asked(str(profile["id"]), str(profile["namespace"]))
            (found,) = self._profiles.profile(caller, asked).values()
            query = EventQuery(limit=_MAX_EVENTS, newest_first=True)
            events = [child["entity"] for child in self._profiles.events(caller, asked, query).children]
            groups = {PROFILE_GROUP: found["entity"], EXPERIENCE_EVENTS: {"experienceevent": events}}
        others = sources if isinstance(sources, Mapping) else {}
        given = others.get(PLATFORM)
        return {**others, PLATFORM: {**groups, **(given if isinstance(given, Mapping) else {})}}

    def _place(
        self, connection: Connection, caller: Caller, definitions: SandboxDefinitions, body: Mapping[str, Any]
    ) -> Place:
        """Where the body says that an expression stands. Raises DraftQueryInvalid."""
        if "event" in body or "eventSchemaId" in body:
            return self._place_in_event(definitions, body)
        if body.get("eventUid") is not None:
            event = definitions.event(str(body["eventUid"]))
            if event is None:
                raise DraftQueryInvalid(f"no event configuration {body['eventUid']!r}", "$.eventUid")
            return Place(NodeScope({event.name: event.document}, {}), is_node=False)
        document = body.get("document")
        if document is None:
            return Place(NodeScope({}, {}), is_node=False)
        if not isinstance(document, Mapping):
            raise DraftQueryInvalid("document is a journey document, an object", "$.document")
        around = Surroundings(document, definitions)
        node_id = body.get("nodeId")
        if node_id is not None and node_id not in around.nodes:
            raise DraftQueryInvalid(f"the document has no node {node_id!r}", "$.nodeId")
        places = around.before(str(node_id)) | {str(node_id)}
        kinds = {around.nodes[one].get("type") for one in places if one in around.nodes}
        scope = around.scope_of(str(node_id))
        return Place(scope, is_node=True, has_qualification="audienceQualification" in kinds, around=around)

    def _place_in_event(self, definitions: SandboxDefinitions, body: Mapping[str, Any]) -> Place:
        """The condition or key of an event, which reads its payload: `event` as it is written, or its schema."""
        event = body.get("event", {})
        reference = event.get("schemaRef") if isinstance(event, Mapping) else None
        schema_id = body.get("eventSchemaId") or (reference.get("id") if isinstance(reference, Mapping) else None)
        name = body.get("eventName") or (event.get("name") if isinstance(event, Mapping) else None) or "Event"
        schema = definitions.schemas.get(definitions.scope_id, str(schema_id))
        if schema is None:
            raise DraftQueryInvalid(f"no schema {schema_id!r}", "$.eventSchemaId")
        return Place(NodeScope({str(name): schema.document}, {}), is_node=False, payload_of=str(name))


def _platform(place: Place, definitions: SandboxDefinitions) -> Mapping[str, Mapping[str, Any] | None]:
    """The field groups of the built-in data source at a place."""
    return definitions.platform() if place.around is None else place.around.platform


def _only(body: Mapping[str, Any], allowed: frozenset[str]) -> None:
    unknown = sorted(set(body) - allowed)
    if unknown:
        raise DraftQueryInvalid(f"no member {unknown[0][:80]!r}; there are {', '.join(sorted(allowed))}", "$")


def _text(body: Mapping[str, Any]) -> str:
    text = body.get("expression")
    if not isinstance(text, str):
        raise DraftQueryInvalid("expression is a text", "$.expression")
    return text


def _expected(body: Mapping[str, Any]) -> Type | None:
    wanted = body.get("expects")
    if wanted is None:
        return None
    if wanted not in list(Type):
        raise DraftQueryInvalid(f"expects is one of {', '.join(Type)}", "$.expects")
    return Type(wanted)


def _invalid(text: str, error: ExpressionInvalid) -> dict[str, Any]:
    candidates = list(error.candidates)
    found = _fault(error.fault, error.message, "error", text, error.line, error.column)
    return {**found, "nearest": candidates[0] if candidates else None, "candidates": candidates}


def _fault(
    code: str, message: str, severity: str, text: str | None = None, line: int | None = None, column: int | None = None
) -> dict[str, Any]:
    position = None if text is None or line is None or column is None else offset_of(text, line, column)
    return {
        "code": code, "message": message, "severity": severity, "position": position, "line": line, "column": column,
        "nearest": None, "candidates": [],
    }  # fmt: skip


def _misplaced(explained: Explained, place: Place) -> Iterator[dict[str, Any]]:
    """What can't be read where the expression stands."""
    if explained.external and not place.is_node:
        yield _fault("ERR_DATA_SOURCE_PLACE", "external data sources can be read by activities only, not here", "error")
    if place.payload_of is not None:
        foreign = next((text for text, _ in explained.references if not _is_payload(text, place.payload_of)), None)
        if foreign is not None:
            message = f"only fields of the event itself can be read here, not {foreign}"
            yield _fault("reference", message, "error")


def _is_payload(reference: str, name: str) -> bool:
    return reference.startswith((f"@event{{{name}.", f"@event{{{name}}}"))


def _unknown_audiences(language: Language, definitions: SandboxDefinitions) -> Iterator[dict[str, Any]]:
    known = [audience.name for audience in definitions.audiences.of_scope(definitions.scope_id)]
    for name in sorted(language.audiences_read):
        if definitions.audience_named(name) is None:
            candidates = nearest(name, known)
            found = _fault("ERR_AUDIENCE_UNKNOWN", f"no audience {name!r}", "error")
            yield {**found, "nearest": candidates[0] if candidates else None, "candidates": candidates}
