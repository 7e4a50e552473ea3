"""Where nesting ends."""

from typing import Any

import orjson
import pytest

from parcours.kit.depth import MAX_DEPTH, nests_too_deep, text_nests_too_deep


def nested(levels: int, *, in_objects: bool) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value} if in_objects else [value]
    return value


@pytest.mark.parametrize("in_objects", [True, False])
def test_the_most_levels_pass_and_one_more_does_not(in_objects: bool) -> None:
    assert not nests_too_deep(nested(MAX_DEPTH, in_objects=in_objects))
    assert nests_too_deep(nested(MAX_DEPTH + 1, in_objects=in_objects))


def test_much_beside_each_other_is_not_deep() -> None:
    wide = [[{"a": [n]}] for n in range(10_000)]
    assert not text_nests_too_deep(orjson.dumps(wide), wide)


def test_the_deepest_text_that_can_be_read_is_too_deep() -> None:
    text = b"[" * 1_000 + b"]" * 1_000
    assert text_nests_too_deep(text, orjson.loads(text))
    assert not text_nests_too_deep(b'"[[["', "[[[")
