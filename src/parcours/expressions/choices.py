"""What the published language leaves open and this implementation decides: one list, to be revisited in one place.

The rules themselves stand where they are applied (`where`). Each has examples that a test evaluates in `CONTEXT`, so
whoever changes one finds it here, and docs/reference/expressions.md says the same.
"""

from typing import Any, NamedTuple

CONTEXT: dict[str, Any] = {
    "now": "2019-06-03T06:30:00Z",
    "events": {
        "E": {
            "n": 5,
            "wrong": "four",
            "whole": 4.0,
            "at": "2019-06-03T08:30:00+02:00",
            "l": [{"k": "a", "p": [{"q": 1}, {"q": 2}]}, {"p": [{"q": 3}]}],
            "m": {"Email": "x"},
        }
    },
    "dataSources": {"ExperiencePlatform": {"ProfileFieldGroup": {"person": {"age": 30}}}},
    "audiences": {"staying": "existing", "gone": "exited"},
    "types": {"events.E.at": "dateTime", "events.E.wrong": "integer", "events.E.whole": "integer"},
}


class Choice(NamedTuple):
    """One decision. Source: the sections of expression-language."""

    section: str
    says: str
    where: str
    """Module and name that apply it, e.g. "operators.arithmetic"."""
    examples: tuple[tuple[str, Any], ...]
    """(expression, its value as JSON, or the code of its error as `Refused`)."""


class Refused(NamedTuple):
    """In place of a value: the expression has none."""

    code: str


_SYNTAX, _TYPE, _RUNTIME = Refused("syntax"), Refused("type"), Refused("runtime")

