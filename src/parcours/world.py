"""What journeys ask of the other rooms while a transaction moves their instances."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from parcours.catalog.model import DataSetTable
from parcours.events.related import RelatedRows, keys_in, with_related
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.audience_runs import AudienceSource
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import NOTHING, UpdateProfile
from parcours.journeys.rulebook import RuleBook
from parcours.kit.paths import split_pointer
from parcours.lookups.errors import LookupInvalid, LookupTooLarge
from parcours.lookups.store import find_rows
from parcours.lookups.workspace import LookupWorkspace
from parcours.profile.workspace import ProfileData, ProfileWorkspace
from parcours.rulesets.store import find_counts
from parcours.rulesets.table import RuleSetTable
from parcours.xdm.identities import Identity

NO_PROFILE = "profileNotFound"
"""Why a profile could not be updated: only attributes of an existing one are written (journeys §8.10)."""


class BatchWorld:
    """The `World` of a batch: profiles, audiences and look-ups as of what the batch has applied so far."""

    def __init__(
        self, connection: Connection, profiles: ProfileWorkspace, lookups: LookupWorkspace, data_sets: DataSetTable,
        live: LiveJourneys, audience_source: AudienceSource, now_us: int,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._profiles = profiles
        self._lookups = lookups
        self._data_sets = data_sets
        self._live = live
        self._audience_source = audience_source
        self._now_us = now_us
        self._audiences: dict[tuple[int, Identity], Collection[str]] = {}

    def data(self, scope_id: int, identity: Identity | None) -> Mapping[str, Any]:
        """The data sources of an individual; None: of nobody known."""
        return ProfileData(self._profiles, scope_id, identity, self._audiences_of)

    def data_of(self, journey: CompiledJourney, key: str) -> Mapping[str, Any]:
        """See `World`."""
        if journey.namespace is None:
            return NOTHING
        return self.data(journey.scope_id, (canonical_namespace(journey.namespace), key))

    def key_in(self, scope_id: int, identity: Identity, namespace: str) -> str | None:
        """See `World`."""
        wanted = canonical_namespace(namespace)
        if identity[0] == wanted:
            return identity[1]
        return next((value for code, value in self._profiles.cluster(scope_id, identity) if code == wanted), None)

    def look_up(self, scope_id: int, data_set_id: str, keys: Sequence[str], fields: Sequence[str]) -> Any:
        """See `World`."""
        self._lookups.flush(self._connection, self._now_us)  # what landed before, in this very batch, is found
        paths = [".".join(split_pointer(pointer)) for pointer in fields]
        try:
            return find_rows(self._connection, scope_id, data_set_id, keys, paths)
        except (LookupInvalid, LookupTooLarge) as error:
            return str(error)

    def preload_related(self, scope_id: int, wanted: Iterable[tuple[RelatedRows, Mapping[str, Any]]]) -> None:
        """Read at once the rows that events name. wanted: what to read, and the event."""
        keys: dict[str, dict[str, None]] = {}
        for rows, entity in wanted:
            keys.setdefault(rows.dataset_id, {}).update(dict.fromkeys(keys_in(entity, rows)))
        for dataset_id, named in keys.items():
            self._lookups.preload(self._connection, scope_id, dataset_id, named)

    def with_related(
        self, scope_id: int, entity: Mapping[str, Any], related: Sequence[RelatedRows]
    ) -> Mapping[str, Any]:
        """An event with the rows it names, as of what the batch has landed before it."""
        return with_related(
            entity, related, lambda dataset_id, key: self._lookups.row(self._connection, scope_id, dataset_id, key)
        )

    def update_profile(self, journey: CompiledJourney, key: str, command: UpdateProfile) -> str | None:
        """See `World`."""
        data_set = self._data_sets.get(journey.scope_id, command.data_set_id)
        if data_set is None or not data_set.is_profile_enabled or journey.namespace is None:
            return "dataSetNotUsable"
        identity = (canonical_namespace(journey.namespace), key)
        return None if self._profiles.update(journey.scope_id, identity, data_set.id, command.updates) else NO_PROFILE

    def rule_book(self, rule_sets: RuleSetTable) -> RuleBook | None:
        """What journeys ask of rule sets; None where no sandbox has an active one."""
        if not rule_sets.scopes:
            return None
        return RuleBook(rule_sets, self._live, self._now_us, self._members_of, partial(find_counts, self._connection))

    def _members_of(self, scope_id: int, identity: Identity, ids: Collection[str]) -> Collection[str]:
        members = self._profiles.cluster(scope_id, identity)
        return self._audience_source.audiences_of(self._connection, scope_id, members, ids)

    def _audiences_of(self, scope_id: int, identity: Identity) -> Collection[str]:
        """Of the audiences that journeys ask for, those the individual is in."""
        place = (scope_id, identity)
        found = self._audiences.get(place)
        if found is None:
            found = self._members_of(scope_id, identity, self._live.audience_ids(scope_id))
            self._audiences[place] = found
        return found
