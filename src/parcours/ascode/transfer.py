"""A journey version with all it depends on, out of one sandbox and into another. Source: journeys §14.4.

An import makes everything anew: with uids of its own, and with another name where one is taken. Schemas and namespaces
alone, which have ids that mean the same everywhere, are used as they are where they are there.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection

from parcours.access.errors import PermissionDenied
from parcours.access.model import Caller
from parcours.actions.authentication import MASK
from parcours.actions.service import ActionService
from parcours.ascode.channels import CONFIGURATIONS
from parcours.ascode.errors import ExportFailed, ImportInvalid
from parcours.ascode.folder import with_tenant
from parcours.ascode.forms import map_masked
from parcours.ascode.references import map_references, references
from parcours.ascode.templates import TEMPLATES, rename_in_liquid, with_tenant_in_liquid
from parcours.audiences.table import AudienceTable
from parcours.catalog.service import CatalogService
from parcours.channels.service import ChannelService
from parcours.datasources.service import DataSourceService
from parcours.db import Database
from parcours.events.edit import with_name
from parcours.events.language import rename_event
from parcours.events.service import EventService
from parcours.expressions.references import PLATFORM
from parcours.identity.service import NamespaceService
from parcours.journeys.check import Fault
from parcours.journeys.definitions import map_expressions
from parcours.journeys.service import JourneyService
from parcours.journeys.source_names import sources_in
from parcours.kit.errors import Invalid, NotFound, ParcoursError
from parcours.kit.yaml_text import Tokens
from parcours.resources.store import Compiled
from parcours.rulesets.table import RuleSetTable
from parcours.templates.service import TemplateService
from parcours.xdm.descriptor_service import DescriptorService
from parcours.xdm.listing import Query
from parcours.xdm.service import XdmService

FORMAT = "1.0"
SECRET = "INSERT_SECRET_HERE"  # a mark to write one over
MAX_NAME = 30
"""Longest name of an event or an action."""
MAX_JOURNEY_NAME = 255
MAX_TEMPLATE_NAME = 60
MAX_PARTS = 500
"""Most dependencies of each kind."""
_PARTS = (
    "namespaces",
    "schemas",
    "descriptors",
    "dataSets",
    "audiences",
    "ruleSets",
    "events",
    "actions",
    "dataSources",
    "messageTemplates",
    "channelConfigurations",
)
_FOLDERS = {"messageTemplates": TEMPLATES}
"""Parts that references call otherwise."""
_OF_SERVER = frozenset({"orgId", "sandboxName", "metadata", "state", "version", "usedIn"})

Document = dict[str, Any]


class TransferService:
    """Export and import of journey versions."""

    def __init__(
        self,
        db: Database,
        namespaces: NamespaceService,
        schemas: XdmService,
        descriptors: DescriptorService,
        catalog: CatalogService,
        events: EventService,
        actions: ActionService,
        audiences: Compiled[AudienceTable],
        rule_sets: Compiled[RuleSetTable],
        journeys: JourneyService,
        data_sources: DataSourceService,
        templates: TemplateService,
        channels: ChannelService,
    ) -> None:
        self._db = db
        self._namespaces = namespaces
        self._schemas = schemas
        self._descriptors = descriptors
        self._catalog = catalog
        self._events = events
        self._actions = actions
        self._audiences = audiences
        self._rule_sets = rule_sets
        self._journeys = journeys
        self._data_sources = data_sources
        self._templates = templates
        self._channels = channels

    # --- out ---

    def export(self, caller: Caller, version_uid: str) -> Document:
        """A version with its events, actions, data sources, message templates, schemas, data sets and namespaces.

        Secrets are INSERT_SECRET_HERE; a field group added to the built-in source is the sandbox's own, and stays.

        Raises JourneyNotFound, or ExportFailed with every fault of a version that is not valid.
        """
        shown, _ = self._journeys.get_version(caller, version_uid)
        found = self._journeys.check(caller, version_uid)
        if not found["valid"]:
            raise ExportFailed(version_uid, [_fault(one) for one in found["errors"]])
        document = self._journeys.document_of(caller, version_uid)
        named: dict[str, dict[str, None]] = {}
        for kind, uid, _ in references("journeys", document):
            named.setdefault(kind, {})[uid] = None
        events = [_written(self._events.get(caller, uid)[0]) for uid in named.get("events", ())]
        actions = [_written(self._actions.get(caller, uid)[0]) for uid in named.get("actions", ())]
        sources = self._sources_of(caller, document)
        schemas, descriptors = self._schemas_of(caller, [event["schemaRef"]["id"] for event in events])
        data_sets = [*(event.get("datasetId") for event in events), *named.get("datasets", ())]
        codes = [event.get("namespace") for event in events] + [one.get("xdm:namespace") for one in descriptors]
        return {
            "formatVersion": FORMAT,
            "orgId": caller.org_id,
            "sandboxName": caller.sandbox.name,
            "tenant": caller.sandbox.tenant,
            "journeyVersion": {
                **{name: shown[name] for name in ("uid", "name", "description", "version", "status")},
                "document": document,
            },
            "dependencies": {
                "namespaces": self._namespaces_of(caller, codes),
                "schemas": schemas,
                "descriptors": descriptors,
                "dataSets": self._data_sets_of(caller, data_sets),
                "audiences": self._audiences_of(caller, named.get("audiences", ())),
                "ruleSets": self._rule_sets_of(caller, named.get("rule-sets", ())),
                "events": events,
                "actions": [map_masked(action, lambda _path: SECRET) for action in actions],
                "dataSources": [map_masked(source, lambda _path: SECRET) for source in sources],
                "messageTemplates": self._templates_of(caller, named.get(TEMPLATES, ())),
                "channelConfigurations": self._configurations_of(caller, named.get(CONFIGURATIONS, ())),
            },
        }

    def _templates_of(self, caller: Caller, uids: Iterable[str]) -> list[Document]:
        """What is published of the templates that a journey sends. Raises PermissionDenied."""
        wanted = list(uids)
        if wanted and not caller.may("messages.read"):
            raise PermissionDenied("messages.read", caller.sandbox.name)
        with self._db.read() as connection:
            stored = {one["uid"]: one["published"] for one in self._templates.find_in(connection, caller)}
        return [{"uid": uid, **told["document"]} for uid in wanted if (told := stored.get(uid)) is not None]

    def _configurations_of(self, caller: Caller, uids: Iterable[str]) -> list[Document]:
        """What they are called: an import looks for one of the same name and channel, for providers differ by place."""
        wanted = list(uids)
        shown = {one["uid"]: one for one in self._channels.find_all(caller)} if wanted else {}
        return [{name: shown[uid][name] for name in ("uid", "name", "channel")} for uid in wanted if uid in shown]

    def _sources_of(self, caller: Caller, document: Document) -> list[Document]:
        """The external data sources that a journey reads. Raises PermissionDenied."""
        names = {name for name, _ in sources_in(document)} - {PLATFORM}
        if names and not caller.may("journeys_data_sources.read"):
            raise PermissionDenied("journeys_data_sources.read", caller.sandbox.name)
        found = [_written(one) for one in self._data_sources.find_all(caller) if one["name"] in names]
        for source in found:
            source["fieldGroups"] = [
                {name: value for name, value in group.items() if name != "usedIn"} for group in source["fieldGroups"]
            ]
        return found

    def _schemas_of(self, caller: Caller, schema_ids: list[str]) -> tuple[list[Document], list[Document]]:
        """The tenant's schemas with all they are made of, in an order to store them in, and their descriptors."""
        registry = self._schemas.read(caller)
        schemas: dict[str, Document] = {}
        sources: dict[str, None] = {}
        for schema_id in dict.fromkeys(schema_ids):
            if schema_id in registry.tenant:
                for one in self._schemas.export(caller, schema_id):
                    schemas.setdefault(one["$id"], one)
                for part in (*registry.closure(registry.tenant[schema_id]), schema_id):
                    sources[part] = None
        described = self._descriptors.find_all(caller, Query(orderby="@id", limit=1 << 30)).items
        kept = ("@type", "xdm:sourceSchema", "xdm:sourceVersion", "xdm:sourceProperty")
        descriptors = [
            {
                name: value
                for name, value in one.items()
                if name in kept or name.startswith("xdm:") or name == "meta:enum"
            }
            for one in described
            if one["xdm:sourceSchema"] in sources
        ]
        return list(schemas.values()), descriptors

    def _namespaces_of(self, caller: Caller, codes: list[Any]) -> list[Document]:
        wanted = {str(code).lower() for code in codes if code}
        return [
            {"code": one.code, "name": one.name, "idType": one.id_type, "description": one.description}
            for one in self._namespaces.namespaces(caller)
            if one.is_custom and one.code.lower() in wanted
        ]

    def _data_sets_of(self, caller: Caller, dataset_ids: list[Any]) -> list[Document]:
        found: list[Document] = []
        for dataset_id in dict.fromkeys(filter(None, dataset_ids)):
            try:
                document, _ = self._catalog.data_set(caller, dataset_id)
            except NotFound:
                continue  # it was deleted after the event was saved
            found.append({"id": dataset_id, "name": document["name"], "schemaRef": document["schemaRef"]})
        return found

    def _audiences_of(self, caller: Caller, audience_ids: Iterable[str]) -> list[Document]:
        with self._db.read() as connection:
            table = self._audiences.current(connection)
        found = [table.get(caller.scope_id, one) for one in audience_ids]
        return [
            {"id": one.id, "name": one.name, "identityNamespace": one.namespace} for one in found if one is not None
        ]

    def _rule_sets_of(self, caller: Caller, uids: Iterable[str]) -> list[Document]:
        """What they are called: an import looks for a set of the same name and domain."""
        with self._db.read() as connection:
            table = self._rule_sets.current(connection)
        found = [(uid, table.describe(caller.scope_id, uid)) for uid in uids]
        return [{"uid": uid, "name": told[0], "domain": told[1]} for uid, told in found if told is not None]

    # --- in ---

    def import_version(self, caller: Caller, body: Mapping[str, Any]) -> Document:
        """Make an exported version a journey of this sandbox, a draft; all of it or nothing.

        Returns {"journey", "created", "warnings", "valid", "errors"}. Raises ImportInvalid with all that is wrong.
        """
        exported = _read(body, caller.sandbox.tenant)
        with self._db.write() as connection:
            run = _Import(self, connection, caller, exported)
            journey = run.run()
            if run.faults or journey is None:
                raise ImportInvalid(run.faults)
        checked = self._journeys.check(caller, journey["versionUid"])
        warnings = [*run.warnings, *(one["message"] for one in checked["warnings"])]
        return {
            "journey": journey,
            "created": run.created,
            "warnings": warnings,
            "valid": checked["valid"],
            "errors": checked["errors"],
        }


