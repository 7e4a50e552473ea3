"""A template made ready: what it reads of someone is picked when the journey decides; sending renders it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, NamedTuple

from parcours.templates.errors import RenderFailed, TemplateInvalid
from parcours.templates.liquid import Path, Text
from parcours.templates.mjml import to_html

MAX_SUBJECT_CHARACTERS = 900
"""RFC 5322 allows lines of 998 octets."""
MAX_SMS_CHARACTERS = 1_600
MAX_FROZEN_PATHS = 500
_LIQUID = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
_SPACES = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n{3,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HTML_FIELDS = frozenset({"html"})
_LINE_FIELDS = frozenset({"subject", "preheader", "fromName", "replyTo", "title"})
"""What becomes a header or a line of its own: a control character in it becomes a space."""
_LIMITS: Mapping[str, int] = {"subject": MAX_SUBJECT_CHARACTERS, "fromName": 200, "replyTo": 320, "title": 500}


class Parameter(NamedTuple):
    """What a journey fills, read in the template as `params.<name>`."""

    name: str
    label: str
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message's content."""

    fields: Mapping[str, str]
    """By name, as the channel has them: subject, html, text … or body … or title, body …"""
    attachments: tuple[tuple[str, str], ...] = ()
    """(URL, file name) each."""
    data: Mapping[str, str] | None = None
    """Of a push notification."""


class CompiledTemplate:
    """One version of a template. Pure."""

    def __init__(self, scope_id: int, uid: str, version: int, document: Mapping[str, Any]) -> None:
        """document: as `read_document` gives it. version: of the resource. Raises TemplateInvalid."""
        self.scope_id = scope_id
        self.uid = uid
        self.version = version
        self.name: str = document["name"]
        self.channel: str = document["channel"]
        self.category: str = document["category"]
        self.parameters = tuple(Parameter(p["name"], p["label"], p["optional"]) for p in document["parameters"])
        is_strict = document["missing"] == "strict"
        content: Mapping[str, Any] = document["content"]
        self._texts: dict[str, Text] = {}
        for name, source in content.items():
            if not isinstance(source, str):
                continue
            where = f"$.content.{name}"
            if name == "mjml":
                source = to_html(source, where)
            name = "html" if name == "mjml" else name
            self._texts[name] = Text(source, where, is_strict=is_strict, is_html=name in _HTML_FIELDS)
        self._text_of_html = self._plain(content, is_strict=is_strict)
        """Text for those who see no HTML, made of the source once; None when it must be made of each message."""
        self._attachments = tuple(
            (
                Text(one["url"], f"$.content.attachments[{i}].url", is_strict=is_strict),
                Text(one["name"], f"$.content.attachments[{i}].name", is_strict=is_strict),
            )
            for i, one in enumerate(content.get("attachments", ()))
        )
        data: Mapping[str, str] = content.get("data", {})
        self._data = {key: Text(value, f"$.content.data.{key}", is_strict=is_strict) for key, value in data.items()}
        self.paths = _outermost(path for text in self._every_text() for path in text.paths)
        """What it reads of an individual, each the beginning of all below it."""
        self._check_parameters(content)

    def _plain(self, content: Mapping[str, Any], *, is_strict: bool) -> Text | None:
        source = content.get("html") or content.get("mjml")
        if source is None or "text" in content:
            return None
        html = to_html(source, "$.content.mjml") if "mjml" in content else source
        if "<" in "".join(_LIQUID.findall(html)):
            return None  # a comparison looks like the beginning of a tag
        try:
            made = Text(to_text(html), "$.content.html", is_strict=is_strict)
        except TemplateInvalid:
            return None
        return made if made.paths <= self._texts["html"].paths else None

    def _every_text(self) -> Iterable[Text]:
        yield from self._texts.values()
        yield from self._data.values()
        for url, name in self._attachments:
            yield from (url, name)

    def _check_parameters(self, content: Mapping[str, Any]) -> None:
        known = {parameter.name for parameter in self.parameters}
        for name, text in self._texts.items():
            for path in text.paths:
                if path[0] == "params" and len(path) > 1 and path[1] not in known:
                    where = f"$.content.{'mjml' if name == 'html' and 'mjml' in content else name}"
                    raise TemplateInvalid(f"params.{path[1]} is no parameter of the template", where)

    @property
    def reads_profile(self) -> bool:
        """Whether it says something of the profile."""
        return any(path[0] == "profile" for path in self.paths)

    def pick(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The part of `values` (by root) that the template reads, as a copy of the objects on the way to it."""
        picked: dict[str, Any] = {}
        for path in self.paths:
            found: Any = values
            for name in path:
                found = found.get(name) if isinstance(found, Mapping) else None
                if found is None:
                    break
            if found is None:
                continue
            place = picked
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = found
        return picked

    def missing(self, values: Mapping[str, Any]) -> list[str]:
        """Fields without value that it would show to this individual; not those it asks for by `if` or `default`."""
        found = {path for text in self._every_text() for path in text.missing(values)}
        return sorted(".".join(path) for path in found if path[0] != "links")

    def render(self, values: Mapping[str, Any]) -> Rendered:
        """The message for one individual. Raises RenderFailed."""
        fields: dict[str, str] = {}
        for name, text in self._texts.items():
            told = text.render(values)
            if name in _LINE_FIELDS:
                told = _CONTROL.sub(" ", told).strip()
            limit = _LIMITS.get(name, MAX_SMS_CHARACTERS if self.channel == "sms" else None)
            if limit is not None and len(told) > limit:
                raise RenderFailed("templateTooLarge", f"{name} has {len(told)} characters, {limit} at most")
            fields[name] = told
        if self.channel == "email":
            if "html" in fields and "text" not in fields:
                made = self._text_of_html
                fields["text"] = to_text(fields["html"]) if made is None else tidy(made.render(values))
            if "html" in fields and fields.get("preheader"):
                fields["html"] = _with_preheader(fields["html"], fields["preheader"])
        attachments = tuple(
            (url.render(values), _CONTROL.sub(" ", name.render(values)).replace("/", "_").replace("\\", "_"))
            for url, name in self._attachments
        )
        data = {key: text.render(values) for key, text in self._data.items()} if self.channel == "push" else None
        return Rendered(fields, attachments, data)


def _outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Paths without those that lie below another."""
    kept: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path[: len(other)] == other for other in kept):
            kept.append(path)
    return tuple(kept)


