"""Text, regular expression, hash and URL functions of the mapping language. Source: platform-apis §6.4."""

import hashlib
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, unquote_plus, urlsplit

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.mapping_functions import define
from parcours.expressions.regex import Pattern, pattern_at_run_time
from parcours.expressions.values import MAX_TEXT, to_text

_CHARSETS = {"UTF-8": "utf-8", "UTF-16": "utf-16", "ISO-8859-1": "latin-1", "US-ASCII": "ascii"}
_PORTS = {"http": 80, "https": 443, "ftp": 21, "sftp": 22, "ssh": 22, "ws": 80, "wss": 443, "ldap": 389}


def limited(text: str) -> str:
    """The text, unless it grew too long. Raises ExpressionFailed."""
    if len(text) > MAX_TEXT:
        raise ExpressionFailed(f"a text grew beyond {MAX_TEXT} characters")
    return text


def _concat(*parts: str | None) -> str:
    return limited("".join(part for part in parts if part is not None))


def _explode(text: str, pattern: Pattern | None = None) -> list[str]:
    return (pattern or pattern_at_run_time(",")).split(text)


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else list(text)


def _replace(text: str, search: str, replacement: str) -> str:
    if not search:
        return text
    if len(text) + text.count(search) * (len(replacement) - len(search)) > MAX_TEXT:
        raise ExpressionFailed(f"a text grew beyond {MAX_TEXT} characters")
    return text.replace(search, replacement)


def _substr(text: str, start: int, length: int | None = None) -> str:
    start = max(start, 0)
    return text[start:] if length is None else text[start : start + max(length, 0)]


def _join(separator: str | None, *parts: Any) -> str | None:
    if separator is None:
        return None
    texts: list[str] = []
    for part in parts:
        texts.extend(to_text(item) for item in (part if type(part) is list else [part]) if item is not None)
    return limited(separator.join(texts))


