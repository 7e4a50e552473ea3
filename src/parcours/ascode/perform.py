"""Brings single resources to a server: what to call for each kind, in which order, with which ids."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from parcours.ascode import forms
from parcours.ascode.channels import CONFIGURATIONS
from parcours.ascode.errors import CallRefused
from parcours.ascode.fragments import DRAFT, FRAGMENTS, fragment_parts, fragment_verbs
from parcours.ascode.model import KINDS, XDM, Calls, Document, Present, Ref, Reply, Resource
from parcours.ascode.references import SCHEMA, is_id, map_references, to_title
from parcours.ascode.remote import (
    AUDIENCES,
    DATA_SETS,
    FLOWS,
    JOURNEYS,
    LABELS,
    MAPPINGS,
    MARKETING_ACTIONS,
    NAMESPACES,
    POLICIES,
    REGISTRY,
    USAGE_POLICIES,
)
from parcours.ascode.templates import TEMPLATES, Write, template_parts, template_writes
from parcours.expressions.references import PLATFORM
from parcours.kit.errors import ParcoursError
from parcours.kit.yaml_text import Tokens

UNION = "union"
UNFINISHED = ("Testing", "Dry Run", "In Review")
"""Statuses of drafts that can't be saved now."""
LIVE = ("Deployed", "Paused", "Closed")
"""Statuses of versions of which names, labels, descriptions and the layout may still change."""
_APPROVAL_NEEDED = "PARC-7410-409"
_UNDELETABLE = {
    "namespaces": "namespaces can't be deleted",
}


class ReferenceUnknown(ParcoursError):
    """A file names what neither the folder nor the server has; `tokens` lead to the reference."""

    def __init__(self, kind: str, text: str, tokens: Tokens) -> None:
        what = "component of the schema registry" if kind == SCHEMA else KINDS[kind].word
        super().__init__(f"there is no {what} {text!r}")
        self.tokens = tokens


class ChangeImpossible(ParcoursError):
    """The API has no way to make this change; `tokens` lead to what differs."""

    def __init__(self, message: str, tokens: Tokens = ()) -> None:
        super().__init__(message)
        self.tokens = tokens


