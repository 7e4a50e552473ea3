"""Cases in YAML: what passes, what a failed expectation says, where a fault of the file is, and the reports."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema_rs import Draft202012Validator

from parcours.testing.cases import CaseResult, Results, matcher, run_files
from parcours.testing.expect import fault_of
from parcours.testing.format import TEST_SCHEMA, find_files, read_test_file
from parcours.testing.junit import to_junit

ROOT = Path(__file__).parents[3]
HEAD = """\
journey:
  name: J
  entry: {node: start, reentrance: {allowed: false}}
  nodes:
    start: {type: event, event: Order}
    big:
      type: condition
      paths: [{id: "yes", expression: '@event{Order.total} > 100'}]
      otherPath: true
    mail: {type: customAction, action: Mail, parameters: [{paramPath: /to, expression: '@event{Order.email}'}]}
    pause: {type: wait, duration: {value: 2, unit: days}}
    done: {type: end}
  edges:
    - {from: start, to: big}
    - {from: big, to: mail, kind: path, path: "yes"}
    - {from: big, to: pause, kind: other}
    - {from: mail, to: done}
    - {from: pause, to: done}
config:
  events: [{name: Order, namespace: Email, profileIdentifier: '@event{Order.email}'}]
  actions:
    - name: Mail
      url: https://mail.test/
      request: {sample: {to: x}, fields: [{path: /to, type: string, kind: variable}]}
    - {name: Other, url: 'https://other.test/'}