def _with_preheader(html: str, preheader: str) -> str:
    escaped = preheader.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    hidden = f'<div style="display:none;max-height:0;overflow:hidden">{escaped}</div>'
    found = re.search(r"<body[^>]*>", html, re.IGNORECASE)
    return hidden + html if found is None else html[: found.end()] + hidden + html[found.end() :]


class _Reader(HTMLParser):
    """What a person reads of HTML: text, line breaks, and where links lead."""

    _BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol"})
    _SILENT = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0
        self._links: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._SILENT:
            self._silent += 1
        elif tag in self._BLOCKS:
            self.parts.append("\n")
        elif tag == "a":
            self._links.append(dict(attrs).get("href"))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._SILENT:
            self._silent = max(self._silent - 1, 0)
        elif tag in self._BLOCKS:
            self.parts.append("\n")
        elif tag == "a" and self._links:
            link = self._links.pop()
            if link and link.startswith(("http:", "https:", "mailto:", "{{")):
                self.parts.append(f" ({link})")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(_SPACES.sub(" ", data))


def to_text(html: str) -> str:
    """HTML as plain text, for those whose program shows no HTML."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return tidy("".join(reader.parts))


def tidy(text: str) -> str:
    """Lines without blanks at their ends, at most one empty line between two."""
    return _EMPTY_LINES.sub("\n\n", "\n".join([line.strip() for line in text.splitlines()])).strip() + "\n"
