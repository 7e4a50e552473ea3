"""`parcours export`, `plan`, `apply` and `schema`: definitions as files."""

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson
import typer
from rich.console import Console
from rich.text import Text

from parcours.ascode.apply import apply_tasks, tasks_of
from parcours.ascode.errors import FolderInvalid
from parcours.ascode.folder import read_folder, write_folder
from parcours.ascode.model import KINDS, Calls, Change, Document, Folder, Plan, Present, Ref
from parcours.ascode.plan import Wishes, make_plan
from parcours.ascode.remote import REGISTRY, read_present
from parcours.ascode.schemas import file_schema
from parcours.ascode.secrets import known_secrets, read_secrets
from parcours.ascode.work import named_by
from parcours.commands.client import Client
from parcours.kit.errors import Invalid, ParcoursError
from parcours.kit.terminal import open_console, plain, print_json

SIGNS = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red"), "publish": ("^", "cyan")}
EXIT_CHANGES = 2
"""Status of `plan --detailed-exitcode` when there is something to do."""


class ApplyRefused(ParcoursError):
    """Nobody agreed to the plan."""


def export(
    data_dir: Path,
    sandbox: str,
    folder: Path,
    kinds: Sequence[str],
    names: Sequence[str],
    *,
    with_dependencies: bool,
    prune: bool,
) -> None:
    """Write what a sandbox has into a folder; all of it, or the kinds and names asked for."""
    _check_kinds(kinds)
    if prune and names:
        raise Invalid("--prune is for whole kinds: a name chosen says nothing of the others")
    present = read_present(Client(data_dir, sandbox))
    chosen = _chosen(present, kinds, names, with_dependencies=with_dependencies)
    resources = [present.resources[ref] for ref in chosen]
    try:
        written = write_folder(
            folder, resources, present.tenant, present.resources, kinds=kinds or list(KINDS), prune=prune
        )
    except OSError as error:
        raise Invalid(f"{error.filename}: {error.strerror}") from None
    console = open_console()
    for sign, style, paths in (
        ("+", "green", written.created),
        ("~", "yellow", written.changed),
        ("-", "red", written.deleted),
    ):
        for path in paths:
            console.print(Text.assemble(plain(f"{sign} ", style), plain(path)))
    for path in written.stale:
        console.print(plain(f"? {path}: the server doesn't have it (--prune deletes the file)", "yellow"))
    _print_notes(console, present.notes)
    count = len(written.created) + len(written.changed) + len(written.unchanged)
    console.print(plain(f"{count} files in {folder}, {len(written.unchanged)} of them as they were."))


def _chosen(present: Present, kinds: Sequence[str], names: Sequence[str], *, with_dependencies: bool) -> list[Ref]:
    found = [ref for ref in present.resources if (not kinds or ref.kind in kinds) and (not names or ref.key in names)]
    missing = [name for name in names if not any(ref.key == name for ref in found)]
    if missing:
        raise Invalid(f"the sandbox has nothing called {', '.join(map(repr, missing))}")
    if with_dependencies:
        queue = list(found)
        while queue:
            ref = queue.pop()
            for other in sorted(named_by(ref, present.resources[ref].document, present.resources) - set(found)):
                found.append(other)
                queue.append(other)
    return found


def plan(data_dir: Path, sandbox: str, folder: Path, wishes: Wishes, *, as_json: bool, detailed_exitcode: bool) -> None:
    """Print what an apply of the folder would do. Raises FolderInvalid when it can't be done."""
    client = Client(data_dir, sandbox)
    found, _, _ = _planned(client, folder, wishes)
    console = open_console()
    if as_json:
        print_json(console, to_json(found))
    else:
        print_plan(console, found)
    if found.faults:
        raise FolderInvalid(found.faults) if not as_json else typer.Exit(1)
    if detailed_exitcode and found.changes:
        raise typer.Exit(EXIT_CHANGES)


def apply(
    data_dir: Path, sandbox: str, folder: Path, wishes: Wishes, secrets_file: Path | None, *, is_agreed: bool
) -> None:
    """Print the plan, ask, and do it. Raises FolderInvalid, SecretsMissing, ApplyRefused or ApplyIncomplete."""
    given = {} if secrets_file is None else _secrets_of(secrets_file)
    client = Client(data_dir, sandbox)
    found, read, present = _planned(client, folder, wishes)
    console = open_console()
    if found.faults:
        raise FolderInvalid(found.faults)
    print_plan(console, found)
    tasks = tasks_of(found, read, present, known_secrets(os.environ, given), wishes)
    if not tasks:
        return
    if not is_agreed:
        if not sys.stdin.isatty():
            raise ApplyRefused("nothing was changed: --yes agrees to the plan where nobody can be asked")
        if not typer.confirm("Do this?"):
            raise ApplyRefused("nothing was changed")

    in_review: list[Ref] = []

    def on_done(change: Change, is_in_review: bool) -> None:
        done = _DONE[SENT if is_in_review and change.verb == "publish" else change.verb]
        console.print(plain(f"{done} {change.ref}"))
        if is_in_review:
            in_review.append(change.ref)

    apply_tasks(client, tasks, found, present, on_done)
    console.print(plain(f"Done: {_count(found, _DONE, in_review)}."))
    if in_review:
        console.print(plain(f"Not published yet, waiting for an approval: {', '.join(map(str, in_review))}."))


