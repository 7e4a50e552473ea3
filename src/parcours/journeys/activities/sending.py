"""What nodes share that send messages: rules are asked before one goes out, and it may have to wait (journeys §11).

A sending node works out everything it needs, then calls `dispatch` with the command that sends. It gets that command
done at once, later when quiet hours are over, or never. Its `resume` hands on to this class what it does not know, and
its `enter` is called again when quiet hours are over. Who is to perform the command and can't calls
`RuleBook.take_back`: the message was counted.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from parcours.journeys.model import (
    EventReceived,
    MessageReply,
    Replied,
    Sending,
    StartTimer,
    Stimulus,
    TakeMessage,
    TimerDue,
)
from parcours.journeys.run import Node, Run
from parcours.rulesets.model import MESSAGE_REFUSED, QUIET_HOURS, Refusal

RULE_SET_MEMBER: Mapping[str, Any] = {
    "ruleSet": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "description": "A rule set of the channel domain that the message is under, beside the global one.",
    }
}
MARKETING_MEMBER: Mapping[str, Any] = {
    "additionalMarketingAction": {
        "type": "string",
        "minLength": 1,
        "maxLength": 256,
        "description": "What the data is used for, beside the marketing action of the action or channel.",
    }
}
"""What the schema of a sending node has besides."""

REFUSALS = frozenset({"n", "dn"})
"""Values of a consent that say no: no, and no by default. Source: XDM, Consents and Preferences."""


class SendingNode(Node):
    """Sends by a command, on a channel that rules may be about."""

    __slots__ = ("channel", "fixed", "rule_set")
    node_type: ClassVar[str] = "action"
    step_type: ClassVar[str | None] = "Action"
    fixed: dict[str, Any]
    """The action's fields of journeys §13.1 that are the same for everybody."""

    def __init__(self, node_id: str, name: str, channel: str | None, rule_set: str | None) -> None:
        """channel: one of `rulesets.model.CHANNELS`; None for a call that is no message, which no rule is about."""
        super().__init__(node_id, name)
        self.channel = channel
        self.rule_set = rule_set

    def holds_timer(self, run: Run) -> bool:
        """While quiet hours hold the message."""
        return run.waiting_for == "timer"

    def dispatch(self, run: Run, command: Sending) -> None:
        """Have the command done as far as rules let it. Only journeys that are live are under rules."""
        if self.channel is None or run.journey.mode != "live":
            run.commands.append(command)
            run.hold("action")
            return
        # held since: when it was queued, if that is what a timer has just ended
        since_us = run.held_since_us if run.waiting_for == "timer" else None
        run.ask(TakeMessage(self.id, run.pass_no, self.channel, self.rule_set, since_us, command))

    def resume(self, run: Run, stimulus: Stimulus) -> Node | None:
        """What rules say of a message; the end of quiet hours, after which everything is worked out anew."""
        if isinstance(stimulus, Replied):
            return self._follow(run, stimulus.reply)
        if isinstance(stimulus, TimerDue) and run.waiting_for == "timer":
            return self.enter(run)
        run.ignored = "notListening" if isinstance(stimulus, EventReceived) else "stale"
        return None

    def _follow(self, run: Run, reply: MessageReply) -> Node | None:
        verdict, asked = reply
        if verdict.outcome == "send":
            run.commands.append(asked.command)
            run.hold("action")
            return None
        refusal = verdict.refusal
        assert refusal is not None
        if verdict.outcome == "hold":
            if asked.queued_since_us is None:
                run.held_since_us = run.now_us
            run.commands.append(StartTimer(self.id, run.pass_no, verdict.until_us, "quietHours"))
            detail = {"reason": QUIET_HOURS, "untilUs": verdict.until_us, "heldBy": refusal.to_json()}
            run.step(self, "transitions", None, processed=False, action=self.fixed, detail=detail)
            run.hold("timer")
            return None
        action = {**self.fixed, "actionExecutionError": MESSAGE_REFUSED, "actionExecutionErrorCode": refusal.reason}
        if verdict.outcome == "skip":
            return run.leave("default", action=action, detail=_told(refusal))
        run.end_early("ended", "discarded", _told(refusal), action=action)
        return None


def _told(refusal: Refusal) -> dict[str, Any]:
    return {"reason": refusal.reason, "rejectedRuleset": refusal.to_json()}


def has_consent(profile: Mapping[str, Any], channel: str) -> bool:
    """Whether a profile does not refuse marketing by a channel; one that says nothing does not."""
    found: Any = profile
    for name in ("consents", "marketing"):
        found = found.get(name) if isinstance(found, Mapping) else None
    for name in (channel, "any"):
        choice = found.get(name) if isinstance(found, Mapping) else None
        value = choice.get("val") if isinstance(choice, Mapping) else None
        if value is not None:
            return not (isinstance(value, str) and value in REFUSALS)
    return True
