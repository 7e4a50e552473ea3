"""Java's regular expressions: the same answers from both engines, and none that hangs."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.regex import Pattern, compile_pattern, pattern_at_run_time
from parcours.expressions.regex_syntax import PatternInvalid


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"\d+", "12345", True),
        (r"\d+", "١٢", False),  # Java's classes are ASCII
        (r"a.c", "a\nc", False),
        (r"(?s)a.c", "a\nc", True),
        (r"(?i)HELLO", "hello", True),
        (r"a(?i)b|c", "aB", True),
        (r"a(?i)b|c", "C", True),
        (r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+", "first.last@mail.example.com", True),
        (r"(?<year>\d{4})-\k<year>", "2020-2020", True),
        (r"(a)(b)\2\1", "abba", True),
        (r"\p{L}+", "éa", True),
        (r"\p{Upper}\p{Lower}*", "Paris", True),
        (r"\P{Digit}", "7", False),
        (r"(?=.*\d)(?=.*[a-z]).{8,}", "abcdefg1", True),
        (r"\Qa.b\E+", "a.bbb", False),
        (r"\Qa.b\E+", "a.ba.b", True),
        (r"x*+x", "xxx", False),
        (r"[^]a]", "b", True),
        (r"[a-c&]", "&", True),
        (r"[\[\]]", "[", True),
        (r"\x41\u0042\t", "AB\t", True),
        (r"^abc$", "abc", True),
        (r"(?m)^b$", "b", True),
        (r"\s\S\h\R", " x\t\r\n", True),
        (r"a{2,3}?", "aaa", True),
        ("", "", True),
    ],
)
def test_java_syntax_is_understood(pattern: str, text: str, matches: bool) -> None:
    assert Pattern(pattern).matches(text) is matches


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "[a", "*a", "a**", "a{2", "a{3,2}", "a{1001}", r"\1", r"\q", "\\", "[z-a]", "[a&&b]", "[[a]]", "(?x)a",
     "(?<=a+)b", r"\p{Nothing}", r"(?<n>a)(?<n>b)", r"\k<n>", r"\xZZ", "\ud800", "a" * 2001, "(" * 41 + ")" * 41,
     r"(\w+)+\1", "(((a*)*)*)*(?=b)"],
)  # fmt: skip
def test_a_pattern_that_is_wrong_or_unsafe_is_refused(pattern: str) -> None:
    with pytest.raises(PatternInvalid):
        Pattern(pattern)
    with pytest.raises(ExpressionFailed):
        pattern_at_run_time(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+", "a" * 50_000 + "!"),
        ("(a|a)*b", "a" * 50_000),
        ("(a|aa)+", "a" * 50_000 + "!"),
        (".*.*.*.*x", "a" * 5_000),
        ("a?" * 40 + "a" * 40, "a" * 40),
        (r"(\w+\s?)*!", "word " * 10_000),
        (r"\s+$", " " * 3_000 + "x"),
    ],
)
def test_no_pattern_hangs(pattern: str, text: str) -> None:
    compiled = Pattern(pattern)
    started = time.monotonic()
    compiled.matches(text)
    compiled.replace(text, "-", is_first_only=True)
    compiled.replace(text[:8_000], "-")
    compiled.split(text[:8_000])
    compiled.groups(text)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a){0,1000}\w?(.*){0,1000}(a|a){1,50}?b|", "a" * 1_000 + "b"),  # a linear engine, from every place anew
        ("(?:(?:a|aa)+){1,200}b|a", "a" * 3_000),
        ("(.*){0,1000}", "a" * 1_000_000),
    ],
)
def test_a_search_for_every_match_is_refused_where_a_linear_engine_would_be_slow(pattern: str, text: str) -> None:
    with pytest.raises(ExpressionFailed):
        Pattern(pattern).split(text)
    with pytest.raises(ExpressionFailed):
        Pattern(pattern).replace(text, "-")


def test_what_only_a_backtracking_engine_can_do_is_limited_to_short_texts() -> None:
    pattern = Pattern(r"(?=.*a)(?=.*b).*c")
    assert pattern.matches("abc")
    with pytest.raises(ExpressionFailed):
        pattern.matches("x" * 10_000)


def test_replacements_name_groups_as_java_does() -> None:
    assert compile_pattern(r"(\d)(?<w>\w)").replace("1a2b", r"${w}$1\$") == "a1$b2$"
    assert compile_pattern("aa").replace("aaaa", "b", is_first_only=True) == "baa"
    assert compile_pattern("(a)").replace("a", "$12") == "a2"
    for wrong in ("$", "$2", "${x}", "\\"):
        with pytest.raises(PatternInvalid):
            compile_pattern("(a)").replace("a", wrong)


def test_both_engines_replace_split_and_group_alike() -> None:
    simple, hard = Pattern(r"(\w)\d"), Pattern(r"(?:(?:(\w)\d)+)+?")  # the second can only run in RE2
    text = "a1-b2-"
    assert simple.replace(text, "<$1>") == hard.replace(text, "<$1>") == "<a>-<b>-"
    assert simple.split(text) == hard.split(text) == ["", "-", "-"]
    assert simple.groups(text) == hard.groups(text) == ["a1", "a"]
    assert simple.groups("-") is hard.groups("-") is None


@pytest.mark.parametrize(
    ("pattern", "text", "pieces"),
    [(",", "a,b,,", ["a", "b"]), ("", "abc", ["a", "b", "c"]), (",", ",a", ["", "a"]), (",", "", [""]), (",", ",", []),
     (r"\|", "a|b", ["a", "b"])],
)  # fmt: skip
def test_splitting_drops_what_java_drops(pattern: str, text: str, pieces: list[str]) -> None:
    assert Pattern(pattern).split(text) == pieces


@given(st.text(alphabet="ab01(|)*+?.[]\\d{},^$-", max_size=14), st.text(alphabet="ab01", max_size=12))
def test_any_pattern_is_refused_or_answers(pattern: str, text: str) -> None:
    try:
        compiled = Pattern(pattern)
    except PatternInvalid:
        return
    try:
        assert compiled.matches(text) in (True, False)
        compiled.split(text)
        compiled.groups(text)
    except ExpressionFailed:
        pass
