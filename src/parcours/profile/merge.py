"""Merging fragments into one profile: attribute by attribute, in the order that the merge policy gives."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID, uuid5

GraphType = Literal["none", "pdg"]
MergeType = Literal["timestampOrdered", "dataSetPrecedence"]

_BUILT_IN = UUID("6a0f5f1c-7d0b-4d3e-9b56-2c1f0a9b7c11")


@dataclass(frozen=True, slots=True)
class MergePolicy:
    """Whose fragments make up a profile, and which of two values stays."""

    id: str
    graph_type: GraphType = "pdg"
    """`pdg`: those of every linked identity. `none`: those of the one identity asked for."""
    merge_type: MergeType = "timestampOrdered"
    order: tuple[str, ...] = ()
    """For dataSetPrecedence: data sets, the strongest first. One that is not named is weaker than all of them."""

    def merge(self, fragments: Iterable[tuple[str, int, dict[str, Any]]]) -> dict[str, Any]:
        """(data set id, updated at in µs, attributes) triples → one profile.

        timestampOrdered: of two values at one path the later fragment's stays. dataSetPrecedence: that of the
        stronger data set; within one data set, the later. Source: platform-apis §7.5.
        """
        if self.merge_type == "timestampOrdered":
            return merge_fragments((updated_at_us, body) for _, updated_at_us, body in fragments)
        strength = {dataset_id: len(self.order) - place for place, dataset_id in enumerate(self.order)}
        ordered = sorted(fragments, key=lambda fragment: (strength.get(fragment[0], 0), fragment[1]))
        return lay_over([body for _, _, body in ordered])


@dataclass(frozen=True, slots=True)
class MergePolicyTable:
    """Every merge policy of every sandbox."""

    by_id: Mapping[tuple[int, str], MergePolicy]
    defaults: Mapping[int, str]
    """Scope → id of the policy that was made the default; a scope that is not in it has the built-in one."""

    def get(self, scope_id: int, policy_id: str) -> MergePolicy | None:
        """The policy, or None."""
        found = self.by_id.get((scope_id, policy_id))
        built_in = built_in_policy(scope_id)
        return built_in if found is None and policy_id == built_in.id else found

    def default(self, scope_id: int) -> MergePolicy:
        """The policy that holds where none is named."""
        built_in = built_in_policy(scope_id)
        return self.by_id.get((scope_id, self.defaults.get(scope_id, built_in.id)), built_in)


@lru_cache(maxsize=1024)
def built_in_policy(scope_id: int) -> MergePolicy:
    """The policy a sandbox has from the start."""
    return MergePolicy(str(uuid5(_BUILT_IN, str(scope_id))))


def built_in_id(scope_id: int) -> str:
    """Its id."""
    return built_in_policy(scope_id).id


def merge_fragments(fragments: Iterable[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """(updated_at_us, attributes) pairs → one profile; of two values at one path the later fragment's stays.

    Fragments of the same moment are taken in the order given.
    """
    return lay_over([body for _, body in sorted(fragments, key=lambda fragment: fragment[0])])


def lay_over(bodies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Attributes laid one over the other, the first undermost.

    Objects merge key by key, lists are replaced whole, the entries of `identityMap` are joined. The result may share
    parts with the bodies: treat it as read-only.
    """
    if len(bodies) == 1:
        return bodies[0]
    merged: dict[str, Any] = {}
    for body in bodies:
        _lay(merged, body)
        identity_map = body.get("identityMap")
        if isinstance(identity_map, dict):
            known = merged.setdefault("identityMap", {})
            for namespace, entries in identity_map.items():
                known[namespace] = _join(known.get(namespace, []), entries)
    return merged


def append_arrays(merged: dict[str, Any], held: dict[str, Any], paths: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """What `lay_over` made of two bodies, with the arrays at the paths put behind those that were held there.

    Entries of `identityMap` were joined already.
    """
    for path in paths:
        if path[0] == "identityMap":
            continue
        target, before = merged, held
        for name in path[:-1]:
            target, below = target[name], before.get(name)
            before = below if isinstance(below, dict) else {}
        old = before.get(path[-1])
        if isinstance(old, list):
            target[path[-1]] = [*old, *target[path[-1]]]
    return merged


def _lay(target: dict[str, Any], source: dict[str, Any], *, is_root: bool = True) -> None:
    for key, value in source.items():
        if is_root and key == "identityMap":
            continue
        if isinstance(value, dict):
            old = target.get(key)
            if not isinstance(old, dict):
                old = {}
                target[key] = old
            _lay(old, value, is_root=False)
        else:
            target[key] = value


def _join(known: list[dict[str, Any]], entries: Any) -> list[dict[str, Any]]:
    """The entries known so far, and the new ones whose id is not among them; what is no entry is left out."""
    joined = {entry["id"]: entry for entry in known}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            joined.setdefault(entry["id"], entry)
    return list(joined.values())
