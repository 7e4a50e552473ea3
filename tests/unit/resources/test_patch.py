"""JSON Patch over documents: what can't be applied, and what would grow without end."""

from typing import Any

import pytest

from parcours.resources.patch import PatchInvalid, apply_patch


def test_the_document_given_is_not_changed() -> None:
    document = {"a": {"b": [1]}}
    patched = apply_patch(document, [{"op": "ADD", "path": "/a/b/-", "value": 2}, {"op": "remove", "path": "/a/b/0"}])
    assert (patched, document) == ({"a": {"b": [2]}}, {"a": {"b": [1]}})


@pytest.mark.parametrize(
    ("operations", "path"),
    [
        ({}, "$"),
        ([], "$"),
        ([1], "$[0]"),
        ([{"op": 1, "path": "/a"}], "$[0]"),
        ([{"op": "add", "path": "/b", "value": 1}, {"op": "remove", "path": "/none"}], "$[1]"),
        ([{"op": "add", "path": 5, "value": 1}], "$[0]"),
        ([{"op": "add", "path": "/a/b/99999999999999999999", "value": 1}], "$[0]"),
        ([{"op": "move", "from": "/a", "path": "/a/b"}], "$[0]"),
        ([{"op": "copy", "path": "/a"}], "$[0]"),
        ([{"op": "test", "path": "/a", "value": 2}], "$[0]"),
        ([{"op": "replace", "path": "", "value": 2}], "$"),
    ],
)
def test_what_can_not_be_applied_is_told_with_its_place(operations: Any, path: str) -> None:
    with pytest.raises(PatchInvalid) as refused:
        apply_patch({"a": {"b": [1]}}, operations)
    assert refused.value.path == path


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        ({"op": "replace", "path": "/none", "value": 1}, "the document has no such place: '/none'"),
        ({"op": "add", "path": "/a/b/x/y", "value": 1}, "the document has no such place: '/a/b/x/y'"),
        ({"op": "add", "path": "none", "value": 1}, "the document has no such place: 'none'"),
        ({"op": "move", "from": "/none", "path": "/c"}, "the document has no such place: '/none', '/c'"),
        ({"op": "test", "path": "/a", "value": 2}, "what is at '/a' has another value"),
        ({"op": "add", "path": "/c"}, "The operation does not contain a 'value' member"),
        ({"op": "what", "path": "/c"}, "Unknown operation 'what'"),
        ({"op": "remove", "path": "/" + "x" * 500}, "the document has no such place: '/" + "x" * 118 + "…"),
    ],
)
def test_the_reason_is_short_and_says_nothing_of_the_document(operation: dict[str, Any], says: str) -> None:
    with pytest.raises(PatchInvalid) as refused:
        apply_patch({"a": {"b": ["secret"]}}, [operation])
    assert str(refused.value) == f"operation 0 can't be applied: {says}"


def test_a_document_can_not_be_doubled_until_nothing_is_left() -> None:
    twice = [{"op": "copy", "from": "", "path": f"/{n}"} for n in range(40)]
    with pytest.raises(PatchInvalid, match="more than 8388608 bytes"):
        apply_patch({"a": "x" * 1_000}, twice)


def test_a_document_can_not_be_made_ever_deeper() -> None:
    down = [{"op": "add", "path": "/a" * level, "value": {}} for level in range(1, 200)]
    with pytest.raises(PatchInvalid, match="deeper than 100 levels"):
        apply_patch({}, down)
