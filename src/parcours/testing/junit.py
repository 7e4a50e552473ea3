"""Results as JUnit XML, in the form that CI servers read (the schema of Jenkins' xUnit plugin, junit-10.xsd)."""

import re
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from parcours.testing.cases import CaseResult, Results

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {"failed": "failure", "error": "error", "skipped": "skipped"}


def to_junit(results: Results, at: datetime | None = None) -> bytes:
    """The document: a suite for each file, a case for each case."""
    root = Element("testsuites", _totals(results.cases, name="parcours"))
    timestamp = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S")
    for file in dict.fromkeys(case.file for case in results.cases):
        cases = [case for case in results.cases if case.file == file]
        suite = SubElement(root, "testsuite", {**_totals(cases, name=file), "timestamp": timestamp})
        suite.set("skipped", str(sum(case.verdict == "skipped" for case in cases)))
        for case in cases:
            _case(suite, case)
    indent(root)
    text: bytes = tostring(root, "utf-8", xml_declaration=True)
    return text + b"\n"


def _totals(cases: list[CaseResult], *, name: str) -> dict[str, str]:
    return {
        "name": _text(name),
        "tests": str(len(cases)),
        "failures": str(sum(case.verdict == "failed" for case in cases)),
        "errors": str(sum(case.verdict == "error" for case in cases)),
        "time": f"{sum(case.seconds for case in cases):.3f}",
    }


def _case(suite: Element, case: CaseResult) -> None:
    attributes = {"name": _text(case.name), "classname": _text(case.file), "time": f"{case.seconds:.3f}"}
    element = SubElement(suite, "testcase", attributes)
    tag = _ELEMENTS.get(case.verdict)
    if tag is None:
        return
    first = case.faults[0].splitlines()[0] if case.faults else case.verdict
    told = SubElement(element, tag, {"message": _text(first), "type": case.verdict})
    told.text = _text("\n".join(case.faults))


def _text(text: str) -> str:
    """Without the characters that XML can't hold."""
    return _NOT_XML.sub("\ufffd", text)
