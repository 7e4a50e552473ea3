"""The promises of the identity graph, on both databases."""

from itertools import pairwise

from parcours.db import Database
from parcours.identity import graph
from parcours.identity.graph import MAX_MEMBERS, Link
from parcours.xdm.identities import Identity

SCOPE = 1
A: Identity = ("Email", "a@example.com")
B: Identity = ("ECID", "1" * 38)
C: Identity = ("Phone", "+39 02")
D: Identity = ("loyaltyid", "D")


def link(db: Database, *links: Link, now_ms: int = 1) -> None:
    with db.write() as connection:
        graph.insert_links(connection, links, now_ms)


def cluster(db: Database, identity: Identity, scope_id: int = SCOPE) -> list[Identity]:
    with db.read() as connection:
        return graph.find_cluster(connection, scope_id, identity)


def test_a_link_is_seen_from_both_ends_and_written_once(db: Database) -> None:
    link(db, (SCOPE, A, B), (SCOPE, B, A))
    link(db, (SCOPE, A, B), now_ms=9)
    with db.read() as connection:
        assert graph.find_neighbours(connection, SCOPE, [A, B, C]) == {A: [B], B: [A]}
        assert [found.first_at_ms for found in graph.find_links(connection, SCOPE, [A, B])] == [1, 1]


def test_a_cluster_reaches_through_others_and_begins_with_the_one_asked_for(db: Database) -> None:
    link(db, (SCOPE, A, B), now_ms=1)
    link(db, (SCOPE, B, C), now_ms=2)
    link(db, (SCOPE, C, A), now_ms=3)
    assert cluster(db, A) == [A, C, B]
    assert cluster(db, B) == [B, C, A]
    assert cluster(db, D) == [D]
    with db.read() as connection:
        assert graph.find_clusters(connection, SCOPE, [A, B, D]) == {A: [A, C, B], B: [B, C, A], D: [D]}


def test_a_graph_ends_at_the_sandbox(db: Database) -> None:
    link(db, (SCOPE, A, B), (SCOPE + 1, B, C))
    assert cluster(db, A) == [A, B]
    assert cluster(db, B, SCOPE + 1) == [B, C]


def test_a_cluster_has_no_more_than_fifty_members(db: Database) -> None:
    chain: list[Identity] = [("crmid", str(n)) for n in range(2 * MAX_MEMBERS)]
    link(db, *[(SCOPE, one, other) for one, other in pairwise(chain)])
    assert cluster(db, chain[0]) == chain[:MAX_MEMBERS]


def test_a_crowded_identity_loses_cookies_then_devices_then_the_oldest(db: Database) -> None:
    room = MAX_MEMBERS - 1
    phones: list[Identity] = [("Phone", f"{n:03}") for n in range(room - 2)]
    device: Identity = ("IDFA", "device")
    for at_ms, other in enumerate([*phones, device, B], start=1):
        link(db, (SCOPE, A, other), now_ms=at_ms)
    assert cluster(db, B) == [B, A, device, *reversed(phones)]
    lost: list[Identity] = []
    for at_ms, newcomer in enumerate([D, ("crmid", "2"), ("crmid", "3")], start=1_000):
        before = set(cluster(db, A))
        link(db, (SCOPE, A, newcomer), now_ms=at_ms)
        after = cluster(db, A)
        assert len(after) == MAX_MEMBERS
        assert after[1] == newcomer
        lost += before - set(after)
    assert lost == [B, device, phones[0]]
    assert cluster(db, B) == [B]


def test_deleting_links_leaves_the_other_ends_alone_and_raises_the_revision(db: Database) -> None:
    link(db, (SCOPE, A, B), (SCOPE, B, C), (SCOPE, C, D), (SCOPE + 1, A, B))
    with db.write() as connection:
        before = graph.graph_revision(connection)
        assert graph.delete_links(connection, SCOPE, [A, B]) == 2
        assert graph.graph_revision(connection) > before
    assert cluster(db, A) == [A]
    assert cluster(db, C) == [C, D]
    assert cluster(db, A, SCOPE + 1) == [A, B]
    with db.write() as connection:
        before = graph.graph_revision(connection)
        assert graph.delete_links(connection, SCOPE, [A]) == 0
        assert graph.graph_revision(connection) == before


def test_thousands_of_identities_are_linked_and_looked_up_at_once(db: Database) -> None:
    pairs: list[tuple[Identity, Identity]] = [(("Email", f"e{n}"), ("crmid", f"c{n}")) for n in range(1_000)]
    link(db, *[(SCOPE, one, other) for one, other in pairs])
    with db.read() as connection:
        found = graph.find_clusters(connection, SCOPE, [one for one, _ in pairs])
    assert found == {one: [one, other] for one, other in pairs}


def test_the_longest_identities_fit_in_a_key(db: Database) -> None:
    text = "".join(chr(33 + n * n % 90) for n in range(1_024))
    one: Identity = ("n" * 64, text)
    other: Identity = ("m" * 64, text[::-1])
    link(db, (SCOPE, one, other))
    assert cluster(db, one) == [one, other]