cases:
"""
LINES = HEAD.count("\n")
BIG = "{event: Order, payload: {email: jane, total: 150}}"
SMALL = "{event: Order, payload: {email: joe, total: 5}}"


def results(tmp_path: Path, cases: str, head: str = HEAD) -> Results:
    file = tmp_path / "j.test.yaml"
    file.write_text(head + cases)
    return run_files([file], told=lambda _: None)


def one(tmp_path: Path, when: str, then: str) -> CaseResult:
    found = results(tmp_path, f"- name: x\n  when:\n{_lines(when)}  then:\n{_lines(then)}")
    (case,) = found.cases
    return case


def _lines(text: str) -> str:
    return "".join(f"  - {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "then",
    [
        "{status: ended}",
        "{path: [start, 'big:path:yes', mail, done]}",
        "{visited: mail}\n{visited: [big, done]}\n{notVisited: pause}",
        "{called: Mail}\n{called: Mail, times: 1, parameters: {/to: jane}, sentAt: +0s}",
        "{notCalled: Mail, parameters: {/to: joe}}",
        "{entered: 1}\n{entered: {min: 1, max: 2}}\n{entered: 0, customer: joe}",
        "{refused: false}",
        "{counts: {entered: 1, nodes: {mail: 1, pause: 0}, now: {mail: 0}, left: {'big:path:yes': 1},"
        " status: {ended: 1, active: 0}, calls: {Mail: 1}, refused: {reentranceNotAllowed: 0}}}",
        "{status: ended, customer: jane, journey: J}",
    ],
)
def test_what_holds(tmp_path: Path, then: str) -> None:
    case = one(tmp_path, BIG, then)
    assert (case.verdict, case.faults) == ("passed", ())


@pytest.mark.parametrize(
    ("when", "then", "said"),
    [
        (
            SMALL,
            "{at: done}",
            "expected at 'done', but joe is at 'pause' (waits for timer until 2026-01-03T00:00:00Z), "
            "after start → big:other → pause",
        ),
        (BIG, "{at: mail}", "but jane left as ended at 2026-01-01T00:00:00Z, after start → big:path:yes → mail → done"),
        ("{advance: 1d}", "{at: mail}", "but nobody entered “J”; no event was recognised"),
        (BIG, "{status: error}", "expected status error, but jane left as ended"),
        (
            "{stub: {Mail: 503}}\n" + BIG,
            "{status: ended}",
            "expected status ended, but jane left as error at 2026-01-01T00:00:00Z, after start → big:path:yes → mail; "
            "last error: mail 503",
        ),
        (
            BIG,
            "{path: [start, big, pause]}",
            "expected the path start → big → pause\n     but it was start → big:path:yes → mail → done\n"
            "they part at place 2: expected big, seen big:path:yes",
        ),
        (BIG, "{visited: [mail, pause]}", "never came to pause: jane left as ended"),
        (BIG, "{notVisited: mail}", "came to mail: jane left as ended"),
        (
            SMALL,
            "{called: Mail}",
            "expected Mail called at least once, but it was 0 times\n  joe is at 'pause'",
        ),
        (
            BIG,
            "{called: Mail, parameters: {/to: joe}}",
            "expected Mail called at least once with {\"/to\":\"joe\"}, but it was 0 times\nonce in all:\n"
            "  at 2026-01-01T00:00:00Z by 'mail': {\"/to\":\"jane\"} → http_200  [/to is \"jane\", not \"joe\"]",
        ),
        (BIG, "{called: Mail, sentAt: +1d}", "called at least once at 2026-01-02T00:00:00Z, but it was 0 times"),
        (BIG, "{called: Mail, times: 2}", "expected Mail called 2 times, but it was once"),
        (BIG, "{notCalled: Mail}", "expected no call of Mail, but it was called once:\n  at 2026-01-01T00:00:00Z"),
        (BIG + "\n" + BIG, "{entered: 2}", "expected 2 entrances, but there were 1; refused: reentranceNotAllowed"),
        (BIG, "{refused: reentranceNotAllowed}", "refused as reentranceNotAllowed, but refused were: none"),
        (BIG + "\n" + BIG, "{refused: false}", "expected no refused entrance, but: reentranceNotAllowed once"),
        (
            BIG + "\n" + SMALL,
            "{counts: {entered: 3, nodes: {mail: 5}, calls: {Mail: {min: 2}}}}",
            "entered: expected 3, seen 2\nnodes of mail: expected 5, seen 1 (all: ",
        ),
    ],
)  # fmt: skip
def test_what_does_not_hold_says_what_was_seen_and_where_it_was_expected(
    tmp_path: Path, when: str, then: str, said: str
) -> None:
    case = one(tmp_path, when, then)
    assert case.verdict == "failed"
    (fault,) = case.faults
    place, _, told = fault.partition(": ")
    assert place == f"{tmp_path / 'j.test.yaml'}:{LINES + 5 + when.count(chr(10))}:5"
    assert said in told


@pytest.mark.parametrize(
    ("when", "then", "said"),
    [
        (BIG, "{at: nowhere}", ":5: “J” has no node 'nowhere'; it has: start, big, mail, pause, done"),
        (BIG, "{called: Post}", ":5: “J” calls no action 'Post'; it calls: Mail"),
        (BIG + "\n" + SMALL, "{status: ended}", "say which customer is meant; 2 entered: jane, joe"),
        (BIG, "{status: ended, journey: K}", "no journey is called 'K'; there are: J"),
        ("{event: Ordr}", "{entered: 0}", "no event is called 'Ordr'; there are: Order"),
        ("{advance: soon}", "{entered: 0}", "'soon' is no duration"),
        ("{advance: 2d}\n{until: +1d}", "{entered: 0}", "+1d is past"),
        ("{advance: 1d}\n{event: Order, at: +1h}", "{entered: 0}", "is past: the clock shows"),
        ("{stub: {Post: 200}}", "{entered: 0}", "no action is called 'Post'; there are: Mail, Other"),
        (
            "{stub: {Mail: {rules: [{when: '@event{Nope.x} == 1', answer: 200}]}}}",
            "{entered: 0}",
            "unknown event 'Nope'",
        ),
    ],
)
def test_a_case_that_has_no_meaning_is_an_error_with_its_place(tmp_path: Path, when: str, then: str, said: str) -> None:
    case = one(tmp_path, when, then)
    assert case.verdict == "error"
    assert said in case.faults[0]
    assert re.match(r".*j\.test\.yaml:\d+:\d+: ", case.faults[0])


@pytest.mark.parametrize(
    ("cases", "line", "said"),
    [
        ("- name: x\n  wen: []\n", 1, "Additional properties"),
        ("- name: x\n", 1, "a case has when, then or both"),
        ("- name: x\n  then: [{}]\n", 2, "an expectation has one of at, status, path"),
        ("- name: x\n  then: [{at: a, status: ended}]\n", 2, "an expectation has one of"),
        ("- name: x\n  then: [{at: a, times: 1}]\n", 2, "'times' means nothing beside 'at'"),
        ("- name: x\n  when: [{event: a, advance: 1d}]\n", 2, "a step has one of event, entity, advance"),
        ("- name: x\n  when: [{advance: 1d, payload: {}}]\n", 2, "'payload' means nothing beside 'advance'"),
        ("- name: x\n  given: {stubs: {Mail: late}}\n  when: []\n", 2, "a stub is an answer"),
        ("- name: x\n  given: {population: 0}\n  when: []\n", 2, "0 is less than the minimum of 1"),
        ("- name: x\n  when: []\n- name: x\n  when: []\n", 3, "two cases are called 'x'"),
        ("  []\n", 0, "[] has less than 1 item"),
    ],
)
def test_a_file_that_is_not_as_its_schema_says_is_told_with_line_and_column(
    tmp_path: Path, cases: str, line: int, said: str
) -> None:
    (case,) = results(tmp_path, cases).cases
    assert (case.verdict, case.name) == ("error", "(file)")
    told = "\n".join(case.faults)
    assert said in told
    assert f"j.test.yaml:{LINES + line}:" in told


def test_a_journey_that_cant_be_compiled_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    broken = HEAD.replace("@event{Order.total} > 100", "@event{Order.total} >")
    (case,) = results(tmp_path, "- {name: x, when: []}\n", broken).cases
    assert case.verdict == "error"
    assert "ERR_EXPRESSION" in case.faults[0]
    (missing,) = run_files([tmp_path / "none.yaml"], told=lambda _: None).cases
    assert "No such file" in missing.faults[0]


def test_cases_do_not_see_each_other_and_given_of_the_file_is_for_all(tmp_path: Path) -> None:
    shared = "given: {now: 2026-05-01T00:00:00Z, stubs: {Mail: 500, Other: 500}}\n" + HEAD
    found = results(
        tmp_path,
        f"- {{name: a, when: [{BIG}], then: [{{status: error}}]}}\n"
        f"- {{name: b, given: {{stubs: {{Mail: 200}}}}, when: [{BIG}], then: [{{status: ended}}, {{entered: 1}}]}}\n"
        "- {name: c, skip: later, when: []}\n",
        shared,
    )
    assert [case.verdict for case in found.cases] == ["passed", "passed", "skipped"]
    assert found.is_good


def test_a_population_is_counted_and_placeholders_are_numbers(tmp_path: Path) -> None:
    cases = """\
