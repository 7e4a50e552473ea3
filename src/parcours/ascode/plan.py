"""What an apply of a folder would change, told before anything is done.

The folder is rehearsed: a server of its own in a temporary directory is given what the real one has, then the folder.
What it refuses, the real one would; what it has in the end is what the real one would have, so that two ways of saying
the same thing are no change.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from parcours.ascode.channels import CONFIGURATIONS
from parcours.ascode.diff import differences, is_same
from parcours.ascode.errors import CallRefused
from parcours.ascode.folder import as_files
from parcours.ascode.fragments import FRAGMENTS, told_states
from parcours.ascode.model import (
    XDM,
    Calls,
    Change,
    Difference,
    Document,
    Fault,
    File,
    Folder,
    Plan,
    Present,
    Ref,
    Resource,
)  # fmt: skip
from parcours.ascode.naming import age_of, file_names
from parcours.ascode.perform import LIVE, UNFINISHED, ChangeImpossible, Performer, ReferenceUnknown
from parcours.ascode.references import SCHEMA, is_id, map_references, references, to_title
from parcours.ascode.remote import JOURNEYS, read_present
from parcours.ascode.secrets import masked, names_in, rehearsable
from parcours.ascode.templates import TEMPLATES, template_writes, told_versions
from parcours.ascode.work import Task, in_order, named_by, steps
from parcours.channels.model import INBOX
from parcours.kit.errors import ParcoursError
from parcours.kit.yaml_text import Place, split_json_path

OpenScratch = Callable[[str], AbstractContextManager[Calls]]
"""tenant → an empty server of that tenant, for as long as the block lasts."""
_NAMED_BY_JOURNEYS = ("events", "actions", "data-sources", TEMPLATES, CONFIGURATIONS)
"""Kinds of which a server refuses changes while a version names them."""
PUBLISHABLE = ("Draft", "Testing")
"""Statuses of a version that can be published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What an apply is asked for beside the folder."""

    prune: bool = False
    """Delete what the folder doesn't have, of the kinds it has folders for."""
    publish: bool = False
    """Publish the folder's journeys whose latest version is a draft."""
    renew_secrets: bool = False
    """Send every secret of the folder again."""


def make_plan(folder: Folder, calls: Calls, open_scratch: OpenScratch, wishes: Wishes) -> tuple[Plan, Present]:
    """The plan, and what the server has now. Raises CallRefused when the server can't be read."""
    present = read_present(calls)
    files = as_files(folder.files)
    faults = _reference_faults(files, present)
    if faults:
        return Plan(faults=tuple(faults)), present
    tasks = _tasks(folder, files, present, wishes)
    busy = [task for task in tasks if task.verb == "update" and _is_busy(task)]
    if busy:
        return Plan(faults=tuple(_busy_fault(task, files[task.ref]) for task in busy)), present
    if not tasks:
        return Plan(notes=present.notes), present
    with open_scratch(present.tenant) as scratch:
        rehearsal = _Rehearsal(calls, scratch, present, files)
        rehearsal.run(tasks, wishes)
    approvals = _approvals(calls, tasks, present, rehearsal)
    changes = _changes(tasks, files, present, rehearsal, wishes, approvals)
    notes = (*present.notes, *_left_behind(tasks, present), *rehearsal.notes)
    return Plan(changes, tuple(rehearsal.faults), tuple(rehearsal.warnings), notes), present


# --- before anything is tried ---------------------------------------------------------------------------------------


def _reference_faults(files: Mapping[Ref, File], present: Present) -> list[Fault]:
    """Names that nothing has, and names that are taken by something of another kind."""
    known = {*files, *present.resources}
    titles = {ref.key: ref for ref in present.resources if ref.kind in XDM}
    faults: list[Fault] = []
    own: dict[str, Ref] = {}
    for ref, file in files.items():
        if ref.kind in XDM:
            other = own.setdefault(ref.key, titles.get(ref.key, ref))
            if other != ref:
                faults.append(Fault(file.place(("title",)), f"{ref.key!r} is the title of a {other} already"))
        name, number = age_of(ref.key)
        if number > 1 and ref not in present.resources and (ref.kind, name, number) != (CONFIGURATIONS, INBOX, 2):
            earlier = name if number == 2 else f"{name} #{number - 1}"
            if file.document.get("name") == name and Ref(ref.kind, earlier) not in known:
                faults.append(Fault(file.place(("$key",)), f"there is no {Ref(ref.kind, earlier)} before {ref}"))
        for kind, text, tokens in references(ref.kind, file.document):
            if kind == SCHEMA:
                title = to_title(text)
                is_there = title is None or any(one.key == title for one in known if one.kind in XDM)
            else:
                is_there = Ref(kind, text) in known or is_id(text)
            if not is_there:
                faults.append(Fault(file.place(tokens), str(ReferenceUnknown(kind, text, tokens))))
    return faults