@dataclass
class _Import:
    """One import, within its transaction."""

    service: TransferService
    connection: Connection
    caller: Caller
    exported: "_Exported"
    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    created: dict[str, list[Document]] = field(default_factory=lambda: {"namespaces": [], "schemas": []})
    uids: dict[tuple[str, str], str] = field(default_factory=dict)
    """(kind, uid in the export) → uid here."""
    sources: dict[str, str] = field(default_factory=dict)
    """Name of a data source in the export → its name here, where that is another."""
    names: list[Callable[[str], str]] = field(default_factory=list)
    """What gives expressions the new names."""
    renamed: list[tuple[str, str, str]] = field(default_factory=list)
    """(kind, name in the export, name here) of what has another name here."""

    def run(self) -> Document | None:
        """The journey; None when there are faults."""
        self._namespaces()
        self._schemas()
        self._events()
        self._actions()
        self._sources()
        self._templates()
        document = self._document()
        if self.faults:
            return None
        made: Document | None = self._try("$.journeyVersion.document", lambda: self._journey(document))
        return made

    def _try(self, path: str, act: Callable[[], Any]) -> Any:
        """What an act gives; None, with its fault kept, when it is refused."""
        try:
            return act()
        except ParcoursError as error:
            below = error.path.removeprefix("$") if isinstance(error, Invalid) else ""
            faults = getattr(error, "faults", ())
            self.faults += [Fault(one.code, one.message, path + one.path.removeprefix("$")) for one in faults]
            if not faults:
                self.faults.append(Fault("ERR_IMPORT_REFUSED", str(error), path + below))
            return None

    def _allowed(self, permission: str, act: Callable[[], Any]) -> Any:
        """Do what needs a permission beyond those of journeys, events and actions. Raises PermissionDenied."""
        if not self.caller.may(permission):
            raise PermissionDenied(permission, self.caller.sandbox.name)
        return act()

    def _namespaces(self) -> None:
        service, parts = self.service._namespaces, self.exported.parts["namespaces"]
        for place, body in enumerate(parts):
            code = str(body.get("code"))
            if service.find_code(self.connection, self.caller.scope_id, code, False) is None:
                path = f"$.dependencies.namespaces[{place}]"
                make = partial(service.create_in, self.connection, self.caller, body)
                made = self._try(path, partial(self._allowed, "identity_namespace.write", make))
                if made is not None:
                    self.created["namespaces"].append({"code": made.code})

    def _schemas(self) -> None:
        schemas = self.exported.parts["schemas"]

        def make() -> list[str]:
            made = self.service._schemas.import_in(self.connection, self.caller, schemas, is_lenient=True)
            return made and list(self._allowed("schemas.write", lambda: made))

        made = self._try("$.dependencies.schemas", make)
        self.created["schemas"] = [{"$id": one} for one in made or ()]
        for place, body in enumerate(self.exported.parts["descriptors"]):
            if body.get("xdm:sourceSchema") in (made or ()):
                self._try(
                    f"$.dependencies.descriptors[{place}]",
                    partial(self.service._descriptors.create_in, self.connection, self.caller, body),
                )

    def _events(self) -> None:
        service = self.service._events
        taken = {one["name"] for one in service.find_in(self.connection, self.caller)}
        ids = {one["eventID"] for one in service.find_in(self.connection, self.caller)}
        for place, event in enumerate(self.exported.parts["events"]):
            old = str(event.get("name"))
            body = {name: value for name, value in event.items() if name != "uid"}
            body = with_name({**body, "name": free_name(old, taken, MAX_NAME)}, old)
            if str(body.get("eventID")) in ids:
                body["eventID"] = None
            if event.get("datasetId"):
                body["datasetId"] = self._data_set(event["datasetId"])
                if body["datasetId"] is None:
                    told = f"event {old!r} names no data set here: there is none of its name and schema"
                    self.warnings.append(told)
            self._make("events", place, event, body, service.create_in, taken, partial(rename_event, old=old))

    def _actions(self) -> None:
        service = self.service._actions
        taken = {one["name"] for one in service.find_in(self.connection, self.caller)}
        for place, action in enumerate(self.exported.parts["actions"]):
            old = str(action.get("name"))
            body = {name: value for name, value in action.items() if name != "uid"}
            body["name"] = free_name(old, taken, MAX_NAME)
            self._make("actions", place, action, body, service.create_in, taken, partial(rename_action, old=old))

    def _sources(self) -> None:
        service = self.service._data_sources
        taken = {one["name"] for one in service.find_in(self.connection, self.caller)}

        def create(connection: Connection, caller: Caller, body: Document) -> tuple[Document, str]:
            made: tuple[Document, str] = self._allowed(
                "journeys_data_sources.write", lambda: service.create_in(connection, caller, body)
            )
            return made

        for place, source in enumerate(self.exported.parts["dataSources"]):
            old = str(source.get("name"))
            body = {name: value for name, value in source.items() if name != "uid"}
            body["name"] = free_name(old, taken, MAX_NAME)
            if body["name"] != old:
                self.sources[old] = body["name"]
            self._make("dataSources", place, source, body, create, taken, partial(rename_source, old=old))

    def _templates(self) -> None:
        """The templates, published; they read events and actions by the names that these have here."""
        service = self.service._templates
        taken = {one["name"] for one in service.find_in(self.connection, self.caller)}

        def create(connection: Connection, caller: Caller, body: Document) -> tuple[Document, str]:
            def make() -> tuple[Document, str]:
                made, _ = service.create_in(connection, caller, body)
                return service.publish_in(connection, caller, made["uid"])

            written: tuple[Document, str] = self._allowed(
                "messages.write", lambda: self._allowed("messages.publish", make)
            )
            return written

        for place, template in enumerate(self.exported.parts["messageTemplates"]):
            body = {name: value for name, value in template.items() if name != "uid"}
            for root, old, new in self.renamed:
                body = rename_in_liquid(body, root, old, new)
            body["name"] = free_name(str(template.get("name")), taken, MAX_TEMPLATE_NAME)
            self._make("messageTemplates", place, template, body, create, taken, None)

    def _configuration(self, wanted: str) -> str:
        """The configuration of this sandbox with the same name and channel; as it stands when there is none."""
        told: Document = next(
            (one for one in self.exported.parts["channelConfigurations"] if one.get("uid") == wanted), {}
        )
        table = self.service._channels.table.current(self.connection)
        if table.get(self.caller.scope_id, wanted) is not None:
            return wanted
        found = table.named(self.caller.scope_id, str(told.get("channel")), str(told.get("name")))
        return wanted if found is None else found.uid

    def _make(
        self,
        kind: str,
        place: int,
        exported: Document,
        body: Document,
        create: Callable[[Connection, Caller, Document], tuple[Document, str]],
        taken: set[str],
        rename: Callable[..., str] | None,
    ) -> None:
        made = self._try(f"$.dependencies.{kind}[{place}]", lambda: create(self.connection, self.caller, body))
        if made is None:
            return
        document, _ = made
        taken.add(document["name"])
        self.uids[_FOLDERS.get(kind, kind), str(exported.get("uid"))] = document["uid"]
        shown = {"uid": document["uid"], "name": document["name"], "exportedUid": exported.get("uid")}
        if kind == "events":
            shown["eventID"] = document["eventID"]
        self.created.setdefault(kind, []).append(shown)
        if document["name"] != exported.get("name"):
            word = "message template" if kind == "messageTemplates" else kind[:-1]
            self.warnings.append(f"{word} {exported.get('name')!r} is called {document['name']!r} here")
            if rename is not None:
                self.names.append(partial(rename, new=document["name"]))
            if kind in ("events", "actions"):
                self.renamed.append((kind, str(exported.get("name")), document["name"]))

    def _data_set(self, wanted: Any) -> str | None:
        """The sandbox's data set for one of the export: of the same id, or of its name and schema; None without."""
        told = next((one for one in self.exported.parts["dataSets"] if one.get("id") == wanted), {})
        reference = told.get("schemaRef")
        schema_id = reference.get("id") if isinstance(reference, dict) else None
        for one in self.service._catalog.table.current(self.connection).of_scope(self.caller.scope_id):
            if one.id == wanted or (one.name == told.get("name") and one.schema_id == schema_id):
                return one.id
        return None

    def _audience(self, wanted: str) -> str:
        """The sandbox's audience for one of the export: of the same id, or of its name; else the id stays."""
        table = self.service._audiences.current(self.connection)
        if table.get(self.caller.scope_id, wanted) is not None:
            return wanted
        told = next((one for one in self.exported.parts["audiences"] if one.get("id") == wanted), {})
        found = table.find(self.caller.scope_id, str(told.get("name")))
        return wanted if found is None else found.id

    def _rule_set(self, wanted: str) -> str:
        """The set of this sandbox with the same name; as it stands when there is none, which the check tells of."""
        table = self.service._rule_sets.current(self.connection)
        told: Document = next((one for one in self.exported.parts["ruleSets"] if one.get("uid") == wanted), {})
        found = table.find(self.caller.scope_id, str(told.get("name")), str(told.get("domain")))
        return wanted if found is None else found

    def _document(self) -> Document:
        def to_uid(kind: str, text: str, tokens: Tokens) -> str:
            found = self.uids.get((kind, text))
            if found is not None:
                return found
            if kind == "datasets":
                return self._data_set(text) or text
            if kind == "audiences":
                return self._audience(text)
            if kind == "rule-sets":
                return self._rule_set(text)
            if kind == CONFIGURATIONS:
                return self._configuration(text)
            if kind in ("events", "actions"):
                path = "$.journeyVersion.document" + "".join(
                    f"[{token}]" if isinstance(token, int) else f".{token}" for token in tokens
                )
                self.faults.append(Fault("ERR_IMPORT_UNKNOWN", f"the export has no {kind[:-1]} {text!r}", path))
            return text

        document = map_references("journeys", self.exported.document, to_uid)
        for rename in self.names:
            document = map_expressions(document, rename)
        return rename_given(document, self.sources)

    def _journey(self, document: Document) -> Document:
        taken = {one["name"] for one in self.service._journeys.find_in(self.connection, self.caller)}
        name = document.get("name")
        if isinstance(name, str):
            document = {**document, "name": free_name(name, taken, MAX_JOURNEY_NAME)}
        made, _ = self.service._journeys.create_in(self.connection, self.caller, document)
        return made


