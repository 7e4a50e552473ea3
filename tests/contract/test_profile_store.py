"""The promises of the profile store, on both databases."""

from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from parcours.db import Database
from parcours.profile import store
from parcours.profile.store import EventPlace, EventRow, FragmentRow
from parcours.xdm.identities import Identity

SCOPE = 1
JANE: Identity = ("Email", "jané@example.com")
COOKIE: Identity = ("ECID", "1" * 38)
BOB: Identity = ("Email", "bob@example.com")


def put(db: Database, *rows: FragmentRow) -> None:
    with db.write() as connection:
        store.put_fragments(connection, rows)


def put_events(
    db: Database, *rows: tuple[Identity, int, str], dataset_id: str = "clicks", scope_id: int = SCOPE
) -> None:
    with db.write() as connection:
        store.put_events(
            connection,
            [
                EventRow(scope_id, identity, at_ms, key, dataset_id, at_ms + 5, f'{{"_id":"{key}"}}'.encode())
                for identity, at_ms, key in rows
            ],
        )


def test_the_latest_record_of_each_data_set_is_held_for_each_identity(db: Database) -> None:
    put(db, FragmentRow(SCOPE, JANE, "crm", 10, '{"name":"Jané","n":1}'.encode()))
    put(db, FragmentRow(SCOPE, JANE, "crm", 20, b'{"name":"J"}'), FragmentRow(SCOPE, JANE, "web", 15, b'{"a":[1]}'))
    put(db, FragmentRow(SCOPE, COOKIE, "web", 5, b"{}"), FragmentRow(SCOPE + 1, JANE, "crm", 1, b'{"other":1}'))
    with db.read() as connection:
        found = store.find_fragments(connection, SCOPE, [JANE, COOKIE, BOB])
        assert found == {JANE: [("web", 15, {"a": [1]}), ("crm", 20, {"name": "J"})], COOKIE: [("web", 5, {})]}
        assert store.find_fragments(connection, SCOPE, []) == {}


def test_nothing_is_written_for_no_rows(db: Database) -> None:
    with db.write() as connection:
        store.put_fragments(connection, [])
        store.put_events(connection, [])
        assert not store.is_known(connection, SCOPE, [JANE])


def test_thousands_of_identities_are_found_at_once(db: Database) -> None:
    people: list[Identity] = [("Email" if n % 3 else "crmid", f"p{n}") for n in range(1_500)]
    put(db, *[FragmentRow(SCOPE, person, "crm", 1, b"{}") for person in people])
    with db.read() as connection:
        assert set(store.find_fragments(connection, SCOPE, people)) == set(people)


def test_an_event_sent_twice_stays_as_it_first_was(db: Database) -> None:
    put_events(db, (JANE, 100, "e1"))
    put_events(db, (JANE, 100, "e1"), (JANE, 101, "e2"), dataset_id="other")
    with db.read() as connection:
        found = store.find_events(connection, SCOPE, [JANE])
        assert [(e.event_key, e.dataset_id, e.received_at_ms) for e in found] == [
            ("e2", "other", 106),
            ("e1", "clicks", 105),
        ]


