"""Every permission there is: low-level ones, the sets people grant, the ready-made roles. Pure.

Source: journeys §2 for journeys; the platform's own names for schemas, data sets, sources and the rest. Marked
[PARCOURS] is what neither names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_RWD = ("read", "write", "delete")

RESOURCES: Mapping[str, tuple[str, ...]] = {
    "journeys": (*_RWD, "publish", "approve", "administer"),
    "approval_policies": _RWD,
    "journeys_events": _RWD,
    "journeys_data_sources": _RWD,
    "journeys_actions": _RWD,
    "journeys_report": ("read", "write"),
    "messages": (*_RWD, "publish"),
    "messages_report": ("read",),
    "frequency_rules": _RWD,
    "schemas": _RWD,
    "datasets": _RWD,
    "queries": _RWD,
    "sources": _RWD,
    "destinations": _RWD,
    "monitoring": ("read",),
    "alerts": _RWD,
    "identity_namespace": _RWD,
    "identity_graph": ("read",),
    "profiles": _RWD,
    "merge_policies": _RWD,
    "segments": _RWD,
    "sandboxes": ("view", "write", "delete", "reset"),
    "usage_labels": _RWD,
    "usage_policies": _RWD,
    "audit_log": ("read",),
    "roles": _RWD,
    "credentials": _RWD,
    "users": _RWD,
}
"""Resource → its actions; a low-level permission is `resource.action`."""

EVERY_PERMISSION: frozenset[str] = frozenset(
    f"{resource}.{action}" for resource, actions in RESOURCES.items() for action in actions
)
READING: frozenset[str] = frozenset({"read", "view"})
"""Actions that change nothing."""


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """A high-level permission: what a role is made of."""

    id: str
    """As roles name it: `manage-journeys`."""
    name: str
    category: str
    permissions: frozenset[str] = field(repr=False)
    """The low-level ones it expands to."""


def _set(name: str, category: str, *permissions: str) -> PermissionSet:
    """permissions: `resource.action`, or `resource.*` for all of its actions that are read, write and delete."""
    expanded = {
        one
        for permission in permissions
        for one in (
            [f"{permission[:-1]}{action}" for action in _RWD if action in RESOURCES[permission[:-2]]]
            if permission.endswith(".*")
            else [permission]
        )
    }
    return PermissionSet(name.lower().replace(",", "").replace(" ", "-"), name, category, frozenset(expanded))


_JOURNEYS, _GOVERNANCE, _PROFILE = "Journeys", "Data Governance", "Profile Management"
_CONFIGURATION_READS = ("schemas.read", "datasets.read", "identity_namespace.read")
PERMISSION_SETS: Mapping[str, PermissionSet] = {
    one.id: one
    for one in (
        _set("View journeys", _JOURNEYS, "journeys.read", "segments.read", "profiles.read"),
        _set(
            "Manage journeys", _JOURNEYS, "journeys.*", "messages.read", "segments.read", "profiles.read",
            "datasets.read", "schemas.read",
        ),
        _set("Publish journeys", _JOURNEYS, "journeys.read", "journeys.publish"),
        # [PARCOURS] whom an approval policy names needs it, so that a role can be kept from approving at all
        _set("Approve journeys", _JOURNEYS, "journeys.read", "journeys.approve"),
        _set("View approval policies", _JOURNEYS, "approval_policies.read"),
        _set("Manage approval policies", _JOURNEYS, "approval_policies.*"),
        # "Timeout and error" of a journey is for administrators alone; [PARCOURS] a permission like the others
        _set("Administer journeys", _JOURNEYS, "journeys.read", "journeys.administer"),
        _set(
            "View journeys events, data sources and actions", _JOURNEYS, "journeys_events.read",
            "journeys_data_sources.read", "journeys_actions.read", *_CONFIGURATION_READS,
        ),
        _set(
            "Manage journeys events, data sources and actions", _JOURNEYS, "journeys_events.*",
            "journeys_data_sources.*", "journeys_actions.*", *_CONFIGURATION_READS,
        ),
        _set("View journeys report", _JOURNEYS, "journeys_report.read", "messages_report.read"),
        _set("Manage journeys report", _JOURNEYS, "journeys_report.*", "messages_report.read"),
        _set("View frequency rules", _JOURNEYS, "frequency_rules.read"),
        _set("Manage frequency rules", _JOURNEYS, "frequency_rules.*"),
        _set("View messages", _JOURNEYS, "messages.read"),
        _set("Manage messages", _JOURNEYS, "messages.*", "messages.publish"),
        _set("View schemas", "Data Modeling", "schemas.read"),
        _set("Manage schemas", "Data Modeling", "schemas.*"),
        _set("View datasets", "Data Management", "datasets.read", "schemas.read"),
        _set("Manage datasets", "Data Management", "datasets.*", "schemas.read"),
        _set("View monitoring dashboard", "Data Management", "monitoring.read"),
        _set("View alerts", "Alerts", "alerts.read"),
        _set("Manage alerts", "Alerts", "alerts.*"),
        _set("View sources", "Data Ingestion", "sources.read"),
        _set("Manage sources", "Data Ingestion", "sources.*"),
        _set("View destinations", "Destinations", "destinations.read"),
        _set("Manage destinations", "Destinations", "destinations.*"),
        _set("View identity namespaces", "Identity Management", "identity_namespace.read"),
        _set("Manage identity namespaces", "Identity Management", "identity_namespace.*"),
        _set("View identity graph", "Identity Management", "identity_graph.read"),
        _set("View profiles", _PROFILE, "profiles.read"),
        _set("Manage profiles", _PROFILE, "profiles.*"),
        _set("View merge policies", _PROFILE, "merge_policies.read"),
        _set("Manage merge policies", _PROFILE, "merge_policies.*"),
        _set("View segments", _PROFILE, "segments.read"),
        _set("Manage segments", _PROFILE, "segments.*"),
        _set("Manage queries", "Query Service", "queries.*", "datasets.read"),
        _set("View sandboxes", "Sandbox Administration", "sandboxes.view"),
        _set(
            "Manage sandboxes", "Sandbox Administration", "sandboxes.view", "sandboxes.write", "sandboxes.delete",
            "sandboxes.reset",
        ),
        _set("Reset sandboxes", "Sandbox Administration", "sandboxes.view", "sandboxes.reset"),
        _set("Apply data usage labels", _GOVERNANCE, "usage_labels.read", "usage_labels.write"),
        _set("Manage usage labels", _GOVERNANCE, "usage_labels.*"),
        _set("View data usage policies", _GOVERNANCE, "usage_policies.read", "usage_labels.read"),
        _set("Manage data usage policies", _GOVERNANCE, "usage_policies.*", "usage_labels.read"),
        _set("View user activity log", _GOVERNANCE, "audit_log.read"),
        _set("View access control", "Access Control", "roles.read", "credentials.read", "users.read"),
        _set("Manage access control", "Access Control", "roles.*", "credentials.*", "users.*"),
    )
}  # fmt: skip
"""By id, in the order in which they are shown."""

ADMINISTRATORS = "administrators"


@dataclass(frozen=True, slots=True)
class ReadyMadeRole:
    """A role that every organisation has, and nobody can change."""

    id: str
    name: str
    description: str
    permission_sets: tuple[str, ...]


READY_MADE: Mapping[str, ReadyMadeRole] = {
    one.id: one
    for one in (
        ReadyMadeRole(
            "limited-access-user",
            "Limited Access User",
            "Reads journeys and reports.",
            ("view-journeys", "view-journeys-report"),
        ),
        ReadyMadeRole(
            "standard-user",
            "Standard User",
            "Designs, tests, approves and publishes journeys; reads what they are configured from.",
            (
                "manage-journeys",
                "publish-journeys",
                "approve-journeys",
                "view-approval-policies",
                "view-data-usage-policies",
                "manage-journeys-report",
                "view-journeys-events-data-sources-and-actions",
            ),
        ),
        ReadyMadeRole(
            ADMINISTRATORS,
            "Administrators",
            "May do everything: journeys, what they are configured from, data, sandboxes and access.",
            tuple(PERMISSION_SETS),
        ),
    )
}
"""The product profiles of journeys §2, in every sandbox; Administrators have the platform's permissions besides."""


def expand(permission_sets: Iterable[str], permissions: Iterable[str] = ()) -> frozenset[str]:
    """Low-level permissions of sets by id, a ready-made role's id included, and single ones; unknown are none."""
    found = {permission for permission in permissions if permission in EVERY_PERMISSION}
    for one in permission_sets:
        if one in READY_MADE:
            found |= expand(READY_MADE[one].permission_sets)
        elif one in PERMISSION_SETS:
            found |= PERMISSION_SETS[one].permissions
    return frozenset(found)