@dataclass(frozen=True)
class _Exported:
    """An export as it was read."""

    document: Document
    parts: Mapping[str, list[Document]]


def _read(body: Mapping[str, Any], tenant: str) -> _Exported:
    """The export checked as far as it can be by itself. Raises ImportInvalid."""
    faults: list[Fault] = []

    def fault(message: str, path: str, code: str = "ERR_IMPORT_SHAPE") -> None:
        faults.append(Fault(code, message, path))

    if body.get("formatVersion") != FORMAT:
        fault(f"formatVersion is {FORMAT!r}", "$.formatVersion")
    version = body.get("journeyVersion")
    document = version.get("document") if isinstance(version, dict) else None
    if not isinstance(document, dict):
        fault("journeyVersion has the journey as document, an object", "$.journeyVersion.document")
    dependencies = body.get("dependencies", {})
    if not isinstance(dependencies, dict):
        fault("dependencies is an object of lists", "$.dependencies")
        dependencies = {}
    for name in dependencies:
        if name not in _PARTS and dependencies[name]:
            fault(f"{name!r} can't be imported; these can: {', '.join(_PARTS)}", f"$.dependencies.{name}")
    parts: dict[str, list[Document]] = {}
    for name in _PARTS:
        found = dependencies.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            fault(f"{name} is a list of objects", f"$.dependencies.{name}")
            found = []
        if len(found) > MAX_PARTS:
            fault(f"{name} is a list of at most {MAX_PARTS} objects", f"$.dependencies.{name}")
        parts[name] = found
    for name in ("actions", "dataSources"):
        for place, one in enumerate(parts[name]):
            for path in _unfilled(one):
                where = f"$.dependencies.{name}[{place}]{path}"
                fault(f"the secret is still {SECRET}: write it there", where, "ERR_IMPORT_SECRET")
    if faults:
        raise ImportInvalid(faults)
    theirs = body.get("tenant")
    if isinstance(theirs, str) and theirs and theirs != tenant:
        document = with_tenant(document, theirs, tenant)
        for name in ("events", "descriptors", "actions", "dataSets", "dataSources"):
            parts[name] = [_of_tenant(one, theirs, tenant) for one in parts[name]]
        parts["messageTemplates"] = [with_tenant_in_liquid(one, theirs, tenant) for one in parts["messageTemplates"]]
    assert isinstance(document, dict)
    return _Exported(document, parts)


