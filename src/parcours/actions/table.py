"""Every action of every sandbox, ready to be looked up by a worker."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from ssl import SSLContext
from typing import Any

from parcours.actions.certificates import open_context
from parcours.actions.compiled import CompiledAction
from parcours.kit.secrets import SecretBox


class ActionTable:
    """Every action of every sandbox; each is compiled on first use."""

    def __init__(
        self,
        documents: Iterable[tuple[int, str, int, Mapping[str, Any]]],
        secrets: SecretBox,
        certificates: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        """documents: (scope_id, uid, version, stored document). certificates: stored ones by scope_id."""
        self._certificates = certificates or {}
        self._contexts: dict[str, SSLContext] = {}
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
            client = self._client(scope_id)
            found = CompiledAction(scope_id, uid, *stored, self._secrets, client)
            self._compiled[(scope_id, uid)] = found
        return found

    def _client(self, scope_id: int) -> Callable[[], SSLContext] | None:
        """What gives the context of a scope's certificate, the same for all who present it."""
        found = self._certificates.get(scope_id)
        return None if found is None else partial(self._context, found)

    def _context(self, certificate: Mapping[str, Any]) -> SSLContext:
        key: str = certificate["key"]["encrypted"]
        found = self._contexts.get(key)
        if found is None:
            found = self._contexts[key] = open_context(certificate, self._secrets)
        return found
