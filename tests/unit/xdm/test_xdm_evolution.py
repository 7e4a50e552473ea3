"""What a change of a schema in use may do."""

from typing import Any

import pytest

from parcours.xdm.evolution import breaking_changes


def document(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields}


TEXT = {"type": "string", "meta:xdmType": "string"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (document(a=TEXT), document(a=TEXT, b=TEXT)),
        (document(a=TEXT), document(a={**TEXT, "title": "A", "description": "…", "meta:enum": {"x": "X"}})),
        (document(a={**TEXT, "enum": ["x"]}), document(a={**TEXT, "enum": ["x", "y"]})),
        (document(a={**TEXT, "enum": ["x"]}), document(a=TEXT)),
        (document(a={**TEXT, "maxLength": 3}), document(a={**TEXT, "maxLength": 4})),
        ({**document(a=TEXT), "required": ["a"]}, document(a=TEXT)),
        (document(a=TEXT), {**document(a=TEXT, b=TEXT), "required": ["b"]}),
        (document(a=TEXT), document(a={**TEXT, "meta:status": "deprecated"})),
    ],
)
def test_what_readers_can_live_with_is_allowed(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert breaking_changes(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (document(a=TEXT), document(), "/a: the field is removed"),
        (document(a=TEXT), document(b=TEXT), "/a: the field is removed"),
        (document(a=TEXT), document(a={"type": "number"}), "/a: the type changes from string to number"),
        (
            document(a={"type": "integer", "meta:xdmType": "long"}),
            document(a={"type": "integer", "meta:xdmType": "int"}),
            "/a: the type changes from long to int",
        ),
        (document(a=TEXT), document(a={**TEXT, "enum": ["x"]}), "/a: an enum is added"),
        (document(a={**TEXT, "enum": ["x", "y"]}), document(a={**TEXT, "enum": ["x"]}), "/a: the enum loses y"),
        (document(a=TEXT), document(a={**TEXT, "pattern": "x"}), "/a: pattern changes"),
        (document(a=TEXT), document(a={**TEXT, "minLength": 1}), "/a: minLength is raised"),
        (document(a={**TEXT, "maxLength": 4}), document(a={**TEXT, "maxLength": 3}), "/a: maxLength is lowered"),
        (document(a=TEXT), {**document(a=TEXT), "required": ["a"]}, "/a: the field becomes required"),
        (
            document(a={"type": "array", "items": document(b=TEXT)}),
            document(a={"type": "array", "items": document()}),
            "/a/*/b: the field is removed",
        ),
        (
            document(a={"type": "object", "additionalProperties": TEXT}),
            document(a={"type": "object", "additionalProperties": {"type": "integer"}}),
            "/a/*: the type changes from string to integer",
        ),
    ],
)
def test_what_breaks_readers_is_told_with_its_path(old: dict[str, Any], new: dict[str, Any], change: str) -> None:
    assert breaking_changes(old, new) == [change]
