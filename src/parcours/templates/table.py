"""Every published template of every sandbox, ready to be looked up by a worker."""

from collections.abc import Iterable, Mapping
from typing import Any

from parcours.templates.compiled import CompiledTemplate


class TemplateTable:
    """Published templates; each is compiled on first use."""

    def __init__(self, published: Iterable[tuple[int, str, int, Mapping[str, Any]]] = ()) -> None:
        """published: (scope_id, uid, version of the resource that was published, document)."""
        self._documents = {(scope_id, uid): (version, document) for scope_id, uid, version, document in published}
        self._compiled: dict[tuple[int, str], CompiledTemplate] = {}

    def get(self, scope_id: int, uid: str) -> CompiledTemplate | None:
        """The template of this sandbox as it was last published, or None."""
        found = self._compiled.get((scope_id, uid))
        if found is None:
            stored = self._documents.get((scope_id, uid))
            if stored is None:
                return None
            found = self._compiled[scope_id, uid] = CompiledTemplate(scope_id, uid, *stored)
        return found

    def named(self, scope_id: int, name: str) -> CompiledTemplate | None:
        """The published template that has this name as it was published, or None."""
        for (scope, uid), (_, document) in self._documents.items():
            if scope == scope_id and document["name"] == name:
                return self.get(scope, uid)
        return None


NO_TEMPLATES = TemplateTable()
