"""Bad input: JSON documents changed in one or a few places into what clients may send by mistake or on purpose."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

_RAW = {
    "\x01deep list": "[" * 1_000 + "]" * 1_000,
    "\x01deep object": '{"a":' * 1_000 + "1" + "}" * 1_000,
    "\x01deeper than is written": "[" * 260 + "]" * 260,
    "\x01as deep as is written": '{"properties":' * 240 + "{}" + "}" * 240,
    "\x01fifty deep": '{"type":"object","properties":{"a":' * 50 + "{}" + "}}" * 50,
    "\x01lone surrogate": '"\\ud800"',
    "\x01second surrogate": '"a\\udfff"',
    "\x01huge integer": "9" * 400,
    "\x01beyond 64 bits": "18446744073709551616",
    "\x01below 64 bits": "-9223372036854775809",
    "\x01huge number": "1e400",
    "\x01NaN": "NaN",
    "\x01-Infinity": "-Infinity",
    "\x01the same key twice": '{"a":1,"a":2}',
}
"""Texts no Python value is written as; the keys stand for them in a document."""

ODD_TEXTS = [
    "",
    " ",
    "\0",
    "a\0b",
    "x" * 300,
    "x" * 100_000,
    "NaN",
    "Infinity",
    "-1",
    "1e999",
    "99999999999999999999999",
    "²",
    "٣",
    "true",
    "null",
    "\u202eabc",
    "\ufeff",
    "😀" * 40,
    "e\u0301",
    "İ",
    "\r\nX-A: b",
    "%00",
    "%",
    "../../etc/passwd",
    "/",
    "//",
    "a/b",
    "/a~2b",
    "~",
    "#",
    "#/definitions/customer",
    "$.a",
    "a.b[0].c",
    "a[",
    "[*]",
    "[-1]",
    "[99999999999]",
    "*",
    "(a+)+$",
    "(?<=a",
    "[z-a]",
    "{",
    "{{",
    "{{%a%}}",
    "${",
    "${a}",
    "@event{",
    "@event{OrderPlaced.commerce.order.priceTotal}",
    '@event{OrderPlaced._id} == "\\ud800"',
    "#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier}",
    "(" * 2_000,
    "(" * 150 + "1" + ")" * 150,
    "not " * 2_000 + "true",
    "-" * 2_000 + "1",
    "!" * 500 + "a",
    "1 + " * 3_000 + "1",
    "a." * 3_000 + "a",
    "concat(" * 300 + "a" + ")" * 300,
    "iif(true, a, b)",
    "1/0",
    '"a" < 1',
    'toDateTime("x")',
    'date("2020", "yyyy-MM-dd\'T")',
    "'\\ud800'",
    '"\\ud83d"',
    "substr(a, 0, 99999999999)",
    'repeat("x", 999999999)',
    "2020-01-01",
    "2020-13-45T99:99:99Z",
    "0000-00-00T00:00:00Z",
    "999999-01-01T00:00:00Z",
    "P1D",
    "PT-1S",
    "P99999999999Y",
    "Europe/Nowhere",
    "http://",
    "http://[::1",
    "http://a:99999/",
    "http://127.0.0.1/",
    "https://ns.adobe.com/xdm/context/profile",
    "https://ns.adobe.com/nowhere/schemas/x",
    "https://xn--/\0",
    "xdm:descriptorRelationship",
    "xdm:descriptorReferenceIdentity",
    "__class__",
    "constructor",
    "string",
    "object",
    "array",
    "integer",
]

ODD_VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**31,
    2**63 - 1,
    2**63,
    2**64 - 1,
    1e308,
    5e-324,
    -0.0,
    {},
    [],
    [None],
    [[]],
    [{}],
    {"": ""},
    {"\0": 1},
    {"$ref": "#"},
    {"$ref": 1},
    {"a": {"b": {"c": []}}},
    {"type": ["string", "null"]},
    {"type": "object", "properties": []},
    {"allOf": [{"allOf": [{"allOf": []}]}]},
    [1, "a", None, {}, [], True],
    [[]] * 1_000,
    list(range(3_000)),
    [""] * 2_000,
    {f"k{n}": n for n in range(1_000)},
    *_RAW,
]

texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=12)
values = (
    st.sampled_from(ODD_VALUES).map(copy.deepcopy)
    | texts
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
)

_ODD_QUERIES = [
    "title==a,b",
    "title!=a",
    "!title",
    "title~^a.*",
    "title~(a+)+$",
    "title~[",
    "version>1",
    "version<x",
    "version>1,2",
    "a[].b==1",
    "a[0]==1",
    "a.b.c",
    "==",
    "=",
    "!",
    "~",
    "name=in=(a,b)",
    "-",
    "+,-",
    "desc:",
    "-title,+version",
    "meta:registryMetadata",
    "@id",
    "0",
    "1",
    "-1",
    "1.5",
    "9" * 40,
    "2147483648",
    "9223372036854775808",
    "lake:a",
    "unifiedProfile:*",
    ":",
    ",",
    "eyJsIjoxfQ",
    "W10",
    "_SUCCESS",
    "row_errors",
    "_xdm.context.profile",
    "_xdm.context.experienceevent",
    "Email",
]
queries = (
    st.sampled_from(_ODD_QUERIES)
    | st.sampled_from([text for text in ODD_TEXTS if len(text) < 1_000])
    | st.text(max_size=12)
)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a document, its own first."""
    yield path
    if isinstance(document, dict):
        for key in document:
            yield from places(document[key], (*path, key))
    elif isinstance(document, list):
        for index, item in enumerate(document):
            yield from places(item, (*path, index))


@st.composite
def changed(draw: st.DrawFn, document: Any) -> Any:
    """A document with up to three changes, each at some place in it."""
    result = copy.deepcopy(document)
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        path = draw(st.sampled_from(list(places(result))))
        if not path:
            if draw(st.integers(0, 9)) == 0:
                return draw(values)
            continue
        holder = result
        for step in path[:-1]:
            holder = holder[step]
        _change(draw, holder, path[-1])
    return result


def _change(draw: st.DrawFn, holder: Any, key: Any) -> None:
    found = holder[key]
    kind = draw(st.sampled_from(["value", "value", "value", "text", "delete", "insert", "rename", "wrap", "repeat"]))
    if kind == "delete":
        del holder[key]
    elif kind == "insert" and isinstance(found, dict):
        found[draw(texts)] = draw(values)
    elif kind == "insert" and isinstance(found, list):
        found.insert(draw(st.integers(0, len(found))), draw(values))
    elif kind == "rename" and isinstance(holder, dict):
        holder[draw(texts)] = holder.pop(key)
    elif kind == "wrap":
        holder[key] = [found]
    elif kind == "repeat" and isinstance(holder, list):
        holder += [copy.deepcopy(found)] * draw(st.sampled_from([1, 2, 300]))
    elif kind == "text":
        holder[key] = draw(texts)
    else:
        holder[key] = draw(values)


def written(document: Any) -> bytes:
    """The document as JSON text; where it holds stand-ins, as the texts they stand for."""
    text = json.dumps(document)
    for name, raw in _RAW.items():
        text = text.replace(json.dumps(name), raw)
    return text.encode()
