"""What stands in for the world's answers when a journey is simulated: stubs of actions.

A stub gives how a call *ended*, after whatever retries a real one would have had.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from parcours.actions.model import AnswerShape
from parcours.datasources.compiled import declared_part
from parcours.expressions.compiler import compile_journey
from parcours.expressions.errors import ExpressionFailed, ExpressionInvalid
from parcours.expressions.references import AnyReferences, EvaluationContext, ReferenceTypes
from parcours.expressions.types import Type
from parcours.journeys.activities.reaction import REACTIONS
from parcours.journeys.model import ActionOutcome, CallAction, FetchOutcome, FetchRequest
from parcours.journeys.moments import MomentInvalid, read_duration
from parcours.kit.errors import Invalid

Outcome = Literal["timeout", "capped", "error"]
OUTCOMES: Mapping[str, str] = {"timeout": "timedout", "capped": "capped", "error": "internalError"}
"""What a stub may say in place of a status, with the status code that journeys see (expression-language §7.3)."""
_MEMBERS = frozenset({"status", "body", "latency", "outcome", "reactions"})


class StubInvalid(Invalid):
    """A document that is no stub."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one call ends."""

    status: int = 200
    """HTTP status; without meaning when there is an `outcome`."""
    body: Any = None
    """JSON body; None, in an answer of the 2xx class, means the sample the action declares."""
    latency_us: int = 0
    outcome: Outcome | None = None
    """Of a call that got no answer."""
    reactions: tuple[tuple[str, int], ...] = ()
    """Of a message: what becomes of it, each with the microseconds from the answer on."""


class Call(NamedTuple):
    """A call about to be answered, as rules see it."""

    command: CallAction
    number: int
    """1 for the customer's first call of the action, in any journey."""
    context: EvaluationContext
    """What expressions read at this point."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Answers for calls that fit."""

    when: Callable[[EvaluationContext], Any] | None
    """A boolean expression over the customer's events, answers, profile and journey properties."""
    parameters: Mapping[str, Any] | None
    """Values that the call's parameters must have; others may have any."""
    answers: Sequence[Answer]

    def fits(self, call: Call) -> bool:
        """Whether the rule is about this call. An expression that can't be evaluated doesn't fit."""
        if self.parameters is not None and not is_part(self.parameters, call.command.parameters):
            return False
        if self.when is None:
            return True
        try:
            return self.when(call.context) is True
        except ExpressionFailed:
            return False


class Stub:
    """The stub of one action: the first rule that fits answers; of several answers the n-th call gets the n-th."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self.is_plain = len(rules) == 1 and rules[0].when is None and rules[0].parameters is None
        """Whether the context of a call doesn't matter."""

    def answer(self, call: Call) -> Answer:
        """How a call ends. The last answer of a list stays; a call that fits no rule succeeds."""
        for rule in self._rules:
            if rule.fits(call):
                return rule.answers[min(call.number, len(rule.answers)) - 1]
        return Answer()


GOOD = Stub((Rule(None, None, (Answer(),)),))
"""Every call succeeds with the action's sample."""


def outcome_of(
    answer: Answer, command: CallAction, now_us: int, shape: tuple[AnswerShape | None, AnswerShape | None]
) -> tuple[int, ActionOutcome]:
    """(when the answer comes, what the instance is told).

    shape: what the action declares of a good answer and of a failed one. A call that would take longer than its
    time limit is timed out at the limit, as a real one.
    """
    answered_us = now_us + answer.latency_us
    if answer.outcome == "timeout" or answered_us > command.deadline_us:
        seconds = (command.deadline_us - now_us) / 1e6
        elapsed_ms = (command.deadline_us - now_us) // 1000
        text = f"no answer within {seconds:g} s"
        return command.deadline_us, ActionOutcome("timedout", error_message=text, elapsed_ms=elapsed_ms)
    elapsed_ms = answer.latency_us // 1000
    if answer.outcome is not None:
        text = f"stubbed: {answer.outcome}"
        return answered_us, ActionOutcome(OUTCOMES[answer.outcome], error_message=text, elapsed_ms=elapsed_ms)
    is_good = 200 <= answer.status < 300
    declared = shape[0] if is_good else shape[1]
    body = answer.body
    if body is None and is_good and declared is not None:
        body = declared.sample
    kept = {k: body[k] for k in declared.sample if k in body} if declared and isinstance(body, Mapping) else None
    return answered_us, ActionOutcome(f"http_{answer.status}", response=kept, elapsed_ms=elapsed_ms)


def fetched_of(request: FetchRequest, outcome: ActionOutcome, shape: AnswerShape | None) -> FetchOutcome:
    """How a fetch ends that a stub answered as it answers calls. shape: what the field group declares."""
    if outcome.is_error:
        return FetchOutcome(
            request.source, request.group, request.numbers, None, outcome.error, outcome.error_code,
            error_message=outcome.error_message, elapsed_ms=outcome.elapsed_ms,
        )  # fmt: skip
    data = outcome.response if shape is None else declared_part(shape.sample, outcome.response or {})
    return FetchOutcome(
        request.source, request.group, request.numbers, data or {}, elapsed_ms=outcome.elapsed_ms
    )  # fmt: skip


