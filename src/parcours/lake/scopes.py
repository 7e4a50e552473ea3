"""Which columns a query reads that it has made itself, in a CTE or a subquery, and not of a data set."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from parcours.lake.syntax import Part, Place, is_column, place_of

_Names = frozenset[str]
"""Of columns, in lower case."""
_NONE: _Names = frozenset()
_NO_CTES: Part = {"map": ()}


class _Scope(NamedTuple):
    """What stands for something else than a column of a data set."""

    sources: Mapping[str, _Names]
    """The columns made anew of each table that may be named, by its lower-cased alias or name; none of a data set."""
    names: _Names
    """Those that need no table's name before them."""

    def has(self, names: list[str]) -> bool:
        """Whether a path begins with a column made anew."""
        first, *more = (name.lower() for name in names)
        if more and first in self.sources:
            return more[0] in self.sources[first]
        return first in self.names


def find_made(tree: Part, columns: _Names) -> set[Place]:
    """Where columns stand that CTEs, subqueries and lists of column names define anew.

    tree: as `syntax.tree_of` gives it. columns: lower-cased names of those that the data sets have. A column that a
    subquery hands on as it is in the data set is none that it makes.
    """
    made: set[Place] = set()
    for statement in tree.get("statements", ()):
        _visit(statement["node"], columns, {}, _Scope({}, _NONE), made)
    return made


def _visit(node: Part, columns: _Names, ctes: Mapping[str, _Names], outer: _Scope, made: set[Place]) -> _Names:
    """Add what one query makes to `made`; the names among its own columns that it makes anew."""
    ctes = dict(ctes)
    for entry in node.get("cte_map", _NO_CTES)["map"]:
        key, given = entry["key"].lower(), _lower(entry["value"]["aliases"])
        ctes[key] = given  # a recursive one reads itself
        own = _visit(entry["value"]["query_node"], columns, ctes, outer, made)
        ctes[key] = given or own
    if node["type"] != "SELECT_NODE":  # two queries, such as those of a UNION
        children = [one for value in node.values() for one in (value if isinstance(value, list) else [value])]
        queries = [one for one in children if isinstance(one, dict) and str(one.get("type")).endswith("_NODE")]
        return frozenset().union(*(_visit(one, columns, ctes, outer, made) for one in queries))
    sources: dict[str, _Names] = {}
    reads_data_set = False
    tables: list[Part] = [node["from_table"]]
    while tables:
        table = tables.pop()
        tables += [table[side] for side in ("left", "right", "source") if isinstance(table.get(side), dict)]
        name = table.get("table_name", "").lower()
        own = ctes.get(name, _NONE)
        if table["type"] == "SUBQUERY":
            own = _visit(table["subquery"]["node"], columns, ctes, outer, made)
        elif table["type"] == "BASE_TABLE" and name not in ctes:
            reads_data_set = True
        sources[(table["alias"] or name).lower()] = _lower(table.get("column_name_alias") or ()) or own
    here: _Names = frozenset().union(*sources.values())
    scope = _Scope({**outer.sources, **sources}, here | (outer.names - columns if reads_data_set else outer.names))
    waiting: list[Any] = [value for key, value in node.items() if key != "cte_map"]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += [value for key, value in part.items() if key != "subquery"]
            if part.get("class") == "SUBQUERY":
                _visit(part["subquery"]["node"], columns, ctes, scope, made)
            elif is_column(part) and scope.has(part["column_names"]):
                made.add(place_of(part))
    return frozenset(_own_names(node, here, sources, made))


def _own_names(node: Part, here: _Names, sources: Mapping[str, _Names], made: set[Place]) -> set[str]:
    """The names among a SELECT's columns that it makes anew."""
    found: set[str] = set()
    for one in node["select_list"]:
        if one["class"] == "STAR":
            found |= here | {entry["key"].lower() for entry in one["replace_list"]}
            continue
        name = one["alias"].lower()
        if is_column(one):
            *before, last = (part.lower() for part in one["column_names"])
            is_whole = not before or (len(before) == 1 and before[0] in sources)
            name = name or last
            if is_whole and name == last and place_of(one) not in made:
                continue
        if name:
            found.add(name)
    return found


def _lower(names: Any) -> _Names:
    return frozenset(name.lower() for name in names)
