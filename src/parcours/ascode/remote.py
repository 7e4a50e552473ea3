"""Reads a whole sandbox through the API, in the form of files."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from parcours.ascode import forms
from parcours.ascode.channels import CONFIGURATIONS, configuration_to_file
from parcours.ascode.fragments import FRAGMENTS, fragment_to_file
from parcours.ascode.model import XDM, Calls, Document, Present, Ref, Resource
from parcours.ascode.naming import keys_of
from parcours.ascode.references import SCHEMA, from_title, map_references
from parcours.ascode.templates import TEMPLATES, template_to_file
from parcours.channels.model import INBOX
from parcours.governance.service import BASE as GOVERNANCE
from parcours.kit.yaml_text import Tokens

FOUNDATION = "/data/foundation"
REGISTRY = f"{FOUNDATION}/schemaregistry"
DATA_SETS = f"{FOUNDATION}/catalog/dataSets"
MAPPINGS = f"{FOUNDATION}/mappingSets"
FLOWS = f"{FOUNDATION}/flowservice"
NAMESPACES = "/data/core/idnamespace/identities"
AUDIENCES = "/data/core/ups/audiences"
POLICIES = "/data/core/ups/config/mergePolicies"
JOURNEYS = "/journey/orchestration"
LABELS = f"{GOVERNANCE}/labels/custom"
MARKETING_ACTIONS = f"{GOVERNANCE}/marketingActions/custom"
USAGE_POLICIES = f"{GOVERNANCE}/policies/custom"
XED = "application/vnd.adobe.xed+json"
_DRAFT = "draft"


def read_present(calls: Calls) -> Present:
    """Everything of the sandbox. Raises CallRefused."""
    return _Reader(calls).read()


def _is_as_shipped(shown: Document) -> bool:
    """Whether it is the built-in data source, to which nobody added a field group."""
    return bool(shown.get("builtIn")) and all(group.get("builtIn") for group in shown["fieldGroups"])


class _Reader:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._found: list[Resource] = []
        self._keys: dict[str, dict[str, str]] = {}
        """Kind → id → key."""
        self._notes: list[str] = []
        self._system: set[str] = set()
        """Data sets that Parcours itself writes to."""

    def read(self) -> Present:
        tenant = self._get(f"{REGISTRY}/stats")["tenantId"]
        self._read_namespaces()
        self._read_custom("usage-labels", LABELS)
        self._read_registry()
        self._read_data_sets()
        latest = self._read_mappings()
        self._read_flows(latest)
        self._read_policies()
        self._read_audiences()
        for kind, path in (("events", "events"), ("actions", "actions"), ("data-sources", "dataSources")):
            items = [one for one in self._pages(f"{JOURNEYS}/{path}") if not _is_as_shipped(one)]
            self._add(kind, items, [one["name"] for one in items], [one["uid"] for one in items])
        self._read_decision_rules()
        self._read_rule_sets()
        self._read_custom("marketing-actions", MARKETING_ACTIONS)
        self._read_custom("usage-policies", USAGE_POLICIES)
        self._read_templates()
        self._read_configurations()
        self._read_journeys()
        self._read_fragments()
        resources = {}
        for one in self._found:
            document = map_references(one.ref.kind, one.document, lambda *place, ref=one.ref: self._key(ref, *place))
            resources[one.ref] = Resource(one.ref, document, one.id, one.etag, one.extra)
        return Present(tenant, resources, tuple(self._notes))

    def _key(self, ref: Ref, kind: str, text: str, _path: Tokens) -> str:
        known = self._keys.get(kind, {})
        if text in known:
            return from_title(known[text]) if kind == SCHEMA else known[text]
        if kind != SCHEMA or not text.startswith(("http", "_")):
            self._notes.append(f"{ref} names {kind} {text!r}, which the sandbox doesn't have")
        return text

    # --- kinds ---

    def _read_namespaces(self) -> None:
        items = [one for one in self._get(NAMESPACES) if one["custom"]]
        self._add("namespaces", items, [one["code"] for one in items], [str(one["id"]) for one in items])

    def _read_registry(self) -> None:
        descriptors: dict[str, list[Mapping[str, Any]]] = {}
        headers = {"Accept": "application/vnd.adobe.xdm-v2+json"}
        for one in self._registry_pages("descriptors", headers, "@id"):
            descriptors.setdefault(one["xdm:sourceSchema"], []).append(one)
        titles = self._keys.setdefault(SCHEMA, {})
        for folder, kind in XDM.items():
            for shown in self._registry_pages(kind, {"Accept": XED}, "$id"):
                own = descriptors.get(shown["$id"], [])
                ids = {forms.descriptor_key(one): one["@id"] for one in own}
                document = forms.schema_to_file(folder, shown, own)
                ref = Ref(folder, shown["title"])
                self._found.append(Resource(ref, document, shown["$id"], None, {"descriptors": ids}))
                titles[shown["$id"]] = titles[shown["meta:altId"]] = shown["title"]

    def _registry_pages(self, kind: str, headers: Mapping[str, str], order: str) -> Iterator[Document]:
        start = None
        while True:
            query = {"orderby": order, "limit": 500, **({} if start is None else {"start": start})}
            page = self._calls.call("GET", f"{REGISTRY}/tenant/{kind}?{urlencode(query)}", headers=headers).body
            yield from page["results"]
            start = page["_page"]["next"]
            if start is None:
                return

    def _read_data_sets(self) -> None:
        found: dict[str, Any] = {}
        while True:
            page = self._get(DATA_SETS, limit=100, start=len(found))
            found.update(page)
            if len(page) < 100:
                break
        self._system = {uid for uid, one in found.items() if one["classification"]["managedBy"] == "SYSTEM"}
        own = {uid: one for uid, one in found.items() if uid not in self._system}
        etags = [f'"{one["version"]}"' for one in own.values()]
        self._add("datasets", list(own.values()), [one["name"] for one in own.values()], list(own), etags)

    def _read_mappings(self) -> dict[str, int]:
        items: list[Document] = []
        while True:
            page = self._get(MAPPINGS, limit=100, start=len(items), orderBy="createdDate")["data"]
            items += page
            if len(page) < 100:
                break
        titles = self._keys[SCHEMA]
        names = []
        for one in items:
            target = one["outputSchema"]["schemaRef"]["id"]
            names.append(one.get("name") or f"to {titles.get(target, target)}")
        self._add("mappings", items, names, [one["id"] for one in items])
        return {one["id"]: one["version"] for one in items}

    def _flow_pages(self, path: str) -> list[Document]:
        found: list[Document] = []
        following = f"{path}?limit=1000"
        while following:
            page = self._get(f"{FLOWS}{following}")
            found += page["items"]
            following = page["_links"].get("next", {}).get("href", "")
        drafts = [one for one in found if one["state"] == _DRAFT]
        for one in drafts:
            name = one.get("name", one["id"])
            self._notes.append(f"{name!r} of {path.strip('/')} is a draft and left out: publish it first")
        return [one for one in found if one["state"] != _DRAFT]

    def _read_flows(self, latest: Mapping[str, int]) -> None:
        """Inlets and flows, but for those that Parcours makes for itself: the flows into its own data sets."""
        sources = {one["id"]: one for one in self._flow_pages("/sourceConnections")}
        targets = {one["id"]: one for one in self._flow_pages("/targetConnections")}
        flows: list[Document] = []
        inlets: set[str] = set()
        for flow in self._flow_pages("/flows"):
            if targets[flow["targetConnectionIds"][0]]["params"]["dataSetId"] in self._system:
                inlets.add(sources[flow["sourceConnectionIds"][0]]["baseConnectionId"])
            else:
                flows.append(flow)
        inlets -= {sources[flow["sourceConnectionIds"][0]]["baseConnectionId"] for flow in flows}
        items = [one for one in self._flow_pages("/connections") if one["id"] not in inlets]
        ids, etags = [one["id"] for one in items], [one["etag"] for one in items]
        self._add("inlets", items, [one["name"] for one in items], ids, etags)
        keys = keys_of(one["name"] for one in flows)
        for key, flow in zip(keys, flows, strict=True):
            source, target = sources[flow["sourceConnectionIds"][0]], targets[flow["targetConnectionIds"][0]]
            params = (flow.get("transformations") or [{}])[0].get("params", {})
            document = forms.flow_to_file(flow, source, target, latest.get(params.get("mappingId", "")))
            extra = {"source": source, "target": target, "flow": flow}
            self._found.append(Resource(Ref("flows", key), document, flow["id"], flow["etag"], extra))
        self._keys["flows"] = dict(zip((one["id"] for one in flows), keys, strict=True))

    def _read_policies(self) -> None:
        items: list[Document] = self._get(POLICIES, limit=100)["children"]
        self._add("merge-policies", items, [one["name"] for one in items], [one["id"] for one in items])

    def _read_audiences(self) -> None:
        items: list[Document] = []
        while True:
            page = self._get(AUDIENCES, start=len(items), limit=500)
            items += page["children"]
            if "next" not in page["_page"]:
                break
        ids, etags = [one["id"] for one in items], [one["_etag"] for one in items]
        self._add("audiences", items, [one["name"] for one in items], ids, etags)

    def _read_decision_rules(self) -> None:
        items = list(self._pages(f"{JOURNEYS}/decisionRules"))
        self._add("decision-rules", items, [one["name"] for one in items], [one["uid"] for one in items])

    def _read_rule_sets(self) -> None:
        items: list[Document] = self._get(f"{JOURNEYS}/ruleSets")["results"]
        self._add("rule-sets", items, [one["name"] for one in items], [one["uid"] for one in items])

    def _read_custom(self, kind: str, path: str) -> None:
        """Usage labels, marketing actions and policies of the sandbox's own; the former two go by their names."""
        items: list[Document] = self._get(path)["children"]
        names = [one["name"] for one in items]
        self._add(kind, items, names, [one["id"] for one in items] if kind == "usage-policies" else names)

    def _read_templates(self) -> None:
        """Templates with what is published of them, where their drafts have gone on since."""
        path = f"{JOURNEYS}/messageTemplates"
        items = list(self._pages(path))
        keys = keys_of(one["name"] for one in items)
        self._keys[TEMPLATES] = dict(zip((one["uid"] for one in items), keys, strict=True))
        for key, item in zip(keys, items, strict=True):
            reply = self._calls.call("GET", f"{path}/{item['uid']}")
            shown, published = reply.body, None
            if shown["state"] == "modified":
                published = self._get(f"{path}/{item['uid']}/versions/{shown['published']['version']}")
            document = template_to_file(shown, published)
            self._found.append(Resource(Ref(TEMPLATES, key), document, item["uid"], reply.etag, {"shown": shown}))

    def _read_configurations(self) -> None:
        """Channel configurations. `inbox` is what journeys call the built-in one: no other goes by that name."""
        path = f"{JOURNEYS}/channelConfigurations"
        items: list[Document] = self._get(path)["results"]
        keys = keys_of([INBOX, *(one["name"] for one in items)])[1:]
        self._keys[CONFIGURATIONS] = dict(zip((one["uid"] for one in items), keys, strict=True))
        for key, item in zip(keys, items, strict=True):
            reply = self._calls.call("GET", f"{path}/{item['uid']}")
            document = configuration_to_file(reply.body)
            self._found.append(
                Resource(Ref(CONFIGURATIONS, key), document, item["uid"], reply.etag, {"shown": reply.body})
            )

    def _read_journeys(self) -> None:
        journeys = list(self._pages(f"{JOURNEYS}/journeys", archived="any"))
        keys = keys_of(one["name"] for one in journeys)
        self._keys["journeys"] = dict(zip((one["uid"] for one in journeys), keys, strict=True))
        for key, journey in zip(keys, journeys, strict=True):
            reply = self._calls.call("GET", f"{JOURNEYS}/journeyVersions/{journey['latestVersionUid']}")
            self._found.append(
                Resource(
                    Ref("journeys", key),
                    forms.to_file("journeys", reply.body),
                    journey["uid"],
                    reply.etag,
                    {"latest": reply.body, "versions": journey["versions"]},
                )
            )

    def _read_fragments(self) -> None:
        path = f"{JOURNEYS}/{FRAGMENTS}"
        for item in self._pages(path):
            reply = self._calls.call("GET", f"{path}/{item['uid']}")
            ref, document = Ref(FRAGMENTS, item["name"]), fragment_to_file(reply.body)
            self._found.append(Resource(ref, document, item["uid"], reply.etag, {"shown": reply.body}))

    # --- in common ---

    def _add(
        self, kind: str, items: list[Document], names: list[str], ids: list[str], etags: list[str] | None = None
    ) -> None:
        keys = keys_of(names)
        self._keys[kind] = dict(zip(ids, keys, strict=True))
        for place, (item, key, uid) in enumerate(zip(items, keys, ids, strict=True)):
            etag = etags[place] if etags else None
            self._found.append(Resource(Ref(kind, key), forms.to_file(kind, item), uid, etag, {"shown": item}))

    def _pages(self, path: str, **more: Any) -> Iterator[Document]:
        page = 0
        while True:
            found = self._get(path, page=page, pageSize=100, **more)
            yield from found["results"]
            page += 1
            if page >= found["pages"]:
                return

    def _get(self, path: str, **query: Any) -> Any:
        return self._calls.call("GET", f"{path}?{urlencode(query)}" if query else path).body
