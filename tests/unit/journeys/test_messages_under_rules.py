"""A node that sends, and what rules make of it: asked for when all is worked out, held, skipped, given up."""

from dataclasses import replace
from typing import Any
from unittest.mock import patch

from journey_world import NOW_US, SECOND_US, WORLD, compiled, document, entered, states

from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.engine import advance
from parcours.journeys.model import (
    CallAction,
    CancelTimer,
    EventReceived,
    MessageReply,
    Replied,
    Resumed,
    StartTimer,
    Stopped,
    TakeMessage,
    TimerDue,
    Transition,
)
from parcours.rulesets.model import SEND, Refusal, Rule, RuleSet, Verdict

RULE = Rule("c/r", "r", "Nights", "quietHours", channels=frozenset({"email"}))
RULE_SET = RuleSet("c", "Promotions", "channel", False, (RULE,))
LATER_US = NOW_US + 3_600 * SECOND_US
HELD = Verdict("hold", LATER_US, Refusal("quietHours", RULE_SET, RULE))


def mailing(channel: str = "Email", **members: Any) -> CompiledJourney:
    mail = {
        "type": "customAction", "actionUid": "a1", "ruleSet": "c",
        "parameters": [{"paramPath": "/to", "expression": "@event{Order.email}"}],
    }  # fmt: skip
    with patch.dict(WORLD.actions, {"a1": replace(WORLD.actions["a1"], channel=channel)}):
        return compiled(document({"m": mail, "e": {"type": "end"}}, ("start", "m"), ("m", "e"), **members))


JOURNEY = mailing(exitCriteria=[{"id": "x", "eventUid": "e2"}])


def asked(transition: Transition) -> TakeMessage:
    (command,) = [one for one in transition.commands if isinstance(one, TakeMessage)]
    return command


def told(transition: Transition, verdict: Verdict, at_us: int = NOW_US) -> Transition:
    command = asked(transition)
    reply = Replied("m", command.pass_no, MessageReply(verdict, command))
    return advance(JOURNEY, transition.instance, reply, at_us)


def commands(transition: Transition, *kinds: type) -> list[Any]:
    return [one for one in transition.commands if isinstance(one, kinds)]


def test_a_message_is_asked_for_with_its_values_and_called_when_nothing_stands_against_it() -> None:
    first = entered(JOURNEY, {"email": "jane@example.com"})
    command = asked(first)
    assert (command.channel, command.rule_set, command.queued_since_us) == ("email", "c", None)
    assert command.command.parameters == {"/to": "jane@example.com"}
    assert commands(first, CallAction) == []
    sent = told(first, SEND)
    assert commands(sent, CallAction) == [command.command]
    assert sent.instance.waiting_for == "action"
    assert sent.steps == ()


def test_what_is_no_message_is_called_at_once() -> None:
    for channel in ("", "fax"):
        transition = entered(mailing(channel))
        assert len(commands(transition, CallAction)) == 1
        assert commands(transition, TakeMessage) == []


def test_test_mode_asks_nobody() -> None:
    assert len(commands(entered(replace(JOURNEY, mode="test")), CallAction)) == 1


def test_in_quiet_hours_one_timer_holds_and_everything_is_worked_out_anew_after_it() -> None:
    held = told(entered(JOURNEY), HELD)
    timer = StartTimer("m", asked(entered(JOURNEY)).pass_no, LATER_US, "quietHours")
    assert commands(held, StartTimer) == [timer]
    assert (held.instance.waiting_for, held.instance.held_since_us) == ("timer", NOW_US)
    assert states(held) == [("m", "transitions", None)]
    again = advance(JOURNEY, held.instance, TimerDue("m", timer.pass_no), LATER_US)
    assert asked(again).queued_since_us == NOW_US
    assert commands(told(again, SEND, LATER_US), CallAction)
    longer = told(again, HELD._replace(until_us=LATER_US + 1), LATER_US)
    assert longer.instance.held_since_us == NOW_US


def test_who_is_held_hears_only_what_takes_them_out() -> None:
    held = told(entered(JOURNEY), HELD).instance
    assert advance(JOURNEY, held, EventReceived("e3", {}), NOW_US + 1).ignored == "notListening"
    for stimulus in (EventReceived("e2", {}), Stopped("stopped"), TimerDue("", 0)):
        gone = advance(JOURNEY, held, stimulus, NOW_US + 1)
        assert gone.instance.is_ended
        assert CancelTimer("m", held.pass_no) in gone.commands


def test_a_pause_that_lasts_when_the_quiet_is_over_decides_and_the_seven_days_begin_anew() -> None:
    held = told(entered(JOURNEY), HELD).instance
    paused = advance(replace(JOURNEY, pause="hold"), held, TimerDue("m", held.pass_no), LATER_US)
    assert paused.instance.waiting_for == "resume"
    resumed = advance(JOURNEY, paused.instance, Resumed(), LATER_US + SECOND_US)
    assert asked(resumed).queued_since_us is None
    assert told(resumed, HELD, LATER_US + SECOND_US).instance.held_since_us == LATER_US + SECOND_US


def test_a_skipped_message_goes_on_and_a_discarded_one_ends() -> None:
    skipped = told(entered(JOURNEY), Verdict("skip", 0, Refusal("CAP_REACHED", RULE_SET, RULE)))
    assert states(skipped) == [("m", "ended", "default"), ("e", "ended", None)]
    assert skipped.steps[0].action is not None
    assert skipped.steps[0].action["actionExecutionError"] == "businessRuleProfileDiscarded"
    assert skipped.instance.last_error is None
    gone = told(entered(JOURNEY), Verdict("discard", 0, Refusal("quietHours", RULE_SET, RULE)))
    assert (gone.instance.status, gone.instance.node_id) == ("discarded", None)
