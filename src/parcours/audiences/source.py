"""Uploaded audiences as journeys ask for them: who is in one, page by page, and since when it is up to date."""

from collections.abc import Iterable

from sqlalchemy import Connection

from parcours.audiences import store
from parcours.audiences.model import REALIZED, Member
from parcours.xdm.identities import Identity


class UploadedAudiences:
    """Answers from what uploads wrote. An evaluated audience would write the same tables."""

    def members_after(
        self, connection: Connection, scope_id: int, audience_id: str, after_key: str, limit: int,
        since_us: int | None, until_us: int | None,
    ) -> list[Member]:  # fmt: skip
        """See `store.members_after`."""
        return store.members_after(connection, scope_id, audience_id, after_key, limit, since_us, until_us)

    def evaluated_at_us(self, connection: Connection, scope_id: int, audience_id: str) -> int | None:
        """When the last upload that changed it was through; None before the first."""
        counts = store.find_counts(connection, scope_id, [audience_id]).get(audience_id)
        return None if counts is None else counts.evaluated_at_us

    def audiences_of(
        self, connection: Connection, scope_id: int, identities: Iterable[Identity], audience_ids: Iterable[str]
    ) -> frozenset[str]:
        """Ids of those audiences that one of a person's identities is in."""
        found = store.find_memberships(connection, scope_id, identities, audience_ids)
        return frozenset(
            audience_id
            for memberships in found.values()
            for audience_id, membership in memberships.items()
            if membership.status == REALIZED
        )
