"""What every kind of activity provides, and the help it gets while a journey is built."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from parcours.actions.model import AnswerShape
from parcours.expressions.code import Lint
from parcours.expressions.references import PLATFORM, Reference
from parcours.expressions.types import Type
from parcours.journeys.run import Node

UNIT_US: Mapping[str, int] = {
    "seconds": 1_000_000,
    "minutes": 60_000_000,
    "hours": 3_600_000_000,
    "days": 86_400_000_000,
}
DAY_US = UNIT_US["days"]


class Expression(Protocol):
    """A compiled expression, as `parcours.expressions` makes it."""

    @property
    def type(self) -> Type:
        """What it yields."""
        ...

    def evaluate(self, context: Any) -> Any:
        """Its value. Raises ExpressionFailed."""
        ...


MAX_SHOWN = 20
"""Most elements of a list, or members of an object, that a step event tells of a value."""
MAX_SHOWN_CHARACTERS = 500


def brief(value: Any) -> Any:
    """A value as a step event tells it: long texts and large collections cut short."""
    kind = type(value)
    if kind is str:
        return value if len(value) <= MAX_SHOWN_CHARACTERS else value[:MAX_SHOWN_CHARACTERS] + "…"
    if kind is list:
        shown = [brief(item) for item in value[:MAX_SHOWN]]
        return shown if len(value) <= MAX_SHOWN else [*shown, f"… {len(value)} in all"]
    if kind is dict:
        shown_members = {key: brief(value[key]) for key in list(value)[:MAX_SHOWN]}
        return shown_members if len(value) <= MAX_SHOWN else {**shown_members, "…": f"{len(value)} in all"}
    return value


@dataclass(frozen=True, slots=True)
class Explained:
    """An expression with the references it reads, so that a decision can tell what they held."""

    text: str
    expression: Expression
    references: tuple[tuple[str, Callable[[Any], Any]], ...]
    """Each reference as written, with what shows its value in a context."""
    warnings: tuple[Lint, ...] = ()
    reads: tuple[Reference, ...] = ()
    """The same as references."""

    @property
    def external(self) -> tuple[Reference, ...]:
        """What it reads of external data sources."""
        return tuple(one for one in self.reads if one.kind == "dataSource" and one.name != PLATFORM)


class Builder(Protocol):
    """What a kind uses to turn the config of one node into a compiled node; faults are collected, not raised."""

    @property
    def time_zone(self) -> ZoneInfo:
        """The journey's time zone."""
        ...

    @property
    def global_timeout_us(self) -> int:
        """How long an instance lives at most."""
        ...

    @property
    def is_entry(self) -> bool:
        """Whether the node is the journey's first."""
        ...

    def fault(self, code: str, message: str, path: str) -> None:
        """Report what is wrong; `path` is below the node, such as ".paths[0].expression"."""
        ...

    def expression(self, text: str, path: str, expected: Type | None) -> Explained | None:
        """Compile a text against what the journey knows at this node; None, with a fault, when it can't be."""
        ...

    def event_name(self, uid: str, path: str) -> str | None:
        """The name of an event configuration; None, with a fault, when there is no such event."""
        ...

    def action(self, uid: str, path: str) -> "ActionShape | None":
        """A custom action; None, with a fault, when there is no such action."""
        ...

    def template(self, uid: str, path: str) -> "TemplateShape | None":
        """A published message template; None, with a fault, when there is none."""
        ...

    def read_profile(self) -> None:
        """Say that the node reads the profile without an expression."""
        ...

    def audience(self, audience_id: str, path: str) -> "AudienceShape | None":
        """An audience; None, with a fault, when there is no such audience."""
        ...

    def target(self, journey_uid: str, path: str) -> "TargetShape | None":
        """A journey to jump to; None, with a fault, when there is none or one can't jump there."""
        ...

    def data_set(self, data_set_id: str, path: str) -> "DataSetShape | None":
        """A data set; None, with a fault, when there is no such data set."""
        ...

    def rule_set(self, uid: str, path: str) -> None:
        """Make sure that there is a rule set of the channel domain; a fault says that there is none."""
        ...

    def decision_rule(self, uid: str, path: str) -> tuple[str, Explained] | None:
        """The name and the condition of a decision rule; None, with a fault, when there is none that can be used."""
        ...

    def namespace(self) -> str | None:
        """The namespace of the journey's key; None for a journey without one."""
        ...

    def sources(self) -> Sequence[tuple[str, str]]:
        """(id, type) of every node with an arrow to this one."""
        ...

    def followers(self) -> Sequence[str]:
        """The types of the nodes this one has arrows to."""
        ...

    def warn(self, code: str, message: str, path: str) -> None:
        """Report what may be meant but looks wrong; it does not keep the journey from being published."""
        ...


