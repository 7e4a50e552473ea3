"""The document of a data source: what a person may write, and the one form it is stored in.

Source: journeys §3.1, §3.2, §5, §16.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from parcours.actions import authentication
from parcours.actions.errors import ActionInvalid
from parcours.actions.model import PARAMETER_TYPES
from parcours.actions.payload import fits_sample, infer_type
from parcours.datasources.errors import DataSourceInUse, DataSourceInvalid
from parcours.datasources.model import Usage
from parcours.expressions.references import AUDIENCE_ENRICHMENT, EXPERIENCE_EVENTS, PLATFORM
from parcours.expressions.types import Type
from parcours.kit.egress import Endpoint, UrlRefused, check_url
from parcours.kit.paths import split_pointer

MAX_DOCUMENT_BYTES = 262_144
MAX_GROUPS = 50
MAX_VALUES = 50
"""Most dynamic values of a field group."""
MAX_DEPTH = 32
MAX_FIELDS = 500
MAX_CACHE_MS = 30 * 86_400_000
PROFILE_GROUP = "ProfileFieldGroup"
SHIPPED = (PROFILE_GROUP, EXPERIENCE_EVENTS, AUDIENCE_ENRICHMENT)
"""Field groups of the built-in source that are always there."""
PARAM = "param"
"""The one member of an object that marks the place of a dynamic value in a sent payload."""
UNITS_MS: Mapping[str, int] = {
    "milliseconds": 1,
    "seconds": 1_000,
    "minutes": 60_000,
    "hours": 3_600_000,
    "days": 86_400_000,
}

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,29}")
_VALUE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_READ_ONLY = frozenset({"uid", "orgId", "sandboxName", "metadata", "state", "version", "usedIn", "builtIn"})
"""Members of an answer; ignored when a client sends back what it read."""
_WRITTEN = ("name", "description", "url", "authentication", "fieldGroups")
_OF_GROUP = frozenset(
    {"name", "description", "method", "dynamicValues", "sentPayload", "responsePayload", "types", "cacheDuration"}
)
_FIXED_IN_USE = ("method", "dynamicValues", "sentPayload")
"""Members of a field group that journeys rely on."""


def read_document(body: Mapping[str, Any], allow_private: bool) -> dict[str, Any]:
    """The document checked, with every default filled in and secrets still in clear. Raises DataSourceInvalid."""
    _check_members(body, "a data source")
    _check_size(body)
    name = _name(body.get("name"), "$.name")
    if name == PLATFORM:
        raise DataSourceInvalid(f"{PLATFORM} is the built-in data source", "$.name")
    try:
        sealed = authentication.normalise(body.get("authentication"), allow_private)
    except ActionInvalid as error:  # an authentication is the same for sources and actions
        raise DataSourceInvalid(str(error), error.path) from None
    url = _url(body.get("url"), allow_private)
    return {
        "name": name,
        "description": _text(body, "description", "$"),
        "url": url,
        "authentication": sealed,
        "fieldGroups": _groups(body.get("fieldGroups"), _external_group),
    }


def read_built_in(body: Mapping[str, Any]) -> dict[str, Any]:
    """The document of the built-in source: its field groups beside those shipped. Raises DataSourceInvalid."""
    for key in body:
        if key not in ("name", "description", "fieldGroups") and key not in _READ_ONLY:
            raise DataSourceInvalid(f"the built-in data source has no {key!r}", f"$.{key}")
    _check_size(body)
    if body.get("name", PLATFORM) != PLATFORM:
        raise DataSourceInvalid("the built-in data source keeps its name", "$.name")
    groups = body.get("fieldGroups")
    if isinstance(groups, list):  # a reader sees those shipped, too, and may send them back
        groups = [one for one in groups if not (isinstance(one, Mapping) and one.get("name") in SHIPPED)]
    return {
        "name": PLATFORM,
        "description": _text(body, "description", "$"),
        "fieldGroups": _groups(groups, _platform_group),
    }


def endpoint(document: Mapping[str, Any]) -> Endpoint:
    """Where the checked document's URL leads."""
    return check_url(document["url"], allow_private=True)


def check_edit(before: Mapping[str, Any], after: Mapping[str, Any], usages: Mapping[str, Usage]) -> None:
    """Refuse what would break journeys. Raises DataSourceInUse.

    usages: by name of the field group; one that is not there is used by none. Of a field group in use description and
    cache change and fields are added; of a source in use all but the name changes. Source: journeys §3.2.
    """
    used = {name: usage for name, usage in usages.items() if name and usage.total}
    if used and before["name"] != after["name"]:
        raise DataSourceInUse(f"name: journeys call the data source by it ({_count(used)}); duplicate it")
    groups = {group["name"]: group for group in after["fieldGroups"]}
    for group in before["fieldGroups"]:
        usage = used.get(group["name"])
        if usage is None:
            continue
        told = f"field group {group['name']!r} is used (draft journeys: {usage.draft}, published: {usage.live})"
        now = groups.get(group["name"])
        if now is None:
            raise DataSourceInUse(f"{told}: it can't be removed or renamed")
        for member in _FIXED_IN_USE:
            if group.get(member) != now.get(member):
                raise DataSourceInUse(f"{told}: {member} can't change; duplicate the group")
        lost = next((pointer for pointer in _lost(group, now)), None)
        if lost is not None:
            raise DataSourceInUse(f"{told}: fields can only be added, and {lost} is gone or of another type")


