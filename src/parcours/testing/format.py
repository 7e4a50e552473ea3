"""Files of test cases: their JSON Schema, and reading them with the place of every fault."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

from parcours.journeys.bundle import BundleInvalid, read_file
from parcours.journeys.crowd import MEMBER_SCHEMA, MODES, change_fault
from parcours.journeys.stubs import ANSWER_SCHEMA, STUB_SCHEMA
from parcours.kit.yaml_text import Located
from parcours.testing.errors import TestFileInvalid
from parcours.testing.expect import COUNT_SCHEMA, EXPECTATION_SCHEMA, ExpectationInvalid, shape_fault

_MOMENT = {"type": "string", "description": "2026-01-31T09:00:00Z, or +2d from the beginning of the case."}
_FILES = {"type": "array", "items": {"type": "string", "minLength": 1}}
_STUBS = {"type": "object", "additionalProperties": {"$ref": "#/$defs/stub"}, "description": "By the action's name."}
_PROFILE = {
    "type": "object",
    "required": ["namespace", "id"],
    "additionalProperties": False,
    "properties": {
        "namespace": {"type": "string", "minLength": 1},
        "id": {"type": "string", "minLength": 1},
        "attributes": {"type": "object"},
        "audiences": {"type": "array", "items": {"type": "string"}, "description": "Of those given: names or ids."},
    },
}
_IDS = {"type": "array", "items": MEMBER_SCHEMA}
_ROWS = {
    "type": "object",
    "additionalProperties": {"type": "object", "additionalProperties": {"type": "object"}},
    "description": "Rows of data sets: data set, then key, then row.",
}
_GIVEN = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "now": {"type": "string", "description": "When the case begins; 2026-01-01T00:00:00Z when left out."},
        "seed": {"type": "string", "description": "Decides the draws of percentage splits."},
        "population": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1_000_000,
            "description": "How many customers: profiles and events are repeated with {n} as 0, 1, 2 …",
        },
        "profiles": {"type": "array", "items": {"$ref": "#/$defs/profile"}},
        "audiences": {
            "type": "object",
            "additionalProperties": _IDS,
            "description": "Who is in an audience when the case begins, by its name or id.",
        },
        "lookups": _ROWS,
        "stubs": _STUBS,
    },
}
_STEPS: Mapping[str, Mapping[str, Any]] = {
    "event": {"type": "string", "description": "An event comes in, by the name of its configuration."},
    "entity": {"type": "object", "description": "An XDM entity comes in; the event configurations recognise it."},
    "advance": {"type": "string", "description": "Time passes: 30d, 1d12h, PT5M."},
    "until": {**_MOMENT, "description": "Time passes until a moment."},
    "finish": {"const": True, "description": "Time passes until nothing is left to happen."},
    "profile": {"$ref": "#/$defs/profile", "description": "Attributes change; objects are merged."},
    "audience": {
        "type": "string",
        "minLength": 1,
        "description": "People enter or leave an audience, by its name or id.",
    },
    "lookups": {**_ROWS, "description": "Rows of data sets that are there from now on."},
    "stub": _STUBS,
    "expect": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/expectation"}},
}
_BESIDE = {"event": ("payload", "at"), "entity": ("schema", "at"), "audience": ("at", *MODES)}
TEST_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Journey test",
    "description": "Cases for one journey, run under a virtual clock with stubbed actions: `parcours test`.",
    "type": "object",
    "required": ["journey", "cases"],
    "additionalProperties": False,
    "properties": {
        "journey": {
            "anyOf": [{"type": "string", "minLength": 1}, {"type": "object"}],
            "description": "The journey under test: a file, relative to this one, or the document itself.",
        },
        "beside": {**_FILES, "description": "Other journeys that run in the same world."},
        "config": {
            "anyOf": [{"type": "string", "minLength": 1}, _FILES, {"type": "object"}],
            "description": "Files or folders with the events and actions, relative to this file, or the document.",
        },
        "given": {"$ref": "#/$defs/given", "description": "For every case; a case's own members win."},
        "cases": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name"],
                "anyOf": [{"required": ["when"]}, {"required": ["then"]}],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 200},
                    "skip": {"type": "string", "description": "Why the case is not run."},
                    "given": {"$ref": "#/$defs/given"},
                    "when": {"type": "array", "items": {"$ref": "#/$defs/step"}},
                    "then": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/expectation"}},
                },
            },
        },
    },
    "$defs": {
        "given": _GIVEN,
        "profile": _PROFILE,
        "step": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **_STEPS,
                "payload": {"type": "object", "description": "Of `event`: the entity."},
                "at": {**_MOMENT, "description": "Of `event`, `entity`, `audience`: when, if not at once."},
                "enter": {**_IDS, "description": "Of `audience`: ids in its namespace; who is in stays in."},
                "leave": {**_IDS, "description": "Of `audience`: who leaves, before others enter."},
                "replace": {**_IDS, "description": "Of `audience`: whoever is in it from then on."},
                "schema": {"type": "string", "description": "Of `entity`: the $id of its schema."},
            },
            "oneOf": [{"required": [name]} for name in _STEPS],
        },
        "expectation": EXPECTATION_SCHEMA,
        "count": COUNT_SCHEMA,
        "stub": STUB_SCHEMA,
        "answer": ANSWER_SCHEMA,
    },
}
"""JSON Schema (2020-12) of a file of cases; also docs/reference/journey-test.schema.json."""
_VALIDATOR = Draft202012Validator(TEST_SCHEMA)
_MAX_FAULTS = 50


@dataclass(frozen=True, slots=True)
class TestCase:
    """One case, as written."""

    __test__ = False

    name: str
    source: Located
    """Of the case alone."""
    given: Mapping[str, Any]
    """The file's and the case's together."""

    @property
    def line(self) -> int:
        """Where it begins in its file."""
        return self.source.place(()).line


@dataclass(frozen=True, slots=True)
class TestFile:
    """One file of cases."""

    __test__ = False

    path: Path
    source: Located
    cases: tuple[TestCase, ...]

    def journeys(self) -> list[Path | Located]:
        """The journey under test first."""
        document = self.source.document
        journey = document["journey"]
        first = self._beside(journey) if isinstance(journey, str) else self.source.below("journey")
        return [first, *(self._beside(name) for name in document.get("beside", ()))]

    def config(self) -> list[Path | Located]:
        """The definitions."""
        config = self.source.document.get("config", [])
        if isinstance(config, Mapping):
            return [self.source.below("config")]
        return [self._beside(name) for name in ([config] if isinstance(config, str) else config)]

    def _beside(self, name: str) -> Path:
        return self.path.parent / name


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Of folders every `*.test.yaml` and `test_*.yaml` (or `.yml`) in them and below; other paths as they are."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(sorted(file for file in path.rglob("*") if _is_named(file))))
        else:
            found[path] = None
    return list(found)


def _is_named(file: Path) -> bool:
    stem, suffix = file.stem, file.suffix
    return suffix in (".yaml", ".yml") and (stem.startswith("test_") or stem.endswith(".test")) and file.is_file()


def read_test_file(path: Path) -> TestFile:
    """The cases of a file. Raises TestFileInvalid with every fault, YamlInvalid."""
    try:
        source = read_file(path)
    except BundleInvalid as error:
        raise TestFileInvalid([str(error)]) from None
    faults = list(_faults(source))
    if faults:
        raise TestFileInvalid(faults)
    document = source.document
    shared = document.get("given", {})
    cases = tuple(
        TestCase(case["name"], source.below("cases", index), _together(shared, case.get("given", {})))
        for index, case in enumerate(document["cases"])
    )
    names = [case.name for case in cases]
    twice = [case for index, case in enumerate(cases) if case.name in names[:index]]
    if twice:
        raise TestFileInvalid([f"{one.source.place(('name',))}: two cases are called {one.name!r}" for one in twice])
    return TestFile(path, source, cases)


def _together(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The case's own wins; profiles of both are there, stubs, audiences and lookups by their names."""
    found = {**shared, **own}
    if "stubs" in shared and "stubs" in own:
        found["stubs"] = {**shared["stubs"], **own["stubs"]}
    for member in ("audiences", "lookups"):
        if member in shared and member in own:
            found[member] = {**shared[member], **own[member]}
    if "profiles" in shared and "profiles" in own:
        found["profiles"] = [*shared["profiles"], *own["profiles"]]
    return found


