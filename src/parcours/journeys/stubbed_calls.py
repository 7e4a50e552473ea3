"""Calls of a simulated world: requests are built as for a real call, then a stub answers in the endpoint's place."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from parcours.actions.errors import ActionParameterInvalid
from parcours.actions.model import AnswerShape
from parcours.actions.table import ActionTable
from parcours.datasources.table import SourceTable
from parcours.expressions.references import EvaluationContext
from parcours.journeys.model import (
    EXCLUDED,
    SENT,
    ActionOutcome,
    CallAction,
    FetchData,
    FetchOutcome,
    SendMessage,
)
from parcours.journeys.seen import InstanceRecord, SentCall, VirtualClock
from parcours.journeys.stubs import GOOD, Answer, Call, Stub, fetched_of, outcome_of

ContextOf = Callable[[InstanceRecord, Mapping[str, Any]], EvaluationContext]
"""(instance, data of the person) → what a stub's rules read."""
_NO_SHAPES = (None, None)


class Ended(NamedTuple):
    """How a call ends."""

    sent: SentCall
    at_us: int
    """When its answer comes."""
    outcome: ActionOutcome
    is_made: bool = True
    """False for a call that could not be built: it fails within the moment."""
    reactions: tuple[tuple[str, int], ...] = ()
    """What becomes of a message, each with the microseconds from the answer on."""


class StubbedCalls:
    """What stubs answer in place of actions, providers and data sources."""

    def __init__(
        self,
        stubs: Mapping[str, Stub],
        actions: ActionTable,
        data_sources: SourceTable,
        scope_id: int,
        clock: VirtualClock,
        context_of: ContextOf,
    ) -> None:
        self._stubs = stubs
        self._actions = actions
        self._data_sources = data_sources
        self._scope_id = scope_id
        self._clock = clock
        self._context_of = context_of
        self._numbers: dict[tuple[str, str], int] = {}
        """(key, what is called) → how often so far."""

    def call(self, record: InstanceRecord, command: CallAction, data: Mapping[str, Any]) -> Ended:
        """A call of a custom action; its stub is found by the action's name."""
        now_us = self._clock.at_us
        sent = SentCall(
            now_us, command.node_id, command.pass_no, command.action_uid, command.action_name, command.parameters,
            command.path, None, None,
        )  # fmt: skip
        action = self._actions.get(self._scope_id, command.action_uid)
        if action is None:
            return _not_made(sent, f"action {command.action_name!r} is gone")
        try:
            request = action.build(command.parameters, command.path)
        except ActionParameterInvalid as error:
            return _not_made(sent, str(error))
        sent.method, sent.url = request.method, request.url
        stub = self._stubs.get(action.name) or self._stubs.get(command.action_name) or GOOD
        answer = self._ask(stub, record, command, command.action_uid, data)
        at_us, outcome = outcome_of(answer, command, now_us, (action.response, action.failure_response))
        outcome = replace(outcome, endpoint=request.url.partition("?")[0], method=request.method)
        return Ended(sent, at_us, outcome, reactions=answer.reactions)

    def send(self, record: InstanceRecord, command: SendMessage, data: Mapping[str, Any]) -> Ended:
        """A message; its stub is found by the template's name."""
        now_us = self._clock.at_us
        sent = SentCall(
            now_us, command.node_id, command.pass_no, command.action_uid, command.action_name, command.parameters,
            None, "MESSAGE", f"{command.channel}:{_first_address(command.address)}",
        )  # fmt: skip
        if not command.has_consent:
            refused = ActionOutcome(EXCLUDED, error_message="noConsent: the profile refuses this channel")
            return Ended(sent, now_us, refused)
        stub = self._stubs.get(command.action_name) or GOOD
        call = CallAction(*command[:7])
        answer = self._ask(stub, record, call, command.action_uid, data)
        at_us, outcome = outcome_of(answer, call, now_us, _NO_SHAPES)
        if not outcome.is_error:
            outcome = replace(outcome, status_code=SENT)
        return Ended(sent, at_us, outcome, reactions=answer.reactions)

    def fetch(
        self, record: InstanceRecord, command: FetchData, data: Mapping[str, Any]
    ) -> tuple[int, tuple[FetchOutcome, ...]]:
        """(when the last answer comes, what each request got); without a stub a source gives its sample."""
        now_us = answered_us = self._clock.at_us
        found: list[FetchOutcome] = []
        for request in command.requests:
            name = f"{request.source}.{request.group}"
            asked = CallAction(
                command.node_id, command.pass_no, request.source_uid, name, None, request.parameters,
                command.deadline_us,
            )  # fmt: skip
            stub = self._stubs.get(name) or self._stubs.get(request.source) or GOOD
            shape = self._shape(request.source_uid, request.group)
            answer = self._ask(stub, record, asked, name, data)
            at_us, outcome = outcome_of(answer, asked, now_us, (shape, None))
            found.append(fetched_of(request, outcome, shape))
            answered_us = max(answered_us, at_us)
        return answered_us, tuple(found)

    def _ask(
        self, stub: Stub, record: InstanceRecord, command: CallAction, called: str, data: Mapping[str, Any]
    ) -> Answer:
        place = (record.instance.key, called)
        number = self._numbers[place] = self._numbers.get(place, 0) + 1
        context = EvaluationContext() if stub.is_plain else self._context_of(record, data)
        return stub.answer(Call(command, number, context))

    def _shape(self, source_uid: str, group: str) -> AnswerShape | None:
        source = self._data_sources.get(self._scope_id, source_uid)
        declared = None if source is None else source.groups.get(group)
        return None if declared is None else declared.answer


def _not_made(sent: SentCall, problem: str) -> Ended:
    return Ended(sent, sent.at_us, ActionOutcome("internalError", error_message=problem), is_made=False)


def _first_address(address: Any) -> Any:
    """Of several devices the first: no token is retired here."""
    return address[0][0] if isinstance(address, list) else address
