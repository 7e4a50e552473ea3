"""Who a record is about: the identities in its `identityMap` and its identity fields."""

from collections.abc import Mapping
from typing import Any

from parcours.kit.paths import item_at
from parcours.xdm.compiled import CompiledSchema

Identity = tuple[str, str]
"""(namespace code, id). The code is in the one form everything is stored by: see `extract_identities`."""

MAX_IDENTITIES = 20
"""Most identities one record links. Source: platform-apis §7.3."""
MAX_ID_BYTES = 1024
"""Longest id, in UTF-8; for ids in ASCII the limit of platform-apis §7.3."""
MAX_NAMESPACE_CHARACTERS = 64
STANDARD_NAMESPACES: Mapping[str, str] = {
    code.lower(): code
    for code in (
        "CORE", "ECID", "Email", "Phone", "WAID", "TNTID", "AAID", "Email_LC_SHA256", "Phone_E.164", "Phone_SHA256",
        "Phone_SHA256_E.164", "AdCloud", "GAID", "IDFA", "FCM", "APNS",
    )
}  # fmt: skip
"""Lower-cased code → code as answers show it. Source: platform-apis §7.1."""

_SPELLINGS = {spelling: code for code in STANDARD_NAMESPACES.values() for spelling in (code, code.lower())}
_NOBODY = frozenset({"", "null", "none", "undefined", "anonymous", "invalid"})
_LONGEST_NOBODY = 16
"""Longer texts are looked at for blanks only; the words are shorter, with some room for blanks around them."""
_ECID_DIGITS = 38


def extract_identities(
    compiled: CompiledSchema, entity: Mapping[str, Any]
) -> tuple[Identity | None, list[Identity], list[str]]:
    """(primary identity or None, every identity, what was left out), of a valid record; the primary leads the list.

    A standard namespace has its standard code, any other is lower-cased, so that every spelling of a namespace is
    one (as `identity.namespaces.canonical_namespace` has it).
    The primary is the schema's primary identity field, else the `identityMap` entry marked primary. Values that
    name nobody ("null", "anonymous" …), that hold a NUL character, ECIDs that are not 38 digits, ids above 1024
    bytes and codes above 64 characters are left out, each with a reason that doesn't hold the value. At most 20 are
    returned. Source: platform-apis §1.4 and §7.3.
    """
    left_out: list[str] = []
    primary: Identity | None = None
    found: dict[Identity, None] = {}
    for field in compiled.identities:
        try:
            value: Any = item_at(entity, field.path)
        except (KeyError, TypeError):  # it isn't there, or something else than an object is on the way
            continue
        if value is None:
            continue
        for one in value if isinstance(value, list) else (value,):
            identity = read_identity(field.namespace, one)
            if isinstance(identity, str):
                left_out.append(f"{'.'.join(field.path)}: {identity}")
            else:
                found[identity] = None
                if field.is_primary and primary is None:
                    primary = identity
    identity_map = entity.get("identityMap")
    if isinstance(identity_map, dict):
        for namespace, entries in identity_map.items():
            for entry in entries if isinstance(entries, list) else ():
                if not isinstance(entry, dict):
                    continue
                identity = read_identity(namespace, entry.get("id"))
                if isinstance(identity, str):
                    left_out.append(f"identityMap.{namespace[:MAX_NAMESPACE_CHARACTERS]}: {identity}")
                else:
                    found[identity] = None
                    if primary is None and entry.get("primary") is True:
                        primary = identity
    if primary is not None:
        found.pop(primary)
        identities = [primary, *found]
    else:
        identities = list(found)
    if len(identities) > MAX_IDENTITIES:
        left_out.append(f"only the first {MAX_IDENTITIES} of {len(identities)} identities are taken")
        del identities[MAX_IDENTITIES:]
    return primary, identities, left_out


def read_identity(namespace: str, value: Any) -> Identity | str:
    """The identity, or why it is none, in words that don't hold the value."""
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int):
            return "an id is a text"
        value = str(value)
    length = len(value)
    if length <= _LONGEST_NOBODY and value.strip().lower() in _NOBODY:
        return "the id names nobody"
    if "\0" in value or value.isspace():
        return "the id names nobody"
    if length > MAX_ID_BYTES or (not value.isascii() and len(value.encode()) > MAX_ID_BYTES):
        return f"the id is longer than {MAX_ID_BYTES} bytes"
    code = _SPELLINGS.get(namespace)
    if code is None:
        code = namespace.lower()
        code = STANDARD_NAMESPACES.get(code, code)
        if len(code) > MAX_NAMESPACE_CHARACTERS or "\0" in code:
            return f"a namespace has at most {MAX_NAMESPACE_CHARACTERS} characters, and no NUL"
    if code == "ECID" and not (length == _ECID_DIGITS and value.isascii() and value.isdecimal()):
        return f"an ECID has {_ECID_DIGITS} digits"
    return code, value