def _tasks(folder: Folder, files: Mapping[Ref, File], present: Present, wishes: Wishes) -> list[Task]:
    """What seems to differ; secrets still by reference."""
    tasks: dict[Ref, Task] = {}
    for ref, file in files.items():
        resource = present.resources.get(ref)
        if resource is None:
            tasks[ref] = Task(ref, "create", file.document, None, _is_published(ref, wishes))
        elif not is_same(masked(ref.kind, file.document), resource.document) or (
            wishes.renew_secrets and names_in(ref.kind, file.document)
        ):
            tasks[ref] = Task(ref, "update", file.document, resource, _is_published(ref, wishes))
        elif _is_published(ref, wishes) and resource.extra["latest"]["status"] in PUBLISHABLE:
            tasks[ref] = Task(ref, "publish", file.document, resource, True)
    for ref, file in files.items():
        mapping = Ref("mappings", str(file.document.get("mapping")))
        moved = tasks.get(mapping)
        is_moved = moved is not None and moved.verb == "update" and "mappingVersion" not in file.document
        if ref.kind == "flows" and ref not in tasks and is_moved:
            tasks[ref] = Task(ref, "update", file.document, present.resources[ref])
    if wishes.prune:
        for ref, resource in present.resources.items():
            if ref.kind in folder.kinds and ref not in files and not _is_built_in(resource):
                tasks[ref] = Task(ref, "delete", resource.document, resource)
    return list(tasks.values())


def _is_busy(task: Task) -> bool:
    """Whether a journey's draft is being tried out."""
    return (
        task.ref.kind == "journeys"
        and task.resource is not None
        and task.resource.extra["latest"]["status"] in UNFINISHED
    )


def _busy_fault(task: Task, file: File) -> Fault:
    assert task.resource is not None
    latest = task.resource.extra["latest"]
    return Fault(file.place(()), f"version {latest['version']} is {latest['status']}: end that before it is changed")


def _is_published(ref: Ref, wishes: Wishes) -> bool:
    return wishes.publish and ref.kind == "journeys"


def _is_built_in(resource: Resource) -> bool:
    """Whether nobody made it, so that its file may be missing: a sandbox's first merge policy."""
    return resource.ref.kind == "merge-policies" and resource.ref.key == "real-time-customer-profile-default"


def _left_behind(tasks: list[Task], present: Present) -> list[str]:
    """Flows that no file speaks of, and that stay with the version of a mapping set as it was."""
    updated = {task.ref for task in tasks if task.verb == "update"}
    return [
        f"{ref} stays with the version of {mapping} that it has: no file of the folder is about it"
        for ref, resource in present.resources.items()
        if ref.kind == "flows" and ref not in updated
        for mapping in [Ref("mappings", str(resource.document.get("mapping")))]
        if mapping in updated
    ]


# --- the rehearsal --------------------------------------------------------------------------------------------------


