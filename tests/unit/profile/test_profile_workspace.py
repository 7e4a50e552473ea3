"""Profiles during one transaction: what was applied is seen, what was not is not."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine

from parcours.catalog.model import DataSet
from parcours.dataflow.model import Change, Origin, Valid
from parcours.db import Database, metadata
from parcours.identity.graph import MAX_MEMBERS, delete_links, insert_links
from parcours.identity.namespaces import Namespace, NamespaceTable
from parcours.profile import store
from parcours.profile.merge import MergePolicy, MergePolicyTable, merge_fragments
from parcours.profile.workspace import KnownLinks, ProfileData, ProfileWorkspace, epoch_ms
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.identities import Identity

SCOPE = 7
JANE: Identity = ("Email", "jane@example.com")
JANES_COOKIE: Identity = ("ECID", "1" * 38)
JANES_CARD: Identity = ("loyaltyid", "L1")
RECORDS = CompiledSchema("s-record", "c", "Records", 0, "record", True, {"type": "object"})
EVENTS = CompiledSchema("s-event", "c", "Events", 0, "time-series", True, {"type": "object"})
NOT_A_PROFILE = CompiledSchema("s-plain", "c", "Plain", 0, "record", False, {"type": "object"})
ORIGIN = Origin("inlet", "flow", "x", 1_700_000_000_000, 0)


def data_set(dataset_id: str = "crm", *, profile: bool = True, upsert: bool = False) -> DataSet:
    return DataSet(SCOPE, dataset_id, dataset_id, "s", profile, upsert, dataset_id, {})


def valid(
    entity: dict[str, Any],
    *identities: Identity,
    of: DataSet | None = None,
    schema: CompiledSchema = RECORDS,
) -> Valid:
    found = list(identities) or [JANE]
    return Valid(ORIGIN, SCOPE, of or data_set(), schema, entity, orjson.dumps(entity), found[0], found, ())


def change(
    entity: dict[str, Any],
    *linked: Identity,
    of: DataSet | None = None,
    is_removal: bool = False,
    appended: tuple[tuple[str, ...], ...] = (),
) -> Change:
    return Change(ORIGIN, SCOPE, of or data_set(), is_removal, entity, JANE, list(linked), appended, ())


def event(event_id: str, at: str, *identities: Identity, **fields: Any) -> Valid:
    entity = {"_id": event_id, "timestamp": at, **fields}
    return valid(entity, *identities, of=data_set("clicks"), schema=EVENTS)


@pytest.fixture
def connection(sqlite_db: Database) -> Iterator[Connection]:
    with sqlite_db.write() as opened:
        yield opened


def workspace(connection: Connection, **given: Any) -> ProfileWorkspace:
    return ProfileWorkspace(connection, KnownLinks(), **given)


def test_a_profile_holds_each_record_from_when_it_was_applied(connection: Connection) -> None:
    profiles = workspace(connection)
    assert profiles.profile(SCOPE, JANE) == {}
    profiles.apply(valid({"tier": "silver", "city": "Rome"}))
    assert profiles.profile(SCOPE, JANE) == {"tier": "silver", "city": "Rome"}
    profiles.apply(valid({"tier": "gold"}, of=data_set("loyalty")))
    assert profiles.profile(SCOPE, JANE) == {"tier": "gold", "city": "Rome"}


def test_a_data_sets_new_record_replaces_its_old_one(connection: Connection) -> None:
    profiles = workspace(connection)
    profiles.apply(valid({"tier": "silver", "city": "Rome"}))
    profiles.apply(valid({"tier": "gold"}))
    assert profiles.profile(SCOPE, JANE) == {"tier": "gold"}
    profiles.flush()
    assert workspace(connection).profile(SCOPE, JANE) == {"tier": "gold"}


def test_a_record_of_an_upsert_data_set_changes_only_its_own_fields(connection: Connection) -> None:
    changing = data_set(upsert=True)
    first = workspace(connection)
    first.apply(valid({"tier": "silver", "home": {"city": "Rome", "zip": "00100"}}, of=changing))
    first.flush()
    second = workspace(connection)
    second.apply(valid({"home": {"city": "Turin"}}, of=changing))
    wanted = {"tier": "silver", "home": {"city": "Turin", "zip": "00100"}}
    assert second.profile(SCOPE, JANE) == wanted
    second.flush()
    assert workspace(connection).profile(SCOPE, JANE) == wanted


def test_what_was_stored_lies_under_what_is_applied(connection: Connection) -> None:
    store.put_fragments(connection, [store.FragmentRow(SCOPE, JANE, "web", 5, b'{"a":1,"b":1}')])
    profiles = workspace(connection)
    profiles.preload(SCOPE, [("email", JANE[1])])
    profiles.apply(valid({"b": 2}))
    assert profiles.profile(SCOPE, JANE) == {"a": 1, "b": 2}


def test_two_identities_in_one_record_are_one_person_from_then_on(connection: Connection) -> None:
    profiles = workspace(connection)
    profiles.apply(valid({"device": "phone"}, JANES_COOKIE, of=data_set("web")))
    profiles.apply(valid({"name": "Jane"}))
    assert profiles.profile(SCOPE, JANE) == {"name": "Jane"}
    profiles.apply(event("e", "2026-01-01T00:00:00Z", JANES_COOKIE, JANE))
    assert profiles.profile(SCOPE, JANE) == {"name": "Jane", "device": "phone"}
    assert profiles.cluster(SCOPE, JANES_COOKIE) == [JANES_COOKIE, JANE]
    profiles.flush()
    assert workspace(connection).profile(SCOPE, JANES_COOKIE) == {"name": "Jane", "device": "phone"}


def test_nothing_of_another_sandbox_is_seen(connection: Connection) -> None:
    profiles = workspace(connection)
    profiles.apply(valid({"name": "Jane"}, JANE, JANES_COOKIE))
    assert profiles.profile(SCOPE + 1, JANE) == {}
    profiles.flush()
    assert workspace(connection).cluster(SCOPE + 1, JANE) == [JANE]


@pytest.mark.parametrize(
    "record",
    [valid({"a": 1}, of=data_set(profile=False)), valid({"a": 1}, schema=NOT_A_PROFILE),
     valid({"a": 1})._replace(primary=None)],
)  # fmt: skip
def test_a_record_that_is_not_of_a_profile_leaves_no_trace(connection: Connection, record: Valid) -> None:
    profiles = workspace(connection)
    profiles.apply(record)
    profiles.flush()
    assert profiles.profile(SCOPE, JANE) == {}
    assert not store.is_known(connection, SCOPE, [JANE])


def test_events_are_newest_first_and_each_is_there_once(connection: Connection) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    times = [now.replace(second=0, minute=minute).isoformat() for minute in (1, 2, 3)]
    first = workspace(connection)
    first.apply(event("b", times[1], JANE, JANES_COOKIE))
    first.flush()
    second = workspace(connection)
    second.apply(event("c", times[2], JANES_COOKIE))
    second.apply(event("b", times[1], JANE))
    second.apply(event("a", times[0], JANE))
    second.apply(event("a", times[0], JANE, repeated=True))
    assert [e["_id"] for e in second.events(SCOPE, JANE)] == ["c", "b", "a"]
    second.flush()
    stored = workspace(connection).events(SCOPE, JANE)
    assert [e["_id"] for e in stored] == ["c", "b", "a"]
    assert "repeated" not in stored[2]


def test_an_event_of_long_ago_is_kept_but_not_read(connection: Connection) -> None:
    profiles = workspace(connection)
    profiles.apply(event("old", "2001-01-01T00:00:00Z", JANE))
    assert profiles.events(SCOPE, JANE) == []
    profiles.flush()
    assert store.is_known(connection, SCOPE, [JANE])


def test_links_known_to_be_stored_are_not_written_again_until_links_are_deleted(sqlite_db: Database) -> None:
    known = KnownLinks()
    for wanted in (1, 0):
        with sqlite_db.write() as connection:
            profiles = ProfileWorkspace(connection, known)
            profiles.apply(valid({}, JANE, JANES_COOKIE))
            links = profiles.flush()
        assert len(links) == wanted
        known.add(links)
    with sqlite_db.write() as connection:
        assert delete_links(connection, SCOPE, [JANE]) == 1
    with sqlite_db.write() as connection:
        profiles = ProfileWorkspace(connection, known)
        profiles.apply(valid({}, JANE, JANES_COOKIE))
        assert len(profiles.flush()) == 1
    with sqlite_db.read() as connection:
        assert ProfileWorkspace(connection, known).cluster(SCOPE, JANE) == [JANE, JANES_COOKIE]


def test_an_identity_that_links_nobody_makes_no_link(connection: Connection) -> None:
    partner = Namespace(10_000_000, "LoyaltyId", "Loyalty", "PARTNER", is_custom=True)
    profiles = workspace(connection, namespaces=NamespaceTable({(SCOPE, "loyaltyid"): partner}))
    profiles.apply(valid({"a": 1}, JANE, JANES_CARD, JANES_COOKIE))
    assert profiles.cluster(SCOPE, JANE) == [JANE, JANES_COOKIE]
    profiles.apply(valid({"b": 1}, JANES_CARD, JANE))
    assert profiles.cluster(SCOPE, JANES_CARD) == [JANES_CARD]


def test_the_sandboxs_policy_decides_over_graph_and_precedence(connection: Connection) -> None:
    insert_links(connection, [(SCOPE, JANE, JANES_COOKIE)], 1)
    store.put_fragments(connection, [store.FragmentRow(SCOPE, JANES_COOKIE, "web", 5, b'{"device":"phone"}')])
    alone = MergePolicyTable({(SCOPE, "p"): MergePolicy("p", "none")}, {SCOPE: "p"})
    profiles = workspace(connection, policies=alone)
    profiles.preload(SCOPE, [JANE])
    profiles.apply(valid({"name": "Jane"}))
    assert profiles.profile(SCOPE, JANE) == {"name": "Jane"}
    ranked = MergePolicy("p", "pdg", "dataSetPrecedence", ("web", "crm"))
    profiles = workspace(connection, policies=MergePolicyTable({(SCOPE, "p"): ranked}, {SCOPE: "p"}))
    profiles.apply(valid({"device": "none", "name": "Jane"}))
    assert profiles.profile(SCOPE, JANE) == {"name": "Jane", "device": "phone"}


def test_a_shared_device_does_not_pull_a_crowd_into_one_profile(connection: Connection) -> None:
    profiles = workspace(connection)
    crowd: list[Identity] = [("Email", f"p{n}@example.com") for n in range(3 * MAX_MEMBERS)]
    for person in crowd:
        profiles.apply(valid({"name": person[1]}, person, JANES_COOKIE))
    assert len(profiles.cluster(SCOPE, crowd[0])) == MAX_MEMBERS
    profiles.flush()
    after = workspace(connection)
    assert len(after.cluster(SCOPE, JANES_COOKIE)) == MAX_MEMBERS
    after.preload(SCOPE, crowd[:3])


def test_the_data_source_reads_profile_and_events_in_any_spelling_of_the_namespace(connection: Connection) -> None:
    profiles = workspace(connection)
    profiles.apply(valid({"name": "Jane"}))
    profiles.apply(event("e", datetime.now(UTC).isoformat(), JANE))
    source = ProfileData(profiles, SCOPE, ("EMAIL", JANE[1]))["ExperiencePlatform"]
    assert source["ProfileFieldGroup"] == {"name": "Jane"}
    assert [e["_id"] for e in source["ExperienceEventFieldGroup"]["experienceevent"]] == ["e"]
    with pytest.raises(KeyError):
        source["Other"]
    assert ProfileData(profiles, SCOPE, None)["ExperiencePlatform"]["ProfileFieldGroup"] == {}


def test_a_very_long_or_hostile_event_id_is_held_by_a_digest(connection: Connection) -> None:
    profiles = workspace(connection)
    now = datetime.now(UTC).isoformat()
    ids = ["x" * 5_000, "x" * 5_001, "a\0b"]
    for event_id in ids:
        profiles.apply(event(event_id, now, JANE))
    profiles.flush()
    assert {e["_id"] for e in workspace(connection).events(SCOPE, JANE)} == set(ids)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2023-11-14T22:13:20.123Z", 1_700_000_000_123),
        ("2023-11-14T22:13:20.123456789+00:00", 1_700_000_000_123),
        ("2023-11-14T23:13:20.123+01:00", 1_700_000_000_123),
        ("2023-11-14t22:13:20.5z", 1_700_000_000_500),
        ("2016-12-31T23:59:60Z", 1_483_228_799_000),
        ("1969-12-31T23:59:59.5Z", -500),
        ("0000-01-01T00:00:00Z", 0),
        ("2023-11-14T22:13:20", 0),
        ("never", 0),
    ],
)
def test_every_date_time_the_schema_lets_through_is_a_moment(text: str, wanted: int) -> None:
    assert epoch_ms(text) == wanted


steps = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["crm", "web"]),
        st.dictionaries(st.sampled_from("xyz"), st.integers(0, 9), max_size=3),
        st.one_of(st.none(), st.sampled_from(["a", "b", "c"])),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(steps, st.integers(0, 12))
def test_a_profile_is_what_the_records_before_make_it_however_they_are_split_in_transactions(
    script: list[tuple[str, str, dict[str, int], str | None]], cut: int
) -> None:
    """Against a plain model: the last record of each identity and data set, merged over the linked identities."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    known = KnownLinks()
    held: dict[tuple[str, str], tuple[int, dict[str, int]]] = {}
    linked = {name: {name} for name in "abc"}
    with engine.connect() as connection:
        profiles = ProfileWorkspace(connection, known)
        for number, (name, dataset_id, body, other) in enumerate(script):
            if number == cut:
                known.add(profiles.flush())
                profiles = ProfileWorkspace(connection, known)
            identities: list[Identity] = [("Email", name)]
            if other is not None and other != name:
                identities.append(("Email", other))
                both = linked[name] | linked[other]
                for member in both:
                    linked[member] = both
            profiles.apply(valid(body, *identities, of=data_set(dataset_id)))
            held[name, dataset_id] = (number, body)
            for person in "abc":
                found = [item for (owner, _), item in held.items() if owner in linked[person]]
                assert profiles.profile(SCOPE, ("Email", person)) == merge_fragments(found)
                cluster = {identity for _, identity in profiles.cluster(SCOPE, ("Email", person))}
                assert cluster == linked[person]
    engine.dispose()


