"""Authoring: journeys and their versions, from a draft to a stop; and the live ones, compiled for the worker."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.access.service import SANDBOX_KIND
from parcours.actions.service import ActionService
from parcours.audiences.service import AudienceService
from parcours.audit import AuditEvent
from parcours.audit.store import record
from parcours.catalog.model import DataSetTable
from parcours.channels.service import ChannelTable
from parcours.datasources.service import DataSourceService
from parcours.db import Database
from parcours.events.language import rename_event
from parcours.events.service import EventService
from parcours.governance.service import GovernanceService
from parcours.journeys.activities.audience_qualification import event_uid_of
from parcours.journeys.check import Fault, check_size
from parcours.journeys.compile import examine
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.counter_store import HourCount, delete_counts, read_hours_of
from parcours.journeys.counters import HOUR_US
from parcours.journeys.decision_rule_table import DECISION_RULE_KIND, compiled_rules
from parcours.journeys.definitions import (
    FrozenDefinitions,
    SandboxDefinitions,
    map_expressions,
    names_in,
    uids_in,
)
from parcours.journeys.errors import JourneyInvalid, JourneyNotFound, JourneyStateConflict, JourneyTooLarge
from parcours.journeys.fragment_document import FRAGMENT_KIND
from parcours.journeys.journey_list import HOURS, Wanted, choose, traffic_of, uids_of
from parcours.journeys.live import LiveBuilder, Tables, identity_of
from parcours.journeys.match import LiveJourneys
from parcours.journeys.metrics import computed_in
from parcours.journeys.rights import check_timeouts
from parcours.journeys.sandbox_check import audience_faults, audiences_of, channel_faults
from parcours.journeys.store import find_stops
from parcours.journeys.targets import TargetTable
from parcours.journeys.usages import Usages
from parcours.journeys.versions import (
    DELETABLE,
    DRAFTS,
    JOURNEY_KIND,
    LIVE,
    PUBLISHED,
    RUNNING,
    VERSION_KIND,
    at_text,
    new_version,
    show_faults,
    show_journey,
    show_version,
)
from parcours.kit.ids import new_uuid
from parcours.kit.telemetry import get_logger
from parcours.resources.filtering import matches
from parcours.resources.store import Author, Compiled, Resource, ResourceNotFound, ResourceStore
from parcours.rulesets.service import RuleSetService
from parcours.templates.service import TemplateService
from parcours.xdm.service import XdmService

MAX_NAME = 255
COPY_SUFFIX = "_copy"
log = get_logger("journeys")


class JourneyService:
    """Journeys of every sandbox."""

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        events: EventService,
        actions: ActionService,
        xdm: XdmService,
        data_sets: Compiled[DataSetTable],
        audiences: AudienceService,
        rule_sets: RuleSetService,
        templates: TemplateService,
        data_sources: DataSourceService,
        governance: GovernanceService,
        channels: Compiled[ChannelTable],
    ) -> None:
        self._db = db
        self._resources = resources
        self._events = events
        self._actions = actions
        self._templates = templates
        self._data_sources = data_sources
        self._governance = governance
        self._xdm = xdm
        self._data_sets = data_sets
        self._audiences = audiences
        self._channels = channels
        self._targets = Compiled(resources, [VERSION_KIND], self._find_targets)
        self._tables = Tables(
            events.table,
            actions.table,
            xdm.table,
            data_sets,
            self._targets,
            audiences.table,
            rule_sets.table,
            templates.table,
            data_sources.table,
            compiled_rules(resources),
            governance.table,
        )
        self.on_delete: Callable[[Connection, Resource], None] = lambda _connection, _version: None
        """(connection, version): forgets what a published version did."""
        self.usages = Usages(resources, self._tables.decision_rules)
        self.live: Compiled[LiveJourneys] = self.compiled()
        uses = self.usages
        events.guard(uses.of_event, self._follow_event, uses.journeys_of)
        actions.guard(uses.of_action, uses.journeys_of)
        data_sources.guard(uses.of_source, uses.journeys_of_source)
        audiences.guard(uses.of_audience)
        templates.guard(uses.of_template, uses.journeys_of)
        audiences.listen(self.is_listened)

    def compiled(self) -> Compiled[LiveJourneys]:
        """Another table over the same journeys, for a thread that does not share its own."""
        tables = self._tables._replace(
            events=self._events.compiled(),
            actions=self._actions.compiled(),
            data_sources=self._data_sources.compiled(),
            templates=self._templates.compiled(),
            decision_rules=compiled_rules(self._resources),
            policies=self._governance.compiled(),
        )
        kinds = [VERSION_KIND, SANDBOX_KIND, DECISION_RULE_KIND]
        return Compiled(self._resources, kinds, LiveBuilder(self._resources, tables).build)

    def _find_targets(self, connection: Connection) -> TargetTable:
        return TargetTable(self._resources.in_all_scopes(connection, VERSION_KIND))

    # --- authoring ---

    def create(self, caller: Caller, document: Any) -> tuple[dict[str, Any], str]:
        """A new journey whose first version is a draft of `document`. Raises JourneyInvalid for what is none."""
        with self._db.write() as connection:
            return self.create_in(connection, caller, document)

    def create_in(self, connection: Connection, caller: Caller, document: Any) -> tuple[dict[str, Any], str]:
        """The same within the caller's transaction."""
        body = _read_draft(document)
        check_timeouts(caller, {}, body)
        journey = self._resources.create(
            connection, caller.scope_id, caller.author, JOURNEY_KIND, {"versions": []}, new_uuid()
        )
        draft = self._resources.create(
            connection, caller.scope_id, caller.author, VERSION_KIND, new_version(journey.id, 1, body, caller)
        )
        journey = self._resources.replace(connection, journey, caller.author, {"versions": [draft.id]})
        return {**show_journey(caller, journey, [draft]), "versionUid": draft.id}, draft.etag

    def duplicate(self, caller: Caller, version_uid: str, name: str | None = None) -> tuple[dict[str, Any], str]:
        """A version as the draft of a new journey, called `[NAME]_copy` unless named. Source: journeys §3.3.

        Raises JourneyNotFound, or JourneyInvalid for a name that is none.
        """
        with self._db.write() as connection:
            document = self._document_of_today(connection, caller.scope_id, version_uid)
            copied = f"{str(document['name'])[: MAX_NAME - len(COPY_SUFFIX)]}{COPY_SUFFIX}" if name is None else name
            return self.create_in(connection, caller, {**document, "name": copied})

    def document_of(self, caller: Caller, version_uid: str) -> dict[str, Any]:
        """A version's document, its expressions with the names that events have today. Raises JourneyNotFound."""
        with self._db.read() as connection:
            return self._document_of_today(connection, caller.scope_id, version_uid)

    def find_all(self, caller: Caller) -> list[dict[str, Any]]:
        """Every journey of the sandbox, oldest first."""
        with self._db.read() as connection:
            return self.find_in(connection, caller)

    def find_in(self, connection: Connection, caller: Caller) -> list[dict[str, Any]]:
        """The same within the caller's transaction."""
        versions = {v.id: v for v in self._resources.in_scope(connection, caller.scope_id, VERSION_KIND)}
        return [
            show_journey(caller, journey, [versions[uid] for uid in journey.body["versions"]])
            for journey in self._resources.in_scope(connection, caller.scope_id, JOURNEY_KIND)
        ]

    def get(self, caller: Caller, journey_uid: str) -> dict[str, Any]:
        """One journey. Raises JourneyNotFound."""
        with self._db.read() as connection:
            journey = self._journey(connection, caller.scope_id, journey_uid)
            return show_journey(caller, journey, self._versions(connection, journey))

    def jumps(self, caller: Caller, journey_uid: str) -> list[dict[str, Any]]:
        """The journeys that jump into one: {uid, name, versions}. Raises JourneyNotFound."""
        with self._db.read() as connection:
            self._journey(connection, caller.scope_id, journey_uid)
            return self.usages.journeys_of(connection, caller.scope_id, journey_uid)

    def delete(self, caller: Caller, journey_uid: str) -> None:
        """Delete a journey that nobody is in, with all it did. Raises JourneyNotFound or JourneyStateConflict."""
        with self._db.write() as connection:
            journey = self._journey(connection, caller.scope_id, journey_uid)
            versions = self._versions(connection, journey)
            stops = {stop.version_uid for stop in find_stops(connection)}
            for version in versions:
                status = version.body["status"]
                if status not in DELETABLE or version.id in stops:
                    told = f"still being taken out of: it is {status}" if version.id in stops else status
                    raise JourneyStateConflict(f"version {version.body['version']} is {told}; it can't be deleted")
            for version in versions:
                self._resources.delete(connection, version)
                if version.body["status"] != "Draft":
                    self.on_delete(connection, version)
            self._resources.delete(connection, journey)
            delete_counts(connection, caller.scope_id, [version.id for version in versions])

    def archive(self, caller: Caller, journey_uid: str, *, is_archived: bool) -> dict[str, Any]:
        """Put a journey in which nothing runs out of sight, or back. Raises JourneyNotFound, JourneyStateConflict."""
        with self._db.write() as connection:
            journey = self._journey(connection, caller.scope_id, journey_uid)
            versions = self._versions(connection, journey)
            running = [version for version in versions if version.body["status"] in (*RUNNING, "In Review")]
            if is_archived and running:
                told = f"version {running[-1].body['version']} is {running[-1].body['status']}"
                raise JourneyStateConflict(f"{told}: the journey can't be archived")
            if is_archived == ("archivedAtMs" in journey.body):
                return show_journey(caller, journey, versions)
            body = {name: value for name, value in journey.body.items() if name != "archivedAtMs"}
            if is_archived:
                body["archivedAtMs"] = time.time_ns() // 1_000_000
            journey = self._resources.replace(connection, journey, caller.author, body)
            name = str(versions[-1].body["document"].get("name", ""))
            verb = "Archive" if is_archived else "Restore"
            record(
                connection,
                AuditEvent(caller.scope_id, verb, "Journey", journey_uid, name, "journeys", permission="WRITE"),
            )
        return show_journey(caller, journey, versions)

    def page(self, caller: Caller, wanted: Wanted, filters: Iterable[str], start: int, limit: int) -> dict[str, Any]:
        """{"results", "total"}: journeys that are wanted, each with the `traffic` of its last 24 hours."""
        first_hour = time.time_ns() // 1_000 // HOUR_US - HOURS
        with self._db.read() as connection:
            every = [one for one in self.find_in(connection, caller) if matches(one, filters)]
            if wanted.uses:
                users = self.usages.journeys_using(connection, caller.scope_id, wanted.uses)
                every = [one for one in every if one["uid"] in users]
            chosen = choose(every, wanted)
            shown = chosen[start : start + limit]
            uids = [version["uid"] for one in shown for version in one["versions"]]
            rows = read_hours_of(connection, caller.scope_id, uids, first_hour, ("entered", "ended", "discard"))
        since = at_text(first_hour * HOUR_US // 1_000)
        of_version: dict[str, list[HourCount]] = {}
        for row in rows:
            of_version.setdefault(row[0], []).append(row)
        results = [
            {
                **one,
                "traffic": {
                    "from": since,
                    **traffic_of([row for uid in uids_of(one) for row in of_version.get(uid, ())], first_hour),
                },
            }
            for one in shown
        ]
        return {"results": results, "total": len(chosen)}

    def latest(self, caller: Caller, journey_uid: str) -> tuple[dict[str, Any], str]:
        """The latest version of a journey, and its etag. Raises JourneyNotFound."""
        with self._db.read() as connection:
            journey = self._journey(connection, caller.scope_id, journey_uid)
            version = self._versions(connection, journey)[-1]
        return show_version(caller, version), version.etag

    def get_version(self, caller: Caller, version_uid: str) -> tuple[dict[str, Any], str]:
        """A version and its etag. Raises JourneyNotFound."""
        with self._db.read() as connection:
            version = self._version(connection, caller.scope_id, version_uid)
        return show_version(caller, version), version.etag

    def create_version(self, caller: Caller, journey_uid: str) -> tuple[dict[str, Any], str]:
        """A new draft from the latest version, which is none itself. Raises JourneyNotFound, JourneyStateConflict."""
        with self._db.write() as connection:
            journey = self._journey(connection, caller.scope_id, journey_uid)
            uids = journey.body["versions"]
            refuse_archived(journey)
            latest = self._version(connection, caller.scope_id, uids[-1])
            if latest.body["status"] in DRAFTS:
                raise JourneyStateConflict("the latest version is a draft already")
            document = self._document_of_today(connection, caller.scope_id, latest.id)
            body = new_version(journey_uid, len(uids) + 1, document, caller)
            draft = self._resources.create(connection, caller.scope_id, caller.author, VERSION_KIND, body)
            self._resources.replace(connection, journey, caller.author, {"versions": [*uids, draft.id]})
        return show_version(caller, draft), draft.etag

    def replace_version(
        self, caller: Caller, version_uid: str, document: Any, if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Save a draft: a journey document, or a version as it was read, with `document` in it.

        Of a live version names, labels, descriptions, tags, metrics and the layout may change (journeys §10.4).
        Raises JourneyNotFound, JourneyInvalid, JourneyStateConflict, EtagMismatch.
        """
        if isinstance(document, Mapping) and isinstance(document.get("document"), Mapping):
            document = document["document"]
        body = _read_draft(document)
        with self._db.write() as connection:
            version = self._version(connection, caller.scope_id, version_uid)
            status = version.body["status"]
            if status not in ("Draft", *LIVE):
                raise JourneyStateConflict(f"the version is {status} and can't be changed")
            check_timeouts(caller, version.body["document"], body)
            if status != "Draft":
                self._check_wording(connection, caller, version, body)
            changed = {**version.body, "document": body, "savedBy": caller.subject or caller.client_id}
            version = self._resources.replace(connection, version, caller.author, changed, if_match)
        return show_version(caller, version), version.etag

    def check(self, caller: Caller, version_uid: str) -> dict[str, Any]:
        """What is wrong with a version: {"valid", "errors", "warnings"}. Raises JourneyNotFound."""
        with self._db.read() as connection:
            version = self._version(connection, caller.scope_id, version_uid)
            return show_faults(self.examine_version(connection, caller, version)[1])

    # --- looking up ---

    def _journey(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, JOURNEY_KIND, uid)
        except ResourceNotFound:
            raise JourneyNotFound(uid) from None

    def require_journey(self, connection: Connection, scope_id: int, journey_uid: str) -> Resource:
        """The stored journey. Raises JourneyNotFound when the sandbox has no such one."""
        return self._journey(connection, scope_id, journey_uid)

    def require_version(self, connection: Connection, scope_id: int, version_uid: str) -> Resource:
        """The stored version. Raises JourneyNotFound when the sandbox has no such one."""
        return self._version(connection, scope_id, version_uid)

    def names_of(self, connection: Connection, version: Resource) -> Mapping[str, Mapping[str, str]]:
        """What events and actions are called in a version: {"events": {uid: name}, "actions": {uid: name}}."""
        frozen: Mapping[str, Mapping[str, str]] | None = version.body["names"]
        if frozen is not None:
            return frozen
        return names_in(version.body["document"], self._tables.definitions(connection, version.scope_id))

    def _version(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, VERSION_KIND, uid)
        except ResourceNotFound:
            raise JourneyNotFound(uid) from None

    def _versions(self, connection: Connection, journey: Resource) -> list[Resource]:
        return [self._version(connection, journey.scope_id, uid) for uid in journey.body["versions"]]

    def find_version(self, connection: Connection, scope_id: int, version_uid: str) -> Resource:
        """A version as stored. Raises JourneyNotFound."""
        return self._version(connection, scope_id, version_uid)

    def versions_of(self, connection: Connection, scope_id: int, journey_uid: str) -> list[Resource]:
        """The versions of a journey, oldest first. Raises JourneyNotFound."""
        return self._versions(connection, self._journey(connection, scope_id, journey_uid))

    def definitions(self, connection: Connection, scope_id: int) -> SandboxDefinitions:
        """What journeys of a sandbox may refer to now."""
        return self._tables.definitions(connection, scope_id)

    # --- compiling ---

    def examine_version(
        self, connection: Connection, caller: Caller, version: Resource
    ) -> tuple[CompiledJourney | None, list[Fault]]:
        """A version ready to run, and what is wrong with it; None when it can't run."""
        definitions = self._tables.definitions(connection, caller.scope_id)
        identity = identity_of(version, caller.sandbox)
        names = version.body["names"]
        used = definitions if names is None else FrozenDefinitions(definitions, names)
        journey, faults = examine(version.body["document"], used, identity)
        if journey is not None and version.body["status"] in DRAFTS:
            faults += self._check_succession(connection, version, journey)
            faults += self.check_sandbox(connection, version.scope_id, version.body["document"])
        return journey, faults

    def check_sandbox(self, connection: Connection, scope_id: int, document: Mapping[str, Any]) -> list[Fault]:
        """What the sandbox lacks for a document that can be compiled."""
        asked = audiences_of(document)
        unknown = self._audiences.never_evaluated(connection, scope_id, asked) if asked else ()
        channels = self._channels.current(connection)
        return [*audience_faults(document, unknown), *channel_faults(document, scope_id, channels)]

    def _check_succession(self, connection: Connection, version: Resource, journey: CompiledJourney) -> list[Fault]:
        """A version keeps its predecessor's namespace and re-entrance rule. Source: journeys §10.5."""
        parent = self._journey(connection, version.scope_id, version.body["journeyUid"])
        before = [v for v in self._versions(connection, parent) if v.id != version.id and v.body["status"] in PUBLISHED]
        if not before:
            return []
        old = before[-1].body
        definitions = FrozenDefinitions(self._tables.definitions(connection, version.scope_id), old["names"])
        previous, _ = examine(old["document"], definitions)
        faults: list[Fault] = []
        if previous is None:
            return faults
        if (previous.is_reentrance_allowed, previous.reentrance_wait_us) != (
            journey.is_reentrance_allowed,
            journey.reentrance_wait_us,
        ):
            message = f"the re-entrance rule must stay that of version {old['version']}"
            faults.append(Fault("ERR_VERSION_REENTRANCE", message, "$.entry.reentrance"))
        if previous.namespace != journey.namespace:
            message = f"the journey must begin with an event about {previous.namespace or 'no namespace'}, as before"
            faults.append(Fault("ERR_VERSION_NAMESPACE", message, "$.entry.node"))
        if previous.type != journey.type:
            message = f"the journey must begin as version {old['version']} does: {previous.type}"
            faults.append(Fault("ERR_VERSION_ENTRY", message, "$.entry.node"))
        elif journey.type == "audience_qualification" and previous.entry_event_uid != journey.entry_event_uid:
            faults.append(Fault("ERR_VERSION_AUDIENCE", "the audience must stay that of the version before", "$.entry"))
        before_read, read = previous.audience_read, journey.audience_read
        if before_read is not None and read is not None:
            if before_read.audience_id != read.audience_id:
                message = "the audience must stay that of the version before"
                faults.append(Fault("ERR_VERSION_AUDIENCE", message, f"$.nodes.{read.node_id}.audienceId"))
            if before_read.is_incremental:
                message = "a journey that reads its audience incrementally has no second version: duplicate it"
                faults.append(Fault("ERR_VERSION_INCREMENTAL", message, f"$.nodes.{read.node_id}.incremental"))
        return faults

    def _check_wording(self, connection: Connection, caller: Caller, version: Resource, body: dict[str, Any]) -> None:
        """Whether only words differ, and what expressions call things by is not among them."""
        before = version.body["document"]
        if not isinstance(body.get("nodes"), Mapping) or _without_words(before) != _without_words(body):
            raise JourneyStateConflict(
                f"the version is {version.body['status']}: "
                "only names, labels, descriptions, tags, metrics and the layout can be changed"
            )
        renamed = replace(version, body={**version.body, "document": body})
        journey, faults = self.examine_version(connection, caller, renamed)
        if journey is None:
            raise JourneyInvalid([fault for fault in faults if fault.severity == "error"])

    # --- what events and audiences ask ---

    def is_listened(self, connection: Connection, scope_id: int, audience_id: str) -> bool:
        """Whether a live journey wants to hear who enters and leaves an audience."""
        live, uid = self.live.current(connection), event_uid_of(audience_id)
        return bool(live.by_event(scope_id, uid) or live.listening(scope_id, uid))

    def _follow_event(
        self, connection: Connection, scope_id: int, author: Author, uid: str, old: str, new: str
    ) -> None:
        """Drafts follow an event's new name; published versions keep the name they froze. Source: journeys §3.2."""
        for version in self._resources.in_scope(connection, scope_id, VERSION_KIND):
            document = version.body["document"]
            if version.body["status"] in DRAFTS and uid in uids_in(document, "eventUid"):
                renamed = map_expressions(document, partial(rename_event, old=old, new=new))
                if renamed != document:
                    self._resources.replace(connection, version, author, {**version.body, "document": renamed})
        for fragment in self._resources.in_scope(connection, scope_id, FRAGMENT_KIND):
            renamed = map_expressions(fragment.body["document"], partial(rename_event, old=old, new=new))
            if uid in uids_in(fragment.body["document"], "eventUid") and renamed != fragment.body["document"]:
                self._resources.replace(connection, fragment, author, {**fragment.body, "document": renamed})

    def _document_of_today(self, connection: Connection, scope_id: int, version_uid: str) -> dict[str, Any]:
        body = self._version(connection, scope_id, version_uid).body
        document: dict[str, Any] = body["document"]
        if body["names"] is None:
            return document
        found: dict[str, Any] = self._with_current_names(connection, scope_id, document, body["names"])
        return found

    def _with_current_names(
        self, connection: Connection, scope_id: int, document: Any, names: Mapping[str, Mapping[str, str]]
    ) -> Any:
        """A published document as a draft: its expressions call events by the names of today."""
        definitions = self._tables.definitions(connection, scope_id)
        for uid, old in names.get("events", {}).items():
            event = definitions.event(uid)
            if event is not None and event.name != old:
                new = event.name
                document = map_expressions(document, partial(rename_event, old=old, new=new))
        return document


def refuse_archived(journey: Resource) -> None:
    """Raises JourneyStateConflict for a journey that is archived."""
    if "archivedAtMs" in journey.body:
        raise JourneyStateConflict("the journey is archived: restore it first")


def _read_draft(document: Any) -> dict[str, Any]:
    """What may be stored as a draft: an object with a name, not too large. The rest is for the check to say."""
    size = check_size(document)
    if size is not None and size.severity == "error":
        raise (JourneyTooLarge if size.code == "ERR_DOCUMENT_SIZE" else JourneyInvalid)([size])
    if not isinstance(document, dict):
        raise JourneyInvalid([Fault("ERR_DOCUMENT_SHAPE", "a journey is a JSON object", "$")])
    name = document.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
        raise JourneyInvalid([Fault("ERR_DOCUMENT_SHAPE", "a journey has a name of at most 255 characters", "$.name")])
    return document


_WORDS = frozenset({"label", "description"})
_OF_THE_JOURNEY = ("name", "description", "tags", "metrics", "layout")


def _without_words(document: Any) -> Any:
    """A document without what may be changed while it is live."""
    kept = {name: value for name, value in document.items() if name not in _OF_THE_JOURNEY}
    # words may change, what is computed may not: half of a figure would be of another thing
    computed = [_strip(metric) for metric in computed_in(document)]
    return {**kept, "nodes": _strip(document["nodes"]), "metrics": computed}


def _strip(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _strip(child) for name, child in value.items() if name not in _WORDS}
    if isinstance(value, list):
        return [_strip(child) for child in value]
    return value
