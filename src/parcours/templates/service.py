"""The templates of a sandbox: drafts, what is published of them, their history."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.db import Database
from parcours.kit.clock import to_datetime
from parcours.resources.store import Compiled, Resource, ResourceNotFound, ResourceStore
from parcours.resources.users import names_of
from parcours.templates.compiled import CompiledTemplate
from parcours.templates.document import read_document
from parcours.templates.errors import TemplateExists, TemplateInUse, TemplateInvalid, TemplateNotFound
from parcours.templates.sms_length import shown
from parcours.templates.table import TemplateTable

TEMPLATE_KIND = "template"
_DRAFT = ("name", "description", "channel", "category", "missing", "parameters", "content")


class Usage(NamedTuple):
    """How many journeys send a template."""

    draft: int = 0
    live: int = 0
    """Versions that run: live or closed."""


UsageOf = Callable[[Connection, int, str], Usage]
"""(connection, scope_id, template_uid) → how many journeys send it."""
JourneysOf = Callable[[Connection, int, str], list[dict[str, Any]]]
"""(connection, scope_id, template_uid) → the journeys that send it: {uid, name, versions}."""


class TemplateService:
    """Message templates. What is sent is what was published last; a draft changes nothing until it is published."""

    def __init__(self, db: Database, resources: ResourceStore) -> None:
        self._db = db
        self._resources = resources
        self._usage_of: UsageOf = lambda connection, scope_id, uid: Usage()
        self._journeys_of: JourneysOf = lambda connection, scope_id, uid: []
        self.table: Compiled[TemplateTable] = self.compiled()

    def compiled(self) -> Compiled[TemplateTable]:
        """Another table over the same templates, for a thread that does not share its own."""
        return Compiled(self._resources, [TEMPLATE_KIND], self._build)

    def guard(self, usage_of: UsageOf, journeys_of: JourneysOf) -> None:
        """Let the room that knows journeys tell which templates they send."""
        self._usage_of, self._journeys_of = usage_of, journeys_of

    def create(self, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Store a draft. Returns what a reader sees, and its etag. Raises TemplateInvalid or TemplateExists."""
        with self._db.write() as connection:
            return self.create_in(connection, caller, body)

    def create_in(self, connection: Connection, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """As `create`, within a transaction."""
        document = _checked(body)
        self._check_name(connection, caller.scope_id, document["name"])
        stored = self._resources.create(
            connection, caller.scope_id, caller.author, TEMPLATE_KIND, {**document, "published": None}
        )
        return _view(caller, stored, Usage()), stored.etag

    def find_in(self, connection: Connection, caller: Caller) -> list[dict[str, Any]]:
        """Every template of the sandbox as it is stored: its draft, and what is `published` of it with its version."""
        stored = self._resources.in_scope(connection, caller.scope_id, TEMPLATE_KIND)
        return [{"uid": one.id, **one.body} for one in stored]

    def find_all(self, caller: Caller) -> list[dict[str, Any]]:
        """Every template of the sandbox, oldest first."""
        with self._db.read() as connection:
            return [
                _view(caller, stored, self._usage_of(connection, caller.scope_id, stored.id))
                for stored in self._resources.in_scope(connection, caller.scope_id, TEMPLATE_KIND)
            ]

    def get(self, caller: Caller, uid: str) -> tuple[dict[str, Any], str]:
        """One and its etag. Raises TemplateNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            return _view(caller, stored, self._usage_of(connection, caller.scope_id, uid)), stored.etag

    def replace(
        self, caller: Caller, uid: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Write the draft anew. Raises EtagMismatch, TemplateNotFound, -Invalid, -Exists, -InUse."""
        document = _checked(body)
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, uid)
            return self._put(connection, caller, before, document, if_match)

    def publish(self, caller: Caller, uid: str, if_match: str | None = None) -> tuple[dict[str, Any], str]:
        """Let what is sent from now on be the draft. Raises TemplateNotFound, TemplateInUse, EtagMismatch.

        A parameter that a running journey does not fill can't become a needed one.
        """
        with self._db.write() as connection:
            return self.publish_in(connection, caller, uid, if_match)

    def publish_in(
        self, connection: Connection, caller: Caller, uid: str, if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """As `publish`, within a transaction."""
        before = self._stored(connection, caller.scope_id, uid)
        draft = draft_of(before.body)
        CompiledTemplate(caller.scope_id, uid, before.version, draft)
        usage = self._usage_of(connection, caller.scope_id, uid)
        published = before.body["published"]
        if published is not None and usage.live:
            known = {one["name"] for one in published["document"]["parameters"]}
            added = [one["name"] for one in draft["parameters"] if one["name"] not in known and not one["optional"]]
            if added:
                raise TemplateInUse(f"a running journey gives no value for the new parameter {added[0]!r}")
        told = {"version": before.version + 1, "document": draft, "atMs": time.time_ns() // 1_000_000}
        body = {**draft, "published": told}
        stored = self._resources.replace(connection, before, caller.author, body, if_match)
        return _view(caller, stored, usage), stored.etag

    def versions(self, caller: Caller, uid: str) -> list[dict[str, Any]]:
        """Its history, the latest first. Raises TemplateNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            found = []
            for version in range(stored.version, -1, -1):
                body = self._resources.get_version(connection, caller.scope_id, TEMPLATE_KIND, uid, version)
                published = body["published"]
                is_publication = published is not None and published["version"] == version
                found.append({"version": version, "name": body["name"], "isPublication": is_publication})
        return found

    def version(self, caller: Caller, uid: str, version: int) -> dict[str, Any]:
        """The draft as it was at a version. Raises TemplateNotFound."""
        with self._db.read() as connection:
            self._stored(connection, caller.scope_id, uid)
            return draft_of(self._body_at(connection, caller.scope_id, uid, version))

    def restore(self, caller: Caller, uid: str, version: int) -> tuple[dict[str, Any], str]:
        """Make the draft what it was at a version; what is published stays. Raises as `replace` does."""
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, uid)
            document = draft_of(self._body_at(connection, caller.scope_id, uid, version))
            return self._put(connection, caller, before, document, None)

    def delete(self, caller: Caller, uid: str) -> None:
        """Delete a template no journey sends. Raises TemplateNotFound or TemplateInUse."""
        with self._db.write() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            usage = self._usage_of(connection, caller.scope_id, uid)
            if usage.draft or usage.live:
                names = names_of(self._journeys_of(connection, caller.scope_id, uid))
                raise TemplateInUse(f"it can't be deleted, for it is sent by {names}")
            self._resources.delete(connection, stored, keeps_versions=True)  # messages on their way still need it

    def preview(self, caller: Caller, uid: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The draft for values by root: its texts, and fields without value. Raises TemplateNotFound, RenderFailed."""
        return _previewed(self.draft(caller, uid), values)

    def preview_unsaved(self, document: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        """As `preview`, of a document as it would be saved. Raises TemplateInvalid, RenderFailed."""
        if not isinstance(document, Mapping):
            raise TemplateInvalid("template is an object", "$.template")
        return _previewed(CompiledTemplate(0, "", 0, read_document(document)), values)

    def draft_document(self, caller: Caller, uid: str) -> dict[str, Any]:
        """The draft as it is stored. Raises TemplateNotFound."""
        with self._db.read() as connection:
            return draft_of(self._stored(connection, caller.scope_id, uid).body)

    def draft(self, caller: Caller, uid: str) -> CompiledTemplate:
        """The draft, compiled. Raises TemplateNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
        return CompiledTemplate(stored.scope_id, stored.id, stored.version, draft_of(stored.body))

    def published_at(self, connection: Connection, scope_id: int, uid: str, version: int) -> CompiledTemplate | None:
        """What a version published, even of a template that was deleted since; None when it published nothing."""
        try:
            published = self._body_at(connection, scope_id, uid, version)["published"]
        except TemplateNotFound:
            return None
        return None if published is None else CompiledTemplate(scope_id, uid, version, published["document"])

    def _put(
        self, connection: Connection, caller: Caller, before: Resource, document: dict[str, Any], if_match: str | None
    ) -> tuple[dict[str, Any], str]:
        usage = self._usage_of(connection, caller.scope_id, before.id)
        if document["channel"] != before.body["channel"] and (usage.draft or usage.live):
            raise TemplateInUse("a journey sends the template; its channel can't change")
        if document["name"] != before.body["name"]:
            self._check_name(connection, caller.scope_id, document["name"])
        body = {**document, "published": before.body["published"]}
        stored = self._resources.replace(connection, before, caller.author, body, if_match)
        return _view(caller, stored, usage), stored.etag

    def _body_at(self, connection: Connection, scope_id: int, uid: str, version: int) -> dict[str, Any]:
        try:
            return self._resources.get_version(connection, scope_id, TEMPLATE_KIND, uid, version)
        except ResourceNotFound:
            raise TemplateNotFound(uid, version) from None

    def _build(self, connection: Connection) -> TemplateTable:
        return TemplateTable(
            (stored.scope_id, stored.id, published["version"], published["document"])
            for stored in self._resources.in_all_scopes(connection, TEMPLATE_KIND)
            if (published := stored.body["published"]) is not None
        )

    def _stored(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, TEMPLATE_KIND, uid)
        except ResourceNotFound:
            raise TemplateNotFound(uid) from None

    def _check_name(self, connection: Connection, scope_id: int, name: str) -> None:
        self._resources.touch(connection, TEMPLATE_KIND)  # its row lock makes those who take a name wait for each other
        if any(r.body["name"] == name for r in self._resources.in_scope(connection, scope_id, TEMPLATE_KIND)):
            raise TemplateExists(name)


def draft_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The draft within a stored body."""
    return {name: body[name] for name in _DRAFT}


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    document = read_document(body)
    CompiledTemplate(0, "", 0, document)
    return document


def _previewed(template: CompiledTemplate, values: Mapping[str, Any]) -> dict[str, Any]:
    rendered = template.render(values)
    return {
        "channel": template.channel,
        **rendered.fields,
        **({} if rendered.data is None else {"data": dict(rendered.data)}),
        "attachments": [{"url": url, "name": name} for url, name in rendered.attachments],
        **({"length": shown(rendered.fields["body"])} if template.channel == "sms" else {}),
        "missing": template.missing(values),
    }


def _view(caller: Caller, stored: Resource, usage: Usage) -> dict[str, Any]:
    body, published = stored.body, stored.body["published"]
    if published is None:
        state = "draft"
    else:
        state = "published" if published["document"] == draft_of(body) else "modified"
    return {
        "uid": stored.id,
        **draft_of(body),
        "state": state,
        "version": stored.version,
        "published": None if published is None else {"version": published["version"], "at": _text(published["atMs"])},
        "usedIn": usage.draft + usage.live,
        "orgId": caller.org_id,
        "sandboxName": caller.sandbox.name,
        "metadata": {
            "createdBy": stored.created_by,
            "createdById": stored.created_by,
            "createdAt": _text(stored.created_at_ms),
            "lastModifiedBy": stored.updated_by,
            "lastModifiedById": stored.updated_by,
            "lastModifiedAt": _text(stored.updated_at_ms),
        },
    }


def _text(at_ms: int) -> str:
    return to_datetime(at_ms * 1_000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
