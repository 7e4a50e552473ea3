"""Every action of every sandbox, ready to be looked up by a worker."""

from collections.abc import Iterable, Mapping
from typing import Any

from parcours.actions.compiled import CompiledAction
from parcours.kit.secrets import SecretBox


class ActionTable:
    """Every action of every sandbox; each is compiled on first use."""

    def __init__(self, documents: Iterable[tuple[int, str, int, Mapping[str, Any]]], secrets: SecretBox) -> None:
        """documents: (scope_id, uid, version, stored document)."""
        self._documents = {(scope_id, uid): (version, document) for scope_id, uid, version, document in documents}
        self._compiled: dict[tuple[int, str], CompiledAction] = {}
        self._secrets = secrets

    def get(self, scope_id: int, uid: str) -> CompiledAction | None:
        """The action of this sandbox, or None."""
        found = self._compiled.get((scope_id, uid))
        if found is None:
            stored = self._documents.get((scope_id, uid))
            if stored is None:
                return None
            found = self._compiled[(scope_id, uid)] = CompiledAction(scope_id, uid, *stored, self._secrets)
        return found