class Performer:
    """Creates, changes and deletes resources of one sandbox, and knows the ids of what is there by now."""

    def __init__(self, calls: Calls, present: Present) -> None:
        self._calls = calls
        self._ids: dict[Ref, str] = {ref: one.id for ref, one in present.resources.items()}
        self._titles: dict[str, str] = {ref.key: uid for ref, uid in self._ids.items() if ref.kind in XDM}
        self._mapping_versions: dict[str, int] = {
            one.id: one.extra["shown"]["version"] for ref, one in present.resources.items() if ref.kind == "mappings"
        }
        self.drafts: dict[Ref, str] = {}
        """Journeys that were created or changed here → the version that holds the document."""
        self.in_review: set[Ref] = set()
        """Journeys that were to be published, and now wait for an approval."""

    # --- references ---

    def resolve(self, kind: str, document: Document, *, is_lenient: bool = False) -> Document:
        """The document with ids for keys. Raises ReferenceUnknown, unless what is missing may stay as it is."""

        def to_id(named: str, text: str, tokens: Tokens) -> str:
            if named == SCHEMA:
                title = to_title(text)
                if title is None:
                    return text
                found = self._titles.get(title)
                text = title
            else:
                found = self._ids.get(Ref(named, text))
            if found is None and (is_lenient or is_id(text)):
                return text
            if found is None:
                raise ReferenceUnknown(named, text, tokens)
            return found

        return map_references(kind, document, to_id)

    # --- verbs ---

    def create(self, ref: Ref, document: Document) -> None:
        """Make a resource. document: in the form of files, secrets in clear. Raises CallRefused, ReferenceUnknown."""
        if ref.kind in XDM:
            self._create_schema(ref, document)
        elif ref.kind == "flows":
            self._create_flow(ref, document)
        elif ref.kind == "journeys":
            body = forms.to_body("journeys", self.resolve("journeys", document, is_lenient=True))
            made = self._calls.call("POST", f"{JOURNEYS}/journeys", body).body
            self._ids[ref] = made["uid"]
            self.drafts[ref] = made["versionUid"]
        elif ref.kind == TEMPLATES:
            self._write_template(ref, template_writes(None, document), None)
        elif ref.kind == FRAGMENTS:
            self._write_fragment(ref, None, document)
        else:
            body = self._body(ref, document)
            if _is_built_in(ref) or ref.kind in _MADE_BY_NAME:  # that one is there already, as it is shipped
                made = self._calls.call("PUT", f"{_COLLECTIONS[ref.kind]}/{ref.key}", body).body
            else:
                made = self._calls.call("POST", _COLLECTIONS[ref.kind], body).body
            self._ids[ref] = _id_of(ref.kind, made)
            if ref.kind == "mappings":
                self._mapping_versions[made["id"]] = made["version"]

    def update(self, resource: Resource, document: Document) -> None:
        """Change a resource from what it is to what a file says.

        Raises CallRefused, ReferenceUnknown or ChangeImpossible; and what was changed by others meanwhile is refused.
        """
        ref = resource.ref
        if ref.kind in XDM:
            self._update_schema(resource, document)
        elif ref.kind == "flows":
            self._update_flow(resource, document)
        elif ref.kind == "journeys":
            self._update_journey(resource, document)
        elif ref.kind == TEMPLATES:
            if template_parts(document)[1] is None and template_parts(resource.document)[1] is not None:
                raise ChangeImpossible(
                    "the template is published, which can't be taken back: say `state: published`, or keep what is "
                    "published as `published` beside the draft",
                    ("state",),
                )
            self._write_template(ref, template_writes(resource.document, document), resource.etag)
        elif ref.kind == FRAGMENTS:
            self._write_fragment(ref, resource, document)
        elif ref.kind == "inlets":
            self._patch(f"{FLOWS}/connections/{resource.id}", resource, self._body(ref, document))
        else:
            headers = {"If-Match": resource.etag} if resource.etag else None
            path = f"{_COLLECTIONS[ref.kind]}/{resource.id}"
            done = self._calls.call("PUT", path, self._body(ref, document), headers).body
            if ref.kind == "mappings":
                self._mapping_versions[resource.id] = done["version"]

    def delete(self, resource: Resource) -> None:
        """Delete a resource. Raises CallRefused, or ChangeImpossible for what can't be deleted by anybody."""
        kind = resource.ref.kind
        if kind in _UNDELETABLE:
            raise ChangeImpossible(_UNDELETABLE[kind])
        if _is_built_in(resource.ref):
            self._calls.call("PUT", f"{_COLLECTIONS[kind]}/{resource.ref.key}", {"fieldGroups": []})
        elif kind == "flows":
            self._calls.call("DELETE", f"{FLOWS}/flows/{resource.id}")
            for part in ("source", "target"):
                try:
                    self._calls.call("DELETE", f"{FLOWS}/{part}Connections/{resource.extra[part]['id']}")
                except CallRefused:
                    continue  # another flow uses the connection, too
        elif kind == FRAGMENTS:
            self._delete_fragment(resource)
        elif kind in XDM:
            self._calls.call("DELETE", f"{REGISTRY}/tenant/{XDM[kind]}/{quote(resource.id, safe='')}")
        else:
            self._calls.call("DELETE", f"{_COLLECTIONS[kind]}/{resource.id}")
        self._ids.pop(resource.ref, None)

    def finish_journey(self, ref: Ref, document: Document) -> None:
        """Save a draft once more, now that the journeys it names are there, too. Raises CallRefused."""
        self._save(self.drafts[ref], document, None)

    def publish(self, ref: Ref, version_uid: str = "") -> None:
        """Publish the draft that was made here, or else the version named. Raises CallRefused.

        Where a policy wants an approval, it is requested: the approval publishes.
        """
        version = f"{JOURNEYS}/journeyVersions/{self.drafts.get(ref, version_uid)}"
        try:
            self._calls.call("POST", f"{version}/publish")
        except CallRefused as error:
            if error.type != _APPROVAL_NEEDED:
                raise
            self._calls.call("POST", f"{version}/requestApproval")
            self.in_review.add(ref)

    def stop(self, ref: Ref) -> None:
        """Stop the version that was published here. Raises CallRefused."""
        self._calls.call("POST", f"{JOURNEYS}/journeyVersions/{self.drafts[ref]}/stop")

    def add_version(self, ref: Ref, document: Document) -> None:
        """The next version of a journey made here. Raises CallRefused."""
        made = self._calls.call("POST", f"{JOURNEYS}/journeys/{self._ids[ref]}/versions")
        self.drafts[ref] = made.body["uid"]
        self._save(self.drafts[ref], document, made.etag)

    def step_down(self, resource: Resource) -> None:
        """Let a channel configuration be its channel's default no longer. Raises CallRefused."""
        body = {**resource.document, "isDefault": False}
        self._calls.call("PUT", f"{_COLLECTIONS[CONFIGURATIONS]}/{resource.id}", body)

    # --- message templates ---

    def _write_template(self, ref: Ref, writes: Iterable[Write], etag: str | None) -> None:
        """Save and publish in turn. etag: of the one that is there; what others changed meanwhile is refused."""
        for write in writes:
            uid, path = self._ids.get(ref), _COLLECTIONS[TEMPLATES]
            headers = {"If-Match": etag} if etag else None
            if write.verb == "publish":
                reply = self._calls.call("POST", f"{path}/{uid}/publish", None, headers)
            elif uid is None:
                reply = self._calls.call("POST", path, write.document)
                self._ids[ref] = reply.body["uid"]
            else:
                reply = self._calls.call("PUT", f"{path}/{uid}", write.document, headers)
            etag = reply.etag

    # --- the Schema Registry ---

    def finish_schema(self, ref: Ref, document: Document, before: Resource | None) -> None:
        """The descriptors of a resource, then its tags: once every resource that they name is there.

        before: what was there. What is as it was is not written again.
        """
        schema_id = self._ids[ref]
        resolved = self.resolve(ref.kind, document)
        ids = {} if before is None else before.extra["descriptors"]
        same = [] if before is None else self.resolve(ref.kind, before.document).get("descriptors", [])
        for one in resolved.get("descriptors", ()):
            if one in same:
                continue
            body = forms.descriptor_body(one, schema_id)
            descriptor_id = ids.get(forms.descriptor_key(one))
            if descriptor_id is None:
                self._calls.call("POST", f"{REGISTRY}/tenant/descriptors", body)
            else:
                self._calls.call("PUT", f"{REGISTRY}/tenant/descriptors/{descriptor_id}", body)
        tags = () if before is None else before.document.get("meta:immutableTags", ())
        if UNION in (resolved.get("meta:immutableTags") or ()) and UNION not in tags:
            operations = [{"op": "add", "path": "/meta:immutableTags", "value": resolved["meta:immutableTags"]}]
            self._calls.call("PATCH", self._schema_path(ref), operations)

    def _create_schema(self, ref: Ref, document: Document) -> None:
        body = self._schema_body(ref, document, ())
        made = self._calls.call("POST", f"{REGISTRY}/tenant/{XDM[ref.kind]}", body).body
        self._ids[ref] = self._titles[ref.key] = made["$id"]

    def _update_schema(self, resource: Resource, document: Document) -> None:
        ref = resource.ref
        kept = {forms.descriptor_key(one) for one in document.get("descriptors", ())}
        for key, descriptor_id in resource.extra["descriptors"].items():
            if key not in kept:
                self._calls.call("DELETE", f"{REGISTRY}/tenant/descriptors/{descriptor_id}")
        tags = resource.document.get("meta:immutableTags", ())
        gone = [tag for tag in tags if tag not in (document.get("meta:immutableTags") or ())]
        if gone:
            raise ChangeImpossible(f"a tag can't be taken back: {', '.join(gone)}", ("meta:immutableTags",))
        old, new = ({**one, "descriptors": []} for one in (resource.document, document))
        if old != new:
            self._calls.call("PUT", self._schema_path(ref), self._schema_body(ref, document, tags))

    def _schema_body(self, ref: Ref, document: Document, tags: Iterable[str]) -> Document:
        body = forms.to_body(ref.kind, self.resolve(ref.kind, {**document, "descriptors": []}))
        body.pop("descriptors")
        wanted = body.get("meta:immutableTags") or []
        body["meta:immutableTags"] = [tag for tag in wanted if tag != UNION or tag in tags]
        if ref.kind != "schemas" and not body["meta:immutableTags"]:
            del body["meta:immutableTags"]
        return body

    def _schema_path(self, ref: Ref) -> str:
        return f"{REGISTRY}/tenant/{XDM[ref.kind]}/{quote(self._ids[ref], safe='')}"

    # --- flows ---

    def _flow_parts(self, document: Document) -> tuple[Document, Document, Document]:
        flow, source, target = forms.flow_parts(self.resolve("flows", document))
        for one in flow.get("transformations", ()):
            params = one["params"]
            params.setdefault("mappingVersion", self._mapping_versions.get(params["mappingId"], 0))
        return flow, source, target

    def _create_flow(self, ref: Ref, document: Document) -> None:
        flow, source, target = self._flow_parts(document)
        state = flow.pop("state", "enabled")
        made: list[str] = []
        try:
            for collection, body in (("sourceConnections", source), ("targetConnections", target)):
                made.append(f"{collection}/{self._calls.call('POST', f'{FLOWS}/{collection}', body).body['id']}")
            ids = [path.rpartition("/")[2] for path in made]
            flow |= {"sourceConnectionIds": ids[:1], "targetConnectionIds": ids[1:]}
            flow_id = self._calls.call("POST", f"{FLOWS}/flows", flow).body["id"]
        except CallRefused:
            for path in made:  # without their flow nobody would find them
                self._calls.call("DELETE", f"{FLOWS}/{path}")
            raise
        self._ids[ref] = flow_id
        if state != "enabled":
            self._calls.call("POST", f"{FLOWS}/flows/{flow_id}/action?op=disable", None)

    def _update_flow(self, resource: Resource, document: Document) -> None:
        for name in ("inlet", "dataset", "flowSpec"):
            if document.get(name) != resource.document.get(name):
                raise ChangeImpossible(
                    f"the {name} of a flow can't be changed: give the new flow a name of its own", (name,)
                )
        flow, source, target = self._flow_parts(document)
        flow.setdefault("state", "enabled")
        for part, body in (("source", source), ("target", target)):
            shown = resource.extra[part]
            self._patch_shown(f"{FLOWS}/{part}Connections/{shown['id']}", shown, body)
        self._patch_shown(f"{FLOWS}/flows/{resource.id}", resource.extra["flow"], flow)

    def _patch(self, path: str, resource: Resource, body: Document) -> None:
        self._patch_shown(path, resource.extra["shown"], body)

    def _patch_shown(self, path: str, shown: Mapping[str, Any], body: Document) -> None:
        """A JSON Patch of the members that differ."""
        own = {name: value for name, value in shown.items() if name not in forms.FLOW_SERVER}
        if isinstance(own.get("auth"), dict):
            params = {k: v for k, v in own["auth"]["params"].items() if k not in ("inletId", "inletUrl")}
            own["auth"] = {**own["auth"], "params": params}
        fixed = ("sourceConnectionIds", "targetConnectionIds") + (() if "state" in body else ("state",))
        operations: list[Document] = []
        for name, value in body.items():
            if own.get(name) != value:
                operations.append({"op": "add", "path": f"/{_pointer(name)}", "value": value})
        for name, value in own.items():
            if name not in body and name not in fixed and value not in (None, "", [], {}):
                operations.append({"op": "remove", "path": f"/{_pointer(name)}"})
        if operations:
            self._calls.call("PATCH", path, operations, {"If-Match": shown["etag"]})

    # --- journeys ---

    def _update_journey(self, resource: Resource, document: Document) -> None:
        latest = resource.extra["latest"]
        if latest["status"] == "Draft":
            self._save(latest["uid"], document, resource.etag)
            self.drafts[resource.ref] = latest["uid"]
            return
        if latest["status"] in UNFINISHED:
            raise ChangeImpossible(f"version {latest['version']} is {latest['status']}: end that before it is changed")
        if latest["status"] in LIVE:
            try:
                self._save(latest["uid"], document, resource.etag)
            except CallRefused as error:
                if error.status != 409:  # more differs than words, which are all that a live version takes
                    raise
            else:
                self.drafts[resource.ref] = latest["uid"]
                return
        made = self._calls.call("POST", f"{JOURNEYS}/journeys/{resource.id}/versions")
        self._save(made.body["uid"], document, made.etag)
        self.drafts[resource.ref] = made.body["uid"]

    def _save(self, version_uid: str, document: Document, etag: str | None) -> None:
        body = forms.to_body("journeys", self.resolve("journeys", document, is_lenient=True))
        headers = {"If-Match": etag} if etag else None
        self._calls.call("PUT", f"{JOURNEYS}/journeyVersions/{version_uid}", body, headers)

    # --- fragments ---

    def _write_fragment(self, ref: Ref, before: Resource | None, document: Document) -> None:
        """Save, with the state that the file says: an active or archived one is a draft while it is changed."""
        saved, wanted = fragment_parts(document)
        body = self.resolve(FRAGMENTS, saved, is_lenient=True)
        path = _COLLECTIONS[FRAGMENTS]
        if before is None:
            reply = self._calls.call("POST", path, body)
            self._ids[ref] = reply.body["uid"]
            _, verbs = fragment_verbs(DRAFT, True, wanted)
        else:
            reply = Reply(None, before.etag)
            had, was = fragment_parts(before.document)
            first, verbs = fragment_verbs(was, saved != had, wanted)
            for verb in first:
                reply = self._fragment_call("POST", before.id, f"/{verb}", None, reply.etag)
            if saved != had:
                reply = self._fragment_call("PUT", before.id, "", body, reply.etag)
        for verb in verbs:
            reply = self._fragment_call("POST", self._ids[ref], f"/{verb}", None, reply.etag)

    def _delete_fragment(self, resource: Resource) -> None:
        """Only drafts are deleted."""
        reply = Reply(None, resource.etag)
        for verb in fragment_verbs(fragment_parts(resource.document)[1], True, DRAFT)[0]:
            reply = self._fragment_call("POST", resource.id, f"/{verb}", None, reply.etag)
        self._calls.call("DELETE", f"{_COLLECTIONS[FRAGMENTS]}/{resource.id}")

    def _fragment_call(self, method: str, uid: str, verb: str, body: Document | None, etag: str | None) -> Reply:
        headers = {"If-Match": etag} if etag else None
        return self._calls.call(method, f"{_COLLECTIONS[FRAGMENTS]}/{uid}{verb}", body, headers)

    # --- in common ---

    def _body(self, ref: Ref, document: Document) -> Document:
        return forms.to_body(ref.kind, self.resolve(ref.kind, document))