@dataclass
class _Rehearsal:
    """The folder tried on a server made for it."""

    calls: Calls
    scratch: Calls
    present: Present
    files: Mapping[Ref, File]
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    after: Present | None = None
    unseeded: set[Ref] = field(default_factory=set)
    """What the scratch server refused of what the real one has: nothing about it can be rehearsed."""

    def run(self, tasks: list[Task], wishes: Wishes) -> None:
        """Give the scratch server what there is, then the tasks; keep what it refused and what it has then."""
        touches_used = any(task.ref.kind in _NAMED_BY_JOURNEYS and task.verb != "create" for task in tasks)
        gone = {task.ref for task in tasks if task.verb == "delete"}
        seeded = self._seed(gone, with_history=touches_used)
        performer = Performer(self.scratch, seeded)
        failed = set(self.unseeded)
        mine: list[Task] = []
        for task in tasks:
            resource = seeded.resources.get(task.ref)
            if task.ref in self.unseeded or (task.verb != "create" and resource is None):
                self.notes.append(
                    f"{task.ref} can't be rehearsed, for the server has it in a form that isn't taken now"
                )
                continue
            document = rehearsable(task.ref.kind, task.document)
            mine.append(replace(task, document=document, resource=resource, is_published=False))
        for task, step, _ in steps(performer, [task for task in mine if task.verb != "publish"]):
            if task.ref in failed or named_by(task.ref, task.document, failed):
                failed.add(task.ref)
                continue
            try:
                step()
            except ParcoursError as error:
                failed.add(task.ref)
                self.faults += self._refused(task, error)
        self.after = read_present(self.scratch)
        self._check_journeys([task for task in mine if task.ref not in failed], wishes)

    def _seed(self, gone: set[Ref], *, with_history: bool) -> Present:
        """Give the scratch server what the real one has. gone: what will be deleted."""
        first = read_present(self.scratch)
        performer = Performer(self.scratch, first)
        tasks: list[Task] = []
        for ref in in_order({ref: one.document for ref, one in self.present.resources.items()}):
            document = rehearsable(ref.kind, self.present.resources[ref].document)
            there = first.resources.get(ref)
            tasks.append(Task(ref, "create" if there is None else "update", document, there))
        for task, step, _ in steps(performer, tasks):
            if task.ref in self.unseeded:
                continue
            try:
                if task.ref.kind != "journeys":
                    step()
                elif task.ref not in performer.drafts:
                    self._seed_journey(performer, task, task.ref in gone, with_history)
            except ParcoursError:
                self.unseeded.add(task.ref)
        return read_present(self.scratch)

    def _seed_journey(self, performer: Performer, task: Task, is_gone: bool, with_history: bool) -> None:
        """A journey with the versions in which people may be: what they name is in use."""
        resource = self.present.resources[task.ref]
        *earlier, latest = resource.extra["versions"]
        documents: list[tuple[str, Document]] = []
        for version in earlier if with_history else earlier[-1:]:
            if version["status"] in LIVE:
                shown = self.calls.call("GET", f"{JOURNEYS}/journeyVersions/{version['uid']}").body
                documents.append((version["status"], self._by_key(shown["document"])))
        documents.append((latest["status"], task.document))
        for place, (status, document) in enumerate(documents):
            if place == 0:
                performer.create(task.ref, document)
            else:
                performer.add_version(task.ref, document)
            is_over = status in ("Stopped", "Finished")
            if status not in LIVE and (not is_over or is_gone):  # nobody takes people out here: a draft can be deleted
                continue
            try:
                performer.publish(task.ref)
                if is_over:
                    performer.stop(task.ref)
            except CallRefused:
                return  # it names an event by an older name; a draft uses it as well

    def _by_key(self, document: Document) -> Document:
        ids = {(ref.kind, one.id): ref.key for ref, one in self.present.resources.items()}
        return map_references("journeys", document, lambda kind, text, _path: ids.get((kind, text), text))

    def _refused(self, task: Task, error: ParcoursError) -> list[Fault]:
        file = self.files.get(task.ref)
        text = error.detail if isinstance(error, CallRefused) else str(error)
        if file is None:
            path = file_names([task.ref], {})[task.ref]
            return [Fault(Place(path, 1, 1), f"{task.ref} can't be deleted: {text}")]
        tokens: tuple[Any, ...] = ()
        if isinstance(error, ReferenceUnknown | ChangeImpossible):
            tokens = error.tokens
        elif isinstance(error, CallRefused):
            tokens = split_json_path(str(error.report.get("path", "")))
            if len(tokens) == 0 and "title" in text.lower():
                tokens = ("title",)
        return [Fault(file.place(tokens), text)]

    def _check_journeys(self, tasks: list[Task], wishes: Wishes) -> None:
        assert self.after is not None
        for task in tasks:
            found = self.after.resources.get(task.ref)
            if task.ref.kind != "journeys" or task.verb == "delete" or found is None:
                continue
            answer = self.scratch.call("POST", f"{JOURNEYS}/journeyVersions/{found.extra['latest']['uid']}/check").body
            for fault in answer["errors"]:
                place = self.files[task.ref].place(split_json_path(fault["path"]))
                told = Fault(place, fault["message"], fault["code"])
                (self.faults if wishes.publish else self.warnings).append(told)


# --- approvals ------------------------------------------------------------------------------------------------------


def _approvals(
    calls: Calls, tasks: list[Task], present: Present, rehearsal: _Rehearsal
) -> Mapping[Ref, tuple[str, ...]]:
    """The policies whose approval journeys need before they go live; one that nobody could give is a fault."""
    found: dict[Ref, tuple[str, ...]] = {}
    for task in tasks:
        if not task.is_published or _is_reworded(task, rehearsal):
            continue
        answer = calls.call("POST", f"{JOURNEYS}/journeys/approval", task.document).body
        found[task.ref] = tuple(policy["name"] for policy in answer["policies"])
        for policy in answer["policies"]:
            if not policy["isApprovable"]:
                text = f"{task.ref} can't be published: nobody else may approve it under policy {policy['name']!r}"
                rehearsal.faults.append(Fault(rehearsal.files[task.ref].place(()), text))
    return found


