"""The document of an action: what a person may write, and the one form it is stored in. Source: journeys §6.2, §16."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from parcours.actions import authentication
from parcours.actions.errors import ActionInUse, ActionInvalid
from parcours.actions.headers import is_json_type, name_fault, value_fault
from parcours.actions.model import PARAMETER_TYPES, Usage
from parcours.actions.payload import check_for, escape, fits_sample, infer_type
from parcours.expressions.types import Type
from parcours.kit.egress import Endpoint, UrlRefused, check_url
from parcours.kit.errors import Invalid
from parcours.kit.paths import get_in, split_pointer
from parcours.rulesets.model import CHANNELS, channel_of

METHODS = ("POST", "PUT", "GET")
MAX_DOCUMENT_BYTES = 262_144
MAX_DEPTH = 32
MAX_ENTRIES = 100
"""Most headers, and most query parameters, of one action."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,29}")
_WRITTEN = (
    "name", "description", "url", "method", "headers", "queryParameters", "authentication", "request", "response",
    "failureResponse", "marketing",
)  # fmt: skip
_OF_ENTRY = frozenset({"name", "kind", "value", "label", "optional"})
_OF_REQUEST = frozenset({"sample", "fields", "allowNull"})
_OF_FIELD = frozenset({"path", "type", "kind", "value", "label", "optional"})
_OF_ANSWER = frozenset({"sample", "types"})
_OF_MARKETING = frozenset({"channel", "requiredMarketingAction"})
_RESERVED = ("jo_status_code", "errorResponse")
"""Names beside an answer's own, where expressions read the outcome and the failure (journeys §6.4)."""
_READ_ONLY = frozenset({"uid", "orgId", "sandboxName", "metadata", "state", "version", "usedIn", "warnings"})
"""Keys of an answer; ignored when a client sends back what it read."""
_EDITABLE_IN_USE = frozenset({"description", "url", "authentication"})


def read_document(body: Mapping[str, Any], allow_private: bool) -> dict[str, Any]:
    """The document checked, with every default filled in and secrets still in clear. Raises ActionInvalid."""
    for key in body:
        if key not in _WRITTEN and key not in _READ_ONLY:
            raise ActionInvalid(f"an action has no {key!r}", f"$.{key}")
    try:
        size = len(orjson.dumps(body))
    except TypeError as error:
        raise ActionInvalid(f"the document can't be written as JSON: {error}") from None
    if size > MAX_DOCUMENT_BYTES:
        raise ActionInvalid(f"an action has at most {MAX_DOCUMENT_BYTES} bytes")
    method = body.get("method", "POST")
    if method not in METHODS:
        raise ActionInvalid(f"method is one of {', '.join(METHODS)}", "$.method")
    return {
        "name": _name(body.get("name")),
        "description": _text(body, "description", 1_000),
        "url": _url(body.get("url"), allow_private),
        "method": method,
        "headers": _entries(body.get("headers"), "$.headers", is_header=True),
        "queryParameters": _entries(body.get("queryParameters"), "$.queryParameters", is_header=False),
        "authentication": authentication.normalise(body.get("authentication"), allow_private),
        "request": _request(body.get("request"), method),
        "response": _answer(body.get("response"), "$.response"),
        "failureResponse": _answer(body.get("failureResponse"), "$.failureResponse"),
        "marketing": _marketing(body.get("marketing")),
    }


def endpoint(document: Mapping[str, Any]) -> Endpoint:
    """Where the checked document's URL leads."""
    return check_url(document["url"], allow_private=True)


def check_edit(before: Mapping[str, Any], after: Mapping[str, Any], usage: Usage) -> None:
    """Refuse what would break the journeys that use the action. Raises ActionInUse. Source: journeys §3.2.

    The name is not changed either, for the expressions of journeys call an action by it.
    """
    if not usage.draft and not usage.live:
        return
    for key in _WRITTEN:
        if key in _EDITABLE_IN_USE or before[key] == after[key]:
            continue
        is_parameter_list = key in ("headers", "queryParameters")
        if is_parameter_list and not usage.live and all(entry in after[key] for entry in before[key]):
            continue
        what = "parameters can be added only while every journey is a draft" if is_parameter_list else "it can't change"
        raise ActionInUse(
            f"{key}: {what} (draft journeys that use the action: {usage.draft}, published: {usage.live}); duplicate it"
        )