CHOICES: tuple[Choice, ...] = (
    Choice("2", "There are no comments.", "journey.lark", (("1 // one", _SYNTAX), ("1 -- one", _SYNTAX))),
    Choice(
        "2",
        "In a text, a backslash before any other character than `\\`, quotes, n, t, r and uXXXX stands for itself.",
        "parsing.unquote",
        ((r"length('\d')", 2), (r"length('\\d')", 2), (r"'\u0041\n'", "A\n")),
    ),
    Choice("2", "Half of a surrogate pair is no text.", "parsing.unquote", ((r"'\ud83d'", _SYNTAX),)),
    Choice(
        "2",
        "`null` may stand where an expression may, but is no operand of a comparison.",
        "compiler._Compiler.comparison",
        (("if (true) then (null) else (1)", None), ("@event{E.n} == null", _SYNTAX)),
    ),
    Choice(
        "2",
        "A list of integers and decimals is a list of decimals; other mixtures are refused.",
        "compiler._Compiler.list_of",
        (("[1, 2.5]", [1.0, 2.5]), ("[1, 'a']", _TYPE)),
    ),
    Choice("2", "A key of `entry` is written as a text.", "compiler_references.ReferenceCompiler.entry",
           (("@event{E.m.entry('Email')}", "x"), ("@event{E.m.entry(lower('Email'))}", _TYPE))),
    Choice("3", "`date` takes dots in the time, too.", "calls.date_literal",
           (('date("2021-02-19T10.30.05.250Z")', "2021-02-19T10:30:05.250Z"),)),
    Choice(
        "3",
        "Dates print as Java's classes do: no zero seconds, a fraction of 3 or 6 digits, Z for offset zero.",
        "values.date_time_text",
        (
            ("toDateTime('2019-06-03T06:30:00Z')", "2019-06-03T06:30Z"),
            ("toDateTime('2019-06-03T06:30:05.1+02:00')", "2019-06-03T06:30:05.100+02:00"),
            ("toDateTimeOnly('2019-06-03T06:30:00.123456')", "2019-06-03T06:30:00.123456"),
        ),
    ),
    Choice("3", "Durations print in hours, minutes and seconds.", "values.duration_text",
           (("toDuration('P2D')", "PT48H"), ("toDuration('PT-5H-57M')", "PT-5H-57M"), ("toDuration(0)", "PT0S"))),
    Choice("3", "Times are kept to the microsecond; further digits are cut.", "values.parse_date_time",
           (("toDateTime('2019-06-03T06:30:00.123456789Z')", "2019-06-03T06:30:00.123456Z"),)),
    Choice("3", "The years are 1 to 9999; a date beyond fails.", "dates.add",
           (("nowWithDelta(9000, 'years')", _RUNTIME), ("toDateTime(999999999999999)", _RUNTIME))),
    Choice("3", "An integer that grows beyond 64 bits fails, and so does a decimal beyond a double.",
           "library_lists.bounded",
           (("9223372036854775807 + 1", _RUNTIME), ("sum([9223372036854775807, 1])", _RUNTIME))),
    Choice("3.1", "A value that can't be converted to the type of its field fails.", "values.converter",
           (("@event{E.wrong} is null", _RUNTIME), ("@event{E.whole}", 4))),
    Choice("4", "`and` binds more tightly than `or`.", "journey.lark", (("true or true and false", True),)),
    Choice("4", "Calls beside `+` and in `defaultValue` need no parentheses; the linter tells.",
           "compiler._Compiler.chain",
           (("length('ab') + 1", 3), ("@event{E.none, defaultValue: length('ab')}", 2))),
    Choice("5.1", "A null operand of `and`, `or` and `not` counts as false.", "compiler._Compiler.logical",
           (("@event{E.none} and true", False), ("@event{E.none} or true", True), ("not @event{E.none}", True))),
    Choice(
        "5.2",
        "Values of different types are not equal, two nulls are, lists element by element, dates as instants.",
        "values.is_equal",
        (
            ("1 == '1'", False),
            ("@event{E.none} == @event{E.nor}", True),
            ("[1, 2] == [1.0, 2.0]", True),
            ("@event{E.at} == now()", True),
        ),
    ),
    Choice("5.2", "To `is null`, a selection of nothing by `all` is null; its value is an empty list.",
           "compiler._Compiler.test",
           (("@event{E.l.all(currentEventField.k == 'z')} is null", True),
            ("@event{E.l.all(currentEventField.k == 'z')}", []))),
    Choice("5.2", "Nothing is before or after null.", "compiler._Compiler.comparison",
           (("@event{E.none} < 1", False), ("@event{E.none} >= 1", False))),
    Choice("5.3", "Integers divide to an integer when it is exact, else to a decimal.", "operators.arithmetic",
           (("4 / 2", 2), ("5 / 2", 2.5))),
    Choice("5.3", "A quotient of integers that is not written out may be multiplied by any number.",
           "operators.arithmetic",
           (("@event{E.n} / 2 * 2", 5.0), ("(5 / 2) * 2", _TYPE))),
    Choice("5.3", "A remainder has the sign of the dividend; that of a division by zero is 0.", "operators.arithmetic",
           (("-3 % 2", -1), ("3 % 0", 0))),
    Choice("5.3", "Arithmetic with null is null.", "operators.arithmetic", (("1 + @event{E.none}", None),)),
    Choice("5.4", "Null is neither numeric nor integer nor decimal.", "compiler._Compiler.test",
           (("@event{E.none} is numeric", False),)),
    Choice("5.5", "Null adds nothing to a text.", "operators.concatenate", (("'a' + @event{E.none}", "a"),)),
    Choice("5.6", "A duration can be taken from a date and from another duration; the linter tells.",
           "operators.arithmetic",
           (("now() - toDuration('PT1H')", "2019-06-03T05:30Z"),)),
    Choice("6", "Branches of dateOnly are possible.", "types.common_type",
           (("if (true) then (date('2021-02-19')) else (null)", "2021-02-19"),)),
    Choice("7.1", "Of an event that came several times the latest is read; one that didn't come is null all through.",
           "references.EvaluationContext", (("@event{E.none.deeper.still}", None),)),
    Choice("7.2",
           "`profile.` or `Profile.` after a field group of the built-in source means nothing, unless it is a field.",
           "compiler_references.ReferenceCompiler.has_profile_field",
           (("#{ExperiencePlatform.ProfileFieldGroup.profile.person.age}", 30),
            ("#{ExperiencePlatform.ProfileFieldGroup.Profile.person.age}", 30),
            ("#{ExperiencePlatform.ProfileFieldGroup.person.age}", 30))),
    Choice("7.6", "`at` is null outside of the list.", "paths.select_at",
           (("@event{E.l.at(2).k}", None), ("@event{E.l.at(-1).k}", None))),
    Choice("7.6", "A path through a list keeps nulls, and flattens a list in a list.", "paths.walk",
           (("@event{E.l.all().k}", ["a", None]), ("@event{E.l.p.q}", [1, 2, 3]))),
    Choice("8", "A function of null is null, a predicate false, an aggregation as of an empty list.", "functions.row",
           (("length(@event{E.none})", None), ("contain(@event{E.none}, 'a')", False), ("count(@event{E.none})", 0))),
    Choice("8", "Results of filter, sort, limit and distinct may stand for a list of objects.", "functions.Parameter",
           (("count(limit(sort(@event{E.l}, 'k', true), 1))", 1),)),
    Choice("8.1", "The status `existing` is membership.", "json_context.JsonContext",
           (("inAudience('staying')", True), ("inSegment('staying')", True), ("inAudience('gone')", False))),
    Choice("8.2", "Of nothing, counts and sum are 0, avg, max and min null.", "library_lists.AGGREGATION",
           (("sum([])", 0), ("count([null])", 0), ("avg([null])", None), ("max([])", None))),
    Choice("8.2", "Objects without the key are the same to distinct and distinctCount, as if it were null.",
           "library_lists.attribute", (("distinctCount(@event{E.l}, 'none')", 1),)),
    Choice("8.3", "toInteger and toDecimal of a text that is no number are null.", "library_time.CONVERSION",
           (("toInteger('4x')", None), ("toInteger(' 4')", None), ("toDecimal('NaN')", None))),
    Choice("8.3", "toString gives durations their ISO form.", "values.to_text",
           (("toString(toDuration(1520))", "PT1.52S"),)),
    Choice("8.3", "toDateOnly takes year, month and day; an epoch is read in UTC.", "library_time.CONVERSION",
           (("toDateOnly(2023, 8, 18)", "2023-08-18"), ("toDateOnly(86399999)", "1970-01-01"))),
    Choice("8.3", "toDateTimeOnly keeps the reading and drops the offset.", "library_time.CONVERSION",
           (("toDateTimeOnly('2023-08-18T10:00:00+02:00')", "2023-08-18T10:00"),)),
    Choice("8.3", "A duration may lack its T when hours or seconds come first.", "values.parse_duration",
           (("toDuration('P-6H3M')", "PT-5H-57M"), ("toDuration('-P-6H+3M')", "PT5H57M"),
            ("toDuration('P3M')", _TYPE))),
    Choice("8.3", "A reading that clocks skip moves on by what they skip; of one shown twice the first is meant.",
           "dates.settle",
           (("toDateTime('Europe/Paris', toDateTimeOnly('2023-03-26T02:30:00'))", "2023-03-26T03:30+02:00"),
            ("toDateTime('Europe/Paris', toDateTimeOnly('2023-10-29T02:30:00'))", "2023-10-29T02:30+02:00"))),
    Choice("8.4", "Now is the same in the whole expression.", "references.EvaluationContext",
           (("now() == toDateTime(currentTimeInMillis())", True),)),
    Choice("8.4", "nowWithDelta clamps to the end of the month.", "dates.add_months",
           (("nowWithDelta(-3, 'months')", "2019-03-03T06:30Z"),)),
    Choice("8.4", "The bounds of inLast… and inNext… belong to them; days, months and years are UTC's.",
           "library_time.DATES",
           (("inLastHours(now(), 0)", True), ("inNextDays(toDateTime('2019-06-04T06:30:00Z'), 1)", True))),
    Choice("8.4", "A day or hour that doesn't exist fails.", "library_time.DATES",
           (("setDays(toDateTime('2023-02-12T01:11:00Z'), 31)", _RUNTIME), ("setHours(now(), 24)", _RUNTIME))),
    Choice("8.5", "getListItem outside of the list is null.", "library_lists.LISTS", (("getListItem([1], 1)", None),)),
    Choice("8.5", "intersect has the order of its first list, without duplicates.", "library_lists.LISTS",
           (("intersect([3, 1, 3, 2], [2, 3])", [3, 2]),)),
    Choice("8.5", "listSize counts nulls; that of null is 0.", "library_lists.LISTS",
           (("listSize([1, null])", 2), ("listSize(@event{E.none})", 0))),
    Choice("8.5", "sort orders texts by code point, nulls last.", "library_lists.LISTS",
           (("sort(['b', null, 'B', 'a'], true)", ["B", "a", "b", None]),
            ("sort([1, null, 2], false)", [2, 1, None]))),
    Choice("8.5", "list takes any number of texts.", "library_lists.LISTS",
           (("list('a', 'b', 'c')", ["a", "b", "c"]),)),
    Choice("8.7", "Characters are Unicode code points.", "library_text.TEXT", (("length('é😀')", 2),)),
    Choice("8.7", "concat skips nulls.", "library_text.TEXT",
           (("concat(['a', null, 'b'])", "ab"), ("concat('a', @event{E.none})", "a"))),
    Choice("8.7", "Null is not equal to a text ignoring case, nor is it empty or not empty.", "library_text.TEXT",
           (("equalIgnoreCase(@event{E.none}, 'a')", False), ("notEqualIgnoreCase(@event{E.none}, 'a')", True),
            ("isEmpty(@event{E.none})", False), ("isNotEmpty(@event{E.none})", False))),
    Choice("8.7", "matchRegExp asks the whole text.", "regex.Pattern", ((r'matchRegExp("12345x", "\\d+")', False),)),
    Choice("8.7", "split drops empty pieces at the end.", "regex.Pattern", (("split('a,b,,', ',')", ["a", "b"]),)),
    Choice("8.7", "substr takes indexes beyond the text for its ends.", "library_text.TEXT",
           (("substr('hello', -5, 99)", "hello"), ("substr('hello', 4, 2)", ""))),
    Choice("9", "Every property of a journey is read as `${name}`.", "references.JOURNEY_PROPERTIES",
           (("${journeyUID} is null", True),)),
)  # fmt: skip