def _is_reworded(task: Task, rehearsal: _Rehearsal) -> bool:
    """Whether a live version takes what differs as it is, so that nothing is published."""
    after = None if rehearsal.after is None else rehearsal.after.resources.get(task.ref)
    is_live = after is not None and after.extra["latest"]["status"] in LIVE
    return task.verb == "update" and task.resource is not None and is_live


# --- in words -------------------------------------------------------------------------------------------------------


def _changes(
    tasks: list[Task],
    files: Mapping[Ref, File],
    present: Present,
    rehearsal: _Rehearsal,
    wishes: Wishes,
    approvals: Mapping[Ref, tuple[str, ...]],
) -> tuple[Change, ...]:
    after = rehearsal.after.resources if rehearsal.after is not None else {}
    refused = {fault.place.file for fault in rehearsal.faults}
    names = file_names([task.ref for task in tasks], {ref: file.path for ref, file in files.items()})
    found: list[Change] = []
    by_ref = {task.ref: task for task in tasks}
    order = [*in_order({t.ref: t.document for t in tasks if t.verb != "delete"})]
    order += reversed(in_order({t.ref: t.document for t in tasks if t.verb == "delete"}))
    for ref in order:
        task, path, wanted = by_ref[ref], names[ref], approvals.get(ref, ())
        if task.verb != "update":
            found.append(Change(ref, task.verb, path, (), _notes(task, None, wanted), task.is_published, wanted))
            continue
        before = present.resources[ref].document
        rehearsed = after.get(ref)
        is_known = rehearsed is not None and path not in refused and ref not in rehearsal.unseeded
        new = rehearsed.document if rehearsed is not None and is_known else masked(ref.kind, task.document)
        differing = differences(ref.kind, before, new)
        mapping = by_ref.get(Ref("mappings", str(task.document.get("mapping"))))
        if ref.kind == "flows" and mapping is not None and mapping.verb == "update":
            differing += (Difference("mappingVersion", f"moves to the new version of {mapping.ref}"),)
        if wishes.renew_secrets and names_in(ref.kind, task.document):
            place = "provider.settings" if ref.kind == CONFIGURATIONS else "authentication"
            differing += (Difference(place, "secrets are sent again"),)
        if differing:
            told = _notes(task, rehearsed, wanted)
            found.append(Change(ref, "update", path, differing, told, task.is_published, wanted))
        elif task.is_published and present.resources[ref].extra["latest"]["status"] in PUBLISHABLE:
            told = _notes(replace(task, verb="publish"), None, wanted)
            found.append(Change(ref, "publish", path, (), told, True, wanted))
    return tuple(found)


def _notes(task: Task, rehearsed: Resource | None, approvals: tuple[str, ...]) -> tuple[str, ...]:
    """What a change means for versions of a journey or a template, or for a fragment.

    rehearsed: what became of it in the rehearsal. approvals: policies that want one before it is published.
    """
    if task.ref.kind == TEMPLATES and task.verb != "delete":
        version = -1 if task.resource is None else int(task.resource.extra["shown"]["version"])
        before = None if task.resource is None else task.resource.document
        return told_versions(version, template_writes(before, task.document))
    if task.ref.kind == FRAGMENTS and task.verb != "delete":
        return told_states(None if task.resource is None else task.resource.document, task.document)
    if task.ref.kind != "journeys" or task.resource is None or task.verb == "delete":
        return (_published(approvals),) if task.is_published else ()
    latest = task.resource.extra["latest"]
    live = [one for one in task.resource.extra["versions"] if one["status"] in ("Deployed", "Paused")]
    told = f"; version {live[0]['version']} is live" if live else ""
    if task.verb == "publish":
        return (f"draft {latest['version']} is {_published(approvals)}{told}",)
    if latest["status"] == "Draft":
        text = f"draft {latest['version']} is changed{told}"
    elif rehearsed is not None and rehearsed.extra["latest"]["status"] in LIVE:
        return (f"version {latest['version']} ({latest['status']}) is reworded where it is",)
    else:
        text = f"a new draft after version {latest['version']} ({latest['status']})"
    return (f"{text}, and {_published(approvals)}",) if task.is_published else (text,)


def _published(approvals: tuple[str, ...]) -> str:
    if not approvals:
        return "published"
    return f"sent for approval: polic{'y' if len(approvals) == 1 else 'ies'} {', '.join(map(repr, approvals))}"
