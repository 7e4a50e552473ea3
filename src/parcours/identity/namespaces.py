"""Identity namespaces: the standard ones, and how a code is recognised in whatever case it is written."""

from collections.abc import Mapping
from dataclasses import dataclass

ID_TYPES = ("COOKIE", "CROSS_DEVICE", "DEVICE", "EMAIL", "MOBILE", "PHONE", "NON_PEOPLE", "PARTNER")
UNLINKED_ID_TYPES = frozenset({"NON_PEOPLE", "PARTNER"})
"""Identities of these types never link two people (platform-apis §7.1)."""
STANDARD_SINCE_MS = 1_495_153_678_000
"""Creation and update time that standard namespaces are shown with."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """What kind of identifier a value is: an e-mail address, a cookie, a loyalty number."""

    id: int
    code: str
    """Unique in a sandbox whatever its case; this is the spelling to show."""
    name: str
    id_type: str
    """One of ID_TYPES."""
    description: str = ""
    is_custom: bool = False
    created_at_ms: int = STANDARD_SINCE_MS
    updated_at_ms: int = STANDARD_SINCE_MS

    @property
    def is_of_people(self) -> bool:
        """Whether its identities stand for people, not for things such as bookings, stores or products."""
        return self.id_type != "NON_PEOPLE"

    @property
    def links_people(self) -> bool:
        """Whether two records that share such an identity are of the same person."""
        return self.id_type not in UNLINKED_ID_TYPES


def _standard(namespace_id: int, code: str, name: str, id_type: str) -> Namespace:
    return Namespace(namespace_id, code, name, id_type, f"{name} Namespace")


STANDARD: tuple[Namespace, ...] = (
    _standard(0, "CORE", "CORE", "COOKIE"),
    _standard(4, "ECID", "ECID", "COOKIE"),
    _standard(6, "Email", "Email", "EMAIL"),
    _standard(7, "Phone", "Phone", "PHONE"),
    _standard(8, "WAID", "Windows AID", "DEVICE"),
    _standard(9, "TNTID", "Adobe Target (TNTID)", "COOKIE"),
    _standard(10, "AAID", "Adobe Analytics (Legacy ID)", "COOKIE"),
    _standard(11, "Email_LC_SHA256", "Emails (SHA256, lowercased)", "EMAIL"),
    _standard(14, "Phone_E.164", "Phone (E.164)", "PHONE"),
    _standard(15, "Phone_SHA256", "Phone (SHA256)", "PHONE"),
    _standard(16, "Phone_SHA256_E.164", "Phone (SHA256_E.164)", "PHONE"),
    _standard(411, "AdCloud", "AdCloud", "COOKIE"),
    _standard(20_914, "GAID", "Google Ad ID (GAID)", "DEVICE"),
    _standard(20_915, "IDFA", "Apple IDFA (ID for Apple)", "DEVICE"),
    _standard(20_919, "FCM", "FCM", "DEVICE"),
    _standard(20_920, "APNS", "APNS", "DEVICE"),
)
"""In every sandbox, unchangeable. Source: platform-apis §7.1."""

_STANDARD_CODES: Mapping[str, str] = {
    spelling: namespace.code
    for namespace in STANDARD
    for spelling in (namespace.code, namespace.code.lower(), namespace.code.upper())
}
_STANDARD_BY_LOWER: Mapping[str, Namespace] = {namespace.code.lower(): namespace for namespace in STANDARD}


def canonical_namespace(code: str) -> str:
    """The one form of a namespace code to store and compare by: `email`, `EMAIL` and `Email` are the same.

    The standard spelling for a standard namespace, lower case for any other. `NamespaceTable.get` has the spelling
    to show for a custom one.
    """
    found = _STANDARD_CODES.get(code)
    if found is not None:
        return found
    lower = code.lower()
    return _STANDARD_CODES.get(lower, lower)


@dataclass(frozen=True, slots=True)
class NamespaceTable:
    """Every namespace of every sandbox."""

    custom: Mapping[tuple[int, str], Namespace]
    """By scope and lower-case code."""

    def get(self, scope_id: int, code: str) -> Namespace | None:
        """The namespace with this code, whatever its case; None when the sandbox has none."""
        lower = code.lower()
        return _STANDARD_BY_LOWER.get(lower) or self.custom.get((scope_id, lower))

    def get_by_id(self, scope_id: int, namespace_id: int) -> Namespace | None:
        """The namespace with this number, or None."""
        return next((n for n in self.of_scope(scope_id) if n.id == namespace_id), None)

    def of_scope(self, scope_id: int) -> list[Namespace]:
        """Every namespace of a sandbox, standard ones first."""
        return [*STANDARD, *(n for (scope, _), n in self.custom.items() if scope == scope_id)]