_COLLECTIONS: Mapping[str, str] = {
    "namespaces": NAMESPACES,
    "datasets": DATA_SETS,
    "mappings": MAPPINGS,
    "inlets": f"{FLOWS}/connections",
    "merge-policies": POLICIES,
    "audiences": AUDIENCES,
    "events": f"{JOURNEYS}/events",
    "actions": f"{JOURNEYS}/actions",
    "decision-rules": f"{JOURNEYS}/decisionRules",
    "rule-sets": f"{JOURNEYS}/ruleSets",
    "usage-labels": LABELS,
    "marketing-actions": MARKETING_ACTIONS,
    "usage-policies": USAGE_POLICIES,
    "data-sources": f"{JOURNEYS}/dataSources",
    TEMPLATES: f"{JOURNEYS}/messageTemplates",
    CONFIGURATIONS: f"{JOURNEYS}/channelConfigurations",
    "journeys": f"{JOURNEYS}/journeys",
    FRAGMENTS: f"{JOURNEYS}/fragments",
}


_MADE_BY_NAME = frozenset({"usage-labels", "marketing-actions"})
"""Kinds whose names are their ids: PUT makes them."""


def _is_built_in(ref: Ref) -> bool:
    """Whether it is the built-in data source: a file has the field groups that people added to it."""
    return ref == Ref("data-sources", PLATFORM)


def _id_of(kind: str, made: Any) -> str:
    if kind == "datasets":
        return str(made[0]).removeprefix("@/dataSets/")
    return str(made["name"] if kind in _MADE_BY_NAME else made.get("uid") or made.get("id"))


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