def _of_tenant(value: Document, old: str, new: str) -> Document:
    """A definition with another tenant's name: in fields and expressions, and in the `$id`s of schemas."""

    def ids(one: Any) -> Any:
        if isinstance(one, dict):
            return {key: ids(child) for key, child in one.items()}
        prefix = f"https://ns.adobe.com/{old}/"
        if isinstance(one, str) and one.startswith(prefix):
            return f"https://ns.adobe.com/{new}/{one.removeprefix(prefix)}"
        return one

    result: Document = ids(with_tenant(value, old, new))
    return result


def _unfilled(value: Any, path: str = "") -> list[str]:
    """Where a secret still has to be written."""
    if isinstance(value, dict):
        return [found for key, child in value.items() for found in _unfilled(child, f"{path}.{key}")]
    if isinstance(value, list):
        return [found for place, child in enumerate(value) for found in _unfilled(child, f"{path}[{place}]")]
    return [path] if value == MASK or (isinstance(value, str) and SECRET in value) else []


def free_name(name: str, taken: set[str], max_length: int) -> str:
    """The name, or `name_2`, `name_3` … where it is taken; cut so that it is not too long."""
    found, number = name, 2
    while found in taken:
        ending = f"_{number}"
        found, number = name[: max_length - len(ending)] + ending, number + 1
    return found


