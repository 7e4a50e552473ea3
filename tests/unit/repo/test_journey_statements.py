"""docs/reference/journeys.md names tests that exist, and says nothing of what holds without one."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/reference/journeys.md"
_INTRO = r"(?!what holds|here|---|`(?:yes|differs|not yet|not for us)` )"
_ROW = re.compile(rf"^\| {_INTRO}(.+) \| (.+) \| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
STATES = ("yes", "differs", "not yet", "not for us")


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def rows() -> list[tuple[str, str, str]]:
    return _ROW.findall(PAGE.read_text(encoding="utf-8"))


def test_every_named_test_exists() -> None:
    named = _TEST.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 300
    for path, name in named:
        assert (ROOT / path).is_file(), path
        assert name in functions_of(path), f"{path} has no {name}"


def test_every_row_says_how_it_is_here_and_what_shows_it() -> None:
    found = rows()
    assert len(found) > 300
    for what, state, shown in found:
        kind = state.partition(":")[0]
        assert kind in STATES, f"{what}: {state}"
        assert kind == "yes" or state.partition(":")[2].strip(), f"{what}: {kind} has a reason"
        assert shown == "–" or re.fullmatch(rf"{_TEST.pattern}( {_TEST.pattern})*", shown), f"{what}: {shown}"
        is_shown = shown != "–" or kind in ("not yet", "not for us") or "no test" in state
        assert is_shown, f"{what} is said to hold, and nothing shows it"


def test_every_section_is_there_in_its_order() -> None:
    titles = re.findall(r"^## (\d+)\. ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number in titles] == list(range(1, 18))
