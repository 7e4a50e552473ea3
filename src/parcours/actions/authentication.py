"""How an action proves who calls: none, basic, API key, or a token fetched first. Source: journeys §5.3.

Three forms of one document: as a person writes it, sealed as it is stored (every secret encrypted), and masked
as it is returned. What is used at run time is made from the sealed form, only when a request is about to leave.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import orjson

from parcours.actions.errors import ActionInvalid, TokenUnavailable
from parcours.actions.headers import name_fault, value_fault
from parcours.actions.model import HttpRequest
from parcours.actions.urls import add_query, encode_url
from parcours.kit.egress import UrlRefused, check_url
from parcours.kit.paths import get_in
from parcours.kit.secrets import SecretBox

MASK = "********"
"""Stands for a secret in every answer; in a PUT it means the stored one."""
DEFAULT_TOKEN_LIFETIME_MS = 3_600_000

_UNITS_MS = {
    "milliseconds": 1,
    "seconds": 1_000,
    "minutes": 60_000,
    "hours": 3_600_000,
    "days": 86_400_000,
    "months": 30 * 86_400_000,
    "years": 365 * 86_400_000,
}
_MAX_LIFETIME_MS = 10 * _UNITS_MS["years"]
_SCHEMES = ("Basic ", "Bearer ")
_ENCODE = re.compile(r"EncodeBase64\((.*)\)", re.DOTALL)
_LOCATIONS = {"header": "header", "query": "queryParam", "queryparam": "queryParam", "queryparameter": "queryParam"}
_KEYS = {
    "none": {"type"},
    "basic": {"type", "username", "password"},
    "apiKey": {"type", "name", "value", "location"},
    "customAuthorization": {
        "type", "subType", "endpoint", "method", "headers", "body", "tokenInResponse", "cacheDuration",
        "authorizationType", "tokenTarget",
    },
}  # fmt: skip
_WHERE = "$.authentication"


# --- the document -------------------------------------------------------------------------------------------------


def normalise(document: Any, allow_private: bool) -> dict[str, Any]:
    """The document with every default filled in, secrets still in clear. Raises ActionInvalid."""
    if document is None:
        return {"type": "none"}
    if not isinstance(document, dict):
        raise ActionInvalid("authentication is an object", _WHERE)
    kind = document.get("type", "none")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise ActionInvalid(f"type is one of {', '.join(_KEYS)}", f"{_WHERE}.type")
    for key in document:
        if key not in _KEYS[kind]:
            raise ActionInvalid(f"authentication of type {kind} has no {key!r}", f"{_WHERE}.{key}")
    if kind == "basic":
        username, password = _text(document, "username"), _text(document, "password")
        if ":" in username:
            raise ActionInvalid("a user name of basic authentication holds no colon", f"{_WHERE}.username")
        return {"type": kind, "username": username, "password": password}
    if kind == "apiKey":
        location = _choice(document, "location", _LOCATIONS)
        name, value = _text(document, "name"), _text(document, "value")
        if location == "header":
            _check_header(name, value, f"{_WHERE}.name", f"{_WHERE}.value")
        return {"type": kind, "name": name, "value": value, "location": location}
    return {"type": "none"} if kind == "none" else _normalise_custom(document, allow_private)


def _normalise_custom(document: Mapping[str, Any], allow_private: bool) -> dict[str, Any]:
    if document.get("subType") is not None:
        raise ActionInvalid("certificate credentials are not supported", f"{_WHERE}.subType")
    endpoint = _text(document, "endpoint")
    try:
        check_url(endpoint, allow_private)
    except UrlRefused as refused:
        raise ActionInvalid(str(refused), f"{_WHERE}.endpoint") from None
    method = _choice(document, "method", {"get": "GET", "post": "POST"})
    headers = {} if document.get("headers") is None else document["headers"]
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise ActionInvalid("headers map names to texts", f"{_WHERE}.headers")
    for name, value in headers.items():
        _check_header(name, value, f"{_WHERE}.headers", f"{_WHERE}.headers.{name}")
    result: dict[str, Any] = {"type": "customAuthorization", "endpoint": endpoint, "method": method}
    result["headers"] = dict(headers)
    if method == "POST":
        result["body"] = _normalise_body(document.get("body"))
    elif document.get("body") is not None:
        raise ActionInvalid("a token call with GET has no body", f"{_WHERE}.body")
    token = _text(document, "tokenInResponse")
    if token != "response":
        _check_json_path(token, f"{_WHERE}.tokenInResponse")
    result["tokenInResponse"] = token
    if document.get("cacheDuration") is not None:
        result["cacheDuration"] = _normalise_cache(document["cacheDuration"])
    kinds = {"bearer": "bearer", "header": "header", "queryparam": "queryParam"}
    result["authorizationType"] = _choice(document, "authorizationType", kinds)
    if result["authorizationType"] != "bearer":
        result["tokenTarget"] = _text(document, "tokenTarget")
        if result["authorizationType"] == "header":
            _check_header(result["tokenTarget"], "", f"{_WHERE}.tokenTarget", f"{_WHERE}.tokenTarget")
    elif document.get("tokenTarget") is not None:
        result["tokenTarget"] = _text(document, "tokenTarget")
    return result


def _normalise_body(body: Any) -> dict[str, Any]:
    where = f"{_WHERE}.body"
    if not isinstance(body, dict):
        raise ActionInvalid("a token call with POST needs a body", where)
    kind = _choice(body, "bodyType", {"form": "form", "json": "json"}, where)
    values = body.get("bodyParams")
    if not isinstance(values, dict) or not all(
        isinstance(value, str | bool | int | float) and name for name, value in values.items()
    ):
        raise ActionInvalid("bodyParams maps names to texts, numbers or booleans; nothing is nested", where)
    return {"bodyType": kind, "bodyParams": dict(values)}


def _normalise_cache(cache: Any) -> dict[str, Any]:
    where = f"{_WHERE}.cacheDuration"
    if not isinstance(cache, dict) or ("duration" in cache) == ("expiryInResponse" in cache):
        raise ActionInvalid("cacheDuration has either duration or expiryInResponse", where)
    unit = _choice(cache, "timeUnit", {name: name for name in _UNITS_MS}, where)
    if "expiryInResponse" in cache:
        path = _text(cache, "expiryInResponse", where)
        _check_json_path(path, f"{where}.expiryInResponse")
        return {"expiryInResponse": path, "timeUnit": unit}
    duration = cache["duration"]
    if type(duration) is not int or not 0 <= duration * _UNITS_MS[unit] <= _MAX_LIFETIME_MS:
        raise ActionInvalid("duration is a whole number, at most ten years", f"{where}.duration")
    return {"duration": duration, "timeUnit": unit}


def _text(document: Mapping[str, Any], key: str, where: str = _WHERE) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise ActionInvalid(f"{key} is a text and can't be empty", f"{where}.{key}")
    return value


def _choice(document: Mapping[str, Any], key: str, choices: Mapping[str, str], where: str = _WHERE) -> str:
    value = document.get(key)
    if not isinstance(value, str) or value.lower() not in choices:
        raise ActionInvalid(f"{key} is one of {', '.join(dict.fromkeys(choices.values()))}", f"{where}.{key}")
    return choices[value.lower()]


def _check_header(name: Any, value: str, name_path: str, value_path: str) -> None:
    for fault, path in ((name_fault(name), name_path), (value_fault(value), value_path)):
        if fault:
            raise ActionInvalid(fault, path)


def _check_json_path(text: str, where: str) -> None:
    if not text.startswith("json://") or not all(text.removeprefix("json://").split(".")):
        raise ActionInvalid("a place in the token's answer reads json://path.to.it", where)


# --- sealing and masking ------------------------------------------------------------------------------------------

Slot = tuple[str, ...]


def map_secrets(document: Mapping[str, Any], change: Callable[[Slot, Any], Any]) -> dict[str, Any]:
    """The document with each secret replaced by what `change` makes of it; its keys lead to the secret."""
    result = dict(document)
    for key in {"basic": ("password",), "apiKey": ("value",)}.get(document["type"], ()):
        result[key] = change((key,), document[key])
    if document["type"] == "customAuthorization":
        result["headers"] = {name: change(("headers", name), value) for name, value in document["headers"].items()}
        if "body" in document:
            values = document["body"]["bodyParams"]
            changed = {name: change(("body", "bodyParams", name), value) for name, value in values.items()}
            result["body"] = {**document["body"], "bodyParams": changed}
    return result


def seal(document: Mapping[str, Any], box: SecretBox, previous: Mapping[str, Any] | None) -> dict[str, Any]:
    """The document as it is stored. A masked secret is taken from `previous`, which None forbids.

    Raises ActionInvalid for a mask with nothing behind it.
    """

    def change(slot: Slot, value: Any) -> Any:
        if value != MASK:
            return {"encrypted": box.encrypt(orjson.dumps(value).decode())}
        kept = get_in(previous, slot) if previous is not None and previous["type"] == document["type"] else None
        if kept is None:
            raise ActionInvalid(
                "write the secret again: there is none to keep for this host", ".".join((_WHERE, *slot))
            )
        return kept

    return map_secrets(document, change)


def mask(document: Mapping[str, Any]) -> dict[str, Any]:
    """A sealed document as it is returned."""
    return map_secrets(document, lambda slot, value: MASK)


def unseal(document: Mapping[str, Any], box: SecretBox) -> dict[str, Any]:
    """The document in clear. Raises SecretUnreadable under another key."""
    return map_secrets(document, lambda slot, value: orjson.loads(box.decrypt(value["encrypted"])))


def destination(document: Mapping[str, Any]) -> str:
    """Where the token call goes, when there is one: kept secrets are not sent elsewhere unseen."""
    return str(document.get("endpoint", ""))


# --- at run time --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Credential:
    """What is added to a request: one header or one query parameter."""

    header: tuple[str, str] | None = field(default=None, repr=False)
    query: tuple[str, str] | None = field(default=None, repr=False)

    def apply(self, request: HttpRequest) -> HttpRequest:
        """The request with the credential; a header of the same name is replaced."""
        if self.header is not None:
            name = self.header[0].lower()
            kept = tuple(pair for pair in request.headers if pair[0].lower() != name)
            return request._replace(headers=(*kept, self.header))
        if self.query is not None:
            return request._replace(url=add_query(request.url, (self.query,)))
        return request


@dataclass(frozen=True, slots=True)
class TokenCall:
    """The call that fetches a token, and how its answer is read."""

    request: HttpRequest = field(repr=False)
    token_path: tuple[str, ...] | None
    """Keys to the token; None when the whole body is the token."""
    lifetime_ms: int
    """How long a token is reused when the answer does not tell."""
    expiry_path: tuple[str, ...] | None
    expiry_unit_ms: int
    target: str
    """Name of the header or query parameter that carries the token."""
    is_query: bool
    prefix: str

    def read(self, body: bytes) -> tuple[str, int]:
        """The token and its lifetime in milliseconds. Raises TokenUnavailable."""
        lifetime_ms = self.lifetime_ms
        document: Any = None
        if self.token_path is not None or self.expiry_path is not None:
            try:
                document = orjson.loads(body)
            except orjson.JSONDecodeError:
                raise TokenUnavailable("the token call's answer is not JSON") from None
        if self.expiry_path is not None:
            expiry = get_in(document, self.expiry_path)
            if isinstance(expiry, str) and expiry.isdecimal() and len(expiry) < 16:
                expiry = int(expiry)
            if isinstance(expiry, bool) or not isinstance(expiry, int | float) or not 0 <= expiry < 1e15:
                raise TokenUnavailable("the token call's answer has no expiry where it should")
            lifetime_ms = min(int(expiry * self.expiry_unit_ms), _MAX_LIFETIME_MS)
        if self.token_path is None:
            token: Any = body.decode("utf-8", "replace").strip()
        else:
            token = get_in(document, self.token_path)
        if not isinstance(token, str) or not token or value_fault(token):
            raise TokenUnavailable("the token call's answer has no token where it should")
        return token, lifetime_ms

    def credential(self, token: str) -> Credential:
        """What a token adds to a request."""
        if self.is_query:
            return Credential(query=(self.target, token))
        return Credential(header=(self.target, self.prefix + token))


def open_authentication(document: Mapping[str, Any]) -> Credential | TokenCall:
    """What an unsealed document means for a request."""
    match document["type"]:
        case "basic":
            pair = f"{document['username']}:{document['password']}"
            return Credential(header=("Authorization", f"Basic {_base64(pair)}"))
        case "apiKey" if document["location"] == "header":
            return Credential(header=(document["name"], document["value"]))
        case "apiKey":
            return Credential(query=(document["name"], document["value"]))
        case "customAuthorization":
            return _token_call(document)
    return Credential()


def _token_call(document: Mapping[str, Any]) -> TokenCall:
    headers = {name: _encode(value) for name, value in document["headers"].items()}
    body: bytes | None = None
    if "body" in document:
        values = {name: _encode(value) for name, value in document["body"]["bodyParams"].items()}
        if document["body"]["bodyType"] == "form":
            content_type = "application/x-www-form-urlencoded; charset=UTF-8"
            body = "&".join(f"{quote_plus(k)}={quote_plus(_form_text(v))}" for k, v in values.items()).encode()
        else:
            content_type = "application/json; charset=UTF-8"
            body = orjson.dumps(values)
        if not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = content_type
    cache = document.get("cacheDuration") or {}
    unit_ms = _UNITS_MS[cache.get("timeUnit", "milliseconds")]
    kind = document["authorizationType"]
    return TokenCall(
        request=HttpRequest(document["method"], encode_url(document["endpoint"]), tuple(headers.items()), body),
        token_path=_keys(document["tokenInResponse"]),
        lifetime_ms=cache["duration"] * unit_ms if "duration" in cache else DEFAULT_TOKEN_LIFETIME_MS,
        expiry_path=_keys(cache["expiryInResponse"]) if "expiryInResponse" in cache else None,
        expiry_unit_ms=unit_ms,
        target="Authorization" if kind == "bearer" else document["tokenTarget"],
        is_query=kind == "queryParam",
        prefix="Bearer " if kind == "bearer" else "",
    )


def _keys(text: str) -> tuple[str, ...] | None:
    return None if text == "response" else tuple(text.removeprefix("json://").split("."))


def _encode(value: Any) -> Any:
    return _ENCODE.sub(lambda found: _base64(found[1]), value) if isinstance(value, str) else value


def secret_parts(value: Any) -> tuple[str, ...]:
    """A secret of a document in every form that may travel: as written, inside EncodeBase64, and what comes of it."""
    if not isinstance(value, str):
        text = orjson.dumps(value).decode()
        return (text,) if len(text) > 3 and not isinstance(value, bool) and value is not None else ()
    sent = _encode(value)
    return (value, sent, *_ENCODE.findall(value), *(sent.split(" ", 1)[1:] if sent.startswith(_SCHEMES) else ()))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


def _form_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
