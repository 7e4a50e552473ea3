"""A journey version made ready to run: nothing in it is parsed or looked up by name again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from zoneinfo import ZoneInfo

from parcours.journeys.activities.kind import RuleShape
from parcours.journeys.metrics import Metric
from parcours.journeys.model import StepShape
from parcours.journeys.run import Node, Run

JourneyType = Literal["unitary", "business", "audience_qualification", "read_audience"]
Mode = Literal["live", "test", "dryRun"]
Applies = Callable[[Run, Mapping[str, Any]], bool]
"""(run, payload) → whether it holds. Never raises."""


@dataclass(frozen=True, slots=True)
class ExitCriterion:
    """What takes an individual out, wherever they are in the journey (journeys §9.8)."""

    id: str
    name: str
    event_uid: str
    """An event configuration, or `audience:<id>`; empty for the profile filter."""
    applies: Applies


@dataclass(frozen=True, slots=True)
class AudienceRead:
    """Whom a Read audience activity lets enter, and when (journeys §8.5)."""

    node_id: str
    audience_id: str
    namespace: str
    rate: int
    """Individuals a second."""
    schedule: Mapping[str, Any]
    """As in the document."""
    is_incremental: bool
    is_reentrance_forced: bool
    waves: Mapping[str, Any] | None
    """As in the document; None: everyone at once."""
    wait_for_audience_us: int | None
    """How long a daily occurrence waits for a newer evaluation of the audience; None: not at all."""
    supplemental: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None
    """The supplemental ids in a member's attributes, ten at most; None: the journey has none (journeys §12.3)."""
    wave_bounds: tuple[int, ...] = ()
    """Of waves by percentages: where each ends among 10,000 equal parts of the audience; () of others."""
    attributes: Callable[[str | None], Mapping[str, Any]] | None = None
    """A member's attributes, of the text of a row; None where nothing reads them."""
    attributes_read: frozenset[str] | None = None
    """Names of those that anything reads, and instances carry; None: all, for templates may be changed to read them."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledJourney:
    """One version of a journey. Shared by every instance in it."""

    scope_id: int
    journey_uid: str
    version_uid: str
    version: str
    """`major.minor`."""
    name: str
    description: str
    namespace: str | None
    entry_node_id: str
    entry_event_uid: str
    entry_event_names: tuple[str, ...]
    """What expressions call the entry's payload; none when it has no payload."""
    entry_waiting_for: str
    """`event:<entry_event_uid>`, made once."""
    admits: Callable[[Mapping[str, Any]], str | None] | None
    """Why a payload of the entry event lets nobody enter, as a discard reason; None in its place lets every one."""
    listened: frozenset[str]
    """Uids of the events some node after the entry, or an exit criterion, listens to."""
    nodes: Mapping[str, Node]
    time_zone: ZoneInfo
    global_timeout_us: int
    action_timeout_us: int
    is_reentrance_allowed: bool
    reentrance_wait_us: int
    """Least time between two entrances of one key."""
    event_ids: Mapping[str, str] = field(default_factory=dict)
    """Of its events that a payload names by an id, that id by the uid of the configuration: what step events tell."""
    step_fields: dict[str, Any] = field(default_factory=dict)
    """What all step events of the version share, by the names of journeys §13.1."""
    step_texts: dict[tuple[bool, StepShape], str] = field(default_factory=dict)
    """By whether it is a reentrance and the shape of a step event: what is the same in all such; `steps.to_lines` fills
    it."""
    reads_profile: bool = False
    """Whether an expression reads the profile or the stored events of the person."""
    has_sources: bool = False
    """Whether an expression reads an external data source, or a field group added to the built-in one."""
    platform_groups: Mapping[str, str] = field(default_factory=dict)
    """Field groups that people added to the built-in source, each with the shipped one it is a part of."""
    reads_latest: bool = False
    """Whether an expression reads what `Instance.latest` keeps."""
    reads_sources: bool = True
    """Whether expressions are given data sources: a dry run may do without."""
    audience_ids: Mapping[str, str] = field(default_factory=dict)
    """Ids of the audiences that expressions ask for, by the names they use."""
    decision_rules: Mapping[str, RuleShape] = field(default_factory=dict)
    """Those that its conditions and targeting name, by uid, as they were compiled: a changed one is compiled anew."""
    uses_profile_time_zone: bool = False
    exit_criteria: tuple[ExitCriterion, ...] = ()
    audience_read: AudienceRead | None = None
    """Of a journey that begins with Read audience, or with a business event and then Read audience."""
    allows_multiple_executions: bool = False
    """Of a business journey: whether an individual may be inside once for each event (journeys §4.5)."""
    type: JourneyType = "unitary"
    start_us: int | None = None
    """Before this nobody enters."""
    end_us: int | None = None
    """From here on nobody enters, and those inside leave."""
    uses_supplemental_id: bool = False
    supplemental_namespace: str | None = None
    """Namespace of the supplemental ids; None where none is known, as for an attribute of an audience's members."""
    jumps_to: frozenset[str] = frozenset()
    """Uids of the journeys it jumps to."""
    mode: Mode = "live"
    wait_override_us: int | None = None
    """What every wait and event timeout lasts in test mode; 0 where a dry run skips waits."""
    pause: Literal["hold", "discard"] | None = None
    """What happens at action nodes while the version is paused; None when it is not."""
    profile_filter: ExitCriterion | None = None
    """The global filter, set in a pause, enforced at action nodes."""
    priority: int = 0
    """0 to 100; the higher one is entered first where a rule set leaves room for fewer (journeys §11)."""
    rule_set_uid: str | None = None
    """The rule set of the journey domain that entrances are under, beside the global one."""
    message_rule_sets: frozenset[str | None] = frozenset()
    """The rule sets of the channel domain that its messages name, None for those that name none."""
    metrics: tuple[Metric, ...] = ()
    """What its success is measured by."""
    measures_completion: bool = False
    """Whether one of them is that people come to its end."""
    experiments: tuple[str, ...] = ()
    """Ids of its experiments whose paths are remembered: all of them, in a journey with metrics."""
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Percentages of paths by experiment, where they are not those of the document any more."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    """Journey properties that never change: `journeyUID`, `organizationId`, … (expression-language §9)."""

    carries_attributes: bool = False
    """Whether instances carry attributes of the member of an audience."""

    @property
    def presence_uid(self) -> str:
        """Where an individual is inside at most once: the journey; a version in test is a place of its own."""
        return self.version_uid if self.mode == "test" else self.journey_uid
