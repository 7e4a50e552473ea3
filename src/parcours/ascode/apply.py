"""Does what a plan says."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from parcours.ascode.channels import CONFIGURATIONS, keeps_secrets
from parcours.ascode.errors import ApplyIncomplete, SecretsMissing, SecretUnusable
from parcours.ascode.folder import without_key
from parcours.ascode.model import Calls, Change, Document, Folder, Plan, Present, Ref
from parcours.ascode.perform import Performer
from parcours.ascode.plan import Wishes
from parcours.ascode.secrets import fill, masked, names_in
from parcours.ascode.work import Task, steps
from parcours.channels.document import read_document
from parcours.channels.errors import ConfigurationInvalid
from parcours.kit.egress import UrlRefused, check_url
from parcours.kit.errors import ParcoursError

OnDone = Callable[[Change, bool], None]
"""(change, whether it waits for an approval before it is published)."""


def tasks_of(plan: Plan, folder: Folder, present: Present, secrets: Mapping[str, str], wishes: Wishes) -> list[Task]:
    """The plan's changes with their secrets. Raises SecretsMissing, which names all that are missing,
    or SecretUnusable.

    A server keeps a secret that isn't sent again as long as it goes where it went: to the same hosts, in the same way.
    """
    missing: dict[str, list[str]] = {}

    def with_secrets(kind: str, document: Document, path: str) -> Document:
        for name in names_in(kind, document):
            if name not in secrets:
                missing.setdefault(name, []).append(path)
        return fill(kind, document, lambda name: secrets.get(name, ""))

    tasks: list[Task] = []
    for change in plan:
        resource = present.resources.get(change.ref)
        if change.verb == "delete":
            assert resource is not None
            tasks.append(Task(change.ref, "delete", resource.document, resource))
            continue
        document = without_key(folder.files[change.ref].document)
        if (
            change.verb == "update"
            and resource is not None
            and not wishes.renew_secrets
            and _is_kept(change.ref.kind, resource.document, document)
        ):
            document = masked(change.ref.kind, document)
        else:
            document = with_secrets(change.ref.kind, document, change.path)
            if not missing:
                _check_secrets(change, document)
        tasks.append(Task(change.ref, change.verb, document, resource, change.is_published))
    if missing:
        raise SecretsMissing(missing)
    return tasks


def _check_secrets(change: Change, document: Document) -> None:
    """Whether keys are keys, before anything is changed. Raises SecretUnusable, which repeats nothing of them."""
    if change.ref.kind == CONFIGURATIONS:
        try:
            read_document(document, allow_private=True)
        except ConfigurationInvalid as error:
            raise SecretUnusable(change.path, error) from None


def _is_kept(kind: str, before: Document, after: Document) -> bool:
    """Whether the server keeps the secrets it has: nothing of the authentication and no host is another."""
    if kind == CONFIGURATIONS:
        return keeps_secrets(before, masked(kind, after))
    old, new = before.get("authentication", {}), masked(kind, after).get("authentication", {})
    return bool(old == new and _host(before) == _host(after))


def _host(document: Document) -> object:
    try:
        return check_url(str(document.get("url")), allow_private=True).origin
    except UrlRefused:
        return None


def apply_tasks(calls: Calls, tasks: Sequence[Task], plan: Plan, present: Present, on_done: OnDone) -> None:
    """Do them in order; `on_done` hears of each change that is done. Raises ApplyIncomplete at the first refusal.

    A second apply does what this one left.
    """
    changes = {change.ref: change for change in plan}
    performer = Performer(calls, present)
    done: list[Ref] = []
    begun: set[Ref] = set()
    for task, step, is_last in steps(performer, tasks):
        try:
            step()
        except ParcoursError as error:
            left = [ref for ref in changes if ref not in done and ref != task.ref]
            raise ApplyIncomplete(_told(changes[task.ref], error, done, left, begun)) from error
        begun.add(task.ref)
        if is_last:
            done.append(task.ref)
            on_done(changes[task.ref], task.ref in performer.in_review)


def _told(change: Change, error: ParcoursError, done: Iterable[Ref], left: Iterable[Ref], begun: set[Ref]) -> str:
    lines = [f"{change.path}: {change.ref} can't be {_PAST[change.verb]}: {error}"]
    lines += [f"done: {ref}" for ref in done]
    half = "begun: " if change.ref in begun else "not done: "
    lines.append(f"{half}{change.ref}")
    lines += [f"{'begun' if ref in begun else 'not done'}: {ref}" for ref in left]
    return "\n".join([*lines, "what is done stays; apply again to do the rest"])


_PAST = {"create": "created", "update": "changed", "delete": "deleted", "publish": "published"}
