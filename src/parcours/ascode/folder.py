"""A folder of files: read with the place of every value, and written so that only what changed is touched."""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from parcours.ascode.channels import CONFIGURATIONS
from parcours.ascode.comments import rewrite
from parcours.ascode.diff import is_same
from parcours.ascode.errors import FolderInvalid
from parcours.ascode.model import KEY, KINDS, Document, Fault, File, Folder, Ref, Resource
from parcours.ascode.naming import file_names, key_of, with_key
from parcours.ascode.schemas import shape_faults
from parcours.ascode.secrets import clear_secrets, refer
from parcours.ascode.templates import TEMPLATES, with_tenant_in_liquid
from parcours.kit.errors import Invalid
from parcours.kit.yaml_text import Located, Place, Tokens, YamlInvalid, read_yaml
from parcours.kit.yaml_writer import write_yaml

MANIFEST = "parcours.yaml"
"""Says how the folder is to be read: `format`, and the `tenant` whose name the fields in it have."""
FORMAT = 1
_SUFFIXES = (".yaml", ".yml")
_QUOTED = r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^'\\]|\\.)*'"
_FREE_TEXTS = frozenset({"name", "title", "label", "description"})


@dataclass(frozen=True, slots=True)
class Text:
    """A file as it stands on disk."""

    path: str
    text: str
    located: Located


def read_folder(folder: Path, tenant: str | None = None) -> Folder:
    """Every file of the kinds' folders. tenant: whose name custom fields get. Raises FolderInvalid with every fault."""
    texts, kinds, faults = _read_texts(folder)
    files: dict[Ref, File] = {}
    named = _tenant_of(folder, faults)
    for kind, found in texts:
        document = found.located.document
        place = Place(found.path, 1, 1)
        if not isinstance(document, dict):
            faults.append(Fault(place, f"a file holds one {KINDS[kind].word}: an object"))
            continue
        key = key_of(kind, document)
        if key is None:
            also = f" or {KEY}" if kind == "mappings" else ""
            faults.append(Fault(place, f"the {KINDS[kind].word} needs a {KINDS[kind].name}{also}"))
            continue
        if tenant is not None and named is not None and named != tenant:
            document = of_tenant(kind, document, named, tenant)
        file = File(Ref(kind, key), document, found.path, found.located.places)
        faults += [Fault(file.place(tokens), message) for tokens, message in shape_faults(kind, document)]
        faults += [Fault(file.place(tokens), message) for tokens, message in clear_secrets(kind, document)]
        other = files.get(file.ref)
        if other is not None:
            faults.append(Fault(file.place((KINDS[kind].name,)), f"{file.ref} is in {other.path} already"))
        files[file.ref] = file
    if faults:
        raise FolderInvalid(faults)
    if not kinds and not (folder / MANIFEST).is_file():
        raise Invalid(f"{folder} holds no definitions: none of the folders {', '.join(KINDS)}")
    return Folder(files, frozenset(kinds))


def _read_texts(folder: Path) -> tuple[list[tuple[str, Text]], set[str], list[Fault]]:
    if not folder.is_dir():
        raise Invalid(f"{folder} is no folder")
    found: list[tuple[str, Text]] = []
    kinds: set[str] = set()
    faults: list[Fault] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name == MANIFEST or entry.is_file():
            continue
        if entry.name not in KINDS:
            if any(one.suffix in _SUFFIXES for one in entry.rglob("*")):
                known = ", ".join(KINDS)
                faults.append(Fault(Place(entry.name, 1, 1), f"no kind of definitions; there are: {known}"))
            continue
        kinds.add(entry.name)
        for path in sorted(entry.rglob("*")):
            if path.suffix in _SUFFIXES and path.is_file() and not path.name.startswith("."):
                shown = path.relative_to(folder).as_posix()
                try:
                    text = path.read_bytes().decode("utf-8-sig")
                    located = read_yaml(text, shown)
                    faults += _not_json(located)
                    found.append((entry.name, Text(shown, text, located)))
                except UnicodeDecodeError:
                    faults.append(Fault(Place(shown, 1, 1), "the file is not UTF-8"))
                except YamlInvalid as error:
                    faults.append(_fault_of(error, shown))
    return found, kinds, faults


def _not_json(located: Located) -> list[Fault]:
    """Values of a file that no JSON has: numbers of more than 64 bits, halves of characters."""

    def walk(value: Any, path: Tokens) -> Iterator[Fault]:
        try:
            orjson.dumps(value)
            return
        except TypeError as error:
            reason = str(error)
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        found = [fault for key, child in inner for fault in walk(child, (*path, key))]
        yield from found or [Fault(located.place(path), reason[:1].lower() + reason[1:])]

    return list(walk(located.document, ()))


