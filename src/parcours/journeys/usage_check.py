"""Whether the data that an activity sends may be used for what it is sent for. Source: journeys §6.8."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from parcours.expressions.references import EXPERIENCE_EVENTS, PLATFORM, Reference
from parcours.governance.evaluate import words_of
from parcours.governance.model import EMAIL_TARGETING
from parcours.governance.table import ScopePolicies
from parcours.journeys.activities.kind import ActionShape, TemplateShape
from parcours.journeys.enrichment import ENRICHMENT
from parcours.xdm.usage_labels import FieldLabels, labels_read

ADDITIONAL = "additionalMarketingAction"
PROFILE = "profile"
PERSONS_EVENTS = "experienceEvents"
_SHOWN = 5
"""Most fields that a fault names."""


class Labelled(Protocol):
    """Where the labels of what a journey reads are found."""

    def event_labels(self, name: str) -> FieldLabels:
        """Of the schema of an event, by the name that expressions use."""
        ...

    def profile_labels(self) -> FieldLabels:
        """Of the profile."""
        ...

    def persons_event_labels(self) -> FieldLabels:
        """Of the person's stored events."""
        ...

    def lookup_labels(self, name: str) -> FieldLabels:
        """Of the rows that a dataset lookup gives, by the name of its result."""
        ...


class FieldRead(NamedTuple):
    """A labelled field that an activity sends."""

    place: str
    """Of the expression or template, below the node."""
    text: str
    """The field as a person writes it: `profile.person.name`."""
    labels: frozenset[str]


class Use(NamedTuple):
    """A marketing action of an activity."""

    marketing_action: str
    place: str
    """Of what names it, below the node."""
    is_own: bool
    """Whether the journey itself names it, rather than the action's configuration."""


class Violation(NamedTuple):
    """What is wrong with one activity."""

    code: str
    message: str
    path: str
    is_error: bool


def uses_of(config: Mapping[str, Any], action: ActionShape | None, template: TemplateShape | None) -> list[Use]:
    """The marketing actions of a custom action or a message; of any other activity none."""
    found: list[Use] = []
    if action is not None and action.marketing_action:
        found.append(Use(action.marketing_action, ".actionUid", False))
    if template is not None and template.channel == "email" and template.category == "marketing":
        found.append(Use(EMAIL_TARGETING, ".templateUid", False))
    if ADDITIONAL in config and config["type"] in ("customAction", "message"):
        found.append(Use(config[ADDITIONAL], f".{ADDITIONAL}", True))
    return found


def check_usage(policies: ScopePolicies, uses: Sequence[Use], fields: Iterable[FieldRead]) -> Iterator[Violation]:
    """Marketing actions that aren't there, and policies that forbid one of them with the fields taken together.

    fields: looked at only when a policy is about one of the marketing actions.
    """
    for use in uses:
        if not policies.has_marketing_action(use.marketing_action):
            message = f"there is no marketing action {use.marketing_action!r}, so that no policy is about it"
            yield Violation("ERR_MARKETING_ACTION_UNKNOWN", message, use.place, use.is_own)
    governed = [use for use in uses if policies.governs(use.marketing_action)]
    if not governed:
        return
    read = list(fields)
    labels = frozenset(label for field in read for label in field.labels)
    for use in governed:
        for policy in policies.violated(use.marketing_action, labels):
            guilty = [field for field in read if field.labels & policy.labels]
            told = [f"{field.text} ({', '.join(sorted(field.labels & policy.labels))})" for field in guilty]
            shown = ", ".join(dict.fromkeys(told[:_SHOWN])) + (" …" if len(told) > _SHOWN else "")
            message = (
                f"policy {policy.name!r} forbids {use.marketing_action} with data labelled "
                f"{words_of(policy.deny)}: {shown}"
            )
            yield Violation("ERR_USAGE_POLICY", message, guilty[0].place, True)


def fields_read(reads: Iterable[tuple[str, Reference]], labelled: Labelled) -> Iterator[FieldRead]:
    """The labelled fields among what expressions refer to. reads: (place, reference)."""
    for place, reference in reads:
        path = reference.path
        match reference.kind:
            case "event":
                labels, start = labelled.event_labels(reference.name), f"event {reference.name}"
            case "datasetLookup":
                labels, path = labelled.lookup_labels(reference.name), path[1:]  # after `entities`
                start = f"lookup {reference.name}"
            case "dataSource" if reference.name == PLATFORM and reference.group == EXPERIENCE_EVENTS:
                labels, path = labelled.persons_event_labels(), path[1:]  # after `experienceevent`
                start = PERSONS_EVENTS
            case "dataSource" if reference.is_profile:
                labels, start = labelled.profile_labels(), PROFILE
                path = path[1:] if path[:1] == (PROFILE,) else path
            case _:
                continue
        yield from _field(place, start, path, labels)


def fields_of_template(template: TemplateShape, labelled: Labelled, entry_event: str) -> Iterator[FieldRead]:
    """The labelled fields among what the text of a message reads by itself; its parameters are expressions.

    entry_event: the name of the event that the journey begins with; empty for a Read audience.
    """
    for root, *path in template.paths:
        if root == PROFILE and path[:1] != [ENRICHMENT]:
            yield from _field(".templateUid", PROFILE, tuple(path), labelled.profile_labels())
        elif root == "event":
            labels = labelled.event_labels(entry_event)
            yield from _field(".templateUid", f"event {entry_event}", tuple(path), labels)
        elif root == "context" and path[:2] == ["journey", "events"] and len(path) > 2:
            labels = labelled.event_labels(path[2])
            yield from _field(".templateUid", f"event {path[2]}", tuple(path[3:]), labels)
        elif root == "context" and path[:2] == ["journey", "datasetLookup"] and len(path) > 2:
            rows = tuple(path[4:])  # after `entities`
            yield from _field(".templateUid", f"lookup {path[2]}", rows, labelled.lookup_labels(path[2]))


def _field(place: str, start: str, path: tuple[str, ...], labels: FieldLabels) -> Iterator[FieldRead]:
    found = labels_read(labels, path)
    if found:
        yield FieldRead(place, ".".join((start, *path)), found)