def _faults(source: Located) -> Iterator[str]:
    shown: set[str] = set()
    for error in _VALIDATOR.iter_errors(source.document):
        if len(shown) == _MAX_FAULTS:
            return
        path = list(error.instance_path)
        told = f"{source.place(path)}: {_message(error, path)}"
        if told not in shown:
            shown.add(told)
            yield told
    if not shown:
        yield from _misfits(source)


def _message(error: ValidationError, path: list[str | int]) -> str:
    """The validator's words, or our own where it can only say that no choice fits."""
    is_in_list = len(path) > 1 and isinstance(path[-1], int)
    if isinstance(error.kind, ValidationErrorKind.OneOfNotValid | ValidationErrorKind.OneOfMultipleValid):
        if is_in_list and path[-2] in ("then", "expect"):
            names = ", ".join(list(EXPECTATION_SCHEMA["properties"])[: len(EXPECTATION_SCHEMA["oneOf"])])
            return f"an expectation has one of {names}"
        if is_in_list and path[-2] == "when":
            return f"a step has one of {', '.join(_STEPS)}"
    if isinstance(error.kind, ValidationErrorKind.AnyOf):
        if "stubs" in path or "stub" in path:
            return "a stub is an answer (a status, timeout, or status, body, latency), a list of them, or rules"
        if len(path) == 2 and path[0] == "cases":
            return "a case has when, then or both"
    return error.message


def _misfits(source: Located) -> Iterator[str]:
    """What the schema can't say: which members belong together."""
    for index, case in enumerate(source.document["cases"]):
        for number, step in enumerate(case.get("when", ())):
            at: list[str | int] = ["cases", index, "when", number]
            (verb,) = [name for name in step if name in _STEPS]
            for name in step:
                if name != verb and name not in _BESIDE.get(verb, ()):
                    yield f"{source.place([*at, name])}: {name!r} means nothing beside {verb!r}"
            if verb == "audience" and (fault := change_fault(step)) is not None:
                yield f"{source.place(at)}: {fault}"
            yield from _expectation_misfits(source, [*at, "expect"], step.get("expect", ()))
        yield from _expectation_misfits(source, ["cases", index, "then"], case.get("then", ()))


def _expectation_misfits(source: Located, at: list[str | int], expectations: Any) -> Iterator[str]:
    for index, expectation in enumerate(expectations):
        try:
            shape_fault(expectation)
        except ExpectationInvalid as error:
            yield f"{source.place([*at, index, *([error.path[2:]] if error.path != '$' else [])])}: {error}"