def places(found: Sequence[store.ProfileEvent]) -> list[EventPlace]:
    return [event[:4] for event in found]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_hold_every_event_once_and_in_order(db: Database, newest_first: bool, size: int) -> None:
    people = [JANE, COOKIE, BOB]
    rows = [
        (people[n % 3], 100 + n // 4, key) for n, key in enumerate(["b", "B", "a", "É", "z", "_", "1", "b", "aa", "A"])
    ]
    rows.append((BOB, 100, "b"))  # the same moment and key as one of Jane's
    put_events(db, *rows)
    wanted = sorted(((at, key, *who) for who, at, key in rows), reverse=newest_first)
    seen: list[EventPlace] = []
    start: EventPlace | None = None
    with db.read() as connection:
        while True:
            page = store.find_events(connection, SCOPE, people, start=start, limit=size + 1, newest_first=newest_first)
            seen += places(page[:size])
            if len(page) <= size:
                break
            start = page[size][:4]
    assert seen == wanted


def test_events_are_found_from_one_time_up_to_before_another(db: Database) -> None:
    put_events(db, *[(JANE, at_ms, f"e{at_ms}") for at_ms in (-5, 10, 20, 30)], (BOB, 20, "his"))
    put_events(db, (JANE, 20, "elsewhere"), scope_id=SCOPE + 1)
    with db.read() as connection:

        def found(**given: int) -> list[str]:
            events = store.find_events(connection, SCOPE, [JANE], newest_first=False, **given)
            return [event.event_key for event in events]

        assert found() == ["e-5", "e10", "e20", "e30"]
        assert found(from_ms=10, to_ms=30) == ["e10", "e20"]
        assert found(from_ms=11, limit=1) == ["e20"]
        assert store.find_events(connection, SCOPE, []) == []


def test_the_data_sets_of_a_persons_events_are_told_with_their_latest_receipt(db: Database) -> None:
    put_events(db, (JANE, 10, "a"), (COOKIE, 40, "b"))
    put_events(db, (JANE, 20, "c"), dataset_id="other")
    with db.read() as connection:
        assert store.find_event_sources(connection, SCOPE, [JANE, COOKIE]) == {"clicks": 45, "other": 25}
        assert store.find_event_sources(connection, SCOPE, [BOB]) == {}


def test_a_person_is_deleted_with_everything_and_nobody_else_is(db: Database) -> None:
    put(db, *[FragmentRow(SCOPE, who, "crm", 1, b"{}") for who in (JANE, COOKIE, BOB)])
    put(db, FragmentRow(SCOPE + 1, JANE, "crm", 1, b"{}"))
    put_events(db, (JANE, 1, "a"), (BOB, 1, "a"))
    with db.write() as connection:
        assert store.delete_person(connection, SCOPE, [JANE, COOKIE]) == 3
    with db.read() as connection:
        assert not store.is_known(connection, SCOPE, [JANE, COOKIE])
        assert store.is_known(connection, SCOPE, [JANE, BOB])
        assert store.is_known(connection, SCOPE + 1, [JANE])
        assert len(store.find_events(connection, SCOPE, [BOB])) == 1


def test_a_data_set_is_deleted_and_the_others_stay(db: Database) -> None:
    put(db, FragmentRow(SCOPE, JANE, "crm", 1, b"{}"), FragmentRow(SCOPE, JANE, "web", 1, b"{}"))
    put_events(db, (JANE, 1, "a"), (JANE, 2, "b"), dataset_id="crm")
    put(db, FragmentRow(SCOPE + 1, JANE, "crm", 1, b"{}"))
    with db.write() as connection:
        assert store.delete_data_set(connection, SCOPE, "crm") == 3
    with db.read() as connection:
        assert store.find_fragments(connection, SCOPE, [JANE]) == {JANE: [("web", 1, {})]}
        assert store.is_known(connection, SCOPE + 1, [JANE])


def test_the_longest_identity_and_event_id_fit_in_a_key(db: Database) -> None:
    """A PostgreSQL index holds 2 704 bytes a key, and text that doesn't compress counts in full."""
    longest: Identity = ("n" * 64, "".join(chr(33 + n * n % 90) for n in range(1_024)))
    key = store.event_key("".join(chr(0x4E00 + n * n % 20_000) for n in range(256)))
    assert len(key) == 256
    put(db, FragmentRow(SCOPE, longest, "d" * 60, 1, b"{}"))
    put_events(db, (longest, 1, key), (longest, 2, store.event_key("x\0" * 9_999)))
    with db.read() as connection:
        assert len(store.find_events(connection, SCOPE, [longest])) == 2


def test_test_profiles_are_found_however_many_others_there_are(db: Database) -> None:
    others = [FragmentRow(SCOPE, ("Email", f"a{n:06}"), "crm", 1, b'{"n":1}') for n in range(5_000)]
    put(db, *others, FragmentRow(SCOPE, ("Email", "zoe"), "crm", 1, b'{"testProfile":true}'))
    put(db, FragmentRow(SCOPE + 1, ("Email", "eve"), "crm", 1, b'{"testProfile":true}'))
    put(db, FragmentRow(SCOPE, ("Email", "dee"), "crm", 1, b'{"note":{"testProfile":true}}'))
    put(db, FragmentRow(SCOPE, JANE, "crm", 1, b'{"testProfile":true}'))
    with db.read() as connection:
        assert store.find_test_profiles(connection, SCOPE, "Email", "", 100) == [JANE[1], "zoe"]
        assert store.find_test_profiles(connection, SCOPE, "Email", "ZO", 100) == ["zoe"]
        assert store.find_test_profiles(connection, SCOPE, "Email", "", 1) == [JANE[1]]
        (count,) = connection.execute(select(func.count()).select_from(store.test_profile_table)).one()
    assert count == 4, "only records that speak of test profiles are noted"


def test_one_who_is_a_test_profile_no_more_is_not_found(db: Database) -> None:
    put(db, FragmentRow(SCOPE, JANE, "crm", 1, b'{"testProfile":true}'))
    put(db, FragmentRow(SCOPE, JANE, "web", 1, b'{"testProfile":true}'))
    put(db, FragmentRow(SCOPE, BOB, "crm", 1, b'{"testProfile":true}'))

    def found() -> list[str]:
        with db.read() as connection:
            return store.find_test_profiles(connection, SCOPE, "Email", "", 100)

    put(db, FragmentRow(SCOPE, JANE, "crm", 2, b'{"testProfile":false}'))
    assert found() == ["bob@example.com", JANE[1]]
    put(db, FragmentRow(SCOPE, JANE, "web", 2, b"{}"))
    assert found() == ["bob@example.com"]
    with db.write() as connection:
        store.delete_data_set(connection, SCOPE, "web")
        store.delete_person(connection, SCOPE, [BOB])
    assert found() == []
    with db.write() as connection:
        store.delete_data_set(connection, SCOPE, "crm")
        assert connection.execute(select(store.test_profile_table)).all() == [], "nothing is noted of nobody"


def test_what_a_data_set_holds_of_an_identity_is_deleted_alone(db: Database) -> None:
    rows = [FragmentRow(SCOPE, who, dataset, 1, b"{}") for who in (JANE, BOB) for dataset in ("crm", "web")]
    put(db, *rows, FragmentRow(SCOPE + 1, JANE, "crm", 1, b"{}"))
    with db.write() as connection:
        store.delete_fragments(connection, [])
        store.delete_fragments(connection, [(SCOPE, JANE, "crm"), (SCOPE, BOB, "web"), (SCOPE, COOKIE, "crm")])
    with db.read() as connection:
        assert store.find_fragments(connection, SCOPE, [JANE, BOB]) == {JANE: [("web", 1, {})], BOB: [("crm", 1, {})]}
        assert store.find_fragments(connection, SCOPE + 1, [JANE]) == {JANE: [("crm", 1, {})]}