SENT = "send for approval"
"""What becomes of a publication that a policy wants an approval for."""
_DONE = {
    "create": "created", "update": "changed", "delete": "deleted", "publish": "published", SENT: "sent for approval",
}  # fmt: skip


def _secrets_of(path: Path) -> dict[str, str]:
    try:
        return read_secrets(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} can't be read: {error}") from None


def _planned(client: Calls, folder: Path, wishes: Wishes) -> tuple[Plan, Folder, Present]:
    tenant = str(client.call("GET", f"{REGISTRY}/stats").body["tenantId"])
    read = read_folder(folder, tenant)
    found, present = make_plan(read, client, _open_scratch, wishes)
    return found, read, present


@contextmanager
def _open_scratch(tenant: str) -> Iterator[Calls]:
    from parcours.commands.scratch import open_scratch  # the whole server's code, for who has something to rehearse

    with open_scratch(tenant) as scratch:
        yield scratch


def schema(kind: str | None) -> None:
    """Print the JSON Schema of a kind of files, or the kinds there are."""
    if kind is None:
        for name in KINDS:
            typer.echo(name)
        return
    _check_kinds([kind])
    typer.echo(orjson.dumps(file_schema(kind), option=orjson.OPT_INDENT_2).decode())


def _check_kinds(kinds: Sequence[str]) -> None:
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise Invalid(f"there is no kind {unknown[0]!r}; there are: {', '.join(KINDS)}")


# --- a plan in print ------------------------------------------------------------------------------------------------


def print_plan(console: Console, found: Plan) -> None:
    """A plan for people: one line a change, then what differs."""
    for change in found:
        sign, style = SIGNS[change.verb]
        notes = "; ".join([*(["layout only"] if change.is_layout_only else []), *change.notes])
        head = f"{change.ref}" + (f": {notes}" if notes else "")
        line = Text.assemble(plain(f"{sign} ", style), plain(change.path), plain(f"  {head}", "bold"))
        console.print(line, soft_wrap=True)
        for one in change.differences:
            console.print(plain(f"    {one.path}: {one.text}", "dim" if one.is_layout else ""), soft_wrap=True)
    for warning in found.warnings:
        console.print(plain(f"! {warning}", "yellow"), soft_wrap=True)
    if found.warnings:
        console.print("Drafts may be unfinished; these keep journeys from being published.")
    _print_notes(console, found.notes)
    console.print(plain(f"{_count(found)}." if found.changes else "No changes."))


def _print_notes(console: Console, notes: Sequence[str]) -> None:
    for note in notes:
        console.print(plain(f"note: {note}", "yellow"), soft_wrap=True)


_TO_DO = {
    "create": "to create", "update": "to change", "delete": "to delete", "publish": "to publish", SENT: f"to {SENT}",
}  # fmt: skip


def _count(found: Plan, words: Mapping[str, str] = _TO_DO, in_review: Collection[Ref] | None = None) -> str:
    """`2 to create, 1 to change`. in_review: what waits for an approval; None before anything is done."""

    def verb_of(change: Change) -> str:
        is_sent = bool(change.approvals) if in_review is None else change.ref in in_review
        return SENT if change.verb == "publish" and is_sent else change.verb

    verbs = [verb_of(change) for change in found]
    counted = [(verbs.count(verb), word) for verb, word in words.items()]
    return ", ".join(f"{count} {word}" for count, word in counted if count)


def to_json(found: Plan) -> Document:
    """A plan for programs."""
    return {
        "changes": [
            {
                "kind": change.ref.kind,
                "key": change.ref.key,
                "file": change.path,
                "action": change.verb,
                "publish": change.is_published,
                "approvals": list(change.approvals),
                "layoutOnly": change.is_layout_only,
                "differences": [{"path": one.path, "text": one.text} for one in change.differences],
                "notes": list(change.notes),
            }
            for change in found
        ],
        "faults": [fault.to_json() for fault in found.faults],
        "warnings": [fault.to_json() for fault in found.warnings],
        "notes": list(found.notes),
    }