def _fault_of(error: YamlInvalid, path: str) -> Fault:
    """The fault of a text that is no YAML: the message begins with the place."""
    matched = re.match(rf"{re.escape(path)}(?::(\d+):(\d+))?: (.*)", str(error), re.DOTALL)
    if matched is None:
        return Fault(Place(path, 1, 1), str(error))
    return Fault(Place(path, int(matched[1] or 1), int(matched[2] or 1)), matched[3])


def _tenant_of(folder: Path, faults: list[Fault]) -> str | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        located = read_yaml(path.read_bytes().decode("utf-8-sig"), MANIFEST)
    except (UnicodeDecodeError, YamlInvalid) as error:
        faults.append(Fault(Place(MANIFEST, 1, 1), str(error)))
        return None
    document = located.document if isinstance(located.document, dict) else {}
    if document.get("format") != FORMAT:
        faults.append(Fault(located.place(("format",)), f"format is {FORMAT}: another release wrote this folder"))
    tenant = document.get("tenant")
    return tenant if isinstance(tenant, str) else None


def of_tenant(kind: str, document: Document, old: str, new: str) -> Document:
    """A file's document with the fields of another tenant; templates name fields in Liquid, configurations none."""
    if kind == TEMPLATES:
        return with_tenant_in_liquid(document, old, new)
    result: Document = document if kind == CONFIGURATIONS else with_tenant(document, old, new)
    return result


def with_tenant(value: Any, old: str, new: str) -> Any:
    """The document with fields of another tenant: `_old` as a whole word, but not in names, labels and quoted texts."""
    pattern = re.compile(rf"({_QUOTED})|(?<![A-Za-z0-9_])_{re.escape(old)}(?![A-Za-z0-9_])")

    def rename(text: str) -> str:
        return pattern.sub(lambda found: found[1] or f"_{new}", text)

    def walk(one: Any, is_free: bool) -> Any:
        if isinstance(one, dict):
            return {
                rename(key) if isinstance(key, str) else key: walk(child, key in _FREE_TEXTS and isinstance(child, str))
                for key, child in one.items()
            }
        if isinstance(one, list):
            return [walk(child, False) for child in one]
        return rename(one) if isinstance(one, str) and not is_free else one

    return walk(value, False)


# --- writing ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """What an export did to a folder."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    stale: tuple[str, ...]
    """Files of the exported kinds whose resources the server doesn't have."""
    deleted: tuple[str, ...]


def write_folder(
    folder: Path,
    resources: Iterable[Resource],
    tenant: str,
    known: Iterable[Ref],
    *,
    kinds: Collection[str] = KINDS,
    prune: bool = False,
) -> Written:
    """Write a file for each resource; one that says the same already stays as it is, with its comments and its name.

    known: everything that the sandbox has. kinds: those whose files may be stale.
    prune: delete files whose resources it doesn't have. Raises FolderInvalid.
    """
    chosen = {one.ref: one for one in resources}
    present = _present_texts(folder)
    paths = file_names(chosen, {ref: found.path for ref, found in present.items()})
    created, changed, unchanged = [], [], []
    if _tenant_of(folder, []) != tenant:
        _write(folder / MANIFEST, write_yaml({"format": FORMAT, "tenant": tenant}))
    for ref, resource in chosen.items():
        before = present.get(ref)
        said = None if before is None else before.located.document
        document = with_key(ref, refer(ref, resource.document, said))
        if before is None:
            _write(folder / paths[ref], write_yaml(document))
            created.append(paths[ref])
        elif is_same(said, document):
            unchanged.append(paths[ref])
        else:
            _write(folder / paths[ref], rewrite(before.text, before.located, document))
            changed.append(paths[ref])
    everything = set(known)
    stale = [found.path for ref, found in present.items() if ref not in everything and ref.kind in kinds]
    for path in stale if prune else ():
        (folder / path).unlink()
    lists = (created, changed, unchanged, [] if prune else stale, stale if prune else [])
    return Written(*(tuple(sorted(paths)) for paths in lists))


def _present_texts(folder: Path) -> dict[Ref, Text]:
    if not folder.exists():
        return {}
    texts, _, faults = _read_texts(folder)
    if faults:
        raise FolderInvalid(faults)
    found: dict[Ref, Text] = {}
    for kind, text in texts:
        key = key_of(kind, text.located.document) if isinstance(text.located.document, dict) else None
        if key is not None:
            found.setdefault(Ref(kind, key), text)
    return found


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(text.encode())
    os.replace(draft, path)


def without_key(document: Document) -> Document:
    """A file's document without its key."""
    return {name: value for name, value in document.items() if name != KEY}


def as_files(files: Mapping[Ref, File]) -> dict[Ref, File]:
    """The files with documents as resources have them."""
    return {ref: replace(file, document=without_key(file.document)) for ref, file in files.items()}
