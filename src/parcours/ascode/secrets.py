"""Secrets by reference: a file names them, the environment or a file apart from the others holds them."""

import re
from collections.abc import Mapping
from typing import Any

from parcours.actions.authentication import MASK
from parcours.ascode.forms import map_masked
from parcours.ascode.model import Document, Ref
from parcours.ascode.naming import in_words
from parcours.kit.errors import Invalid
from parcours.kit.paths import get_in
from parcours.kit.yaml_text import Tokens

_PLACE = "authentication"
"""The member in which references to secrets are read."""
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_IN_TEXT = re.compile(rf"\$\{{env:({_NAME})\}}")
_LINE = re.compile(rf"(?:export\s+)?({_NAME})\s*=\s*(.*)")


def refer(ref: Ref, document: Document, before: Document | None = None) -> Document:
    """The document with `{secret: NAME}` in place of every masked secret.

    before: what the file said until now; the names it has for the same secrets stay.
    """

    def name(path: tuple[str, ...]) -> Any:
        known = get_in(before, path) if before is not None else None
        if known is not None and known != MASK and (names_in({_PLACE: known}) or not isinstance(known, str)):
            return known
        kept = [part for part in path if part not in (_PLACE, "body", "bodyParams")]
        return {"secret": re.sub(r"\W+", "_", in_words("_".join([ref.key, *kept])).upper(), flags=re.ASCII)}

    result: Document = map_masked(document, name)
    return result


def names_in(document: Document) -> list[str]:
    """The secrets a document names, each once."""
    found: dict[str, None] = {}

    def note(name: str) -> str:
        found[name] = None
        return ""

    fill(document, note)
    return list(found)


def fill(document: Document, value_of: Any) -> Document:
    """The document with `value_of(name)` for each `{secret: NAME}`, and for each `${env:NAME}` inside a text."""
    if _PLACE not in document:
        return document
    return {**document, _PLACE: _filled(document[_PLACE], value_of)}


def _filled(value: Any, value_of: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"secret"} and isinstance(value["secret"], str):
            return value_of(value["secret"])
        return {key: _filled(child, value_of) for key, child in value.items()}
    if isinstance(value, list):
        return [_filled(child, value_of) for child in value]
    return _IN_TEXT.sub(lambda found: str(value_of(found[1])), value) if isinstance(value, str) else value


def clear_secrets(document: Document) -> list[tuple[Tokens, str]]:
    """(where, message) of passwords and keys that stand in a file in clear.

    Headers and parameters of a token call may be no secrets: of those nothing is said.
    """
    found = document.get(_PLACE)
    if not isinstance(found, dict):
        return []
    return [
        ((_PLACE, name), "a secret doesn't belong into a file: write {secret: NAME}")
        for name in ("password", "value")
        if isinstance(found.get(name), str) and not _IN_TEXT.search(found[name])
    ]


def masked(document: Document) -> Document:
    """The document with the mask in place of every secret it names: the server keeps the one it has."""
    if _PLACE not in document:
        return document

    def mask(value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {"secret"}:
                return MASK
            return {key: mask(child) for key, child in value.items()}
        if isinstance(value, list):
            return [mask(child) for child in value]
        return MASK if isinstance(value, str) and _IN_TEXT.search(value) else value

    return {**document, _PLACE: mask(document[_PLACE])}


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
