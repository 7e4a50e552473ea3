"""Message templates as files: the draft, and beside it what is published where that is something else. Pure.

A file says `state: published` when its draft is what is sent, and holds the document that is sent as `published` when
the draft has gone on since. Without either it is a draft that was never published.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from parcours.ascode.model import KEY, Document

TEMPLATES = "message-templates"
PUBLISHED = "published"
_STATE = "state"
_SHOWN = frozenset({"uid", "orgId", "sandboxName", "metadata", "version", "usedIn", _STATE, PUBLISHED})
_DEFAULTS: Document = {"category": "marketing", "missing": "lenient"}
_ORDER = (
    "name", "description", "channel", "category", _STATE, "missing", "parameters", "content", PUBLISHED,
)  # fmt: skip
_OF_CONTENT = (
    "subject", "preheader", "fromName", "replyTo", "title", "body", "text", "html", "mjml", "link", "image", "data",
    "attachments",
)  # fmt: skip
_LIQUID = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
_QUOTED = r'"[^"]*"|\'[^\']*\''


class Write(NamedTuple):
    """One call that brings a template further."""

    verb: Literal["save", "publish"]
    document: Document
    """The draft to save, or the one that is published."""


def template_to_file(shown: Mapping[str, Any], published: Mapping[str, Any] | None) -> Document:
    """The form of files of what the API shows. published: what is sent, where the draft is something else."""
    found = _tidy({name: value for name, value in shown.items() if name not in _SHOWN})
    if shown.get(_STATE) == PUBLISHED:
        found[_STATE] = PUBLISHED
    elif published is not None:
        found[PUBLISHED] = _tidy(published)
    return {name: found[name] for name in _ORDER if name in found}


def template_parts(document: Mapping[str, Any]) -> tuple[Document, Document | None]:
    """(the draft, what is published or None) that a file asks for, without what is left to defaults."""
    draft = _tidy({name: value for name, value in document.items() if name not in (KEY, _STATE, PUBLISHED)})
    published = document.get(PUBLISHED)
    if isinstance(published, Mapping):
        return draft, _tidy(published)
    return draft, draft if document.get(_STATE) == PUBLISHED else None


def template_writes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[Write]:
    """What leads from one file's template to another's, each step a version. before: None of one that isn't there.

    A publication can't be taken back: where `after` has none, what is published stays.
    """
    draft, published = template_parts(after)
    now, sent = (None, None) if before is None else template_parts(before)
    found: list[Write] = []
    if published is not None and published != sent:
        if now != published:
            found.append(Write("save", published))
        found.append(Write("publish", published))
        now = published
    if draft != now:
        found.append(Write("save", draft))
    return found


def told_versions(version: int, writes: list[Write]) -> tuple[str, ...]:
    """The versions that writes make, in words. version: the one there is, -1 for none."""
    return tuple(
        f"version {version + place} {'is published' if one.verb == 'publish' else 'is a draft'}"
        for place, one in enumerate(writes, 1)
        if one.verb == "publish" or place == len(writes)
    )


def map_liquid(document: Document, change: Callable[[str], str]) -> Document:
    """The template with `change` done to each output and tag of its texts; what stands around them stays."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: walk(child) for name, child in value.items()}
        if isinstance(value, list):
            return [walk(child) for child in value]
        return _LIQUID.sub(lambda found: change(found[0]), value) if isinstance(value, str) else value

    return {
        name: walk(value) if name == "content" else map_liquid(value, change) if name == PUBLISHED else value
        for name, value in document.items()
    }


def with_tenant_in_liquid(document: Document, old: str, new: str) -> Document:
    """The template that reads another tenant's fields: `._old` and `["_old"]` in Liquid; texts stay as they are."""
    name = re.escape(old)
    pattern = re.compile(rf"(\[\s*[\"'])_{name}([\"']\s*\])|({_QUOTED})|(?<![A-Za-z0-9_])_{name}(?![A-Za-z0-9_])")

    def rename(found: re.Match[str]) -> str:
        if found[1]:
            return f"{found[1]}_{new}{found[2]}"
        return found[3] or f"_{new}"

    return map_liquid(document, lambda text: pattern.sub(rename, text))


def rename_in_liquid(document: Document, root: str, old: str, new: str) -> Document:
    """The template that reads event or action `old` as `new`: `context.journey.events.old`, `["old"]` too.

    root: "events" or "actions".
    """
    name = re.escape(old)
    pattern = re.compile(
        rf"(\bcontext\.journey\.{root}\s*)(?:(\.){name}(?![A-Za-z0-9_-])|(\[\s*[\"']){name}(?=[\"']\s*\]))"
    )
    return map_liquid(document, lambda text: pattern.sub(lambda m: f"{m[1]}{m[2] or m[3]}{new}", text))


def _tidy(document: Mapping[str, Any]) -> Document:
    """A draft without what is empty or what its defaults say, in the order of files."""
    kept = {
        name: value
        for name, value in document.items()
        if value is not None and value not in ("", [], {}) and value != _DEFAULTS.get(name, ...)
    }
    if isinstance(kept.get("parameters"), list):
        kept["parameters"] = [_parameter(one) for one in kept["parameters"]]
    if isinstance(kept.get("content"), dict):
        content = {
            name: value
            for name, value in kept["content"].items()
            if value is not None and not (name in ("attachments", "data") and value in ([], {}))
        }
        kept["content"] = _ordered(content, _OF_CONTENT)
    return _ordered(kept, _ORDER)


def _parameter(one: Any) -> Any:
    if not isinstance(one, dict):
        return one
    left_out = {"label": one.get("name"), "optional": False}
    return {name: value for name, value in one.items() if value is not None and value != left_out.get(name, ...)}


def _ordered(document: Document, order: tuple[str, ...]) -> Document:
    return {**{name: document[name] for name in order if name in document}, **document}
