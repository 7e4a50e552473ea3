"""Every data source of every sandbox, ready to be looked up."""

from collections.abc import Iterable, Mapping
from typing import Any

from parcours.datasources.compiled import CompiledSource
from parcours.expressions.references import PLATFORM
from parcours.kit.secrets import SecretBox


class SourceTable:
    """Every data source of every sandbox; each is compiled on first use."""

    def __init__(self, documents: Iterable[tuple[int, str, int, Mapping[str, Any]]], secrets: SecretBox) -> None:
        """documents: (scope_id, uid, version, stored document)."""
        self._secrets = secrets
        self._documents: dict[tuple[int, str], tuple[int, Mapping[str, Any]]] = {}
        self._compiled: dict[tuple[int, str], CompiledSource] = {}
        self._names: dict[int, dict[str, str]] = {}
        self._platform: dict[int, dict[str, tuple[str, ...]]] = {}
        for scope_id, uid, version, document in documents:
            if document["name"] == PLATFORM:
                groups = document["fieldGroups"]
                self._platform[scope_id] = {group["name"]: tuple(group["fields"]) for group in groups}
                continue
            self._documents[scope_id, uid] = version, document
            self._names.setdefault(scope_id, {})[document["name"]] = uid

    def get(self, scope_id: int, uid: str) -> CompiledSource | None:
        """The external source of this sandbox, or None."""
        found = self._compiled.get((scope_id, uid))
        if found is None:
            stored = self._documents.get((scope_id, uid))
            if stored is None:
                return None
            found = self._compiled[(scope_id, uid)] = CompiledSource(scope_id, uid, *stored, self._secrets)
        return found

    def in_scope(self, scope_id: int) -> list[CompiledSource]:
        """The external sources of a sandbox."""
        found = [self.get(scope_id, uid) for uid in self._names.get(scope_id, {}).values()]
        return [source for source in found if source is not None]

    def platform_groups(self, scope_id: int) -> Mapping[str, tuple[str, ...]]:
        """Field groups that people added to the built-in source: JSON pointers of their fields, by name."""
        return self._platform.get(scope_id, {})


NO_SOURCES = SourceTable((), SecretBox(bytes(32)))
