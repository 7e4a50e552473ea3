"""One import of an exported journey version: what is in the export is checked, then made anew."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection

from parcours.access.errors import PermissionDenied
from parcours.access.model import Caller
from parcours.ascode.channels import CONFIGURATIONS
from parcours.ascode.errors import ImportInvalid
from parcours.ascode.folder import with_tenant
from parcours.ascode.references import map_references
from parcours.ascode.renaming import free_name, of_tenant, rename_action, rename_given, rename_source, unfilled
from parcours.ascode.services import FORMAT, SECRET, Document, Services
from parcours.ascode.templates import TEMPLATES, rename_in_liquid, with_tenant_in_liquid
from parcours.events.edit import with_name
from parcours.events.language import rename_event
from parcours.journeys.check import Fault
from parcours.journeys.definitions import map_expressions
from parcours.kit.errors import Invalid, ParcoursError
from parcours.kit.yaml_text import Tokens

MAX_NAME = 30
"""Longest name of an event or an action."""
MAX_JOURNEY_NAME = 255
MAX_TEMPLATE_NAME = 60
MAX_RULE_NAME = 100
MAX_PARTS = 500
"""Most dependencies of each kind."""
_PARTS = (
    "namespaces",
    "schemas",
    "descriptors",
    "dataSets",
    "audiences",
    "ruleSets",
    "decisionRules",
    "events",
    "actions",
    "dataSources",
    "messageTemplates",
    "channelConfigurations",
)
_FOLDERS = {"messageTemplates": TEMPLATES, "decisionRules": "decision-rules"}
"""Parts that references call otherwise."""
_WORDS = {"messageTemplates": "message template", "decisionRules": "decision rule"}


@dataclass(frozen=True)
class Exported:
    """An export as it was read."""

    document: Document
    parts: Mapping[str, list[Document]]


def read_export(body: Mapping[str, Any], tenant: str) -> Exported:
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
            for path in unfilled(one):
                where = f"$.dependencies.{name}[{place}]{path}"
                fault(f"the secret is still {SECRET}: write it there", where, "ERR_IMPORT_SECRET")
    if faults:
        raise ImportInvalid(faults)
    theirs = body.get("tenant")
    if isinstance(theirs, str) and theirs and theirs != tenant:
        document = with_tenant(document, theirs, tenant)
        for name in ("events", "descriptors", "actions", "dataSets", "dataSources", "decisionRules"):
            parts[name] = [of_tenant(one, theirs, tenant) for one in parts[name]]
        parts["messageTemplates"] = [with_tenant_in_liquid(one, theirs, tenant) for one in parts["messageTemplates"]]
    assert isinstance(document, dict)
    return Exported(document, parts)


@dataclass
class Import:
    """One import, within its transaction."""

    services: Services
    connection: Connection
    caller: Caller
    exported: Exported
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
        self._decision_rules()
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
        service, parts = self.services.namespaces, self.exported.parts["namespaces"]
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
            made = self.services.schemas.import_in(self.connection, self.caller, schemas, is_lenient=True)
            return made and list(self._allowed("schemas.write", lambda: made))

        made = self._try("$.dependencies.schemas", make)
        self.created["schemas"] = [{"$id": one} for one in made or ()]
        for place, body in enumerate(self.exported.parts["descriptors"]):
            if body.get("xdm:sourceSchema") in (made or ()):
                self._try(
                    f"$.dependencies.descriptors[{place}]",
                    partial(self.services.descriptors.create_in, self.connection, self.caller, body),
                )

    def _events(self) -> None:
        service = self.services.events
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
            if event.get("related"):
                body["related"] = [self._rows(one) for one in event["related"]]
            self._make("events", place, event, body, service.create_in, taken, partial(rename_event, old=old))

    def _rows(self, related: Mapping[str, Any]) -> dict[str, Any]:
        """Where an event reads rows; with no such data set here, the server chooses the one there is, or refuses."""
        return {"property": related["property"], "datasetId": self._data_set(related["datasetId"])}

    def _actions(self) -> None:
        service = self.services.actions
        taken = {one["name"] for one in service.find_in(self.connection, self.caller)}
        for place, action in enumerate(self.exported.parts["actions"]):
            old = str(action.get("name"))
            body = {name: value for name, value in action.items() if name != "uid"}
            body["name"] = free_name(old, taken, MAX_NAME)
            self._make("actions", place, action, body, service.create_in, taken, partial(rename_action, old=old))

    def _sources(self) -> None:
        service = self.services.data_sources
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
        service = self.services.templates
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

    def _decision_rules(self) -> None:
        """The rules of this sandbox with the same name and expression; those that there are none of, made."""
        service = self.services.decision_rules
        known = {one["name"]: one for one in service.find_in(self.connection, self.caller)}
        taken = set(known)
        for place, rule in enumerate(self.exported.parts["decisionRules"]):
            same = known.get(str(rule.get("name")))
            if same is not None and same["expression"] == rule.get("expression"):
                self.uids["decision-rules", str(rule.get("uid"))] = same["uid"]
                continue
            body = {name: value for name, value in rule.items() if name != "uid"}
            body["name"] = free_name(str(rule.get("name")), taken, MAX_RULE_NAME)
            self._make("decisionRules", place, rule, body, service.create_in, taken, None)

    def _configuration(self, wanted: str) -> str:
        """The configuration of this sandbox with the same name and channel; as it stands when there is none."""
        told: Document = next(
            (one for one in self.exported.parts["channelConfigurations"] if one.get("uid") == wanted), {}
        )
        table = self.services.channels.table.current(self.connection)
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
            word = _WORDS.get(kind, kind[:-1])
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
        for one in self.services.catalog.table.current(self.connection).of_scope(self.caller.scope_id):
            if one.id == wanted or (one.name == told.get("name") and one.schema_id == schema_id):
                return one.id
        return None

    def _audience(self, wanted: str) -> str:
        """The sandbox's audience for one of the export: of the same id, or of its name; else the id stays."""
        table = self.services.audiences.current(self.connection)
        if table.get(self.caller.scope_id, wanted) is not None:
            return wanted
        told = next((one for one in self.exported.parts["audiences"] if one.get("id") == wanted), {})
        found = table.find(self.caller.scope_id, str(told.get("name")))
        return wanted if found is None else found.id

    def _rule_set(self, wanted: str) -> str:
        """The set of this sandbox with the same name; as it stands when there is none, which the check tells of."""
        table = self.services.rule_sets.current(self.connection)
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
        taken = {one["name"] for one in self.services.journeys.find_in(self.connection, self.caller)}
        name = document.get("name")
        if isinstance(name, str):
            document = {**document, "name": free_name(name, taken, MAX_JOURNEY_NAME)}
        made, _ = self.services.journeys.create_in(self.connection, self.caller, document)
        return made