@dataclass(frozen=True, slots=True)
class ActionShape:
    """What a journey must know of a custom action."""

    uid: str
    name: str
    parameters: Mapping[str, "ParameterShape"]
    """Variable parameters by `paramPath`."""
    answer: AnswerShape | None = None
    """What a good answer holds; None when the action describes none."""
    failure: AnswerShape | None = None
    """What the answer of a failed call holds."""
    channel: str = ""
    """On which channel it sends messages, in the words of its configuration; empty: none."""
    marketing_action: str = ""
    """What its data is used for (journeys §6.8); then those who refuse marketing by that channel are left out."""


@dataclass(frozen=True, slots=True)
class TemplateShape:
    """What a journey must know of a message template."""

    uid: str
    name: str
    channel: str
    """Empty when nothing is known of it."""
    parameters: Mapping[str, bool] | None
    """Name → whether it is optional; None when that was looked at before."""
    category: str = ""
    """`marketing` or `transactional`; empty when nothing is known of it."""
    paths: tuple[tuple[str, ...], ...] = ()
    """What its text reads: `profile`, `event` or `context`, then names of fields."""


@dataclass(frozen=True, slots=True)
class RuleShape:
    """What a journey must know of a decision rule. Two are equal when they mean the same."""

    uid: str
    name: str
    expression: str
    audience_ids: Mapping[str, str] = field(default_factory=dict)
    """Ids of the audiences that the expression asks for, by the names it uses; without them, those of today."""


@dataclass(frozen=True, slots=True)
class GroupShape:
    """What a journey must know of a field group of an external data source."""

    method: str
    dynamic_values: tuple[str, ...]
    answer: AnswerShape


@dataclass(frozen=True, slots=True)
class SourceShape:
    """What a journey must know of an external data source."""

    uid: str
    name: str
    groups: Mapping[str, GroupShape]


@dataclass(frozen=True, slots=True)
class AudienceShape:
    """What a journey must know of an audience."""

    id: str
    name: str
    namespace: str
    fields: tuple[Mapping[str, str], ...] = ()
    """{"name", "type"} of what its lists say of a member; none when any attribute may be there."""


ANY_NAMESPACE = "*"
"""Of a journey that nothing is known of: it may be about anybody."""


@dataclass(frozen=True, slots=True)
class TargetShape:
    """A journey as others jump to it."""

    uid: str
    name: str
    namespace: str | None
    event_uid: str
    """The first event of its latest version."""
    event_document: Mapping[str, Any] | None
    """Closed schema of that event's payload; None when any field may be given."""


@dataclass(frozen=True, slots=True)
class DataSetShape:
    """What a journey must know of a data set it writes or looks up."""

    id: str
    name: str
    document: Mapping[str, Any] | None
    """Closed JSON Schema of its rows; None when any field may be meant."""
    is_of_profiles: bool
    """Whether it holds attributes of individuals and is enabled for the profile."""
    is_lookup: bool
    """Whether its rows can be looked up by key."""
    schema_id: str = ""


@dataclass(frozen=True, slots=True)
class ParameterShape:
    """A variable parameter of an action."""

    label: str
    type: Type | None
    """None when any value fits."""
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of activity: its part of the document, and how it becomes a node."""

    type: str
    """`type` of the node in the document."""
    schema: Mapping[str, Any]
    """JSON Schema of the node's own members, beside `type`, `label` and `description`."""
    build: Callable[[str, str, Mapping[str, Any], Builder], Node]
    """(node id, name, config, builder) → node. The config has passed `schema`."""
    transitions: Callable[[Mapping[str, Any]], Sequence[str]]
    """The ways out a config offers: `default`, `path:<id>`, `timeout`, `error`, `other`."""
    can_be_entry: bool = False
    can_be_parallel: bool = False
    """Whether it may stand beside others after one transition: the first of them that happens wins (journeys §7)."""


def duration_us(duration: Mapping[str, Any]) -> int:
    """{"value": 2, "unit": "hours"} in microseconds."""
    return int(duration["value"] * UNIT_US[duration["unit"]])


_SOURCE_NAME = {"type": "string", "minLength": 1, "maxLength": 30}
DYNAMIC_VALUES_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "maxItems": 20,
    "description": "What field groups of external data sources are asked for, where a reference has no `params`.",
    "items": {
        "type": "object",
        "required": ["dataSource", "fieldGroup", "values"],
        "additionalProperties": False,
        "properties": {
            "dataSource": _SOURCE_NAME,
            "fieldGroup": _SOURCE_NAME,
            "values": {
                "type": "array",
                "maxItems": 50,
                "items": {
                    "type": "object",
                    "required": ["name", "expression"],
                    "additionalProperties": False,
                    "properties": {
                        "name": {"type": "string", "minLength": 1, "maxLength": 100},
                        "expression": {"type": "string", "minLength": 1},
                    },
                },
            },
        },
    },
}
DURATION_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["value", "unit"],
    "properties": {
        "value": {"type": "integer", "minimum": 1, "maximum": 100_000_000},
        "unit": {"enum": list(UNIT_US)},
    },
    "additionalProperties": False,
}
