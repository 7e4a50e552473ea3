"""The two expressions of an event: who it is about, and whether a record is it. Both read its payload only."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parcours.events.errors import EventInvalid, RelatedFieldRefused
from parcours.events.fields import row_document, to_reference
from parcours.events.links import Link, link_of, with_rows
from parcours.events.model import Needs
from parcours.expressions.compiler import JourneyExpression, compile_journey
from parcours.expressions.errors import ExpressionFailed, ExpressionInvalid
from parcours.expressions.references import EvaluationContext, SchemaReferences
from parcours.expressions.requirement import RequiredTexts, required_of_field
from parcours.expressions.types import Type
from parcours.expressions.values import to_text
from parcours.kit.clock import Clock
from parcours.kit.paths import get_in, item_at

MAX_KEY_BYTES = 1_024
"""Longest profile identifier, in UTF-8; a longer one can't be an index key in every database."""
_KEY_TYPES = (Type.STRING, Type.INTEGER, Type.DECIMAL, Type.NUMBER, Type.ANY)

_AS_THEY_ARE: Mapping[Type, type] = {Type.STRING: str, Type.DECIMAL: float, Type.NUMBER: float}
"""Types of fields, each with the Python type whose values an expression reads there unchanged."""

Entity = Mapping[str, Any]


def compile_payload(
    text: Any, name: str, document: Mapping[str, Any] | None, expected: Type | None, path: str,
    links: Sequence[Link] = (),
) -> JourneyExpression:  # fmt: skip
    """An expression over the payload of event `name`. Raises EventInvalid at `path`, with line and column.

    document: closed schema of the payload; None accepts any field. links: of its schema, so that the refusal of a
    field of theirs gives the reason: RelatedFieldRefused.
    """
    if not isinstance(text, str):
        raise EventInvalid("an expression is a text", path)
    try:
        expression = compile_journey(text, SchemaReferences(events={name: document}), expected)
    except ExpressionInvalid as error:
        link = _link_read(text, name, document, links)
        if link is not None:
            message = (
                f"{'.'.join(link.at)} is of the related schema {link.schema.title!r}: whom an event is about, and "
                "whether a record is the event, is said by what senders send"
            )
            raise RelatedFieldRefused(message, path, line=error.line, column=error.column) from None
        raise EventInvalid(str(error), path, line=error.line, column=error.column) from None
    foreign = next((r for r in expression.references if r.kind != "event" or r.name != name), None)
    if foreign is not None:
        raise EventInvalid(f"only fields of the event itself can be read here, not {foreign.name!r}", path)
    return expression


def _link_read(text: str, name: str, document: Mapping[str, Any] | None, links: Sequence[Link]) -> Link | None:
    """The link whose row an expression reads, if that is what is wrong with it."""
    if document is None or not links:
        return None
    whole = with_rows(document, {link.at: row_document(link, [()]) for link in links})
    try:
        expression = compile_journey(text, SchemaReferences(events={name: whole}), None)
    except ExpressionInvalid:
        return None
    read = (link_of(links, reference.path) for reference in expression.references if reference.kind == "event")
    return next((link for link in read if link is not None), None)


def compile_key_text(
    text: Any, name: str, document: Mapping[str, Any] | None, path: str, links: Sequence[Link] = ()
) -> JourneyExpression:
    """The profile identifier's expression: a text, or a number that is turned into one. Raises EventInvalid."""
    expression = compile_payload(text, name, document, None, path, links)
    if expression.type not in _KEY_TYPES:
        raise EventInvalid(f"the profile identifier is a string, not {expression.type}", path)
    return expression


def key_reader(
    text: str, name: str, document: Mapping[str, Any] | None, plain_path: Sequence[str] | None, clock: Clock
) -> Callable[[Entity], str | None]:
    """What computes the key of a record, None when there is none. Raises EventInvalid for a text that is invalid.

    plain_path: the path of the schema's primary identity. A text that just reads it needs no expression.
    """
    if plain_path is not None and text == to_reference(name, plain_path):
        path = tuple(plain_path)

        def read_plain(entity: Entity) -> str | None:
            try:
                return as_key(item_at(entity, path))
            except KeyError:
                return None
            except TypeError:  # nothing or a list on the way
                return as_key(get_in(entity, path))

        return read_plain
    expression = compile_key_text(text, name, document, "$.profileIdentifier")

    def read(entity: Entity) -> str | None:
        try:
            return as_key(expression.evaluate(EvaluationContext(events={name: entity}, now_us=clock.now_us())))
        except ExpressionFailed:
            return None

    return read


def condition_reader(
    text: str, name: str, document: Mapping[str, Any] | None, clock: Clock
) -> Callable[[Entity], bool]:
    """Whether a record is a rule-based event; false when the condition can't be evaluated. Raises EventInvalid."""
    expression = compile_payload(text, name, document, Type.BOOLEAN, "$.idCondition")

    def read(entity: Entity) -> bool:
        try:
            context = EvaluationContext(events={name: entity}, now_us=clock.now_us())
            return expression.evaluate(context) is True
        except ExpressionFailed:
            return False

    return read


def needs_of(text: str, name: str, document: Mapping[str, Any] | None) -> Needs | None:
    """What a condition needs one field to hold, read as the condition reads it. Raises EventInvalid."""
    try:
        required = required_of_field(text)
    except ExpressionInvalid as error:
        raise EventInvalid(str(error), "$.idCondition", line=error.line, column=error.column) from None
    if required is None:
        return None
    field = compile_payload(to_reference(name, required.path), name, document, None, "$.idCondition")
    kinds = (str,) if isinstance(required, RequiredTexts) else (int, float)
    path, as_it_is = required.path, _AS_THEY_ARE.get(field.type)
    if as_it_is not in kinds:
        as_it_is = None

    def read(entity: Entity) -> Any:
        try:
            value = item_at(entity, path)
            if value is None or type(value) is as_it_is:
                return value  # as nearly always: an evaluation, which every record would pay for, gives the same
        except KeyError:
            return None
        except TypeError:  # nothing or a list on the way
            pass
        try:
            value = field.evaluate(EvaluationContext(events={name: entity}))
        except ExpressionFailed:  # so fails the condition
            return None
        return value if type(value) in kinds else None

    return Needs(required, read)


def as_key(value: Any) -> str | None:
    """A usable key: not empty, not too long, without the one character that not every database stores."""
    if type(value) is not str:
        if type(value) not in (int, float):
            return None
        value = to_text(value)
    if not value or "\x00" in value or len(value) > MAX_KEY_BYTES:
        return None
    if not value.isascii() and len(value.encode("utf-8", "replace")) > MAX_KEY_BYTES:
        return None
    return str(value)


def rename_event(text: str, old: str, new: str) -> str:
    """The expression with every reference to event `old` pointing to `new`."""
    return re.sub(rf"(@(?:event)?\{{\s*){re.escape(old)}(?=\s*[.,}}])", lambda found: found[1] + new, text)
