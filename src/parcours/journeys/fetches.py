"""What an activity reads of external data sources, and how expressions find what was fetched (journeys §5.2).

Reading what isn't there yet raises DataNeeded, which passes through `evaluate`: the run then asks for everything the
activity may read, and the activity begins anew when it has come.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.references import PLATFORM, EvaluationContext, GroupKey, Parameter
from parcours.expressions.values import to_json
from parcours.journeys.model import FetchOutcome, FetchRequest
from parcours.kit.errors import ParcoursError

if TYPE_CHECKING:
    from parcours.journeys.run import Run

Answers = Mapping[str, Any]
"""What was fetched in this stay, by the fetch's number as text."""


class DataNeeded(ParcoursError):
    """An expression reads a field group that has not been fetched for this activity."""


class Fetch(NamedTuple):
    """One field group that an activity may read, for values that are known when it does."""

    number: int
    """Unique in the journey; the same whenever the same document is compiled."""
    source_uid: str
    source: str
    """Its name."""
    group: str
    parameters: tuple[Parameter, ...]
    """What gives the dynamic values: of a reference with `params:` its own, else those of the activity."""
    is_inline: bool
    """Whether the values stand in the reference."""

    def values(self, context: EvaluationContext) -> dict[str, Any]:
        """The dynamic values as JSON. Raises ExpressionFailed; DataNeeded while they wait for another fetch."""
        try:
            return {name: to_json(run(context, None)) for name, _, run in self.parameters}
        except (TypeError, ValueError, OverflowError, ArithmeticError, RecursionError) as error:
            raise ExpressionFailed(f"a dynamic value can't be evaluated: {error}") from error


def requests_of(fetches: Sequence[Fetch], answers: Answers, context: EvaluationContext) -> list[FetchRequest]:
    """What to ask for now: what is there already, and what waits for another answer, is left out.

    The same group for the same values is asked for once. Raises ExpressionFailed.
    """
    found: dict[tuple[str, str, str], FetchRequest] = {}
    for fetch in fetches:
        if str(fetch.number) in answers:
            continue
        try:
            values = fetch.values(context)
        except DataNeeded:
            continue
        key = (fetch.source_uid, fetch.group, repr(values))
        known = found.get(key)
        if known is None:
            found[key] = FetchRequest(fetch.source_uid, fetch.source, fetch.group, values, (fetch.number,))
        else:
            found[key] = known._replace(numbers=(*known.numbers, fetch.number))
    return list(found.values())


def told(count: int, elapsed_ms: int, failed: FetchOutcome | None) -> dict[str, Any]:
    """The data fetch's part of a step event, by its names in journeys §13.1."""
    fields: dict[str, Any] = {
        "fetchTotalTime": elapsed_ms, "fetchCount": count,
        "fetchCustomTotalTime": elapsed_ms, "fetchCustomCount": count,
    }  # fmt: skip
    if failed is not None:
        fields |= {
            "fetchTypeInError": "custom",
            "fetchError": "capping" if failed.error == "capped" else failed.error,
            "fetchErrorCode": failed.error_code,
            "fetchOriginError": failed.origin_error,
            "fetchOriginErrorCode": failed.origin_code,
        }
    return {name: value for name, value in fields.items() if value is not None}


class FetchedSources(Mapping[str, Any]):
    """Data sources as expressions of a run see them: the profile as it is, external ones as far as fetched."""

    __slots__ = ("_base", "_run")

    def __init__(self, run: "Run", base: Mapping[str, Any]) -> None:
        self._run = run
        self._base = base

    def __getitem__(self, source: str) -> Any:
        if source != PLATFORM:
            return _Groups(self._run, source)
        found = self._base[source]
        added = self._run.journey.platform_groups
        return _Platform(found, added) if added else found

    def get(self, source: str, default: Any = None) -> Any:
        """The source's field groups, or `default`."""
        try:
            return self[source]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        return iter(self._base)

    def __len__(self) -> int:
        return len(self._base)


class _Groups(Mapping[Any, Any]):
    """The field groups of one external source."""

    __slots__ = ("_run", "_source")

    def __init__(self, run: "Run", source: str) -> None:
        self._run = run
        self._source = source

    def __getitem__(self, key: Any) -> Any:
        node = self._run.node
        for fetch in () if node is None else node.fetches:
            if fetch.is_inline:
                is_it = isinstance(key, GroupKey) and key.parameters is fetch.parameters
            else:
                is_it = key == fetch.group and fetch.source == self._source
            if is_it:
                answers = self._run.answers
                number = str(fetch.number)
                if number not in answers:
                    raise DataNeeded(f"{self._source}.{fetch.group} has not been fetched")
                return answers[number]
        raise KeyError(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """What was fetched, or `default` for what is no field group here. Raises DataNeeded."""
        try:
            return self[key]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Platform(Mapping[str, Any]):
    """The built-in source with field groups that people added: parts of the profile."""

    __slots__ = ("_added", "_base")

    def __init__(self, base: Mapping[str, Any], added: Mapping[str, str]) -> None:
        self._base = base
        self._added = added

    def __getitem__(self, group: str) -> Any:
        return self._base[self._added.get(group, group)]

    def get(self, group: str, default: Any = None) -> Any:
        """The field group, or `default`."""
        return self._base.get(self._added.get(group, group), default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._base)

    def __len__(self) -> int:
        return len(self._base)