- name: many
  given:
    population: 200
    profiles: [{namespace: Email, id: "c{n}", attributes: {n: "{n}"}}]
  when:
    - {event: Order, payload: {email: "c{n}", total: "{n}", list: ["{n}", "x{n}"]}}
    - {profile: {namespace: Email, id: "c{n}", attributes: {seen: true}}}
    - {finish: true}
  then:
    - {counts: {entered: 200, nodes: {mail: 99, pause: 101}, status: {ended: 200}}}
    - {status: ended, customer: c7}
"""
    found = results(tmp_path, cases)
    assert [case.faults for case in found.cases] == [()]
    assert found.coverage["J"].percent == 100


def test_coverage_is_that_of_all_cases_together(tmp_path: Path) -> None:
    found = results(tmp_path, f"- {{name: a, when: [{BIG}]}}\n- {{name: b, when: [{SMALL}]}}\n")
    seen = found.coverage["J"]
    assert seen.missed_nodes == []
    assert seen.missed_edges == [("pause", "default", "done")]
    only = run_files([tmp_path / "j.test.yaml"], is_chosen=matcher("test.yaml::a"), told=lambda _: None)
    assert only.coverage["J"].missed_nodes == ["pause"]


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        (None, "abc"),
        ("", "abc"),
        ("ALPHA", "a"),
        ("not alpha", "bc"),
        ("alpha or gamma", "ac"),
        ("a and not alpha", "bc"),
        ("beta alpha", ""),
    ],
)
def test_words_choose_cases(expression: str | None, chosen: str) -> None:
    names = {"a": "f::alpha", "b": "f::beta one", "c": "f::gamma"}
    assert "".join(key for key, name in names.items() if matcher(expression)(name)) == chosen


def test_files_are_found_by_their_names(tmp_path: Path) -> None:
    for name in ("a.test.yaml", "b/test_x.yml", "journey.yaml", "test_py.py", "b/c.test.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = [str(path.relative_to(tmp_path)) for path in find_files([tmp_path, tmp_path / "journey.yaml"])]
    assert found == ["a.test.yaml", "b/c.test.yaml", "b/test_x.yml", "journey.yaml"]


# --- reports ---------------------------------------------------------------------------------------------------------

CHILDREN = {"testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": {"failure", "error", "skipped"}}
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message", "type"},
}
"""What junit-10.xsd allows, as far as we write it."""


def test_junit_has_the_usual_form_and_counts(tmp_path: Path) -> None:
    cases = [
        CaseResult("a.test.yaml", "good", 3, "passed", 0.25),
        CaseResult("a.test.yaml", 'bad <&\x00\x1b\ud800">', 9, "failed", 0.5, ("a:1:1: expected <1>\nmore", "second")),
        CaseResult("b.test.yaml", "(file)", 1, "error", 0.0, ("b:1:1: broken",)),
        CaseResult("b.test.yaml", "later", 4, "skipped", 0.0, ("not yet",)),
    ]
    text = to_junit(Results(cases), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    root = ET.fromstring(text)
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        for name in ("time",) if "time" in element.attrib else ():
            assert re.fullmatch(r"\d+\.\d{3}", element.attrib[name])
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("time")) == ("4", "1", "1", "0.750")
    first, second = root
    assert (first.get("tests"), first.get("failures"), first.get("skipped")) == ("2", "1", "0")
    assert (second.get("errors"), second.get("skipped"), second.get("timestamp")) == ("1", "1", "2026-01-02T03:04:05")
    (failure,) = root.iter("failure")
    assert failure.get("message") == "a:1:1: expected <1>"
    assert failure.text == "a:1:1: expected <1>\nmore\nsecond"


def test_the_published_schema_is_the_one_that_files_are_checked_with() -> None:
    published = orjson.loads((ROOT / "docs/reference/journey-test.schema.json").read_bytes())
    assert published == orjson.loads(orjson.dumps(TEST_SCHEMA))
    Draft202012Validator.check_schema(published) if hasattr(Draft202012Validator, "check_schema") else None


def test_every_verb_of_the_schema_is_checked() -> None:
    verbs = {one["required"][0] for one in TEST_SCHEMA["$defs"]["expectation"]["oneOf"]}
    from parcours.testing import expect

    assert verbs == set(expect._CHECKS)
    assert fault_of.__doc__


# --- the examples ----------------------------------------------------------------------------------------------------


def test_the_examples_hold_and_reach_everything() -> None:
    found = run_files(find_files([ROOT / "examples/tests"]), told=lambda _: None)
    assert [(case.name, case.faults) for case in found.cases if case.verdict != "passed"] == []
    assert len(found.cases) >= 8
    assert {name: seen.percent for name, seen in found.coverage.items()} == {"Newsletter": 100, "Welcome": 100}


@pytest.mark.parametrize("path", find_files([ROOT / "examples/tests"]), ids=lambda path: path.name)
def test_the_examples_are_as_the_schema_says(path: Path) -> None:
    document: Any = read_test_file(path).source.document
    assert list(Draft202012Validator(TEST_SCHEMA).iter_errors(document)) == []


READER = """\
journey:
  name: R
  entry: {node: read}
  nodes:
    read: {type: readAudience, audience: VIP, schedule: {type: daily, time: "06:00"}}
    pause: {type: wait, duration: {value: 3, unit: days}}
  edges: [{from: read, to: pause}]
