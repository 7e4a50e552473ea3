"""The nouns: usage labels, marketing actions, and policies ready to be asked. All immutable."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Container = Literal["core", "custom"]
Status = Literal["DRAFT", "ENABLED", "DISABLED"]
STATUSES: tuple[Status, ...] = ("DRAFT", "ENABLED", "DISABLED")
Expression = Mapping[str, Any]
"""{"label": "C1"}, or {"operator": "AND" | "OR", "operands": [expression, …]}."""


class Named(NamedTuple):
    """A core label or marketing action."""

    category: str
    """Of a label: `Contract`, `Identity` or `Sensitive`; of a marketing action empty."""
    title: str
    description: str


def _contract(title: str, description: str) -> Named:
    return Named("Contract", title, description)


def _sensitive(title: str, description: str) -> Named:
    return Named("Sensitive", title, description)


CORE_LABELS: Mapping[str, Named] = {
    "C1": _contract("No export to third parties", "May leave only in aggregated form, without identifiers."),
    "C2": _contract("No export", "May not be handed to third parties at all."),
    "C3": _contract("No combination with direct identifiers", "Must stay apart from what names a person directly."),
    "C4": _contract("No on-site advertising", "May not choose advertisements on own or other sites."),
    "C5": _contract("No cross-site targeting", "May not choose content on sites of others by interests."),
    "C6": _contract("No on-site personalisation", "May not choose content on own sites."),
    "C7": _contract("No targeting by own sites", "May not be used for interest-based targeting on own sites."),
    "C8": _contract("No measurement", "May not be used to measure or report use of sites."),
    "C9": _contract("No data science", "May not be used to build models."),
    "C10": _contract("No stitching of identities", "May not be used to join devices or identities."),
    "C11": _contract("No audience matching", "May not be shared for matching audiences with partners."),
    "C12": _contract("No export of any kind", "May not leave the platform in any way."),
    "I1": Named("Identity", "Directly identifiable", "Names a person by itself, such as an e-mail address."),
    "I2": Named("Identity", "Indirectly identifiable", "Names a person together with something else."),
    "S1": _sensitive("Precise location", "Latitude and longitude, to within metres."),
    "S2": _sensitive("Area", "A place that can be narrowed to a wider area."),
    "RHD": _sensitive("Regulated health data", "Under the law of health data."),
}
"""By name. Source: the names are those of Adobe's Policy Service, the words are ours."""

CORE_MARKETING_ACTIONS: Mapping[str, Named] = {
    name: Named("", title, description)
    for name, (title, description) in {
        "analytics": ("Analytics", "Measuring and reporting how sites and apps are used."),
        "combineWithPii": ("Combination with identifiers", "Joining data with what names a person directly."),
        "crossSiteTargeting": ("Cross-site targeting", "Choosing content or advertisements across several sites."),
        "dataScience": ("Data science", "Building models and drawing conclusions."),
        "emailTargeting": ("E-mail targeting", "Choosing recipients and content of e-mails."),
        "exportToThirdParty": ("Export to third parties", "Handing data to somebody outside the organisation."),
        "onsiteAdvertising": ("On-site advertising", "Choosing advertisements on own sites."),
        "onsitePersonalization": ("On-site personalisation", "Choosing content on own sites."),
        "segmentMatch": ("Audience matching", "Sharing audiences with partners to find people in common."),
        "singleIdentityPersonalization": ("Personalisation by one identity", "Choosing content by a single identity."),
    }.items()
}
"""By name. Source: the names are those of Adobe's Policy Service, the words are ours."""
EMAIL_TARGETING = "emailTargeting"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy: for its marketing actions, data whose labels fulfil the expression may not be used."""

    id: str
    name: str
    status: Status
    marketing_actions: frozenset[str]
    """Names; a custom action never has the name of a core one."""
    deny: Expression
    labels: frozenset[str]
    """Every label that the expression names."""


def short_name(reference: str) -> str:
    """The name of a label or marketing action however it is referred to: `C1`, `core/C1`, `…/labels/core/C1`."""
    return reference.rstrip("/").rpartition("/")[2]
