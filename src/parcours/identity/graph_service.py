"""Questions about the identity graph: who is linked with whom, in the forms clients ask."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from parcours.access import Caller
from parcours.db import Database
from parcours.identity.errors import GraphRequestInvalid, IdentityInvalid
from parcours.identity.graph import StoredLink, find_clusters, find_links
from parcours.identity.namespaces import NamespaceTable, canonical_namespace
from parcours.identity.service import NamespaceService
from parcours.identity.xid import from_xid, xid
from parcours.xdm.identities import Identity

MAX_ASKED = 1_000
"""Source: platform-apis §7.2."""
_ALGORITHM = "STITCH_ALL"
_BY_XID, _BY_CODE, _BY_NUMBER = "xid", "ns", "nsid"


class _Asked(NamedTuple):
    """One entry of a question."""

    given: Any
    """As it was sent."""
    form: str
    """How the answer names identities: by xid, ns, namespace or nsid."""
    identity: Identity | None
    """None when it names none."""


class IdentityGraphService:
    """The identity graph of every sandbox, read only."""

    def __init__(self, db: Database, namespaces: NamespaceService) -> None:
        self._db = db
        self._namespaces = namespaces

    def graph(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /v2/graph`: the graph of each identity, as a set of members or with vertices and edges.

        An identity that is linked with nobody is given back as unprocessed. Raises GraphRequestInvalid.
        """
        projection = body.get("projection_type") or "set"
        if projection not in ("set", "graph"):
            raise GraphRequestInvalid(
                "Graph Request Invalid - projection types available are [graph|set].", "$.projection_type"
            )
        composites = body.get("composite_xids", body.get("composite_xid"))
        composites = [composites] if isinstance(composites, dict) else composites or []
        xids = body.get("xids") or []
        for name, entries in (("composite_xids", composites), ("xids", xids)):
            if not isinstance(entries, list):
                raise GraphRequestInvalid(f"Graph Request Invalid - {name} is a list.", f"$.{name}")
        if not composites and not xids:
            raise GraphRequestInvalid("Graph Request Invalid - composite_xids or xids is needed.", "$.composite_xids")
        if len(composites) + len(xids) > MAX_ASKED:
            raise GraphRequestInvalid(f"Graph Request Invalid - {MAX_ASKED} identities at most.", "$.composite_xids")
        needs_edges = projection == "graph"
        with self._db.read() as connection:
            table = self._namespaces.table.current(connection)
            asked = [_composite(table, caller.scope_id, entry) for entry in composites]
            asked += [_Asked(entry, _BY_XID, from_xid(entry) if isinstance(entry, str) else None) for entry in xids]
            clusters = _linked(connection, caller.scope_id, asked)
            everyone = list(dict.fromkeys(member for cluster in clusters.values() for member in cluster))
            links: dict[Identity, list[StoredLink]] = {}
            for link in find_links(connection, caller.scope_id, everyone) if needs_edges else ():
                links.setdefault(link.one, []).append(link)
        shown = _Names(table, caller.scope_id)
        graphs: list[dict[str, Any]] = []
        for one in asked:
            if one.identity is None or one.identity not in clusters:
                continue
            members = clusters[one.identity]
            graph: dict[str, Any] = {"xid" if one.form == _BY_XID else "composite_xid": one.given}
            if needs_edges:
                with_times = bool(body.get("require_edge_meta_data"))
                graph.update(_vertices_and_edges(shown, one.form, members, links, with_times))
            else:
                graph["members"] = [shown.name(one.form, member) for member in members]
            graphs.append(graph)
        left = [one for one in asked if one.identity is None or one.identity not in clusters]
        return {
            "version": "2.0",
            "graphs": graphs,
            "unprocessed_composite_xids": [one.given for one in left if one.form != _BY_XID],
            "unprocessed_xids": [one.given for one in left if one.form == _BY_XID],
            "algo_type": _ALGORITHM,
        }

    def members(self, caller: Caller, query: Mapping[str, str]) -> dict[str, Any]:
        """`GET /cluster/members`: one cluster, by `xid`, or by `id` with `nsid` or `namespace`.

        Raises IdentityInvalid.
        """
        if query.get("xid"):
            return self.clusters(caller, {"xids": [query["xid"]]})
        if not query.get("id"):
            raise IdentityInvalid("Missing required query parameter - id", "$.id")
        if query.get("namespace"):
            entry = {"namespace": query["namespace"], "id": query["id"]}
            return self.clusters(caller, {"compositeXidsWithNamespace": [entry]})
        if not query.get("nsid"):
            raise IdentityInvalid("Missing required query parameter - namespace", "$.namespace")
        return self.clusters(caller, {"compositeXids": [{"nsid": query["nsid"], "id": query["id"]}]})

    def clusters(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """`POST /clusters/members`: the members of each identity's cluster. Raises IdentityInvalid."""
        forms = [name for name in ("xids", "compositeXids", "compositeXidsWithNamespace") if body.get(name)]
        if not forms:
            raise IdentityInvalid("xids, compositeXids or compositeXidsWithNamespace is needed", "$.xids")
        for name in forms:
            if not isinstance(body[name], list) or len(body[name]) > MAX_ASKED:
                raise IdentityInvalid(f"{name} is a list of at most {MAX_ASKED} identities", f"$.{name}")
        with self._db.read() as connection:
            table = self._namespaces.table.current(connection)
            asked: list[_Asked] = []
            for name in forms:
                for entry in body[name]:
                    if name == "xids":
                        asked.append(_Asked(entry, _BY_XID, from_xid(entry) if isinstance(entry, str) else None))
                    else:
                        asked.append(_composite(table, caller.scope_id, entry))
            clusters = _linked(connection, caller.scope_id, asked)
        shown = _Names(table, caller.scope_id)
        return {
            "version": "1.1.0",
            "clusters": [
                {
                    "xid" if one.form == _BY_XID else "compositeXid": one.given,
                    "members": [shown.name(one.form, member) for member in clusters[one.identity]],
                }
                for one in asked
                if one.identity is not None and one.identity in clusters
            ],
            "unprocessedRecords": [one.given for one in asked if one.identity is None or one.identity not in clusters],
            "algo_type": _ALGORITHM,
        }


class _Names:
    """Identities as answers name them."""

    def __init__(self, table: NamespaceTable, scope_id: int) -> None:
        self._table = table
        self._scope_id = scope_id

    def name(self, form: str, identity: Identity) -> Any:
        """In the form of the question; by code where a namespace has no number."""
        if form == _BY_XID:
            return xid(*identity)
        namespace = self._table.get(self._scope_id, identity[0])
        if form == _BY_NUMBER and namespace is not None:
            return {"nsid": namespace.id, "id": identity[1]}
        code = identity[0] if namespace is None else namespace.code
        return {_BY_CODE if form == _BY_NUMBER else form: code, "id": identity[1]}


def _composite(table: NamespaceTable, scope_id: int, entry: Any) -> _Asked:
    """{ns | namespace | nsid, id} as an entry of a question; it names nobody when it is malformed."""
    if not isinstance(entry, dict):
        return _Asked(entry, _BY_CODE, None)
    form = next((name for name in ("ns", "namespace", "nsid") if entry.get(name) is not None), _BY_CODE)
    code, value = entry.get(form), entry.get("id")
    if form == _BY_NUMBER:
        number = int(code) if isinstance(code, str) and code.isascii() and code.isdecimal() and len(code) < 10 else code
        namespace = table.get_by_id(scope_id, number) if type(number) is int else None
        code = None if namespace is None else namespace.code
    if not isinstance(code, str) or not isinstance(value, str) or not code or not value or "\0" in code + value:
        return _Asked(entry, form, None)
    return _Asked(entry, form, (canonical_namespace(code), value))


def _linked(connection: Connection, scope_id: int, asked: Sequence[_Asked]) -> dict[Identity, list[Identity]]:
    """The cluster of each identity that is linked with another."""
    identities = list(dict.fromkeys(one.identity for one in asked if one.identity is not None))
    clusters = find_clusters(connection, scope_id, identities)
    return {identity: members for identity, members in clusters.items() if len(members) > 1}


def _vertices_and_edges(
    shown: _Names,
    form: str,
    members: Sequence[Identity],
    links: Mapping[Identity, Sequence[StoredLink]],
    with_times: bool,
) -> dict[str, Any]:
    """Links aren't counted: an edge was last established when it first was, and names no data set or batch."""
    inside = set(members)
    name = "xid" if form == _BY_XID else "composite_xid"
    vertices: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    for member in members:
        mine = [link for link in links.get(member, ()) if link.other in inside]
        last_at_ms = max((link.first_at_ms for link in mine), default=0)
        vertices.append({name: shown.name(form, member), "last_updated_ts": last_at_ms})
        for link in mine:
            if link.one < link.other:  # each stands twice
                edge: dict[str, Any] = {f"{name}_pair": [shown.name(form, link.one), shown.name(form, link.other)]}
                if with_times:
                    edge["first_established_ts"] = edge["last_established_ts"] = link.first_at_ms
                    edge |= {"dataset_ids": [], "batch_ids": []}
                edges.append(edge)
    return {"vertices": vertices, "edges": edges}
