"""Secrets blotted out of what is shown to people, in whatever writing a receiver echoes them."""

import base64
import re
from collections.abc import Iterable
from typing import Any

import orjson

from parcours.actions.authentication import MASK

_ESCAPED = {
    "\\": r"\\{1,4}", '"': r"\\{0,3}\"", "/": r"\\{0,3}/",
    "\n": r"(?:\n|\\{1,3}n)", "\r": r"(?:\r|\\{1,3}r)", "\t": r"(?:\t|\\{1,3}t)",
}  # fmt: skip
"""In JSON, and in JSON inside JSON."""
_NAMED = {'"': ("&quot;",), "&": ("&amp;",), "<": ("&lt;",), ">": ("&gt;",), " ": (r"\+",)}


class Blotter:
    """Knows secrets as they are, percent-encoded, as a form writes them, escaped in JSON or HTML, and in base64."""

    def __init__(self, secrets: Iterable[str]) -> None:
        texts = {text for secret in secrets if secret for text in (secret, *_base64_of(secret))}
        self._texts = frozenset(texts)
        longest_first = sorted(texts, key=lambda text: (-len(text), text))
        self._pattern = re.compile("|".join("".join(map(_writings, text)) for text in longest_first) or r"(?!)")

    def blot(self, value: Any) -> Any:
        """The value, as JSON holds it, with every secret in its texts, names and numbers masked."""
        if isinstance(value, str):
            return self._pattern.sub(MASK, value)
        if isinstance(value, dict):
            return {self.blot(key): self.blot(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.blot(item) for item in value]
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and orjson.dumps(value).decode() in self._texts
        ):
            return MASK
        return value


def _base64_of(secret: str) -> tuple[str, ...]:
    raw = secret.encode("utf-8", "surrogatepass")
    forms = (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode())
    return (*forms, *(form.rstrip("=") for form in forms))


def _writings(character: str) -> str:
    """A pattern of every way to write a character; receivers mix them."""
    octets = character.encode("utf-8", "surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass")
    percent = "".join(f"%{octet:02x}" for octet in octets)
    escaped = "".join(rf"\\{{1,4}}u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
    numeric = f"&#0*{ord(character)};|&#x0*{ord(character):x};"
    exact = [_ESCAPED.get(character, re.escape(character)), *_NAMED.get(character, ())]
    return f"(?:{'|'.join(exact)}|(?i:{percent}|{escaped}|{numeric}))"
