"""Values for customers who are made up: samples of events, varied so that people take different ways. Pure."""

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.definitions import map_expressions

_NUMBER = re.compile(r"(?<![\w.'\"])\d{1,9}(?:\.\d{1,6})?(?![\w.])", re.ASCII)
_TEXT = re.compile(r"\"((?:[^\"\\]){1,64})\"|'((?:[^'\\]){1,64})'")
_KEPT = ("_id", "timestamp", "_experience", "identityMap")
_MAX_CONSTANTS = 100


class Constants:
    """Numbers and texts that the expressions of a document compare with."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        numbers: dict[float, None] = {}
        texts: dict[str, None] = {}

        def note(text: str) -> str:
            for found in _NUMBER.findall(text):
                numbers[float(found)] = None
            for double, single in _TEXT.findall(text):
                texts[double or single] = None
            return text

        map_expressions(document, note)
        self.numbers = list(numbers)[:_MAX_CONSTANTS]
        self.texts = list(texts)[:_MAX_CONSTANTS]


def varied(
    entity: Mapping[str, Any], schema: Mapping[str, Any], constants: Constants, random: Random
) -> dict[str, Any]:
    """A sample with other values: choices drawn, numbers on either side of what expressions compare with.

    schema: closed JSON Schema of the entity.
    """
    properties = schema.get("properties", {})
    return {
        name: copy.deepcopy(value) if name in _KEPT else _vary(value, properties.get(name, {}), constants, random)
        for name, value in entity.items()
    }


def _vary(value: Any, schema: Any, constants: Constants, random: Random) -> Any:
    if not isinstance(schema, Mapping):
        return value
    if isinstance(value, Mapping):
        properties = schema.get("properties", {})
        return {name: _vary(child, properties.get(name, {}), constants, random) for name, child in value.items()}
    if isinstance(value, list):
        return [_vary(item, schema.get("items", {}), constants, random) for item in value]
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return random.choice(choices)
    if isinstance(value, bool):
        return random.random() < 0.5
    if isinstance(value, int | float):
        return _number(value, schema, constants.numbers, random)
    if isinstance(value, str) and "format" not in schema and "pattern" not in schema and constants.texts:
        text = random.choice(constants.texts)
        fits = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
        return text if fits and random.random() < 0.5 else value
    return value


def _number(value: float, schema: Mapping[str, Any], numbers: Sequence[float], random: Random) -> float:
    near = random.choice(numbers) if numbers else 100.0
    found = near * random.choice((0.5, 0.9, 1.0, 1.1, 2.0)) if near else random.choice((0.0, 1.0))
    low, high = schema.get("minimum"), schema.get("maximum")
    found = found if high is None else min(found, high)
    found = found if low is None else max(found, low)
    return int(found) if isinstance(value, int) else round(float(found), 2)


def made_up_keys(namespace: str | None, count: int) -> Iterator[str]:
    """Ids of people who are nobody, as the namespace takes them."""
    code = canonical_namespace(namespace or "")
    for number in range(1, count + 1):
        if code == "Email":
            yield f"customer-{number:05}@example.com"
        elif code.startswith("Phone"):
            yield f"+1555{number:07}"
        elif code == "ECID":
            yield f"{number:038}"
        else:
            yield f"customer-{number:05}"
