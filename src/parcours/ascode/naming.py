"""What resources and their files are called.

A resource goes by its own name. Where several of a kind have one name, the oldest has it, the next is `Name #2`, and so
on; the key then stands in the file as `$key`. A mapping set without a name goes by its target: `to Loyalty members`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from parcours.ascode.model import KEY, KINDS, Document, Ref

_MAX_SLUG = 80
_ORDINAL = re.compile(r"(.*) #([1-9][0-9]*)", re.DOTALL)


def keys_of(names: Iterable[str]) -> list[str]:
    """A key for each of the names, all different; the names come in the order of their age."""
    all_names = list(names)
    taken: set[str] = set()
    known = set(all_names)
    keys: list[str] = []
    for name in all_names:
        key, number = name, 2
        while key in taken or (key != name and key in known):
            key, number = f"{name} #{number}", number + 1
        taken.add(key)
        keys.append(key)
    return keys


def age_of(key: str) -> tuple[str, int]:
    """(name, place among those with the name) of a key; makes `X #10` come after `X #9`."""
    found = _ORDINAL.fullmatch(key)
    return (found[1], int(found[2])) if found else (key, 1)


def key_of(kind: str, document: Mapping[str, object]) -> str | None:
    """The key a file gives its resource; None when it gives none."""
    key = document.get(KEY, document.get(KINDS[kind].name))
    return key if isinstance(key, str) and key.strip() else None


def with_key(ref: Ref, document: Document) -> Document:
    """The document with its key where its name isn't enough."""
    return document if document.get(KINDS[ref.kind].name) == ref.key else {KEY: ref.key, **document}


def in_words(text: str) -> str:
    """`OrderPlaced` as `Order Placed`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})", " ", text)


def slug(text: str) -> str:
    """A name as a file name: lower-case ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", in_words(text)).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MAX_SLUG].rstrip("-")
    return found or "x" + "-".join(f"{ord(char):x}" for char in text[:8])


def file_names(refs: Iterable[Ref], taken: Mapping[Ref, str]) -> dict[Ref, str]:
    """A path below the folder for each resource, no two alike; one in `taken` keeps its file."""
    used = set(taken.values())
    found = dict(taken)
    for ref in sorted(refs, key=lambda ref: (ref.kind, age_of(ref.key))):
        if ref in found:
            continue
        base, number = slug(ref.key), 2
        path = f"{ref.kind}/{base}.yaml"
        while path in used:
            path, number = f"{ref.kind}/{base}-{number}.yaml", number + 1
        used.add(path)
        found[ref] = path
    return found
