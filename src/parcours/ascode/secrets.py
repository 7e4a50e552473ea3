"""Secrets by reference: a file names them, the environment or a file apart from the others holds them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from parcours.actions.authentication import MASK
from parcours.ascode.channels import CONFIGURATIONS, secret_places, stand_in
from parcours.ascode.forms import map_masked
from parcours.ascode.model import Document, Ref
from parcours.ascode.naming import in_words
from parcours.kit.errors import Invalid
from parcours.kit.paths import get_in
from parcours.kit.yaml_text import Tokens

_PLACE = "authentication"
_AUTHENTICATED = ("actions", "data-sources")
"""Kinds whose secrets are all in `authentication`."""
_UNSAID = (_PLACE, "body", "bodyParams")
"""Members that say nothing in the name of a secret."""
_ANY_SECRET = "rehearsed"
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_IN_TEXT = re.compile(rf"\$\{{env:({_NAME})\}}")
_LINE = re.compile(rf"(?:export\s+)?({_NAME})\s*=\s*(.*)")


def places_of(kind: str, document: Document) -> tuple[tuple[str, ...], ...]:
    """The members in which references to secrets are read; within them at any depth."""
    if kind == CONFIGURATIONS:
        return tuple(place for place in secret_places(document) if get_in(document, place) is not None)
    return ((_PLACE,),) if kind in _AUTHENTICATED and _PLACE in document else ()


def map_secrets(kind: str, document: Document, change: Callable[[tuple[str, ...]], Any]) -> Document:
    """The document with `change(keys to it)` in place of every masked secret."""
    for place in places_of(kind, document):
        document = _with(document, place, map_masked(get_in(document, place), change, place))
    return document


def refer(ref: Ref, document: Document, before: Document | None = None) -> Document:
    """The document with `{secret: NAME}` in place of every masked secret.

    before: what the file said until now; the names it has for the same secrets stay.
    """

    def name(path: tuple[str, ...]) -> Any:
        known = get_in(before, path) if before is not None else None
        if known is not None and known != MASK and (_names_of(known) or not isinstance(known, str)):
            return known
        kept = path[-1:] if ref.kind == CONFIGURATIONS else [part for part in path if part not in _UNSAID]
        return {"secret": re.sub(r"\W+", "_", in_words("_".join([ref.key, *kept])).upper(), flags=re.ASCII)}

    return map_secrets(ref.kind, document, name)


def names_in(kind: str, document: Document) -> list[str]:
    """The secrets a document names, each once."""
    return list(
        dict.fromkeys(name for place in places_of(kind, document) for name in _names_of(get_in(document, place)))
    )


def fill(kind: str, document: Document, value_of: Callable[[str], Any]) -> Document:
    """The document with `value_of(name)` for each `{secret: NAME}`, and for each `${env:NAME}` inside a text."""
    for place in places_of(kind, document):
        document = _with(document, place, _filled(get_in(document, place), value_of))
    return document


def _names_of(value: Any) -> list[str]:
    found: list[str] = []

    def note(name: str) -> str:
        found.append(name)
        return ""

    _filled(value, note)
    return found


def _filled(value: Any, value_of: Callable[[str], Any]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"secret"} and isinstance(value["secret"], str):
            return value_of(value["secret"])
        return {key: _filled(child, value_of) for key, child in value.items()}
    if isinstance(value, list):
        return [_filled(child, value_of) for child in value]
    return _IN_TEXT.sub(lambda found: str(value_of(found[1])), value) if isinstance(value, str) else value


def _with(document: Document, place: tuple[str, ...], value: Any) -> Document:
    """The document with another value at a place that it has."""
    if len(place) > 1:
        value = _with(document[place[0]], place[1:], value)
    return {**document, place[0]: value}


def clear_secrets(kind: str, document: Document) -> list[tuple[Tokens, str]]:
    """(where, message) of passwords and keys that stand in a file in clear.

    Headers and parameters of a token call may be no secrets: of those nothing is said.
    """
    places = (
        places_of(kind, document)
        if kind == CONFIGURATIONS
        else [(*place, name) for place in places_of(kind, document) for name in ("password", "value")]
    )
    return [
        (place, "a secret doesn't belong into a file: write {secret: NAME}")
        for place in places
        if isinstance(found := get_in(document, place), str) and not _IN_TEXT.search(found)
    ]


def masked(kind: str, document: Document) -> Document:
    """The document with the mask in place of every secret it names: the server keeps the one it has."""

    def mask(value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {"secret"}:
                return MASK
            return {key: mask(child) for key, child in value.items()}
        if isinstance(value, list):
            return [mask(child) for child in value]
        return MASK if isinstance(value, str) and _IN_TEXT.search(value) else value

    for place in places_of(kind, document):
        document = _with(document, place, mask(get_in(document, place)))
    return document


def rehearsable(kind: str, document: Document) -> Document:
    """The document with secrets made up: what it names, and what is masked."""
    if kind != CONFIGURATIONS:
        named = fill(kind, document, lambda _name: _ANY_SECRET)
        return map_secrets(kind, named, lambda _path: _ANY_SECRET)
    return map_secrets(kind, masked(kind, document), lambda place: stand_in(document, place))


def read_secrets(text: str, file: str) -> dict[str, str]:
    """A dotenv file: NAME=value lines, `#` comments, values perhaps in quotes. Raises Invalid, which names the line.

    In double quotes \\n, \\" and \\\\ have their meaning; in single ones nothing has.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        matched = _LINE.fullmatch(line)
        if matched is None:
            raise Invalid(f"{file}:{number}: a line reads NAME=value")
        found[matched[1]] = _value(matched[2].strip(), f"{file}:{number}")
    return found


def _value(text: str, where: str) -> str:
    quote = text[:1]
    if quote not in ("'", '"'):
        return re.sub(r"\s+#.*", "", text)
    matched = re.fullmatch(r"'([^']*)'\s*(?:#.*)?" if quote == "'" else r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?', text)
    if matched is None:
        raise Invalid(f"{where}: the quotes don't end")
    if quote == "'":
        return matched[1]
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1]), matched[1])


def known_secrets(environ: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What names stand for: the file of --secrets wins over the environment; an empty value is none."""
    return {name: value for name, value in {**environ, **given}.items() if value}