def _count(used: Mapping[str, Usage]) -> str:
    return ", ".join(f"{name}: {usage.total}" for name, usage in used.items())


def _lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """JSON pointers of fields that are gone or have another type."""
    if "fields" in before:
        kept = set(after["fields"])
        return (pointer for pointer in before["fields"] if pointer not in kept)
    old, new = dict(_fields(before)), dict(_fields(after))
    return (pointer for pointer, kind in old.items() if new.get(pointer) != kind)


def _fields(group: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(pointer, type) of every field of a response, those of objects in lists among them."""
    types: Mapping[str, str] = group["types"]
    level: list[tuple[str, Any]] = [("", group["responsePayload"])]
    while level:
        pointer, value = level.pop()
        if isinstance(value, dict):
            level += [(f"{pointer}/{escape(key)}", child) for key, child in value.items()]
            continue
        yield pointer, types.get(pointer) or str(infer_type(value))
        if isinstance(value, list) and value and isinstance(value[0], dict):
            level.append((f"{pointer}/[]", value[0]))


def escape(key: str) -> str:
    """A key as a token of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


# --- field groups -------------------------------------------------------------------------------------------------


def _groups(groups: Any, read: Any) -> list[dict[str, Any]]:
    where = "$.fieldGroups"
    if groups is None:
        return []
    if not isinstance(groups, list) or len(groups) > MAX_GROUPS:
        raise DataSourceInvalid(f"fieldGroups is a list of at most {MAX_GROUPS} objects", where)
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for index, group in enumerate(groups):
        at = f"{where}[{index}]"
        if not isinstance(group, dict):
            raise DataSourceInvalid("a field group is an object", at)
        one = read(group, at)
        if one["name"] in seen:
            raise DataSourceInvalid(f"two field groups are named {one['name']!r}", f"{at}.name")
        seen.add(one["name"])
        found.append(one)
    return found


def _external_group(group: Mapping[str, Any], where: str) -> dict[str, Any]:
    for key in group:
        if key not in _OF_GROUP and key not in _READ_ONLY:
            raise DataSourceInvalid(f"a field group has no {key!r}", f"{where}.{key}")
    method = group.get("method", "GET")
    if method not in ("GET", "POST"):
        raise DataSourceInvalid("method is GET or POST", f"{where}.method")
    values = _dynamic_values(group.get("dynamicValues"), f"{where}.dynamicValues")
    sample = group.get("responsePayload")
    if not isinstance(sample, dict):
        raise DataSourceInvalid("responsePayload is a sample of the answer, a JSON object", f"{where}.responsePayload")
    _check_sample(sample, f"{where}.responsePayload", 0)
    return {
        "name": _name(group.get("name"), f"{where}.name"),
        "description": _text(group, "description", where),
        "method": method,
        "dynamicValues": values,
        "sentPayload": _sent_payload(group.get("sentPayload"), method, values, f"{where}.sentPayload"),
        "responsePayload": sample,
        "types": _types(group.get("types"), sample, f"{where}.types"),
        "cacheDuration": _cache(group.get("cacheDuration"), f"{where}.cacheDuration"),
    }


def _platform_group(group: Mapping[str, Any], where: str) -> dict[str, Any]:
    for key in group:
        if key not in ("name", "description", "fields") and key not in _READ_ONLY:
            raise DataSourceInvalid(f"a field group of the built-in source has no {key!r}", f"{where}.{key}")
    fields = group.get("fields")
    if not isinstance(fields, list) or len(fields) > MAX_FIELDS:
        message = f"fields is a list of at most {MAX_FIELDS} JSON pointers of profile attributes"
        raise DataSourceInvalid(message, f"{where}.fields")
    for index, pointer in enumerate(fields):
        if not isinstance(pointer, str) or not pointer.startswith("/") or len(pointer) > 1_000:
            raise DataSourceInvalid("a field reads /person/name", f"{where}.fields[{index}]")
    if len(set(fields)) != len(fields):
        raise DataSourceInvalid("a field is there twice", f"{where}.fields")
    name = _name(group.get("name"), f"{where}.name")
    return {"name": name, "description": _text(group, "description", where), "fields": list(fields)}


def _dynamic_values(values: Any, where: str) -> list[str]:
    if values is None:
        return []
    if isinstance(values, str):  # as the pane has it: long,lat
        values = [one.strip() for one in values.split(",")] if values.strip() else []
    if not isinstance(values, list) or len(values) > MAX_VALUES:
        raise DataSourceInvalid(f"dynamicValues is a list of at most {MAX_VALUES} names", where)
    for index, name in enumerate(values):
        if not isinstance(name, str) or not _VALUE_NAME.fullmatch(name):
            message = "the name of a dynamic value has letters, digits and underscores, and no digit first"
            raise DataSourceInvalid(message, f"{where}[{index}]")
    if len(set(values)) != len(values):
        raise DataSourceInvalid("a dynamic value is there twice", where)
    return list(values)


def _sent_payload(payload: Any, method: str, values: list[str], where: str) -> dict[str, Any] | None:
    if method == "GET":
        if payload is not None:
            raise DataSourceInvalid("a GET has no payload", where)
        return None
    if payload is None and not values:
        return None
    if not isinstance(payload, dict):
        raise DataSourceInvalid("sentPayload is a JSON object with the places of the dynamic values", where)
    _check_sample(payload, where, 0)
    places = set(param_names(payload))
    for name in sorted(places - set(values)):
        raise DataSourceInvalid(f"{name!r} is no dynamic value", where)
    for name in values:
        if name not in places:
            raise DataSourceInvalid(f'the dynamic value {name!r} has no place: write {{"param": "{name}"}}', where)
    return payload


def is_param(value: Any) -> bool:
    """Whether a value of a sent payload is the place of a dynamic value."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(PARAM), str)


def param_names(payload: Any) -> Iterator[str]:
    """Names of the dynamic values that a payload has places for."""
    if is_param(payload):
        yield payload[PARAM]
    elif isinstance(payload, dict | list):
        for child in payload.values() if isinstance(payload, dict) else payload:
            yield from param_names(child)


def _types(types: Any, sample: Mapping[str, Any], where: str) -> dict[str, str]:
    types = {} if types is None else types
    if not isinstance(types, dict):
        raise DataSourceInvalid("types maps JSON pointers to types", where)
    found: dict[str, str] = {}
    for pointer, name in types.items():
        value = _at(sample, pointer, where)
        if not isinstance(name, str) or name not in PARAMETER_TYPES or not fits_sample(Type(name), value):
            raise DataSourceInvalid(f"{name!r} is no type for {infer_type(value)} of the sample", f"{where}.{pointer}")
        found[pointer] = name
    return found


def _at(sample: Any, pointer: str, where: str) -> Any:
    """The sample's value at a pointer whose `[]` stands for any object of a list; never a plain object."""
    try:
        tokens = split_pointer(pointer)
    except ValueError as error:
        raise DataSourceInvalid(str(error), where) from None
    value = sample
    for token in tokens:
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and token == "[]" and value and isinstance(value[0], dict):
            value = value[0]
        else:
            raise DataSourceInvalid(f"the sample has nothing at {pointer!r}", where)
    if isinstance(value, dict):
        raise DataSourceInvalid(f"{pointer!r} is an object; correct its fields one by one", where)
    return value


def _cache(cache: Any, where: str) -> dict[str, Any]:
    if cache is None:
        return {"duration": 0, "timeUnit": "minutes"}
    if not isinstance(cache, dict) or set(cache) != {"duration", "timeUnit"}:
        raise DataSourceInvalid("cacheDuration has duration and timeUnit", where)
    unit = str(cache["timeUnit"]).lower()
    if unit not in UNITS_MS:
        raise DataSourceInvalid(f"timeUnit is one of {', '.join(UNITS_MS)}", f"{where}.timeUnit")
    duration = cache["duration"]
    if type(duration) is not int or not 0 <= duration * UNITS_MS[unit] <= MAX_CACHE_MS:
        raise DataSourceInvalid("duration is a whole number, and at most 30 days", f"{where}.duration")
    return {"duration": duration, "timeUnit": unit}


# --- in common ----------------------------------------------------------------------------------------------------


def _check_members(body: Mapping[str, Any], what: str) -> None:
    for key in body:
        if key not in _WRITTEN and key not in _READ_ONLY:
            raise DataSourceInvalid(f"{what} has no {key!r}", f"$.{key}")


def _check_size(body: Mapping[str, Any]) -> None:
    try:
        size = len(orjson.dumps(body))
    except TypeError as error:
        raise DataSourceInvalid(f"the document can't be written as JSON: {error}") from None
    if size > MAX_DOCUMENT_BYTES:
        raise DataSourceInvalid(f"a data source has at most {MAX_DOCUMENT_BYTES} bytes")


def _name(name: Any, where: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = "name has 1 to 30 letters, digits and underscores, and does not start with a digit"
        raise DataSourceInvalid(message, where)
    return name


def _text(body: Mapping[str, Any], key: str, where: str) -> str:
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 1_000:
        raise DataSourceInvalid(f"{key} is a text of at most 1000 characters", f"{where}.{key}")
    return value


def _url(url: Any, allow_private: bool) -> str:
    if not isinstance(url, str):
        raise DataSourceInvalid("url is the address to ask, with https:// or http://", "$.url")
    try:
        found = check_url(url, allow_private)
    except UrlRefused as refused:
        raise DataSourceInvalid(str(refused), "$.url") from None
    if found.is_address and not allow_private:
        raise DataSourceInvalid("the URL must name a host, not an IP address", "$.url")
    if "#" in url:
        raise DataSourceInvalid("the URL has a fragment, which is never sent", "$.url")
    return url


def _check_sample(value: Any, where: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise DataSourceInvalid(f"a payload has at most {MAX_DEPTH} levels", where)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_sample(item, where, depth + 1)
