"""The message activity: an e-mail, an SMS or a push notification to the individual, from a template (journeys §6.1)."""

from collections.abc import Mapping, Set
from hashlib import blake2b
from typing import Any, Literal, NamedTuple

from parcours.expressions.references import PLATFORM
from parcours.expressions.types import Type
from parcours.journeys.activities.custom_action import ActionNode
from parcours.journeys.activities.kind import UNIT_US, ActionShape, Builder, Explained, Kind, TemplateShape
from parcours.journeys.activities.sending import MARKETING_MEMBER, RULE_SET_MEMBER, has_consent
from parcours.journeys.model import (
    NOTHING,
    ChooseTime,
    Instance,
    Replied,
    Sending,
    SendMessage,
    StartTimer,
    Stimulus,
    TimerDue,
    TimeReply,
    TimerKind,
)
from parcours.journeys.run import PROFILE_GROUP, Node, Run
from parcours.journeys.send_time import UNKNOWN, Counts, choose, offset_s

ADDRESSES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "email": ("email", ("personalEmail", "address")),
    "sms": ("phone", ("mobilePhone", "number")),
    "push": ("", ("pushNotificationDetails",)),
}
"""Channel → the namespace whose ids are its addresses, and the profile's field where there is no such id."""
MAX_DEVICES = 20
"""Of a profile, that are looked at."""
SUCCESSES: Mapping[str, tuple[str, ...]] = {"email": ("opens", "clicks"), "push": ("opens",), "sms": ()}
"""Channel → what its messages can be given their time for. Source: Adobe Journey Optimizer, send-time optimization."""
MAX_WITHIN_HOURS = 168
SEND_TIME: TimerKind = "sendTime"
"""What an instance waits for until the hour that was chosen, and the kind of its timer."""
OPTIMIZED = "sendTimeOptimization"


class Optimization(NamedTuple):
    """How a node's messages are given their time."""

    success: Literal["opens", "clicks"]
    within_us: int


class MessageNode(ActionNode):
    """Computes address and parameters, asks for the message, and goes on when it has left or can't."""

    __slots__ = ("configuration_uid", "optimization", "template_channel")

    def __init__(
        self, node_id: str, name: str, template: TemplateShape, configuration_uid: str | None,
        address: Explained | None, parameters: Mapping[str, Explained], rule_set: str | None = None,
        *, requires_consent: bool = False, optimization: Optimization | None = None,
    ) -> None:  # fmt: skip
        shape = ActionShape(template.uid, template.name, {}, channel=template.channel)
        super().__init__(node_id, name, shape, address, parameters, rule_set, requires_consent=requires_consent)
        self.template_channel = template.channel
        self.configuration_uid = configuration_uid
        self.optimization = optimization
        self.fixed = {
            "actionID": template.uid, "actionName": template.name, "actionType": template.channel,
            "actionBusinessType": "builtin",
        }  # fmt: skip

    def holds_timer(self, run: Run) -> bool:
        """Also until the hour that was chosen."""
        return run.waiting_for == SEND_TIME or super().holds_timer(run)

    def dispatch(self, run: Run, command: Sending) -> None:
        """Who has no consent gets no message: rules don't count one, and it has no best time.

        The time is chosen once in a stay, whatever holds the individual after that, and of live journeys only.
        """
        assert isinstance(command, SendMessage)
        optimization = self.optimization
        if not command.has_consent:
            run.commands.append(command)
            run.hold("action")
        elif optimization is None or command.is_time_optimized or run.journey.mode != "live":
            super().dispatch(run, command)
        else:
            run.ask(
                ChooseTime(
                    self.id, run.pass_no, self.template_channel, optimization.success,
                    self._latest_us(run, optimization.within_us), run.own_time_zone(), command,
                )
            )  # fmt: skip

    @staticmethod
    def _latest_us(run: Run, within_us: int) -> int:
        """The end of the time allowed, but before the individual has to leave the journey."""
        end_us = run.journey.end_us
        last_us = run.deadline_us if end_us is None else min(run.deadline_us, end_us)
        return min(run.now_us + within_us, last_us - 1)

    def resume(self, run: Run, stimulus: Stimulus) -> Node | None:
        """The time that was chosen: now, or a timer holds until then."""
        if isinstance(stimulus, Replied) and isinstance(stimulus.reply, TimeReply):
            choice, asked = stimulus.reply
            run.timed_pass = run.pass_no
            if choice.at_us <= run.now_us:
                super().dispatch(run, asked.command._replace(is_time_optimized=True))
                return None
            run.commands.append(StartTimer(self.id, run.pass_no, choice.at_us, SEND_TIME))
            detail = {
                "reason": OPTIMIZED, "untilUs": choice.at_us, "optimizeFor": asked.success, **choice.to_json()
            }  # fmt: skip
            run.step(self, "transitions", None, processed=False, action=self.fixed, detail=detail)
            run.hold(SEND_TIME)
            return None
        if isinstance(stimulus, TimerDue) and run.waiting_for == SEND_TIME:
            return self.enter(run)
        return super().resume(run, stimulus)

    def link(self, alias: str | None, read: Set[str]) -> None:
        """No expression reads what became of a message: reactions do."""

    def command(self, run: Run, path: str | None, parameters: Mapping[str, Any]) -> SendMessage:
        """path: the address that the node's expression gave; None when it has none."""
        profile = (run.data.get(PLATFORM) or NOTHING).get(PROFILE_GROUP) or NOTHING
        address, platform = (path, "") if self.path is not None else self._address(run, profile)
        return SendMessage(
            self.id, run.pass_no, self.action_uid, self.action_name, path, parameters,
            run.now_us + run.journey.action_timeout_us, self.template_channel, self.configuration_uid,
            address, platform, has_consent(profile, self.template_channel), run.events, run.actions,
            run.lookups, offset_s(run.now_us, run.own_time_zone()), run.timed_pass == run.pass_no,
        )  # fmt: skip

    def _address(self, run: Run, profile: Mapping[str, Any]) -> tuple[Any, str]:
        """(address, push platform): the journey's key where it is one, else what the profile has."""
        namespace, path = ADDRESSES[self.template_channel]
        if namespace and run.journey.namespace is not None and run.journey.namespace.lower() == namespace:
            return run.instance.key, ""
        found: Any = profile
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return _device(found) if self.template_channel == "push" else (found, "")


