"""The custom action activity: one call of a configured endpoint for each individual (journeys §6.3 to §6.5)."""

from collections.abc import Mapping, Set
from typing import Any

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.references import PLATFORM
from parcours.expressions.types import Type
from parcours.expressions.values import to_json
from parcours.journeys.activities.kind import ActionShape, Builder, Explained, Kind
from parcours.journeys.activities.sending import MARKETING_MEMBER, RULE_SET_MEMBER, SendingNode, has_consent
from parcours.journeys.model import (
    BOUNCED,
    EXCLUDED,
    NOTHING,
    ActionAnswered,
    ActionOutcome,
    CallAction,
    Resumed,
    Sending,
    Stimulus,
)
from parcours.journeys.moments import moment_text
from parcours.journeys.run import PAUSED, PROFILE_GROUP, Node, Run, make
from parcours.rulesets.model import channel_of


class ActionNode(SendingNode):
    """Computes the parameters, asks for the call, and goes on with the answer."""

    __slots__ = (
        "action_name",
        "action_uid",
        "answer_keys",
        "failure_keys",
        "names",
        "parameters",
        "path",
        "requires_consent",
    )

    def __init__(
        self, node_id: str, name: str, shape: ActionShape, path: Explained | None, parameters: Mapping[str, Explained],
        rule_set: str | None = None, *, requires_consent: bool = False,
    ) -> None:  # fmt: skip
        """requires_consent: whether those are left out who refuse marketing by the action's channel."""
        super().__init__(node_id, name, channel_of(shape.channel), rule_set)
        self.action_uid = action_uid = shape.uid
        self.action_name = action_name = shape.name
        self.answer_keys = tuple(shape.answer.sample) if shape.answer else ()
        self.failure_keys = tuple(shape.failure.sample) if shape.failure else ()
        self.path = path
        self.requires_consent = requires_consent
        self.parameters = tuple((path, explained.expression.evaluate) for path, explained in parameters.items())
        self.fixed = {
            "actionID": action_uid, "actionName": action_name,
            "actionType": "customHttpAction", "actionBusinessType": "customer",
        }  # fmt: skip
        self.names: tuple[str, ...] = ()
        """Under which names the answer is kept for expressions; none when no expression reads it."""

    def link(self, alias: str | None, read: Set[str]) -> None:
        """Learn which names the journey's expressions use. alias: the node's own, when several share the action."""
        self.names = tuple(name for name in (self.action_name, alias) if name is not None and name in read)

    def enter(self, run: Run) -> Node | None:
        """Ask for the call. Its step event is written with the answer.

        A paused journey holds or discards the individual here, and its filter takes out whom it is true for; a dry
        run goes on without a call, and expressions find no answer (journeys §10.3, §10.6).
        """
        journey = run.journey
        if journey.profile_filter is not None and journey.profile_filter.applies(run, NOTHING):
            run.exit(journey.profile_filter.id, journey.profile_filter.name)
            return None
        if journey.pause == "hold":
            run.step(self, "transitions", None, processed=False, action=self.fixed, detail={"reason": "paused"})
            run.hold(PAUSED)
            return None
        if journey.pause == "discard":
            run.end_early("ended", "discarded", {"reason": "JOURNEY_IN_PAUSED_STATE"})
            return None
        if journey.mode == "dryRun":
            return run.leave("default", action=self.fixed, detail={"skipped": "dryRun"})
        if self.requires_consent and not has_consent(_profile(run), self.channel or ""):
            reason = {"statusCode": EXCLUDED, "reason": "noConsent: the profile refuses marketing by this channel"}
            return run.leave("default", action=self.fixed, detail=reason)
        context = run.context()
        try:
            path = None if self.path is None else self.path.expression.evaluate(context)
            parameters = {name: to_json(evaluate(context)) for name, evaluate in self.parameters}
        except ExpressionFailed as error:
            return run.fail("evaluation", "error", action=self.fixed, detail={"reason": str(error)})
        self.dispatch(run, self.command(run, path, parameters))
        return None

    def command(self, run: Run, path: str | None, parameters: Mapping[str, Any]) -> Sending:
        """What to ask for. path: what the node's path expression gave; None when it has none."""
        return make(CallAction, (
            self.id, run.pass_no, self.action_uid, self.action_name, path, parameters,
            run.now_us + run.journey.action_timeout_us,
        ))  # fmt: skip

    def resume(self, run: Run, stimulus: Stimulus) -> Node | None:
        """The answer: keep what expressions may read, then take the default or the error path."""
        if isinstance(stimulus, Resumed):
            return self.enter(run)
        if not isinstance(stimulus, ActionAnswered):
            return super().resume(run, stimulus)
        outcome = stimulus.outcome
        if self.names:
            kept = self._kept(outcome)
            run.actions = {**run.actions, **dict.fromkeys(self.names, kept)}
        if run.journey.reads_latest:
            run.note_time("action", outcome.elapsed_ms)
        action = self._fields(outcome)
        if not outcome.is_error:
            detail = _reason(outcome) if outcome.status_code in (EXCLUDED, BOUNCED) else NOTHING
            return run.leave("default", action=action, detail=detail)
        status = outcome.status_code if outcome.status_code in ("capped", "timedout") else "error"
        return run.fail(
            "action", outcome.error_code or "error", status=status,  # type: ignore[arg-type]
            action=action, detail=_reason(outcome),
        )  # fmt: skip

    def _kept(self, outcome: ActionOutcome) -> dict[str, Any]:
        """The declared part of the answer: expressions can't read more (journeys §6.4)."""
        response = outcome.response if isinstance(outcome.response, dict) else {}
        if not outcome.is_error:
            kept = {key: response[key] for key in self.answer_keys if key in response}
        else:
            failure = {key: response[key] for key in self.failure_keys if key in response}
            kept = {"errorResponse": failure} if failure else {}
        kept["jo_status_code"] = outcome.status_code
        return kept

    def _fields(self, outcome: ActionOutcome) -> dict[str, Any]:
        """The action's part of the step event, by its names in journeys §13.1."""
        fields: dict[str, Any] = {
            **self.fixed,
            "actionParameterized": bool(self.parameters),
            "actionExecutionTime": outcome.elapsed_ms,
            "actionOriginEndpoint": outcome.endpoint,
            "actionOriginMethod": outcome.method,
            "actionSchedulerCount": outcome.attempts,
        }
        if outcome.is_throttled:
            fields |= {"actionIsThrottled": True, "actionWaitTime": outcome.wait_ms}
        if outcome.last_started_at_us is not None:
            fields["actionExecutionOriginStartTime"] = moment_text(outcome.last_started_at_us)
            fields["actionExecutionOriginTime"] = outcome.last_elapsed_ms
        if outcome.is_mtls:
            fields["actionOriginIsMTLS"] = True
        if outcome.is_proxy:
            fields["actionIsProxy"] = True
        if outcome.is_error:
            fields["actionExecutionError"] = outcome.error
            fields["actionExecutionErrorCode"] = outcome.error_code
            fields["actionExecutionOriginError"] = outcome.origin_error
            fields["actionExecutionOriginCode"] = outcome.origin_code
        return {name: value for name, value in fields.items() if value is not None}


