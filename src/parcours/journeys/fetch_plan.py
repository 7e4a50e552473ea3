"""Which fetches an activity needs: worked out once, when the journey is compiled (journeys §5.2)."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from parcours.expressions.errors import nearest
from parcours.expressions.references import Parameter, Reference
from parcours.expressions.types import Type
from parcours.journeys.activities.kind import Explained, GroupShape, SourceShape
from parcours.journeys.fetches import Fetch

_WITHOUT_TEXT = frozenset({Type.OBJECT, Type.MAP, Type.LIST_OBJECT})
"""Types that are no value to ask with."""

MAX_FETCHES = 50
"""Most field groups, or values to ask one for, of an activity."""

Place = tuple[str, str]
"""(data source, field group)."""


class NodeBuilder(Protocol):
    """What is needed of the builder of the node."""

    external: list[tuple[str, Reference]]

    @property
    def external_sources(self) -> Mapping[str, SourceShape]:
        """The external data sources by name."""
        ...

    def fault(self, code: str, message: str, path: str) -> None:
        """Report what is wrong, below the node."""
        ...

    def warn(self, code: str, message: str, path: str) -> None:
        """Report what looks wrong."""
        ...

    def expression(self, text: str, path: str, expected: Type | None) -> Explained | None:
        """Compile a text at the node."""
        ...


class _Given:
    """What one entry of `dynamicValues` says."""

    def __init__(self, path: str, parameters: tuple[Parameter, ...], reads: frozenset[Place]) -> None:
        self.path = path
        self.parameters = parameters
        self.reads = reads
        """Field groups that these values read without `params` of their own."""


def build_fetches(builder: NodeBuilder, entries: Sequence[Mapping[str, Any]], first: int) -> tuple[Fetch, ...]:
    """The fetches of a node whose expressions are compiled; faults are reported.

    entries: `dynamicValues` of the node. first: the number of the first of them.
    """
    given: dict[Place, _Given] = {}
    for index, entry in enumerate(entries):
        _read_entry(builder, entry, f".dynamicValues[{index}]", given)
    _check_circles(builder, given)
    fetches: list[Fetch] = []
    used: set[Place] = set()
    for path, reference in builder.external:
        source = builder.external_sources[reference.name]
        group = source.groups[reference.group]
        place = (source.name, reference.group)
        if reference.has_parameters:
            _check_inline(builder, path, reference, group)
            parameters = reference.parameters
        elif place in used:
            continue
        else:
            used.add(place)
            found = given.get(place)
            if found is None and group.dynamic_values:
                _report_missing(builder, path, place, group.dynamic_values)
            parameters = () if found is None else found.parameters
        number = first + len(fetches)
        fetches.append(
            Fetch(number, source.uid, source.name, reference.group, parameters, reference.has_parameters)
        )  # fmt: skip
    if len(fetches) > MAX_FETCHES:
        message = f"the activity reads {len(fetches)} field groups, {MAX_FETCHES} at most"
        builder.fault("ERR_DATA_SOURCE_COUNT", message, "")
    for place, found in given.items():
        if place not in used:
            message = f"no expression of the activity reads {'.'.join(place)} with these values"
            builder.warn("ERR_DATA_SOURCE_UNUSED", message, found.path)
    return tuple(fetches)


def _read_entry(builder: NodeBuilder, entry: Mapping[str, Any], path: str, given: dict[Place, _Given]) -> None:
    name, group_name = entry["dataSource"], entry["fieldGroup"]
    source = builder.external_sources.get(name)
    if source is None:
        _report_unknown(builder, "data source", name, list(builder.external_sources), f"{path}.dataSource")
        return
    group = source.groups.get(group_name)
    if group is None:
        _report_unknown(builder, "field group", group_name, list(source.groups), f"{path}.fieldGroup")
        return
    place = (name, group_name)
    if place in given:
        builder.fault("ERR_DATA_SOURCE_PARAMETER", f"{'.'.join(place)} has values already", path)
        return
    before = len(builder.external)
    parameters: dict[str, Parameter] = {}
    for index, value in enumerate(entry["values"]):
        where = f"{path}.values[{index}]"
        if value["name"] not in group.dynamic_values:
            _report_name(builder, value["name"], place, group, f"{where}.name")
            continue
        if value["name"] in parameters:
            builder.fault("ERR_DATA_SOURCE_PARAMETER", f"{value['name']!r} is there twice", f"{where}.name")
            continue
        explained = builder.expression(value["expression"], f"{where}.expression", None)
        if explained is None:
            parameters[value["name"]] = Parameter(value["name"], Type.ANY, lambda context, element: None)
            continue
        parameter = Parameter(value["name"], explained.expression.type, _runner(explained))
        _check_type(builder, parameter, group, f"{where}.expression")
        parameters[parameter.name] = parameter
    missing = [name for name in group.dynamic_values if name not in parameters]
    if missing:
        _report_missing(builder, f"{path}.values", place, missing)
    reads = frozenset(
        (reference.name, reference.group) for _, reference in builder.external[before:] if not reference.has_parameters
    )
    given[place] = _Given(path, tuple(parameters.values()), reads)


def _runner(explained: Explained) -> Any:
    evaluate = explained.expression.evaluate
    return lambda context, _element: evaluate(context)


def _check_inline(builder: NodeBuilder, path: str, reference: Reference, group: GroupShape) -> None:
    place = (reference.name, reference.group)
    names = {parameter.name for parameter in reference.parameters}
    for parameter in reference.parameters:
        if parameter.name not in group.dynamic_values:
            _report_name(builder, parameter.name, place, group, path)
        else:
            _check_type(builder, parameter, group, path)
    missing = [name for name in group.dynamic_values if name not in names]
    if missing:
        _report_missing(builder, path, place, missing)
    if reference.depends_on_element:
        message = f"the values of {'.'.join(place)} can't depend on the elements of a list: it is asked for once"
        builder.fault("ERR_DATA_SOURCE_PARAMETER", message, path)


def _check_type(builder: NodeBuilder, parameter: Parameter, group: GroupShape, path: str) -> None:
    if parameter.type in _WITHOUT_TEXT or (parameter.type.is_list and group.method == "GET"):
        wanted = "a text, number, boolean or date" + ("" if group.method == "GET" else ", or a list of them")
        message = f"{parameter.name!r} is of type {parameter.type}; a dynamic value is {wanted}"
        builder.fault("ERR_DATA_SOURCE_PARAMETER", message, path)


def _check_circles(builder: NodeBuilder, given: Mapping[Place, _Given]) -> None:
    """Values that depend on the very group they are for could never be known."""
    for place, found in given.items():
        seen: set[Place] = set()
        waiting = list(found.reads)
        while waiting:
            other = waiting.pop()
            if other == place:
                message = f"the values of {'.'.join(place)} depend on what it is asked for with them"
                builder.fault("ERR_DATA_SOURCE_PARAMETER", message, found.path)
                break
            if other not in seen:
                seen.add(other)
                waiting += given[other].reads if other in given else ()


def _report_unknown(builder: NodeBuilder, what: str, name: str, known: Sequence[str], path: str) -> None:
    close = nearest(name, known)
    meant = f"; did you mean {' or '.join(close)}?" if close else ""
    builder.fault("ERR_DATA_SOURCE_UNKNOWN", f"no {what} {name!r}{meant}", path)


def _report_name(builder: NodeBuilder, name: str, place: Place, group: GroupShape, path: str) -> None:
    names = ", ".join(group.dynamic_values) or "none"
    message = f"{'.'.join(place)} has no dynamic value {name!r}; it has: {names}"
    builder.fault("ERR_DATA_SOURCE_PARAMETER", message, path)


def _report_missing(builder: NodeBuilder, path: str, place: Place, names: Sequence[str]) -> None:
    wanted = ", ".join(repr(name) for name in names)
    message = f"{'.'.join(place)} needs values for {wanted}: give them with params, or in dynamicValues"
    builder.fault("ERR_DATA_SOURCE_PARAMETER_MISSING", message, path)
