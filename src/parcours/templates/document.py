"""A template's document: what may stand in it, by channel."""

import re
from collections.abc import Mapping
from typing import Any

from parcours.kit.egress import UrlRefused, check_url
from parcours.templates.errors import TemplateInvalid

CHANNELS = ("email", "sms", "push")
CATEGORIES = ("marketing", "transactional")
MISSING = ("lenient", "strict")
MAX_ATTACHMENTS = 10
MAX_PARAMETERS = 100

_MEMBERS = frozenset({"name", "description", "channel", "category", "missing", "parameters", "content"})
_SHOWN = frozenset({"uid", "orgId", "sandboxName", "metadata", "state", "version", "published", "usedIn"})
"""What is shown and may come back with a PUT, where it means nothing."""
CONTENT: Mapping[str, frozenset[str]] = {
    "email": frozenset({"subject", "html", "mjml", "text", "preheader", "fromName", "replyTo", "attachments"}),
    "sms": frozenset({"body"}),
    "push": frozenset({"title", "body", "data", "link", "image"}),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {"email": ("subject",), "sms": ("body",), "push": ("title", "body")}
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")


def read_document(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request's body as it is stored. Raises TemplateInvalid."""
    for key in body:
        if key not in _MEMBERS | _SHOWN:
            raise TemplateInvalid(f"a template has {', '.join(sorted(_MEMBERS))}, not {key!r}", f"$.{key}")
    channel = _one_of(body, "channel", CHANNELS, None)
    return {
        "name": text_of(body, "name", "$", 60, is_needed=True),
        "description": text_of(body, "description", "$", 1_000) or "",
        "channel": channel,
        "category": _one_of(body, "category", CATEGORIES, "marketing"),
        "missing": _one_of(body, "missing", MISSING, "lenient"),
        "parameters": _parameters(body.get("parameters", [])),
        "content": _content(body.get("content"), channel),
    }


def text_of(holder: Mapping[str, Any], name: str, path: str, limit: int, *, is_needed: bool = False) -> str | None:
    """A text member; None without one. Raises TemplateInvalid."""
    value = holder.get(name)
    where = f"{path}.{name}"
    if value is None and not is_needed:
        return None
    if not isinstance(value, str) or (is_needed and not value.strip()):
        raise TemplateInvalid(f"{name} is a text", where)
    if len(value) > limit:
        raise TemplateInvalid(f"{name} has at most {limit} characters", where)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise TemplateInvalid(f"{name} holds half a character", where) from None
    return value


def _one_of(body: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str | None) -> str:
    value = body.get(name, default)
    if value not in allowed:
        raise TemplateInvalid(f"{name} is one of {', '.join(allowed)}", f"$.{name}")
    return str(value)


def _parameters(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list) or len(given) > MAX_PARAMETERS:
        raise TemplateInvalid(
            f"parameters is a list of at most {MAX_PARAMETERS} {{name, label, optional}}", "$.parameters"
        )
    found: list[dict[str, Any]] = []
    for index, one in enumerate(given):
        path = f"$.parameters[{index}]"
        if not isinstance(one, Mapping) or not one.keys() <= {"name", "label", "optional"}:
            raise TemplateInvalid("a parameter is {name, label, optional}", path)
        name = one.get("name")
        if not isinstance(name, str) or not _PARAMETER.fullmatch(name):
            raise TemplateInvalid("a parameter's name has letters, digits and underscores", f"{path}.name")
        if any(other["name"] == name for other in found):
            raise TemplateInvalid(f"parameter {name!r} is there twice", f"{path}.name")
        is_optional = one.get("optional", False)
        if not isinstance(is_optional, bool):
            raise TemplateInvalid("optional is true or false", f"{path}.optional")
        label = text_of(one, "label", path, 200) or name
        found.append({"name": name, "label": label, "optional": is_optional})
    return found


def _content(given: Any, channel: str) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise TemplateInvalid("content is an object", "$.content")
    allowed = CONTENT[channel]
    for key in given:
        if key not in allowed:
            raise TemplateInvalid(
                f"the content of channel {channel} has {', '.join(sorted(allowed))}, not {key!r}", f"$.content.{key}"
            )
    content: dict[str, Any] = {}
    for name in sorted(allowed - {"attachments", "data"}):
        value = text_of(given, name, "$.content", 500_000, is_needed=name in _NEEDED[channel])
        if value is not None:
            content[name] = value
    if channel == "email":
        if "html" in content and "mjml" in content:
            raise TemplateInvalid("an e-mail has html or mjml, not both", "$.content.mjml")
        if not content.keys() & {"html", "mjml", "text"}:
            raise TemplateInvalid("an e-mail has html, mjml or text", "$.content")
        content["attachments"] = _attachments(given.get("attachments", []))
    if channel == "push":
        data = given.get("data", {})
        if not isinstance(data, Mapping) or len(data) > 50 or not all(isinstance(v, str) for v in data.values()):
            raise TemplateInvalid("data is an object of at most 50 texts", "$.content.data")
        content["data"] = dict(data)
    return content


def _attachments(given: Any) -> list[dict[str, str]]:
    if not isinstance(given, list) or len(given) > MAX_ATTACHMENTS:
        raise TemplateInvalid(
            f"attachments is a list of at most {MAX_ATTACHMENTS} {{url, name}}", "$.content.attachments"
        )
    found = []
    for index, one in enumerate(given):
        path = f"$.content.attachments[{index}]"
        if not isinstance(one, Mapping) or not one.keys() <= {"url", "name"}:
            raise TemplateInvalid("an attachment is {url, name}", path)
        url = text_of(one, "url", path, 2_000, is_needed=True) or ""
        if "{{" not in url and "{%" not in url:
            try:
                check_url(url, allow_private=True)  # whether it may be called is asked when it is
            except UrlRefused as refused:
                raise TemplateInvalid(str(refused), f"{path}.url") from None
        found.append({"url": url, "name": text_of(one, "name", path, 200, is_needed=True) or ""})
    return found