def _profile(run: Run) -> Mapping[str, Any]:
    return (run.data.get(PLATFORM) or NOTHING).get(PROFILE_GROUP) or NOTHING


def _reason(outcome: ActionOutcome) -> dict[str, Any]:
    detail: dict[str, Any] = {"statusCode": outcome.status_code}
    if outcome.error_message:
        detail["reason"] = outcome.error_message
    return detail


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    uid = config["actionUid"]
    shape = builder.action(uid, ".actionUid")
    path_text = config.get("path")
    path = builder.expression(path_text, ".path", Type.STRING) if path_text else None
    parameters: dict[str, Explained] = {}
    for index, mapping in enumerate(config.get("parameters", ())):
        where = f".parameters[{index}]"
        param_path = mapping["paramPath"]
        if param_path in parameters:
            builder.fault("ERR_ACTION_PARAMETER", f"{param_path!r} is mapped twice", f"{where}.paramPath")
            continue
        expected = None
        if shape is not None:
            known = shape.parameters.get(param_path)
            if known is None:
                names = ", ".join(sorted(shape.parameters)[:10]) or "none"
                builder.fault(
                    "ERR_ACTION_PARAMETER",
                    f"action {shape.name!r} has no variable parameter {param_path!r}; it has: {names}",
                    f"{where}.paramPath",
                )
                continue
            expected = known.type
        explained = builder.expression(mapping["expression"], f"{where}.expression", expected)
        if explained is not None:
            parameters[param_path] = explained
    if shape is not None:
        _check_required(shape, config, builder)
    rule_set = config.get("ruleSet")
    if rule_set is not None:
        builder.rule_set(rule_set, ".ruleSet")
    known_shape = shape or ActionShape(uid, "", {})
    requires_consent = bool(known_shape.marketing_action or config.get("additionalMarketingAction"))
    if requires_consent:
        builder.read_profile()
    return ActionNode(node_id, name, known_shape, path, parameters, rule_set, requires_consent=requires_consent)


def _check_required(shape: ActionShape, config: Mapping[str, Any], builder: Builder) -> None:
    given = {mapping["paramPath"] for mapping in config.get("parameters", ())}
    for param_path, parameter in shape.parameters.items():
        if not parameter.is_optional and param_path not in given:
            builder.fault(
                "ERR_ACTION_PARAMETER_MISSING",
                f"parameter {param_path!r} ({parameter.label}) of action {shape.name!r} has no expression",
                ".parameters",
            )


KIND = Kind(
    type="customAction",
    schema={
        "required": ["actionUid"],
        "properties": {
            "actionUid": {"type": "string", "minLength": 1, "maxLength": 255},
            "path": {"type": "string"},
            **RULE_SET_MEMBER,
            **MARKETING_MEMBER,
            "parameters": {
                "type": "array",
                "maxItems": 500,
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