def _padding(text: str, length: int, pad: str | None) -> str:
    missing = length - len(text)
    if length > MAX_TEXT:
        raise ExpressionFailed(f"a text has at most {MAX_TEXT} characters")
    pad = pad or " "
    return (pad * (missing // len(pad) + 1))[:missing] if missing > 0 else ""


def _lpad(text: str | None, length: int | None, pad: str | None = None) -> str | None:
    if text is None or length is None:
        return None
    return text[: max(length, 0)] if len(text) >= length else _padding(text, length, pad) + text


def _rpad(text: str | None, length: int | None, pad: str | None = None) -> str | None:
    if text is None or length is None:
        return None
    return text[: max(length, 0)] if len(text) >= length else text + _padding(text, length, pad)


def _right(text: str, count: int) -> str:
    return text[len(text) - min(max(count, 0), len(text)) :]


def _instr(text: str, part: str, start: int = 0, occurrence: int = 1) -> int:
    if occurrence < 1:
        raise ExpressionFailed("occurrences are counted from 1")
    at = text.find(part, max(start, 0))
    while occurrence > 1 and at >= 0:
        at, occurrence = text.find(part, at + 1), occurrence - 1
    return at


TEXT = (
    define("String", "concat(string:string...) : string", _concat, "Joins texts; null ones are left out.",
           'concat("Hi, ", "there", "!")', '"Hi, there!"', sees_null=True),
    define("String", "explode(string:string, regex:regex?) : array", _explode,
           "Splits a text at every match of a regular expression, a comma by default.",
           'explode("Hi, there!", " ")', '["Hi,","there!"]'),
    define("String", "instr(string:string, substring:string, start:integer?, occurrence:integer?) : integer", _instr,
           "The 0-based position of a part of a text, or of its nth occurrence from a position on; -1 when absent.",
           'instr("adobe.com", "com")', "6"),
    define("String", "replacestr(string:string, search:string, replacement:string) : string", _replace,
           "Replaces every occurrence of a text.",
           'replacestr("This is a string re test", "re", "replace")', '"This is a string replace test"'),
    define("String", "substr(string:string, start:integer, length:integer?) : string", _substr,
           "A part of a text, from a 0-based position.", 'substr("This is a substring test", 7, 8)', '" a subst"'),
    define("String", "lower(string:string) : string", str.lower, "In lower case.", 'lower("HeLLo")', '"hello"'),
    define("String", "upper(string:string) : string", str.upper, "In upper case.", 'upper("HeLLo")', '"HELLO"'),
    define("String", "split(string:string, separator:string) : array", _split, "Splits a text at a separator.",
           'split("Hello world", " ")', '["Hello","world"]'),
    define("String", "join(separator:string, values:any...) : string", _join,
           "Joins the elements of arrays and single values with a separator.",
           'join(" ", ["Hello", "world"])', '"Hello world"', sees_null=True),
    define("String", "lpad(string:string, length:integer, pad:string?) : string", _lpad,
           "Fills a text from the left up to a length; a longer text is cut.",
           'lpad("bat", 8, "yz")', '"yzyzybat"', sees_null=True),
    define("String", "rpad(string:string, length:integer, pad:string?) : string", _rpad,
           "Fills a text at its right end up to a length; a longer text is cut.",
           'rpad("bat", 8, "yz")', '"batyzyzy"', sees_null=True),
    define("String", "left(string:string, count:integer) : string", lambda text, count: text[: max(count, 0)],
           "The first characters.", 'left("abcde", 2)', '"ab"'),
    define("String", "right(string:string, count:integer) : string", _right, "The last characters.",
           'right("abcde", 2)', '"de"'),
    define("String", "ltrim(string:string) : string", str.lstrip, "Without white space at the start.",
           'ltrim(" hello")', '"hello"'),
    define("String", "rtrim(string:string) : string", str.rstrip, "Without white space at the end.",
           'rtrim("hello ")', '"hello"'),
    define("String", "trim(string:string) : string", str.strip, "Without white space at both ends.",
           'trim(" hello ")', '"hello"'),
    define("String", "equals(string:string, other:string) : boolean", lambda a, b: a is not None and a == b,
           "Whether two texts are the same; usable as a method.", '"string1".equals("string1")', "true",
           sees_null=True),
    define("String", "equalsIgnoreCase(string:string, other:string) : boolean",
           lambda a, b: a is not None and b is not None and a.lower() == b.lower(),
           "Whether two texts are the same but for case; usable as a method.",
           '"string1".equalsIgnoreCase("STRING1")', "true", sees_null=True),
)  # fmt: skip


def _extract(text: str, pattern: Pattern) -> list[str | None]:
    return pattern.groups(text) or []


REGEX = (
    define("Regular Expression", "extract_regex(string:string, regex:regex) : array", _extract,
           "The first match and then its groups; an empty array without one.",
           'extract_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")', '["E259,E259B_009,1_1","E259","1_1"]'),
    define("Regular Expression", "matches_regex(string:string, regex:regex) : boolean",
           lambda text, pattern: pattern.matches(text), "Whether the whole text matches.",
           'matches_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")', "true"),
)  # fmt: skip


def _bytes(text: str, charset: str) -> bytes:
    codec = _CHARSETS.get(charset.upper())
    if codec is None:
        raise ExpressionFailed(f"{charset!r} is none of {', '.join(_CHARSETS)}")
    if codec == "utf-16":
        return b"\xfe\xff" + text.encode("utf-16-be")
    return text.encode(codec, "replace")


def _crc32(text: str, charset: str = "UTF-8") -> str:
    """The bytes from the lowest on, as the reference prints them."""
    return zlib.crc32(_bytes(text, charset)).to_bytes(4, "little").hex()


def _hash(algorithm: str) -> Callable[..., str]:
    def digest(text: str, charset: str = "UTF-8") -> str:
        return hashlib.new(algorithm, _bytes(text, charset), usedforsecurity=False).hexdigest()

    return digest


HASH = (
    *(
        define("Hashing", f"{name}(input:string, charset:string?) : string", _hash(name),
               f"The {name.upper()} hash in lower-case hexadecimal digits.", f'{name}("my text")', "")
        for name in ("sha1", "sha256", "sha512", "md5")
    ),
    define("Hashing", "crc32(input:string, charset:string?) : string",
           _crc32,
           "The CRC-32 checksum in lower-case hexadecimal digits.", 'crc32("my text")', '"8df92e80"'),
)  # fmt: skip


def _url(text: str) -> Any:
    try:
        parts = urlsplit(text.strip())
        parts.port  # noqa: B018  # an impossible port fails here
    except ValueError as error:
        raise ExpressionFailed(f"{text[:80]!r} is no URL: {error}") from None
    if not parts.scheme:
        raise ExpressionFailed(f"{text[:80]!r} is no URL")
    return parts


def _port(text: str) -> int:
    parts = _url(text)
    return parts.port if parts.port is not None else _PORTS.get(parts.scheme.lower(), -1)


def _url_path(text: str, is_full: Any = None) -> str:
    parts = _url(text)
    return f"{parts.path}?{parts.query}" if is_full is True and parts.query else str(parts.path)


def _query(text: str, anchor: str) -> dict[str, str]:
    parts = _url(text)
    pairs: dict[str, str] = {}
    for pair in filter(None, parts.query.split("&")):
        name, _, value = pair.partition("=")
        pairs[unquote_plus(name)] = unquote_plus(value)
    if parts.fragment:
        match anchor:
            case "retain":
                if pairs:
                    pairs[list(pairs)[-1]] += "#" + parts.fragment
            case "append":
                pairs["_anchor_"] = parts.fragment
            case "remove":
                pass
            case _:
                raise ExpressionFailed(f"{anchor!r} is none of retain, remove, append")
    return pairs


_EXAMPLE = "http://example.com:8042/over/there?name=ferret#nose"

URL = (
    define("URL", "get_url_protocol(url:string) : string", lambda text: _url(text).scheme, "The protocol of a URL.",
           'get_url_protocol("https://platform.example.com/home")', '"https"'),
    define("URL", "get_url_host(url:string) : string", lambda text: _url(text).hostname or "", "The host of a URL.",
           'get_url_host("https://platform.example.com/home")', '"platform.example.com"'),
    define("URL", "get_url_port(url:string) : integer", _port,
           "The port of a URL, or the usual one of its protocol.", 'get_url_port("sftp://example.com//home/")', "22"),
    define("URL", "get_url_path(url:string, fullPath:any?) : string", _url_path,
           "The path of a URL; with true also its query.",
           'get_url_path("sftp://example.com//home/user/info.csv")', '"//home/user/info.csv"'),
    define("URL", "get_url_query_str(url:string, anchor:string) : object", _query,
           "The query of a URL as a map; its anchor is kept in the last value, removed, or stored as _anchor_.",
           f'get_url_query_str("{_EXAMPLE}", "append")', '{"name":"ferret","_anchor_":"nose"}'),
    define("URL", "get_url_encoded(text:string) : string", quote_plus, "A text made safe for a URL.",
           'get_url_encoded("a b&c")', '"a+b%26c"'),
    define("URL", "get_url_decoded(text:string) : string", unquote_plus, "The text behind a URL's escapes.",
           'get_url_decoded("a+b%26c")', '"a b&c"'),
)  # fmt: skip