def reply_to(
    command: ChooseTime, now_us: int, instance: Instance, everyone: Counts = UNKNOWN, own: Counts = UNKNOWN
) -> TimeReply:
    """The choice by what is known; the same for the same stay of an instance, whenever it is made anew."""
    seed = f"{instance.id}\n{command.node_id}\n{command.pass_no}\nsendTime".encode()
    drawn = int.from_bytes(blake2b(seed, digest_size=8).digest(), "big") / 2**64
    return TimeReply(choose(now_us, command.until_us, command.zone, everyone, own, drawn), command)


def _device(devices: Any) -> tuple[Any, str]:
    """The devices of the profile that take notifications.

    Token and platform of one; of several a list of both, of which the first is used whose token is not retired.
    """
    found = [
        [device["token"], str(device.get("platform") or "")]
        for device in (devices if isinstance(devices, list) else ())
        if isinstance(device, Mapping) and device.get("token") and device.get("denylisted") is not True
    ]
    if len(found) > 1:
        return found[:MAX_DEVICES], ""
    return (found[0][0], found[0][1]) if found else (None, "")


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    uid = config["templateUid"]
    template = builder.template(uid, ".templateUid")
    channel = config["channel"]
    if template is not None and template.channel not in ("", channel):
        builder.fault("ERR_MESSAGE_CHANNEL", f"template {template.name!r} is of channel {template.channel}", ".channel")
    address_text = config.get("address")
    address = builder.expression(address_text, ".address", Type.STRING) if address_text else None
    if address_text is None and builder.namespace() is None:
        builder.fault("ERR_MESSAGE_ADDRESS", "a journey about no person needs an address", ".address")
    known = None if template is None or template.parameters is None else template.parameters
    parameters: dict[str, Explained] = {}
    for index, mapping in enumerate(config.get("parameters", ())):
        where, path = f".parameters[{index}]", mapping["paramPath"]
        if path in parameters:
            builder.fault("ERR_ACTION_PARAMETER", f"{path!r} is mapped twice", f"{where}.paramPath")
            continue
        if known is not None and path not in known:
            names = ", ".join(sorted(known)[:10]) or "none"
            message = f"the template has no parameter {path!r}; it has: {names}"
            builder.fault("ERR_ACTION_PARAMETER", message, f"{where}.paramPath")
            continue
        explained = builder.expression(mapping["expression"], f"{where}.expression", None)
        if explained is not None:
            parameters[path] = explained
    given = {mapping["paramPath"] for mapping in config.get("parameters", ())}
    for path, is_optional in (known or {}).items():
        if not is_optional and path not in given:
            message = f"parameter {path!r} of the template has no expression"
            builder.fault("ERR_ACTION_PARAMETER_MISSING", message, ".parameters")
    builder.read_profile()
    if "ruleSet" in config:
        builder.rule_set(config["ruleSet"], ".ruleSet")
    shape = TemplateShape(uid, "" if template is None else template.name, channel, None)
    return MessageNode(
        node_id, name, shape, config.get("configurationUid"), address, parameters, config.get("ruleSet"),
        requires_consent="additionalMarketingAction" in config, optimization=_optimization(config, builder),
    )  # fmt: skip


def _optimization(config: Mapping[str, Any], builder: Builder) -> Optimization | None:
    found = config.get("sendTimeOptimization")
    if found is None:
        return None
    channel = config["channel"]
    if found["optimizeFor"] not in SUCCESSES[channel]:
        known = " or ".join(SUCCESSES[channel])
        message = f"the best time of {channel} messages is known {f'for {known} only' if known else 'for none'}"
        builder.fault("ERR_SEND_TIME", message, ".sendTimeOptimization.optimizeFor")
    return Optimization(found["optimizeFor"], found["withinHours"] * UNIT_US["hours"])


KIND = Kind(
    type="message",
    schema={
        "required": ["channel", "templateUid"],
        "properties": {
            "channel": {"enum": list(ADDRESSES)},
            "templateUid": {"type": "string", "minLength": 1, "maxLength": 255},
            "configurationUid": {"type": "string", "minLength": 1, "maxLength": 255},
            "address": {"type": "string", "minLength": 1},
            **RULE_SET_MEMBER,
            **MARKETING_MEMBER,
            "sendTimeOptimization": {
                "type": "object",
                "required": ["optimizeFor", "withinHours"],
                "description": "Sends within some hours, when it is most likely to be a success.",
                "properties": {
                    "optimizeFor": {"enum": ["opens", "clicks"], "description": "What is a success; opens for push."},
                    "withinHours": {"type": "integer", "minimum": 1, "maximum": MAX_WITHIN_HOURS},
                },
                "additionalProperties": False,
            },
            "parameters": {
                "type": "array",
                "maxItems": 100,
                "items": {
                    "type": "object",
                    "required": ["paramPath", "expression"],
                    "properties": {
                        "paramPath": {"type": "string", "minLength": 1},
                        "label": {"type": "string"},
                        "expression": {"type": "string", "minLength": 1},
                    },
                    "additionalProperties": False,
                },
            },
        },
    },
    build=_build,
    transitions=lambda _config: ("default", "error"),
)
