"""Whether a new or changed component may be stored, told from the registry before and after. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from parcours.xdm.descriptors import IDENTITY, ONE_TO_ONE, REFERENCE, namespace_of, properties_of
from parcours.xdm.errors import ChangeBreaking, SchemaInvalid, TitleTaken
from parcours.xdm.evolution import breaking_changes
from parcours.xdm.ids import ADHOC, BEHAVIOURS
from parcours.xdm.registry import Registry, is_union
from parcours.xdm.rules import check_names, compose_class, compose_part, compose_schema
from parcours.xdm.table import compile_schema


def admit(
    resource: Mapping[str, Any], before: Registry, after: Registry, tenant: str, is_in_use: Callable[[str], bool]
) -> None:
    """Raise what speaks against storing `resource`, which `after` holds already.

    is_in_use: whether records may exist that were written with the schema of this `$id`.
    Raises SchemaInvalid, TitleTaken or ChangeBreaking.
    """
    old = before.tenant.get(resource["$id"])
    _check_title(resource, before)
    _check_composition(resource, after, tenant)
    after.resolved(resource)
    affected = [one for one in after.dependents(resource["$id"]) if one["meta:resourceType"] == "schemas"]
    if resource["meta:resourceType"] == "schemas":
        affected.append(after.tenant[resource["$id"]])
        compile_schema(after, affected[-1])
        if old is not None:
            _check_tags(old, after.tenant[resource["$id"]], after)
    for schema in affected:
        compose_schema(schema, after.get, after.behaviour_id)
        was = before.tenant.get(schema["$id"])
        document = after.resolved(schema)
        if was is not None and (is_union(was) or is_in_use(was["$id"])):
            _check_change(was, before, schema, after, document)
    for class_id in {after.class_of(schema) for schema in affected if is_union(schema)}:
        after.union_document(class_id)


def _check_title(resource: Mapping[str, Any], before: Registry) -> None:
    title = resource["title"].strip()
    for other in before.tenant.values():
        if other["title"].strip() == title and other["$id"] != resource["$id"]:
            raise TitleTaken(other["$id"])


def _check_composition(resource: Mapping[str, Any], after: Registry, tenant: str) -> None:
    kind = resource["meta:resourceType"]
    is_adhoc = False
    if kind == "classes":
        is_adhoc = compose_class(resource, after.get) == ADHOC
    elif kind == "schemas":
        class_id = compose_schema(resource, after.get, after.behaviour_id)
        is_adhoc = after.behaviour_id(class_id) == ADHOC
    else:
        compose_part(resource, after.get)
    check_names(kind, resource, tenant, is_adhoc=is_adhoc)
    if kind == "mixins":
        for uri in resource["meta:intendedToExtend"]:
            target = after.get(uri)
            if uri not in BEHAVIOURS and (target is None or target["meta:resourceType"] != "classes"):
                raise SchemaInvalid(f"meta:intendedToExtend names no class: {uri}", "$.meta:intendedToExtend")


def _check_tags(old: Mapping[str, Any], new: Mapping[str, Any], after: Registry) -> None:
    gone = [tag for tag in old.get("meta:immutableTags", ()) if tag not in new.get("meta:immutableTags", ())]
    if gone:
        raise ChangeBreaking(f"a tag can't be taken back: {', '.join(gone)}")
    if is_union(new) and not is_union(old):
        check_profile_readiness(new, after)


def check_profile_readiness(schema: Mapping[str, Any], registry: Registry) -> None:
    """A schema joins the union with a primary identity or an `identityMap`. Raises SchemaInvalid."""
    at = "$.meta:immutableTags"
    has_map = "identityMap" in registry.resolved(schema).get("properties", {})
    if not has_map and not any(one.is_primary for one in registry.identities(schema)):
        raise SchemaInvalid("a schema is enabled for profile once it has a primary identity or an identityMap", at)
    own = registry.descriptors_of(schema["$id"])
    for relation in [one for one in own if one["@type"] == ONE_TO_ONE]:
        partner = next(
            (one for one in own if one["@type"] == REFERENCE and properties_of(one) == properties_of(relation)), None
        )
        if partner is None:
            raise SchemaInvalid("a relationship needs a reference identity on the same field", at)
        wanted = next(
            (
                namespace_of(one)
                for one in registry.descriptors_of(relation["xdm:destinationSchema"])
                if one["@type"] == IDENTITY and one.get("xdm:isPrimary") is True
            ),
            None,
        )
        if wanted is not None and wanted.lower() != str(partner["xdm:identityNamespace"]).lower():
            raise SchemaInvalid("a relationship and the identity it leads to need the same namespace", at)


def _check_change(
    was: Mapping[str, Any], before: Registry, schema: Mapping[str, Any], after: Registry, document: dict[str, Any]
) -> None:
    if before.class_of(was) != after.class_of(schema):
        raise ChangeBreaking(f"the class of {was['title']} can't change")
    changes = breaking_changes(before.resolved(was), document)
    if changes:
        raise ChangeBreaking(f"{was['title']} is in use or enabled for profile: {'; '.join(changes)}", tuple(changes))