def test_a_merge_changes_the_fields_it_has_and_appends_the_arrays_it_says(connection: Connection) -> None:
    profiles = workspace(connection)
    profiles.change(change({"tags": ["a"]}, appended=(("tags",),)))
    assert profiles.profile(SCOPE, JANE) == {"tags": ["a"]}
    profiles.change(change({"home": {"city": "Rome", "codes": [1]}, "tags": ["b"], "ids": [1]}, appended=(("tags",),)))
    profiles.flush()
    profiles = workspace(connection)
    appended = (("tags",), ("home", "codes"))
    profiles.change(change({"home": {"codes": [2]}, "tags": ["c"], "ids": [2]}, appended=appended))
    profiles.flush()
    wanted = {"home": {"city": "Rome", "codes": [1, 2]}, "tags": ["a", "b", "c"], "ids": [2]}
    assert workspace(connection).profile(SCOPE, JANE) == wanted


def test_identities_are_joined_whatever_is_said_of_their_arrays(connection: Connection) -> None:
    profiles = workspace(connection)
    path = (("identityMap", "Email"),)
    profiles.change(change({"identityMap": {"Email": [{"id": "a"}]}}, appended=path))
    profiles.change(change({"identityMap": {"Email": [{"id": "b"}]}}, appended=path))
    assert profiles.profile(SCOPE, JANE) == {"identityMap": {"Email": [{"id": "a"}, {"id": "b"}]}}


