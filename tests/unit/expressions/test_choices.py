"""What was decided where the published language is silent holds, and stands where the list says."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from parcours import expressions
from parcours.expressions.choices import CHOICES, CONTEXT, Choice, Refused
from parcours.expressions.errors import ExpressionFailed, ExpressionInvalid
from parcours.expressions.evaluator import Evaluator, describe_error
from parcours.expressions.json_context import JsonContext

EXAMPLES = [(choice, text, value) for choice in CHOICES for text, value in choice.examples]


@pytest.mark.parametrize(("choice", "text", "value"), EXAMPLES, ids=[text for _, text, _ in EXAMPLES])
def test_an_example_of_a_choice_holds(choice: Choice, text: str, value: Any) -> None:
    found: Any
    try:
        found = Evaluator().evaluate(text, JsonContext(CONTEXT, 0)).value
    except (ExpressionInvalid, ExpressionFailed) as error:
        found = Refused(describe_error(text, error)["code"])
    assert found == value, choice.says
    assert type(found) is type(value)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: f"{choice.section} {choice.says[:40]}")
def test_a_choice_is_applied_where_the_list_says(choice: Choice) -> None:
    module, _, path = choice.where.partition(".")
    if path == "lark":
        assert (Path(expressions.__file__).parent / choice.where).exists()
        return
    found: Any = importlib.import_module(f"parcours.expressions.{module}")
    for name in path.split("."):
        found = getattr(found, name)
    assert choice.examples