config:
  audiences: [{name: VIP, id: v-1, identityNamespace: Email}]
cases:
"""


def reads(tmp_path: Path, case: str) -> list[str]:
    """Faults of one case, without the file's name and the column."""
    (found,) = results(tmp_path, case, READER).cases
    return [re.sub(r"^.*yaml:(\d+):\d+", r"\1", fault) for fault in found.faults]


def test_members_changes_and_runs_of_an_audience_are_written_and_expected(tmp_path: Path) -> None:
    case = """\
- name: x
  given:
    population: 3
    audiences: {VIP: ["p{n}"]}
    profiles: [{namespace: Email, id: "q{n}", audiences: [v-1]}]
  when:
    - {audience: VIP, leave: [p0], enter: [z], at: +2h}
    - {advance: 1d}
    - {audience: v-1, replace: [z]}
    - {advance: 1d}
  then:
    - {run: {number: 1, wave: 0, status: finished, read: 6, entered: 6, dueAt: +6h, startedAt: +6h}}
    - {run: {number: 2, read: 1, entered: 0}}
    - {runs: 2}
    - {run: {number: 3, status: queued}}
    - {inAudience: VIP, customer: z}
    - {notInAudience: v-1, customer: p1}
    - {refused: notSuitableInitialEvent, customer: z}
    - {entered: 0, customer: p0}
"""
    assert reads(tmp_path, case) == []