def rename_action(text: str, old: str, new: str) -> str:
    """The expression with every reference to action `old` pointing to `new`."""
    return re.sub(rf"(@action\{{\s*){re.escape(old)}(?=\s*[.,}}])", lambda found: found[1] + new, text)


def rename_source(text: str, old: str, new: str) -> str:
    """The expression with every reference to data source `old` pointing to `new`."""
    return re.sub(rf"(#\{{\s*){re.escape(old)}(?=\s*\.)", lambda found: found[1] + new, text)


def rename_given(document: Document, names: Mapping[str, str]) -> Document:
    """The journey whose `dynamicValues` call data sources by these names. names: old → new."""
    nodes = document.get("nodes")
    if not names or not isinstance(nodes, dict):
        return document

    def renamed(node: Any) -> Any:
        entries = node.get("dynamicValues") if isinstance(node, dict) else None
        if not isinstance(entries, list):
            return node
        told = [
            {**one, "dataSource": names.get(str(one.get("dataSource")), one.get("dataSource"))}
            if isinstance(one, dict)
            else one
            for one in entries
        ]
        return {**node, "dynamicValues": told}

    return {**document, "nodes": {node_id: renamed(node) for node_id, node in nodes.items()}}


def _written(shown: Document) -> Document:
    """What the API shows, without what only this server can say; the uid stays, for the journey names it."""
    return {name: value for name, value in shown.items() if name not in _OF_SERVER}


def _fault(shown: Document) -> Fault:
    return Fault(shown["code"], shown["message"], shown["path"], shown.get("nodeId"))
