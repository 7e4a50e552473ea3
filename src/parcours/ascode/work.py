"""What is to be done, put in order: what others need comes first, what needs others goes first."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from parcours.ascode.channels import CONFIGURATIONS
from parcours.ascode.model import KINDS, XDM, Document, Ref, Resource, Verb
from parcours.ascode.naming import age_of
from parcours.ascode.perform import LIVE, UNION, Performer
from parcours.ascode.references import SCHEMA, references, to_title

_NAMED_BY_SCHEMAS = ("namespaces", "usage-labels")
"""Kinds that descriptors of schemas name."""


@dataclass(frozen=True, slots=True)
class Task:
    """One resource to bring to a server."""

    ref: Ref
    verb: Verb
    document: Document
    """As the file says, secrets in clear; of a deletion, what there is."""
    resource: Resource | None = None
    """What there is, unless it is created."""
    is_published: bool = False

    @property
    def version_uid(self) -> str:
        """The latest version of a journey that is there."""
        return "" if self.resource is None else str(self.resource.extra["latest"]["uid"])


def named_by(ref: Ref, document: Document, known: Iterable[Ref]) -> set[Ref]:
    """The known resources that a document names."""
    by_title = {one.key: one for one in known if one.kind in XDM}
    everything = set(known)
    found: set[Ref] = set()
    codes = [
        document.get("namespace"),
        document.get("identityNamespace"),
        *(one.get("xdm:namespace") for one in document.get("descriptors") or ()),
    ]
    wanted = {str(code).lower() for code in codes if code}
    if ref.kind not in ("namespaces", "journeys", "fragments") and wanted:
        found |= {one for one in everything if one.kind == "namespaces" and one.key.lower() in wanted}
    for kind, text, _ in references(ref.kind, document):
        title = to_title(text) if kind == SCHEMA else None
        other = by_title.get(title) if title is not None else Ref(kind, text)
        if other is not None and other in everything and other != ref:
            found.add(other)
    return found


def in_order(documents: Mapping[Ref, Document]) -> list[Ref]:
    """The resources, each after those it names; beyond that by kind, then by name."""
    ranks = {kind: rank for rank, kind in enumerate(KINDS)}
    by_rank = sorted(
        documents,
        key=lambda ref: (
            ranks[ref.kind],
            not documents[ref].get("default", False),
            bool(documents[ref].get("isDefault", False)),  # who is the default no longer makes room first
            age_of(ref.key),
        ),
    )
    ordered: list[Ref] = []
    for kinds in (
        *((kind,) for kind in _NAMED_BY_SCHEMAS),
        tuple(XDM),
        *((kind,) for kind in KINDS if kind not in XDM),
    ):
        members = [ref for ref in by_rank if ref.kind in kinds and ref not in ordered]
        graph = {ref: named_by(ref, _without_descriptors(documents[ref]), members) for ref in members}
        try:
            sorter = TopologicalSorter({ref: sorted(graph[ref]) for ref in members})
            ordered += list(sorter.static_order()) if any(graph.values()) else members
        except CycleError:
            ordered += members
    return ordered


def _without_descriptors(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "descriptors"}


Step = tuple[Task, Callable[[], None], bool]
"""(task, what to do now, whether the task is done with it)"""


def steps(performer: Performer, tasks: Sequence[Task]) -> Iterator[Step]:
    """Every step of the tasks in an order in which each finds what it needs. Running a step may raise ParcoursError."""
    stored = {task.ref: task for task in tasks if task.verb in ("create", "update")}
    ordered = [stored[ref] for ref in in_order({ref: task.document for ref, task in stored.items()})]
    registry = [task for task in ordered if task.ref.kind in XDM]
    early = [task for task in ordered if task.ref.kind in _NAMED_BY_SCHEMAS]
    for task in early:
        yield task, _store(performer, task), True
    taken = {one.document.get("channel") for one in ordered if _is_channel_default(one)}
    for task in tasks:
        if task.verb == "delete" and _is_channel_default(task) and task.document.get("channel") in taken:
            yield task, _step_down(performer, task), False  # a channel has one default at a time
    for task in registry:
        yield task, _store(performer, task), not _needs_finish(task)
    for task in registry:
        if _needs_finish(task):
            yield task, _finish_schema(performer, task), True
    journeys = [task for task in ordered if task.ref.kind == "journeys"]
    others = {task.ref for task in journeys}
    crossing = {task.ref for task in journeys if named_by(task.ref, task.document, others)}
    for task in ordered:
        if task.ref.kind not in _NAMED_BY_SCHEMAS and task.ref.kind not in XDM:
            yield task, _store(performer, task), task.ref not in crossing and not task.is_published
    for task in ordered:
        if task.ref in crossing:
            yield task, _finish_journey(performer, task), not task.is_published
    for task in [*ordered, *(task for task in tasks if task.verb == "publish")]:
        if task.is_published:
            yield task, _publish(performer, task), True
    gone = {task.ref: task for task in tasks if task.verb == "delete"}
    for ref in reversed(in_order({ref: task.document for ref, task in gone.items()})):
        yield gone[ref], _delete(performer, gone[ref]), True


def _is_channel_default(task: Task) -> bool:
    return task.ref.kind == CONFIGURATIONS and task.document.get("isDefault") is True


def _step_down(performer: Performer, task: Task) -> Callable[[], None]:
    assert task.resource is not None
    resource = task.resource
    return lambda: performer.step_down(resource)


def _needs_finish(task: Task) -> bool:
    return bool(task.document.get("descriptors")) or UNION in (task.document.get("meta:immutableTags") or ())


def _store(performer: Performer, task: Task) -> Callable[[], None]:
    def store() -> None:
        if task.resource is None:
            performer.create(task.ref, task.document)
        else:
            performer.update(task.resource, task.document)

    return store


def _finish_schema(performer: Performer, task: Task) -> Callable[[], None]:
    return lambda: performer.finish_schema(task.ref, task.document, task.resource)


def _finish_journey(performer: Performer, task: Task) -> Callable[[], None]:
    return lambda: performer.finish_journey(task.ref, task.document)


def _publish(performer: Performer, task: Task) -> Callable[[], None]:
    def publish() -> None:
        is_reworded = task.resource is not None and performer.drafts.get(task.ref) == task.version_uid
        if is_reworded and task.resource is not None and task.resource.extra["latest"]["status"] in LIVE:
            return  # the live version took the new words as it is
        performer.publish(task.ref, task.version_uid)

    return publish


def _delete(performer: Performer, task: Task) -> Callable[[], None]:
    assert task.resource is not None
    resource = task.resource
    return lambda: performer.delete(resource)