@pytest.mark.parametrize(
    ("when", "then", "said"),
    [
        ("{audience: VIPP, enter: [a]}", "{entered: 0}", "13: no audience is called 'VIPP'; there are: VIP"),
        ("{audience: VIP}", "{entered: 0}", "13: a change of an audience has enter, leave or both, or replace alone"),
        ("{audience: VIP, enter: [a], replace: [b]}", "{entered: 0}", "13: a change of an audience has"),
        ("{advance: 1d, enter: [a]}", "{entered: 0}", "13: 'enter' means nothing beside 'advance'"),
        ("{finish: true}", "{entered: 0}", "13: “R” reads its audience again and again without end"),
        ("{advance: 7h}", "{run: {number: 1, read: 5}}", "15: expected a run with number 1, read 5, but there are 2"),
        ("{advance: 1h}", "{runs: 1}", "15: expected 1 runs begun, but there is none\n  run 1: queued, due 2026"),
        ("{advance: 1h}", "{inAudience: VIP, customer: a}", "15: expected a in 'VIP', but they are not"),
        ("{advance: 1h}", "{inAudience: VIP}", "15: say of which customer"),
    ],
)  # fmt: skip
def test_a_fault_about_an_audience_is_told_with_its_line(tmp_path: Path, when: str, then: str, said: str) -> None:
    (fault,) = reads(tmp_path, f"- name: x\n  when:\n  - {when}\n  then:\n  - {then}\n")
    assert fault.startswith(said)


def test_rows_are_there_for_lookups(tmp_path: Path) -> None:
    head = HEAD.replace(
        "    pause: {type: wait, duration: {value: 2, unit: days}}\n",
        "    pause: {type: datasetLookup, dataSetId: goods, keys: 'list(@event{Order.sku})'}\n"
        "    cheap:\n      type: condition\n"
        "      paths: [{id: low, expression: '@datasetLookup{pause.entities.first().price} < 5'}]\n",
    ).replace(
        "    - {from: pause, to: done}\n",
        "    - {from: pause, to: cheap}\n    - {from: cheap, to: done, kind: path, path: low}\n",
    )
    case = """\
- name: x
  given: {lookups: {goods: {a: {price: 9}}}}
  when:
    - {event: Order, payload: {email: joe, total: 5, sku: a}}
    - {lookups: {goods: {b: {price: 3}}}}
    - {event: Order, payload: {email: ann, total: 5, sku: b}}
  then:
    - {path: [start, "big:other", pause, cheap], customer: joe}
    - {path: [start, "big:other", pause, "cheap:path:low", done], customer: ann}
"""
    (found,) = results(tmp_path, case, head).cases
    assert found.faults == ()
