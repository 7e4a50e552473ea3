"""A journey version with all it depends on, out of one sandbox and into another. Source: journeys §14.4.

An import makes everything anew: with uids of its own, and with another name where one is taken. Schemas and namespaces
alone, which have ids that mean the same everywhere, are used as they are where they are there.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from parcours.access.errors import PermissionDenied
from parcours.access.model import Caller
from parcours.ascode.channels import CONFIGURATIONS
from parcours.ascode.errors import ExportFailed, ImportInvalid
from parcours.ascode.forms import map_masked
from parcours.ascode.importing import Import, read_export
from parcours.ascode.references import references
from parcours.ascode.services import FORMAT, SECRET, Document, Services
from parcours.ascode.templates import TEMPLATES
from parcours.expressions.references import PLATFORM
from parcours.journeys.check import Fault
from parcours.journeys.source_names import sources_in
from parcours.kit.errors import NotFound
from parcours.xdm.listing import Query

_OF_SERVER = frozenset({"orgId", "sandboxName", "metadata", "state", "version", "usedIn"})


class TransferService:
    """Export and import of journey versions."""

    def __init__(self, services: Services) -> None:
        self._services = services

    # --- out ---

    def export(self, caller: Caller, version_uid: str) -> Document:
        """A version with its events, actions, data sources, message templates, schemas, data sets and namespaces.

        Secrets are INSERT_SECRET_HERE; a field group added to the built-in source is the sandbox's own, and stays.

        Raises JourneyNotFound, or ExportFailed with every fault of a version that is not valid.
        """
        shown, _ = self._services.journeys.get_version(caller, version_uid)
        found = self._services.journeys.check(caller, version_uid)
        if not found["valid"]:
            raise ExportFailed(version_uid, [_fault(one) for one in found["errors"]])
        document = self._services.journeys.document_of(caller, version_uid)
        named: dict[str, dict[str, None]] = {}
        for kind, uid, _ in references("journeys", document):
            named.setdefault(kind, {})[uid] = None
        events = [_written(self._services.events.get(caller, uid)[0]) for uid in named.get("events", ())]
        schema_ids = [event["schemaRef"]["id"] for event in events]
        actions = [_written(self._services.actions.get(caller, uid)[0]) for uid in named.get("actions", ())]
        sources = self._sources_of(caller, document)
        schemas, descriptors = self._schemas_of(caller, [*self._related_of(caller, events), *schema_ids])
        rows = [one["datasetId"] for event in events for one in event.get("related", ())]
        data_sets = [*(event.get("datasetId") for event in events), *rows, *named.get("datasets", ())]
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
                "decisionRules": self._decision_rules_of(caller, named.get("decision-rules", ())),
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
        with self._services.db.read() as connection:
            stored = {one["uid"]: one["published"] for one in self._services.templates.find_in(connection, caller)}
        return [{"uid": uid, **told["document"]} for uid in wanted if (told := stored.get(uid)) is not None]

    def _configurations_of(self, caller: Caller, uids: Iterable[str]) -> list[Document]:
        """What they are called: an import looks for one of the same name and channel, for providers differ by place."""
        wanted = list(uids)
        shown = {one["uid"]: one for one in self._services.channels.find_all(caller)} if wanted else {}
        return [{name: shown[uid][name] for name in ("uid", "name", "channel")} for uid in wanted if uid in shown]

    def _sources_of(self, caller: Caller, document: Document) -> list[Document]:
        """The external data sources that a journey reads. Raises PermissionDenied."""
        names = {name for name, _ in sources_in(document)} - {PLATFORM}
        if names and not caller.may("journeys_data_sources.read"):
            raise PermissionDenied("journeys_data_sources.read", caller.sandbox.name)
        found = [_written(one) for one in self._services.data_sources.find_all(caller) if one["name"] in names]
        for source in found:
            source["fieldGroups"] = [
                {name: value for name, value in group.items() if name != "usedIn"} for group in source["fieldGroups"]
            ]
        return found

    def _related_of(self, caller: Caller, events: list[Document]) -> list[str]:
        """The `$id`s of the schemas whose rows events read."""
        return [
            link["schema"]["id"]
            for event in events
            if event.get("related")
            for link in self._services.events.related(caller, event["schemaRef"]["id"])
            if any(one["property"] == link["property"] for one in event["related"])
        ]

    def _schemas_of(self, caller: Caller, schema_ids: list[str]) -> tuple[list[Document], list[Document]]:
        """The tenant's schemas with all they are made of, in an order to store them in, and their descriptors."""
        registry = self._services.schemas.read(caller)
        schemas: dict[str, Document] = {}
        sources: dict[str, None] = {}
        for schema_id in dict.fromkeys(schema_ids):
            if schema_id in registry.tenant:
                for one in self._services.schemas.export(caller, schema_id):
                    schemas.setdefault(one["$id"], one)
                for part in (*registry.closure(registry.tenant[schema_id]), schema_id):
                    sources[part] = None
        described = self._services.descriptors.find_all(caller, Query(orderby="@id", limit=1 << 30)).items
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
            for one in self._services.namespaces.namespaces(caller)
            if one.is_custom and one.code.lower() in wanted
        ]

    def _data_sets_of(self, caller: Caller, dataset_ids: list[Any]) -> list[Document]:
        found: list[Document] = []
        for dataset_id in dict.fromkeys(filter(None, dataset_ids)):
            try:
                document, _ = self._services.catalog.data_set(caller, dataset_id)
            except NotFound:
                continue  # it was deleted after the event was saved
            found.append({"id": dataset_id, "name": document["name"], "schemaRef": document["schemaRef"]})
        return found

    def _audiences_of(self, caller: Caller, audience_ids: Iterable[str]) -> list[Document]:
        with self._services.db.read() as connection:
            table = self._services.audiences.current(connection)
        found = [table.get(caller.scope_id, one) for one in audience_ids]
        return [
            {"id": one.id, "name": one.name, "identityNamespace": one.namespace} for one in found if one is not None
        ]

    def _rule_sets_of(self, caller: Caller, uids: Iterable[str]) -> list[Document]:
        """What they are called: an import looks for a set of the same name and domain."""
        with self._services.db.read() as connection:
            table = self._services.rule_sets.current(connection)
        found = [(uid, table.describe(caller.scope_id, uid)) for uid in uids]
        return [{"uid": uid, "name": told[0], "domain": told[1]} for uid, told in found if told is not None]

    def _decision_rules_of(self, caller: Caller, uids: Iterable[str]) -> list[Document]:
        wanted = set(uids)
        return [
            {name: one[name] for name in ("uid", "name", "description", "tags", "expression")}
            for one in self._services.decision_rules.find_all(caller)
            if one["uid"] in wanted
        ]

    # --- in ---

    def import_version(self, caller: Caller, body: Mapping[str, Any]) -> Document:
        """Make an exported version a journey of this sandbox, a draft; all of it or nothing.

        Returns {"journey", "created", "warnings", "valid", "errors"}. Raises ImportInvalid with all that is wrong.
        """
        exported = read_export(body, caller.sandbox.tenant)
        with self._services.db.write() as connection:
            run = Import(self._services, connection, caller, exported)
            journey = run.run()
            if run.faults or journey is None:
                raise ImportInvalid(run.faults)
        checked = self._services.journeys.check(caller, journey["versionUid"])
        warnings = [*run.warnings, *(one["message"] for one in checked["warnings"])]
        return {
            "journey": journey,
            "created": run.created,
            "warnings": warnings,
            "valid": checked["valid"],
            "errors": checked["errors"],
        }


def _written(shown: Document) -> Document:
    """What the API shows, without what only this server can say; the uid stays, for the journey names it."""
    return {name: value for name, value in shown.items() if name not in _OF_SERVER}


def _fault(shown: Document) -> Fault:
    return Fault(shown["code"], shown["message"], shown["path"], shown.get("nodeId"))