def _name(name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ActionInvalid(
            "name has 1 to 30 letters, digits and underscores, and does not start with a digit", "$.name"
        )
    return name


def _text(body: Mapping[str, Any], key: str, max_length: int) -> str:
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > max_length:
        raise ActionInvalid(f"{key} is a text of at most {max_length} characters", f"$.{key}")
    return value


def _url(url: Any, allow_private: bool) -> str:
    if not isinstance(url, str):
        raise ActionInvalid("url is the address to call, with https:// or http://", "$.url")
    try:
        found = check_url(url, allow_private)
    except UrlRefused as refused:
        raise ActionInvalid(str(refused), "$.url") from None
    if found.is_address and not allow_private:
        raise ActionInvalid("the URL must name a host, not an IP address", "$.url")
    if "#" in url:
        raise ActionInvalid("the URL has a fragment, which is never sent", "$.url")
    return url


def _entries(entries: Any, where: str, *, is_header: bool) -> list[dict[str, Any]]:
    if entries is None:
        return []
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
        raise ActionInvalid(f"this is a list of at most {MAX_ENTRIES} objects", where)
    result: list[dict[str, Any]] = []
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        found = _entry(entry, f"{where}[{index}]", is_header)
        if found is None:
            continue
        key = found["name"].lower() if is_header else found["name"]
        if key in seen:
            raise ActionInvalid(f"{found['name']} is there twice", f"{where}[{index}].name")
        seen.add(key)
        result.append(found)
    return result


def _entry(entry: Any, where: str, is_header: bool) -> dict[str, Any] | None:
    if not isinstance(entry, dict):
        raise ActionInvalid("an entry has name, kind, and value or label", where)
    _only(entry, _OF_ENTRY, where)
    name, kind = _entry_name(entry.get("name"), where, is_header), entry.get("kind", "constant")
    if kind not in ("constant", "variable"):
        raise ActionInvalid("kind is constant or variable", f"{where}.kind")
    value = entry.get("value")
    if name is None:
        if kind != "constant" or not isinstance(value, str) or value.lower() != "utf-8":
            raise ActionInvalid("Charset is UTF-8", f"{where}.value")
        return None
    if kind == "variable":
        if is_header and name.lower() == "content-type":
            raise ActionInvalid("Content-Type is constant", f"{where}.kind")
        return {"name": name, "kind": kind, "label": _label(entry, name, where), "optional": _flag(entry, where)}
    if not isinstance(value, str):
        raise ActionInvalid("the value of a constant is a text", f"{where}.value")
    if is_header:
        value = value.strip(" \t")
        fault = value_fault(value)
        if name.lower() == "content-type" and not is_json_type(value):
            fault = "Content-Type is a JSON type: application/json or application/….+json"
        if name.lower() == "authorization":
            fault = "a constant Authorization would be stored in clear; use the authentication"
        if fault:
            raise ActionInvalid(fault, f"{where}.value")
    return {"name": name, "kind": kind, "value": value}


def _entry_name(name: Any, where: str, is_header: bool) -> str | None:
    """The entry's name; None for Charset, which every payload brings along."""
    if is_header:
        if isinstance(name, str) and name.lower() == "charset":
            return None
        fault = name_fault(name)
    else:
        is_text = isinstance(name, str) and 0 < len(name) <= 256 and name.isprintable()
        fault = None if is_text else "a query parameter has a name of 1 to 256 characters"
    if fault:
        raise ActionInvalid(fault, f"{where}.name")
    return str(name)


def _label(entry: Mapping[str, Any], default: str, where: str) -> str:
    label = entry.get("label") or default
    if not isinstance(label, str) or len(label) > 256:
        raise ActionInvalid("label is a text of at most 256 characters", f"{where}.label")
    return label


def _flag(entry: Mapping[str, Any], where: str, key: str = "optional") -> bool:
    value = entry.get(key)
    if value is not None and not isinstance(value, bool):
        raise ActionInvalid(f"{key} is true or false", f"{where}.{key}")
    return bool(value)


def _only(document: Mapping[str, Any], keys: frozenset[str], where: str) -> None:
    for key in document:
        if key not in keys:
            raise ActionInvalid(f"there is no {key!r} here", f"{where}.{key}")


# --- payloads -----------------------------------------------------------------------------------------------------


def _request(request: Any, method: str) -> dict[str, Any] | None:
    if request is None or request == {}:
        return None
    where = "$.request"
    if not isinstance(request, dict):
        raise ActionInvalid("request is an object", where)
    if method == "GET":
        raise ActionInvalid("a GET has no payload", where)
    _only(request, _OF_REQUEST, where)
    sample = request.get("sample")
    if not isinstance(sample, dict) or not sample:
        raise ActionInvalid("sample is a JSON object with at least one field", f"{where}.sample")
    _check_keys(sample, f"{where}.sample", 0)
    fields = [] if request.get("fields") is None else request["fields"]
    if not isinstance(fields, list) or len(fields) > 1_000:
        raise ActionInvalid("fields is a list of at most 1000 objects", f"{where}.fields")
    result: list[dict[str, Any]] = []
    for index, entry in enumerate(fields):
        result.append(_field(entry, sample, f"{where}.fields[{index}]"))
    _check_overlaps(result)
    variables = {field["path"] for field in result if field["kind"] == "variable"}
    for index, field in enumerate(result):
        parent, is_attribute, _ = field["path"].partition("/[]/")
        if is_attribute and parent not in variables:
            raise ActionInvalid(f"{parent} is no variable array of objects", f"{where}.fields[{index}].path")
        if field["type"] == Type.LIST_OBJECT and field["kind"] == "variable":
            first = get_in(sample, split_pointer(field["path"]))[0]
            declared = {f["path"] for f in result}
            _check_shape(first, field["path"] + "/[]", declared, f"{where}.fields[{index}]", 0)
    return {"sample": sample, "fields": result, "allowNull": _flag(request, where, "allowNull")}


def _check_keys(value: Any, where: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ActionInvalid(f"a payload has at most {MAX_DEPTH} levels", where)
    if isinstance(value, dict):
        for key, item in value.items():
            if not key or "." in key or key.startswith("$"):
                raise ActionInvalid(
                    f"a field name is not empty, has no '.' and does not start with '$': {key!r}", where
                )
            _check_keys(item, f"{where}.{key}", depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_keys(item, f"{where}[{index}]", depth + 1)


def _field(entry: Any, sample: Any, where: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise ActionInvalid("a field has path, type, kind, and value or label", where)
    _only(entry, _OF_FIELD, where)
    path = entry.get("path")
    if not isinstance(path, str) or len(path) > 1_000:
        raise ActionInvalid("path is a JSON pointer into the sample", f"{where}.path")
    found = _at(sample, path, f"{where}.path")
    kind = entry.get("kind", "variable")
    if kind not in ("constant", "variable"):
        raise ActionInvalid("kind is constant or variable", f"{where}.kind")
    wanted = _declared_type(entry.get("type"), found, f"{where}.type")
    last = split_pointer(path)[-1]
    if kind == "variable":
        if wanted is Type.LIST_ANY:
            raise ActionInvalid(
                "an array of mixed values is mapped item by item, or its type declared", f"{where}.type"
            )
        if wanted is Type.LIST_OBJECT and any(token.isdecimal() for token in split_pointer(path)):
            raise ActionInvalid("an array of objects inside another array can't be variable", f"{where}.kind")
        label = _label(entry, last, where)
        return {"path": path, "type": wanted, "kind": kind, "label": label, "optional": _flag(entry, where)}
    if "/[]/" in path:
        raise ActionInvalid("the attributes of a variable array of objects are variable", f"{where}.kind")
    value = entry.get("value", found)
    if value is not None and wanted not in (Type.LIST_ANY, Type.LIST_OBJECT):
        try:
            value = check_for(wanted)(value, path)
        except Invalid as error:
            raise ActionInvalid(str(error), f"{where}.value") from None
    elif value is not None and infer_type(value) is not wanted:
        raise ActionInvalid(f"the value of a {wanted} is a list", f"{where}.value")
    return {"path": path, "type": wanted, "kind": kind, "value": value}


def _at(sample: Any, path: str, where: str) -> Any:
    """The sample's value at a path whose `[]` stands for any object of an array; never a plain object."""
    try:
        tokens = split_pointer(path)
    except ValueError as error:
        raise ActionInvalid(str(error), where) from None
    value: Any = sample
    for token in tokens:
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and token == "[]" and value and isinstance(value[0], dict):
            value = value[0]
        elif isinstance(value, list) and token.isascii() and token.isdecimal() and int(token) < len(value):
            value = value[int(token)]
        else:
            raise ActionInvalid(f"the sample has nothing at {path!r}", where)
    if isinstance(value, dict):
        raise ActionInvalid(f"{path!r} is an object; name its fields one by one", where)
    return value


def _declared_type(name: Any, sample: Any, where: str) -> Type:
    if name is None:
        wanted = infer_type(sample)
        if wanted not in PARAMETER_TYPES:
            raise ActionInvalid("the type of null must be declared", where)
        return wanted
    if not isinstance(name, str) or name not in PARAMETER_TYPES or not fits_sample(Type(name), sample):
        raise ActionInvalid(f"{name!r} is no type for {infer_type(sample)} of the sample", where)
    return Type(name)


def _check_overlaps(fields: list[dict[str, Any]]) -> None:
    paths = [field["path"] for field in fields]
    for index, path in enumerate(paths):
        if path in paths[:index]:
            raise ActionInvalid(f"{path} is there twice", f"$.request.fields[{index}].path")
    whole = set(paths)
    for index, path in enumerate(paths):
        tokens = path.split("/")
        for length in range(2, len(tokens)):
            if "/".join(tokens[:length]) in whole and tokens[length] != "[]":
                raise ActionInvalid(f"{path} lies inside another field", f"$.request.fields[{index}].path")


def _check_shape(sample: Mapping[str, Any], path: str, declared: set[str], where: str, depth: int) -> None:
    for key, value in sample.items():
        at = f"{path}/{escape(key)}"
        if isinstance(value, dict):
            _check_shape(value, at, declared, where, depth + 1)
        elif infer_type(value) in (Type.LIST_OBJECT, Type.LIST_ANY, Type.NULL) and at not in declared:
            raise ActionInvalid(f"the type of {at} must be declared; it can't be an array of objects", where)
        elif infer_type(value) is Type.LIST_OBJECT:
            raise ActionInvalid(f"{at} is an array of objects inside an array of objects", where)


def _answer(answer: Any, where: str) -> dict[str, Any] | None:
    if answer is None or answer == {}:
        return None
    if not isinstance(answer, dict):
        raise ActionInvalid("an answer's description has sample and types", where)
    _only(answer, _OF_ANSWER, where)
    sample = answer.get("sample")
    if not isinstance(sample, dict):
        raise ActionInvalid("sample is a JSON object", f"{where}.sample")
    _check_depth(sample, f"{where}.sample", 0)
    for name in _RESERVED if where == "$.response" else ():
        if name in sample:
            raise ActionInvalid(
                f"{name} is what expressions call something else of an answer", f"{where}.sample.{name}"
            )
    types = {} if answer.get("types") is None else answer["types"]
    if not isinstance(types, dict):
        raise ActionInvalid("types maps JSON pointers to types", f"{where}.types")
    declared = {
        path: _declared_type(name, _at(sample, path, f"{where}.types"), f"{where}.types.{path}")
        for path, name in types.items()
    }
    return {"sample": sample, "types": {path: str(found) for path, found in declared.items()}}


def _check_depth(value: Any, where: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ActionInvalid(f"a sample has at most {MAX_DEPTH} levels", where)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(item, where, depth + 1)


def _marketing(marketing: Any) -> dict[str, Any] | None:
    if marketing is None or marketing == {}:
        return None
    where = "$.marketing"
    if not isinstance(marketing, dict):
        raise ActionInvalid("marketing has channel and requiredMarketingAction", where)
    _only(marketing, _OF_MARKETING, where)
    required = marketing.get("requiredMarketingAction") or None
    if required is not None and (not isinstance(required, str) or len(required) > 256):
        raise ActionInvalid(
            "requiredMarketingAction is a text of at most 256 characters", f"{where}.requiredMarketingAction"
        )
    channel = marketing.get("channel")
    if channel is not None and (not isinstance(channel, str) or len(channel) > 256):
        raise ActionInvalid("channel is a text of at most 256 characters", f"{where}.channel")
    if required is not None and (channel is None or channel_of(channel) is None):
        raise ActionInvalid(
            f"consent is given by channel: requiredMarketingAction needs one of {', '.join(CHANNELS)}",
            f"{where}.channel",
        )
    return {"channel": channel or "", "requiredMarketingAction": required}