def test_a_merge_links_those_it_is_told_to_link(connection: Connection) -> None:
    profiles = workspace(connection)
    profiles.change(change({"a": 1}))
    assert profiles.cluster(SCOPE, JANE) == [JANE]
    profiles.change(change({"a": 2}, JANE, JANES_COOKIE))
    assert profiles.cluster(SCOPE, JANE) == [JANE, JANES_COOKIE]
    profiles.flush()
    assert workspace(connection).profile(SCOPE, JANES_COOKIE) == {"a": 2}


def test_a_removal_takes_what_its_data_set_holds_and_nothing_else(connection: Connection) -> None:
    profiles = workspace(connection)
    profiles.apply(valid({"tier": "gold"}))
    profiles.apply(valid({"city": "Rome"}, of=data_set("web")))
    profiles.flush()
    profiles = workspace(connection)
    profiles.change(change({}, is_removal=True))
    assert profiles.profile(SCOPE, JANE) == {"city": "Rome"}
    profiles.flush()
    assert workspace(connection).profile(SCOPE, JANE) == {"city": "Rome"}


def test_a_removal_holds_until_the_next_record_of_the_same_transaction(connection: Connection) -> None:
    workspace(connection).change(change({}, is_removal=True))  # of what isn't there: nothing
    profiles = workspace(connection)
    profiles.apply(valid({"tier": "gold", "old": 1}))
    profiles.flush()
    profiles = workspace(connection)
    profiles.apply(valid({"tier": "silver"}))
    profiles.change(change({}, is_removal=True))
    assert profiles.profile(SCOPE, JANE) == {}
    profiles.change(change({"new": 1}))
    profiles.flush()
    assert workspace(connection).profile(SCOPE, JANE) == {"new": 1}
