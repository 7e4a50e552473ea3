"""Every audience of every sandbox, found by id or by name."""

from collections.abc import Iterable

from parcours.audiences.model import Audience


class AudienceTable:
    """Flat: one look-up whatever the number of audiences."""

    def __init__(self, audiences: Iterable[Audience]) -> None:
        self._by_id: dict[tuple[int, str], Audience] = {}
        self._by_name: dict[tuple[int, str], Audience] = {}
        for audience in audiences:
            self._by_id[audience.scope_id, audience.id] = audience
            self._by_name[audience.scope_id, audience.name] = audience

    def get(self, scope_id: int, audience_id: str) -> Audience | None:
        """An audience by id."""
        return self._by_id.get((scope_id, audience_id))

    def find(self, scope_id: int, name: str) -> Audience | None:
        """An audience by its name, as `inAudience` has it: letter for letter."""
        return self._by_name.get((scope_id, name))

    def of_scope(self, scope_id: int) -> list[Audience]:
        """Every audience of a sandbox, oldest first."""
        return [audience for (scope, _), audience in self._by_id.items() if scope == scope_id]
