"""The nouns: kinds of files, what stands in them, and what a plan says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from parcours.kit.yaml_text import Place, Tokens

Document = dict[str, Any]
KEY = "$key"
"""Member of a file that names the resource where its own name doesn't: see `naming`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One folder of files."""

    folder: str
    word: str
    """What one of them is called in a sentence."""
    name: str = "name"
    """The member that names a resource."""
    is_free_text: bool = True
    """Whether several may have one name."""


KINDS: Mapping[str, Kind] = {
    kind.folder: kind
    for kind in (
        Kind("namespaces", "namespace", "code", is_free_text=False),
        Kind("usage-labels", "usage label", is_free_text=False),
        Kind("data-types", "data type", "title", is_free_text=False),
        Kind("field-groups", "field group", "title", is_free_text=False),
        Kind("classes", "class", "title", is_free_text=False),
        Kind("schemas", "schema", "title", is_free_text=False),
        Kind("datasets", "data set"),
        Kind("mappings", "mapping set"),
        Kind("inlets", "inlet"),
        Kind("flows", "flow"),
        Kind("merge-policies", "merge policy"),
        Kind("audiences", "audience", is_free_text=False),
        Kind("events", "event", is_free_text=False),
        Kind("actions", "action", is_free_text=False),
        Kind("decision-rules", "decision rule", is_free_text=False),
        Kind("rule-sets", "rule set", is_free_text=False),
        Kind("marketing-actions", "marketing action", is_free_text=False),
        Kind("usage-policies", "usage policy", is_free_text=False),
        Kind("data-sources", "data source", is_free_text=False),
        Kind("message-templates", "message template", is_free_text=False),
        Kind("channel-configurations", "channel configuration", is_free_text=False),
        Kind("journeys", "journey"),
        Kind("fragments", "fragment", is_free_text=False),
    )
}
"""In the order of dependency: what stands first can be there without what follows."""
XDM: Mapping[str, str] = {
    "data-types": "datatypes",
    "field-groups": "mixins",
    "classes": "classes",
    "schemas": "schemas",
}
"""Folders of the Schema Registry, and the kind in its paths. They share one space of titles."""


class Ref(NamedTuple):
    """What a resource is called in the folder: its kind and its key."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{KINDS[self.kind].word} {self.key!r}"


class Reply(NamedTuple):
    """What a server answered."""

    body: Any
    etag: str | None


class Calls(Protocol):
    """A server's control plane, in one sandbox."""

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """One call. Raises CallRefused."""
        ...


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as a server has it."""

    ref: Ref
    document: Document
    """In the form of files: no ids, references by key."""
    id: str
    etag: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What its kind needs besides, such as the ids of a flow's connections."""


@dataclass(frozen=True, slots=True)
class Present:
    """Everything a sandbox has."""

    tenant: str
    resources: Mapping[Ref, Resource]
    notes: tuple[str, ...] = ()
    """What can't be said in files."""


@dataclass(frozen=True, slots=True)
class File:
    """A resource as a file has it."""

    ref: Ref
    document: Document
    path: str
    """Below the folder, such as "events/order-placed.yaml"."""
    places: Mapping[Tokens, Place]

    def place(self, tokens: Sequence[str | int]) -> Place:
        """Where a value stands; of one that is missing, the nearest thing around it."""
        path = tuple(tokens)
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(self.path, 1, 1))


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a folder, read."""

    files: Mapping[Ref, File]
    kinds: frozenset[str]
    """Kinds that have a folder, be it an empty one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a file, or something about it that a server refuses."""

    place: Place
    message: str
    code: str = ""
    """Of a journey's check, `ERR_…`."""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" ({self.code})" if self.code else "")

    def to_json(self) -> Document:
        """For programs."""
        shown = {"file": self.place.file, "line": self.place.line, "column": self.place.column}
        return {**shown, "message": self.message, **({"code": self.code} if self.code else {})}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs between two documents."""

    path: str
    """`nodes.gold.paths[vip].expression`."""
    text: str
    """In words, without the path."""
    is_layout: bool = False
    """Whether it means nothing to a run: positions on the canvas."""


Verb = Literal["create", "update", "delete", "publish"]


@dataclass(frozen=True, slots=True)
class Change:
    """What will become of one resource."""

    ref: Ref
    verb: Verb
    path: str
    """The file; of a deletion, the file there was or would be."""
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    is_published: bool = False
    """Whether a journey is published once it is stored."""
    approvals: tuple[str, ...] = ()
    """Policies that want an approval first: it is requested, and the last approval publishes."""

    @property
    def is_layout_only(self) -> bool:
        """Whether nothing changes that means something."""
        return self.verb == "update" and bool(self.differences) and all(d.is_layout for d in self.differences)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an apply would do, in its order."""

    changes: tuple[Change, ...] = ()
    faults: tuple[Fault, ...] = ()
    """Why it can't be done; then nothing is."""
    warnings: tuple[Fault, ...] = ()
    """What keeps journeys from being published; drafts may be unfinished."""
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)