def is_part(wanted: Any, found: Any) -> bool:
    """Whether everything of `wanted` is in `found`: objects may hold more, lists and plain values are equal."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(k in found and is_part(v, found[k]) for k, v in wanted.items())
    if isinstance(wanted, list):
        is_list = isinstance(found, list | tuple) and len(found) == len(wanted)
        return is_list and all(is_part(one, other) for one, other in zip(wanted, found, strict=True))
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    return bool(wanted == found)


# --- documents ------------------------------------------------------------------------------------------------------

_LATENCY = {"type": "string", "minLength": 2, "description": "How long the answer takes, such as 2s or 250ms."}
ANSWER_SCHEMA: Mapping[str, Any] = {
    "oneOf": [
        {"enum": list(OUTCOMES), "description": "The call gets no answer."},
        {"type": "integer", "minimum": 100, "maximum": 599, "description": "An HTTP status."},
        {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                "status": {"type": "integer", "minimum": 100, "maximum": 599, "default": 200},
                "body": {"description": "JSON body; left out: the sample that the action declares."},
                "latency": _LATENCY,
                "outcome": {"enum": list(OUTCOMES), "description": "Instead of a status: the call gets no answer."},
                "reactions": {
                    "type": "object",
                    "additionalProperties": {"type": "string", "minLength": 2},
                    "propertyNames": {"enum": list(REACTIONS)},
                    "description": "Of a message: what becomes of it, and how long after the answer, such as 1h.",
                },
            },
        },
    ]
}
_ANSWERS: Mapping[str, Any] = {
    "anyOf": [{"$ref": "#/$defs/answer"}, {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/answer"}}]
}
STUB_SCHEMA: Mapping[str, Any] = {
    "description": (
        "How calls of one action end: one answer, a list for the customer's first, second … call, or rules of "
        "which the first that fits answers."
    ),
    "anyOf": [
        *_ANSWERS["anyOf"],
        {
            "type": "object",
            "required": ["rules"],
            "additionalProperties": False,
            "properties": {
                "rules": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["answer"],
                        "additionalProperties": False,
                        "properties": {
                            "when": {"type": "string", "description": "A boolean expression of the journey language."},
                            "parameters": {"type": "object", "description": "Values the call's parameters must have."},
                            "answer": _ANSWERS,
                        },
                    },
                }
            },
        },
    ],
}
"""JSON Schema of a stub; `#/$defs/answer` is ANSWER_SCHEMA."""


_ANYTHING = AnyReferences()


def read_stub(document: Any, path: str = "$", references: ReferenceTypes = _ANYTHING) -> Stub:
    """A stub as it is written. Raises StubInvalid, whose `path` names the place below `path`.

    references: what the expressions of rules may read.
    """
    if isinstance(document, Mapping) and "rules" in document:
        rules = document["rules"]
        if len(document) != 1 or not isinstance(rules, list) or not rules:
            raise StubInvalid("rules are a list, and stand alone", f"{path}.rules")
        return Stub([_read_rule(rule, f"{path}.rules[{index}]", references) for index, rule in enumerate(rules)])
    return Stub([Rule(None, None, _read_answers(document, path))])


def _read_rule(document: Any, path: str, references: ReferenceTypes) -> Rule:
    if not isinstance(document, Mapping) or not set(document) <= {"when", "parameters", "answer"}:
        raise StubInvalid("a rule has answer, and when, parameters or both", path)
    if "answer" not in document:
        raise StubInvalid("a rule has an answer", path)
    when, parameters = document.get("when"), document.get("parameters")
    if parameters is not None and not isinstance(parameters, Mapping):
        raise StubInvalid("parameters are an object of values by paramPath", f"{path}.parameters")
    evaluate = None
    if when is not None:
        if not isinstance(when, str):
            raise StubInvalid("when is an expression", f"{path}.when")
        try:
            evaluate = compile_journey(when, references, Type.BOOLEAN).evaluate
        except ExpressionInvalid as error:
            raise StubInvalid(str(error), f"{path}.when") from None
    return Rule(evaluate, parameters, _read_answers(document["answer"], f"{path}.answer"))


def _read_answers(document: Any, path: str) -> tuple[Answer, ...]:
    if isinstance(document, list):
        if not document:
            raise StubInvalid("a list of answers has at least one", path)
        return tuple(_read_answer(one, f"{path}[{index}]") for index, one in enumerate(document))
    return (_read_answer(document, path),)


def _read_answer(document: Any, path: str) -> Answer:
    if isinstance(document, str) and document in OUTCOMES:
        return Answer(outcome=document)  # type: ignore[arg-type]
    if isinstance(document, int) and not isinstance(document, bool):
        return Answer(_read_status(document, path))
    if not isinstance(document, Mapping) or not document or not set(document) <= _MEMBERS:
        names = ", ".join(OUTCOMES)
        raise StubInvalid(
            f"an answer is a status, one of {names}, or has status, body, latency, outcome, reactions", path
        )
    outcome = document.get("outcome")
    if outcome is not None and (outcome not in OUTCOMES or "status" in document):
        raise StubInvalid(f"outcome is one of {', '.join(OUTCOMES)}, without a status", f"{path}.outcome")
    latency_us = 0
    if "latency" in document:
        try:
            latency_us = read_duration(str(document["latency"]))
        except MomentInvalid as error:
            raise StubInvalid(str(error), f"{path}.latency") from None
    status = _read_status(document.get("status", 200), f"{path}.status")
    reactions = _read_reactions(document.get("reactions", {}), f"{path}.reactions")
    return Answer(status, document.get("body"), latency_us, outcome, reactions)


def _read_reactions(document: Any, path: str) -> tuple[tuple[str, int], ...]:
    if not isinstance(document, Mapping) or not set(document) <= set(REACTIONS):
        raise StubInvalid(f"reactions are an object {{reaction: how long after}}, of {', '.join(REACTIONS)}", path)
    try:
        found = [(name, read_duration(str(after))) for name, after in document.items()]
    except MomentInvalid as error:
        raise StubInvalid(str(error), path) from None
    return tuple(sorted(found, key=lambda one: one[1]))


def _read_status(status: Any, path: str) -> int:
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise StubInvalid("a status is a number from 100 to 599", path)
    return status
