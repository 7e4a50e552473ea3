"""Export and import: resources that leave one tenant and enter another. Source: platform-apis §3.10."""

from collections.abc import Mapping
from typing import Any

from parcours.xdm.registry import Registry
from parcours.xdm.rules import TEMPLATE_KEYS, references

PLACEHOLDER = "<XDM_TENANTID_PLACEHOLDER>"


def export(registry: Registry, resource: Mapping[str, Any], tenant: str) -> list[dict[str, Any]]:
    """A resource after everything of the tenant's that it is made of; the tenant's id is a placeholder."""
    ordered: dict[str, dict[str, Any]] = {}
    _collect(registry, resource, ordered)
    return [_renamed(_portable(one), tenant, PLACEHOLDER) for one in ordered.values()]


def _collect(registry: Registry, resource: Mapping[str, Any], ordered: dict[str, dict[str, Any]]) -> None:
    for uri in references(resource):
        needed = registry.tenant.get(uri)
        if needed is not None and uri not in ordered:
            _collect(registry, needed, ordered)
    ordered.setdefault(resource["$id"], dict(resource))


def _portable(resource: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("$id", "meta:altId", "meta:resourceType", "version", "meta:xdmType", *TEMPLATE_KEYS)
    return {key: resource[key] for key in keys if key in resource}


def localise(resource: Mapping[str, Any], tenant: str) -> dict[str, Any]:
    """An exported resource with the tenant's id put in."""
    result: dict[str, Any] = _renamed(resource, PLACEHOLDER, tenant)
    return result


def _renamed(value: Any, old: str, new: str) -> Any:
    """The same JSON with the tenant named otherwise: in ids (`/acme/`), altIds (`_acme.`) and field names (`_acme`)."""
    if isinstance(value, dict):
        return {_rename_text(key, old, new): _renamed(child, old, new) for key, child in value.items()}
    if isinstance(value, list):
        return [_renamed(item, old, new) for item in value]
    return _rename_text(value, old, new) if isinstance(value, str) else value


def _rename_text(text: str, old: str, new: str) -> str:
    if text == f"_{old}":
        return f"_{new}"
    if text.startswith(f"_{old}."):
        return f"_{new}.{text[len(old) + 2 :]}"
    prefix = f"https://ns.adobe.com/{old}/"
    return f"https://ns.adobe.com/{new}/{text[len(prefix) :]}" if text.startswith(prefix) else text
