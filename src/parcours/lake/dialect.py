"""Spark's SQL, in which queries for the reference platform are written, where DuckDB's differs.

Functions it lacks are macros. What it can't bind, a path into a list of objects and a sum of numbers that stand in
text, is written anew, and only in a query that DuckDB refuses as it stands: what it understands is never changed.
Source: Spark SQL, built-in functions and datetime patterns.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import duckdb

from parcours.lake.convert import quoted
from parcours.lake.errors import QueryInvalid
from parcours.lake.scopes import find_made
from parcours.lake.shape import Items, Leaf, Shape, Struct
from parcours.lake.syntax import Change, Part, Place, changed, is_column, parts_of, place_of, tree_of

_PATTERN_WORDS = {
    "y": "%Y", "yy": "%y", "yyy": "%Y", "yyyy": "%Y", "u": "%Y", "uu": "%y", "uuuu": "%Y",
    "M": "%-m", "MM": "%m", "MMM": "%b", "MMMM": "%B", "L": "%-m", "LL": "%m", "LLL": "%b", "LLLL": "%B",
    "d": "%-d", "dd": "%d", "D": "%-j", "DDD": "%j",
    "E": "%a", "EE": "%a", "EEE": "%a", "EEEE": "%A", "a": "%p",
    "H": "%-H", "HH": "%H", "h": "%-I", "hh": "%I", "m": "%-M", "mm": "%M", "s": "%-S", "ss": "%S",
    "SSS": "%g", "SSSSSS": "%f",
    # Every instant is shown in UTC.
    "z": "UTC", "VV": "UTC", "Z": "+0000", "X": "Z", "XX": "Z", "XXX": "Z", "x": "+00", "xx": "+0000", "xxx": "+00:00",
}  # fmt: skip
"""Letters of a pattern such as yyyy/MM/dd HH:mm, as `strftime` has them."""
_TOKEN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z]", re.DOTALL)
_PATTERN_ARGUMENT = {"date_format": 1, "from_unixtime": 1, "to_date": 1}
"""By function: which of its arguments, from 0, is a pattern."""
_MACROS = {
    "date_format": "(moment, format) AS strftime(CAST(moment AS TIMESTAMPTZ), format)",
    "to_date": "(value) AS coalesce(TRY_CAST(value AS DATE), CAST(TRY_CAST(value AS TIMESTAMPTZ) AS DATE)), "
    "(value, format) AS CAST(try_strptime(value, format) AS DATE)",
    "from_unixtime": "(seconds) AS strftime(to_timestamp(seconds), '%Y-%m-%d %H:%M:%S'), "
    "(seconds, format) AS strftime(to_timestamp(seconds), format)",
    "get_json_object": "(value, path) AS TRY_CAST(value AS JSON) ->> path",
    "explode": "(items) AS unnest(items)",
    "nvl": "(value, otherwise) AS coalesce(value, otherwise)",
    **dict.fromkeys(
        ("datediff", "date_diff"),
        "(later, earlier) AS system.main.date_diff('day', CAST(earlier AS DATE), CAST(later AS DATE)), "
        "(part, earlier, later) AS system.main.date_diff(part, earlier, later)",
    ),
}
"""Parameters and body, several where a function takes more or fewer arguments."""
_OF_NUMBERS = frozenset({"avg", "mean", "median", "quantile_cont", "quantile_disc", "stddev", "stddev_samp", "sum"})
"""Aggregates that read text as numbers."""
_NO_ORDER: Part = {"orders": ()}


def add_functions(connection: duckdb.DuckDBPyConnection, sql: str, words: frozenset[str]) -> str:
    """Make those of the functions that lower-cased `words` of a query name; returns the query that calls them.

    Raises QueryInvalid for a date pattern that can't be followed.
    """
    called = _MACROS.keys() & words
    parts = list(parts_of(tree_of(connection, sql))) if _PATTERN_ARGUMENT.keys() & called else []
    for name in called - (set() if parts else _PATTERN_ARGUMENT.keys()):
        connection.execute(f"CREATE MACRO {name}{_MACROS[name]}")
    changes = []
    for part in parts:
        place = _PATTERN_ARGUMENT.get(part["function_name"]) if part.get("class") == "FUNCTION" else None
        if place is not None and len(part["arguments"]) > place:
            pattern = part["arguments"][place]["expression"]
            literal = pattern.get("literal") or {}
            if literal.get("kind") != "STRING" or not pattern["query_location_length"]:
                raise QueryInvalid(
                    f"the date pattern of {part['function_name']} is written in quotes, where it is called"
                )
            text = date_format_of(literal["text"]).replace("'", "''")
            changes.append(Change(*place_of(pattern), f"'{text}'"))
    return changed(sql, changes)


def date_format_of(pattern: str) -> str:
    """A date pattern such as yyyy/MM/dd HH:mm as `strftime` has it. Raises QueryInvalid.

    Text in it stands between apostrophes; two of them are one.
    """
    found = []
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if token[1]:
            if text not in _PATTERN_WORDS:
                raise QueryInvalid(f"a date pattern has no {text!r}: {pattern!r}")
            found.append(_PATTERN_WORDS[text])
        else:
            plain = "'" if text == "''" else text[1:-1].replace("''", "'") if len(text) > 1 else text
            found.append(plain.replace("%", "%%"))
    return "".join(found)


def adapt(connection: duckdb.DuckDBPyConnection, sql: str, tables: Sequence[Struct]) -> Iterator[str]:
    """The query in other words, one of which DuckDB may bind; those that change least come first.

    An aggregate of numbers reads a text as one, and leaves out what isn't; a path into a list of objects gives the list
    of what each holds there. What the query has made itself is no text of the lake, and a list only when nothing else
    binds. tables: the columns of all that the query may name.
    """
    text = sql.encode()
    tree = tree_of(connection, sql)
    made = find_made(tree, frozenset(name.lower() for table in tables for name in table.fields))
    named: dict[Place, str] = {}
    paths: dict[Place, str] = {}
    numbers: dict[Place, str] = {}
    for part in parts_of(tree):
        for column in part.get("select_list") or ():
            if is_column(column) and not column["alias"]:
                named[place_of(column)] = column["column_names"][-1]
        if is_column(part):
            path = _through_lists(part["column_names"], tables)
            if path is not None:
                paths[place_of(part)] = path
        elif part.get("class") in ("FUNCTION", "WINDOW") and part["function_name"] in _OF_NUMBERS:
            for column in _arguments(part):
                start, length = place = place_of(column)
                if place not in made and any(shape is Leaf.TEXT for _, shape in _found(column["column_names"], tables)):
                    numbers[place] = f"TRY_CAST({text[start : start + length].decode()} AS DOUBLE)"
    of_lake = {place: path for place, path in paths.items() if place not in made}
    for changes in (numbers, of_lake, of_lake | numbers, paths, paths | numbers):
        yield changed(
            sql,
            (
                Change(*place, f"{new} AS {quoted(named[place])}" if place in named else new)
                for place, new in changes.items()
            ),
        )


def _arguments(function: Part) -> Iterator[Part]:
    """The columns an aggregate is about, also those in WITHIN GROUP (ORDER BY …)."""
    for holder in (*function["arguments"], *function.get("order_bys", _NO_ORDER)["orders"]):
        if is_column(holder["expression"]):
            yield holder["expression"]


def _through_lists(names: Sequence[str], tables: Sequence[Struct]) -> str | None:
    """The path as a list of what each object of a list holds; None for one that leads through none."""
    for lists, _ in _found(names, tables):
        if lists:
            listed, ends = "", [*lists, len(names)]
            made = ".".join(quoted(name) for name in names[: ends[0]])
            for number, (start, end) in enumerate(pairwise(ends), 1):
                item = f"parcours_item_{number}"
                listed += f"list_transform({made}, lambda {item}: "
                made = ".".join((item, *(quoted(name) for name in names[start:end])))
            return listed + made + ")" * len(lists)
    return None


def _found(names: Sequence[str], tables: Sequence[Struct]) -> Iterator[tuple[list[int], Shape]]:
    """What a path may mean in each table, with or without the table's name before it.

    That is: after how many of its names it goes into the items of a list, and what stands at its end.
    """
    for columns in tables:
        for skipped in (0, 1):
            shape: Shape | None = columns
            lists: list[int] = []
            for number, name in enumerate(names[skipped:], skipped):
                if isinstance(shape, Items):
                    lists.append(number)
                    shape = shape.element
                fields = shape.fields if isinstance(shape, Struct) else {}
                shape = next((child for key, child in fields.items() if key.lower() == name.lower()), None)
                if shape is None:
                    break
            if shape is not None and len(names) > skipped:
                yield lists, shape
