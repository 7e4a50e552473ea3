"""Running the cases of test files, each in a world of its own."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from parcours.journeys.crowd import MODES
from parcours.journeys.outcome import Coverage
from parcours.kit.errors import Invalid, ParcoursError
from parcours.kit.yaml_text import Tokens, split_json_path
from parcours.testing.clock import JourneyClock, Loaded
from parcours.testing.expect import ExpectationInvalid, fault_of
from parcours.testing.format import TestCase, TestFile, read_test_file

Verdict = Literal["passed", "failed", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one case."""

    file: str
    name: str
    line: int
    verdict: Verdict
    seconds: float
    """Of real time."""
    faults: tuple[str, ...] = ()
    """What was seen instead of what was expected, each with its place; or why it couldn't be run, or was skipped."""


@dataclass(slots=True)
class Results:
    """What became of all of them."""

    cases: list[CaseResult] = field(default_factory=list)
    coverage: dict[str, Coverage] = field(default_factory=dict)
    """By the journey's name, over every case."""

    def count(self, verdict: Verdict) -> int:
        """How many cases ended so."""
        return sum(case.verdict == verdict for case in self.cases)

    @property
    def is_good(self) -> bool:
        """Whether every case that was run holds."""
        return not self.count("failed") and not self.count("error")


class _Stopped(Exception):
    """A step that can't be taken: the rest of the case has no meaning."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)


def run_files(
    paths: Sequence[Path], *, is_chosen: Callable[[str], bool] = lambda _: True, told: Callable[[CaseResult], None]
) -> Results:
    """Run the cases of files. is_chosen: whether a case of this name, `file::case`, is run. told: hears of each."""
    results = Results()
    for path in paths:
        for result in _run_file(path, is_chosen, results.coverage):
            results.cases.append(result)
            told(result)
    return results


def _run_file(path: Path, is_chosen: Callable[[str], bool], coverage: dict[str, Coverage]) -> Iterator[CaseResult]:
    started = time.perf_counter()
    try:
        file = read_test_file(path)
        loaded = Loaded(file.journeys(), file.config())
    except ParcoursError as error:
        seconds = time.perf_counter() - started
        yield CaseResult(str(path), "(file)", 1, "error", seconds, tuple(str(error).splitlines()))
        return
    for case in file.cases:
        if is_chosen(f"{path}::{case.name}"):
            yield _run_case(file, case, loaded, coverage)


def _run_case(file: TestFile, case: TestCase, loaded: Loaded, coverage: dict[str, Coverage]) -> CaseResult:
    started = time.perf_counter()

    def result(verdict: Verdict, faults: Sequence[str] = ()) -> CaseResult:
        return CaseResult(
            str(file.path), case.name, case.line, verdict, time.perf_counter() - started, tuple(faults)
        )  # fmt: skip

    skip = case.source.document.get("skip")
    if skip is not None:
        return result("skipped", (str(skip),))
    play = _Play(case, loaded)
    try:
        faults = play.run()
    except _Stopped as stopped:
        return result("error", (str(stopped),))
    for journey in loaded.journeys:
        seen = play.clock.coverage(journey.name)
        before = coverage.get(journey.name)
        coverage[journey.name] = seen if before is None else before | seen
    return result("failed" if faults else "passed", faults)


class _Play:
    """One case being run."""

    def __init__(self, case: TestCase, loaded: Loaded) -> None:
        self._case = case
        self._loaded = loaded
        self._population: int | None = case.given.get("population")
        self.clock: JourneyClock

    def run(self) -> list[str]:
        """The faults of every expectation, `then` only when all steps could be taken. Raises _Stopped."""
        given, document = self._case.given, self._case.source.document
        faults: list[str] = []
        at: Tokens = ("given",)
        try:
            now = given.get("now", "2026-01-01T00:00:00Z")
            self.clock = JourneyClock(now, seed=given.get("seed", ""), loaded=self._loaded)
            for profile in self._repeated(given.get("profiles", ())):
                self.clock.profile(
                    profile["namespace"], profile["id"], profile.get("attributes", {}),
                    audiences=profile.get("audiences", ()),
                )  # fmt: skip
            for name, ids in given.get("audiences", {}).items():
                at = ("given", "audiences", name)
                self.clock.members(name, list(self._repeated(ids)))
            at = ("given",)
            for data_set_id, rows in given.get("lookups", {}).items():
                self.clock.rows(data_set_id, rows)
            self._stub(given.get("stubs", {}), (*at, "stubs"))
            for index, step in enumerate(document.get("when", ())):
                at = ("when", index)
                faults += self._step(step, at)
            faults += self._expect(document.get("then", ()), ("then",))
        except ParcoursError as error:
            where = split_json_path(error.path) if isinstance(error, Invalid) else ()
            raise _Stopped(self._told((*at, *where), str(error))) from None
        return faults

    def _told(self, at: Tokens, message: str) -> str:
        first, *rest = message.splitlines()
        return "\n".join([f"{self._case.source.place(at)}: {first}", *rest])

    def _repeated(self, documents: Sequence[Any]) -> Iterator[Any]:
        for document in documents:
            if self._population is None:
                yield document
            else:
                for number in range(self._population):
                    yield _filled(document, number)

    def _stub(self, stubs: Mapping[str, Any], at: Tokens) -> None:
        for name, stub in stubs.items():
            try:
                self.clock.stub(name, stub)
            except Invalid as error:
                raise _Stopped(self._told((*at, name, *split_json_path(error.path)), str(error))) from None
            except ParcoursError as error:
                raise _Stopped(self._told((*at, name), str(error))) from None

    def _step(self, step: Mapping[str, Any], at: Tokens) -> list[str]:
        clock = self.clock
        if "event" in step:
            for one in self._repeated([step.get("payload", {})]):
                clock.send(step["event"], one, at=step.get("at"))
        elif "entity" in step:
            for one in self._repeated([step["entity"]]):
                clock.send_entity(one, schema_id=step.get("schema"), at=step.get("at"))
        elif "profile" in step:
            for one in self._repeated([step["profile"]]):
                clock.change_profile(one["namespace"], one["id"], one.get("attributes", {}))
        elif "audience" in step:
            change = {name: list(self._repeated(step[name])) for name in MODES if name in step}
            clock.change_audience(step["audience"], at=step.get("at"), **change)
        elif "lookups" in step:
            for data_set_id, rows in step["lookups"].items():
                clock.rows(data_set_id, rows)
        elif "advance" in step:
            clock.advance(step["advance"])
        elif "until" in step:
            clock.advance_to(step["until"])
        elif "finish" in step:
            clock.finish()
        elif "stub" in step:
            self._stub(step["stub"], (*at, "stub"))
        else:
            return self._expect(step["expect"], (*at, "expect"))
        return []

    def _expect(self, expectations: Sequence[Mapping[str, Any]], at: Tokens) -> list[str]:
        faults: list[str] = []
        for index, expectation in enumerate(expectations):
            try:
                fault = fault_of(self.clock.world, expectation, self.clock.start_us, self.clock.audiences)
            except Invalid as error:
                where = split_json_path(error.path) if isinstance(error, ExpectationInvalid) else ()
                raise _Stopped(self._told((*at, index, *where), str(error))) from None
            if fault is not None:
                faults.append(self._told((*at, index), fault))
        return faults


def _filled(document: Any, number: int) -> Any:
    """The document with {n} in its texts as the number; a text that is {n} alone becomes the number itself."""
    if isinstance(document, str):
        return number if document == "{n}" else document.replace("{n}", str(number))
    if isinstance(document, Mapping):
        return {_filled_key(name, number): _filled(value, number) for name, value in document.items()}
    if isinstance(document, list):
        return [_filled(value, number) for value in document]
    return document


def _filled_key(name: str, number: int) -> str:
    return name.replace("{n}", str(number))


def matcher(expression: str | None) -> Callable[[str], bool]:
    """What `-k` chooses: names that hold each word, or with `not` in front don't; `or` between such groups."""
    if not expression or not expression.strip():
        return lambda _name: True
    groups = [group.split() for group in f" {expression} ".lower().split(" or ")]

    def is_chosen(name: str) -> bool:
        lower = name.lower()
        return any(_all_words(group, lower) for group in groups)

    return is_chosen


def _all_words(words: Sequence[str], name: str) -> bool:
    is_negated = False
    for word in words:
        if word == "not":
            is_negated = not is_negated
        elif word != "and":
            if (word in name) == is_negated:
                return False
            is_negated = False
    return True
