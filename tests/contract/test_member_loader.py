"""Uploads from their parts to memberships, on both databases: whole, interrupted anywhere, cancelled, refused."""

import contextlib
import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from parcours.access.model import Caller, Sandbox
from parcours.audiences import store, upload_store
from parcours.audiences.errors import AudienceNotFound, UploadNotFound, UploadStateConflict
from parcours.audiences.loading import FORGOTTEN_US, MemberLoader
from parcours.audiences.service import AudienceService
from parcours.audiences.uploads import UploadService
from parcours.db import Database
from parcours.identity.service import NamespaceService
from parcours.kit.clock import ManualClock
from parcours.resources.store import ResourceStore

SANDBOX = Sandbox(1, "s", "ACME@AdobeOrg", "acme", "prod", "Prod", "production", "active", 0)
CALLER = Caller("client", "user", SANDBOX)


class World:
    """One audience, and what brings lists into it."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.folder = folder
        self.clock = ManualClock(1_000_000)
        resources = ResourceStore()
        self.audiences = AudienceService(db, resources, NamespaceService(db, resources))
        self.uploads = UploadService(db, self.audiences, self.clock)
        self.audience_id: str = self.audiences.create(CALLER, {"name": "VIP", "identityNamespace": "email"})["id"]
        self.loader = self.new_loader()

    def new_loader(self, part_rows: int = 3) -> MemberLoader:
        audiences = self.audiences
        return MemberLoader(
            self.db, audiences.compiled(), audiences.is_listened, self.folder, self.clock, part_rows=part_rows
        )

    def begin(self, text: str, *, piece_bytes: int = 7, **body: Any) -> str:
        """Send a list in small parts; the upload's id."""
        made: str = self.uploads.create(CALLER, self.audience_id, body)["id"]
        content = text.encode()
        pieces = [content[at : at + piece_bytes] for at in range(0, len(content), piece_bytes)]
        for number, piece in enumerate(pieces, 1):
            self.uploads.put_part(CALLER, self.audience_id, made, number, piece)
        self.uploads.complete(CALLER, self.audience_id, made, len(pieces))
        return made

    def finish(self) -> None:
        while self.loader.step() is not None:
            pass

    def upload(self, text: str, **body: Any) -> dict[str, Any]:
        """Send a list and apply it; the upload as it then is."""
        made = self.begin(text, **body)
        self.finish()
        return self.uploads.get(CALLER, self.audience_id, made)

    def members(self, status: Any = "realized") -> list[str]:
        with self.db.read() as connection:
            found = store.members_after(connection, 1, self.audience_id, "", 10_000, status=status)
        return [one.identity[1] for one in found]

    def qualifications(self) -> list[tuple[str, str]]:
        with self.db.write() as connection:
            taken = store.take_qualifications(connection, 100_000)
            store.delete_qualifications(connection, taken)
        return [(one.identity, one.status) for one in taken]


@pytest.fixture
def world(db: Database, tmp_path: Path) -> World:
    return World(db, tmp_path / "loader")


def csv(*people: str) -> str:
    return "email\n" + "".join(f"{person}\n" for person in people)


def test_a_list_replaces_the_one_before(world: World) -> None:
    first = world.upload(csv("d", "b", "a", "c", "b"))
    assert first["status"] == "SUCCEEDED"
    assert (first["metrics"]["rows"], first["metrics"]["realized"], first["metrics"]["repeatedRows"]) == (5, 4, 1)
    second = world.upload(csv("e", "b", "a"))["metrics"]
    assert (second["realized"], second["exited"], second["unchanged"]) == (1, 2, 2)
    assert (world.members(), world.members("exited")) == (["a", "b", "e"], ["c", "d"])
    shown = world.audiences.get(CALLER, world.audience_id)
    assert shown["metrics"]["totalProfilesByStatus"] == {"realized": 3, "exited": 2}
    assert shown["evaluationStatus"] == "evaluated"


def test_increments_add_and_remove(world: World) -> None:
    world.upload(csv("a", "b"), mode="add")
    added = world.upload('{"id":"c","tier":1}\n"a"\n', mode="add", format="jsonl")["metrics"]
    assert (added["realized"], added["unchanged"]) == (1, 1)
    removed = world.upload('["b","x"]', mode="remove", format="json")["metrics"]
    assert (removed["exited"], removed["unchanged"]) == (1, 1)
    assert (world.members(), world.members("exited")) == (["a", "c"], ["b"])


def test_only_changes_are_qualifications_and_only_while_a_journey_listens(world: World) -> None:
    world.upload(csv("a", "b"))
    world.audiences.listen(lambda _connection, scope_id, audience_id: (scope_id, audience_id) == (1, world.audience_id))
    world.upload(csv("b", "c"))
    assert world.qualifications() == [("c", "realized"), ("a", "exited")]
    world.upload(csv("b", "c"))
    assert world.qualifications() == []


def test_random_lists_lead_where_sets_do(world: World) -> None:
    """Whatever comes after whatever; every change is one qualification, and together they lead to the members."""
    world.audiences.listen(lambda *_: True)
    chance = random.Random(7)
    people = [f"p{n:02}" for n in range(30)]
    inside: set[str] = set()
    heard: set[str] = set()
    for _ in range(12):
        named = chance.choices(people, k=chance.randint(1, 25))
        mode = chance.choice(["replace", "add", "remove"])
        world.upload(csv(*named), mode=mode)
        wanted = {"replace": set(named), "add": inside | set(named), "remove": inside - set(named)}[mode]
        changes = world.qualifications()
        assert len(changes) == len(inside ^ wanted)
        inside = wanted
        heard |= {who for who, status in changes if status == "realized"}
        heard -= {who for who, status in changes if status == "exited"}
        assert world.members() == sorted(inside) == sorted(heard)


@pytest.mark.parametrize("stop_after", range(1, 12))
def test_a_loader_that_dies_between_two_transactions_is_taken_over_from(world: World, stop_after: int) -> None:
    world.upload(csv(*"abcdefgh"))
    world.audiences.listen(lambda *_: True)
    made = world.begin(csv(*"cdefghijklm"))
    for _ in range(stop_after):
        world.loader.step()
    world.loader = world.new_loader()
    world.finish()
    metrics = world.uploads.get(CALLER, world.audience_id, made)["metrics"]
    assert (metrics["realized"], metrics["exited"], metrics["unchanged"], metrics["applied"]) == (5, 2, 6, 11)
    assert world.members() == list("cdefghijklm")
    assert sorted(world.qualifications()) == sorted(
        [*((who, "realized") for who in "ijklm"), *((who, "exited") for who in "ab")]
    )


def test_a_transaction_that_fails_at_any_statement_is_done_again(world: World) -> None:
    """The database goes away at the nth statement of writing, for each n there is."""
    world.upload(csv(*"abcd"))
    world.audiences.listen(lambda *_: True)
    lists = itertools.cycle([csv(*"cdef"), csv(*"abcd")])
    for failing in itertools.count(1):
        world.begin(next(lists), piece_bytes=1000)
        with failing_at(world.db, failing) as has_failed, contextlib.suppress(OperationalError):
            world.finish()
        world.finish()
        assert len(world.qualifications()) == 4
        assert len(world.members()) == 4
        if not has_failed():
            break
    assert failing > 5


class failing_at:
    """Lets the nth INSERT, UPDATE or DELETE fail as if the database had gone away."""

    def __init__(self, db: Database, number: int) -> None:
        self._db, self._left = db, number

    def __enter__(self) -> Callable[[], bool]:
        event.listen(self._db.engine, "before_cursor_execute", self._count)
        return lambda: self._left <= 0

    def __exit__(self, *_: object) -> None:
        event.remove(self._db.engine, "before_cursor_execute", self._count)

    def _count(self, _c: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            self._left -= 1
            if self._left == 0:
                raise OperationalError("gone", None, Exception())


def test_a_disk_without_room_to_put_a_list_in_order_is_waited_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload(csv(*"abc"))
    made = world.begin(csv(*"bcdefgh"))
    while "d" not in world.members():
        world.loader.step()
    world.loader = world.new_loader()  # it has to put the list in order once more
    with monkeypatch.context() as patch:
        patch.setattr(world.loader, "_folder", Path("/dev/null/none"))
        for _ in range(3):
            with pytest.raises(OSError, match="Not a directory"):
                world.loader.step()
    assert world.uploads.get(CALLER, world.audience_id, made)["status"] == "PROCESSING"
    world.finish()
    assert world.members() == list("bcdefgh")


def test_two_loaders_at_once_do_no_harm(world: World) -> None:
    world.audiences.listen(lambda *_: True)
    made = world.begin(csv(*"abcdefghij"))
    other = world.new_loader()
    while world.loader.step() is not None:
        other.step()
    assert world.uploads.get(CALLER, world.audience_id, made)["status"] == "SUCCEEDED"
    assert world.members() == list("abcdefghij")
    assert [who for who, _ in world.qualifications()] == list("abcdefghij")


def test_bad_rows_are_told_and_too_many_of_them_change_nothing(world: World) -> None:
    world.upload(csv("a"))
    told = world.upload("email,city\nb,Rome\nnull,Bern\nc\n")
    assert told["status"] == "FAILED"
    assert "2 of 3 rows are bad" in told["reason"]
    assert told["badRows"] == [
        {"line": 3, "reason": "the id names nobody"},
        {"line": 4, "reason": "the row has another number of cells than the first one, which has 2"},
    ]
    assert world.members() == ["a"]
    assert world.upload("email,city\nb,Rome\nnull,Bern\nc\n", maxBadPercent=67)["status"] == "SUCCEEDED"
    assert world.members() == ["b"]
    assert world.upload(csv("null", "none"), maxBadPercent=100)["status"] == "FAILED"
    assert world.members() == ["b"]


@pytest.mark.parametrize("text", ["", "who,when\n1,2\n", 'email\n"a\nb\n', "email\n" + "x" * 70_000])
def test_a_list_that_breaks_changes_nothing(world: World, text: str) -> None:
    world.upload(csv("a"))
    told = world.upload(text or "\n", piece_bytes=30_000)
    assert (told["status"], world.members()) == ("FAILED", ["a"])


def test_an_empty_list_lets_everybody_exit(world: World) -> None:
    world.upload(csv("a", "b"))
    assert world.upload("email\n")["metrics"]["exited"] == 2
    assert world.members() == []


def test_a_list_that_lacks_a_part_is_not_completed(world: World) -> None:
    made = world.uploads.create(CALLER, world.audience_id, {})["id"]
    world.uploads.put_part(CALLER, world.audience_id, made, 1, b"email\na\n")
    world.uploads.put_part(CALLER, world.audience_id, made, 3, b"c\n")
    with pytest.raises(UploadStateConflict, match="1 of 3 parts are missing: 2"):
        world.uploads.complete(CALLER, world.audience_id, made, 3)
    assert world.uploads.get(CALLER, world.audience_id, made)["receivedParts"] == [1, 3]
    with pytest.raises(UploadStateConflict, match="2 parts were sent, not 1"):
        world.uploads.complete(CALLER, world.audience_id, made, 1)
    world.uploads.put_part(CALLER, world.audience_id, made, 2, b"b\n")
    world.uploads.put_part(CALLER, world.audience_id, made, 2, b"bb\n")
    assert world.uploads.complete(CALLER, world.audience_id, made, 3)["status"] == "QUEUED"
    assert world.uploads.complete(CALLER, world.audience_id, made, 3)["status"] == "QUEUED"
    with pytest.raises(UploadStateConflict, match="no further parts"):
        world.uploads.put_part(CALLER, world.audience_id, made, 4, b"d\n")
    world.finish()
    assert world.members() == ["a", "bb", "c"]


def test_uploads_of_one_audience_are_applied_in_the_order_of_completion(world: World) -> None:
    early = world.uploads.create(CALLER, world.audience_id, {})["id"]
    world.begin(csv("a", "b"))
    world.clock = ManualClock(2_000_000)
    world.uploads._clock = world.clock
    world.uploads.put_part(CALLER, world.audience_id, early, 1, csv("c").encode())
    world.uploads.complete(CALLER, world.audience_id, early, 1)
    world.finish()
    assert (world.members(), world.members("exited")) == (["c"], ["a", "b"])


def test_an_upload_can_be_cancelled_until_it_changes_something(world: World) -> None:
    made = world.begin(csv(*"abcdefgh"))
    assert world.uploads.cancel(CALLER, world.audience_id, made)["status"] == "CANCELLED"
    world.finish()
    assert world.members() == []
    with pytest.raises(UploadStateConflict):
        world.uploads.complete(CALLER, world.audience_id, made, 1)

    made = world.begin(csv(*"abcdefgh"))
    while not world.members():
        world.loader.step()
    with pytest.raises(UploadStateConflict, match="applying"):
        world.uploads.cancel(CALLER, world.audience_id, made)
    assert world.audiences.get(CALLER, world.audience_id)["evaluationStatus"] == "evaluating"
    world.finish()
    assert world.members() == list("abcdefgh")


def test_nothing_is_left_of_parts_of_forgotten_uploads_and_of_deleted_audiences(world: World) -> None:
    def left() -> list[int]:
        with world.db.read() as connection:
            tables = (
                upload_store.part_table,
                upload_store.upload_table,
                upload_store.erasure_table,
                store.membership_table,
                store.count_table,
            )
            return [len(connection.execute(table.select()).all()) for table in tables]

    done = world.upload(csv(*"abcdefgh"))
    assert left() == [0, 1, 0, 8, 1]
    forgotten = world.uploads.create(CALLER, world.audience_id, {})["id"]
    world.uploads.put_part(CALLER, world.audience_id, forgotten, 1, b"email\n")
    assert world.loader.step() is None
    world.loader._clock = ManualClock(world.clock.now_us() + FORGOTTEN_US + 1)
    world.finish()
    assert world.uploads.get(CALLER, world.audience_id, forgotten)["status"] == "FAILED"
    assert left() == [0, 2, 0, 8, 1]

    world.begin(csv("x", "y"))
    world.loader.step()
    world.audiences.delete(CALLER, world.audience_id)
    with pytest.raises(AudienceNotFound):
        world.uploads.get(CALLER, world.audience_id, done["id"])
    world.finish()
    assert left() == [0, 0, 0, 0, 0]


def test_another_audiences_upload_is_not_found(world: World) -> None:
    made = world.begin(csv("a"))
    other = world.audiences.create(CALLER, {"name": "Other", "identityNamespace": "Email"})["id"]
    with pytest.raises(UploadNotFound):
        world.uploads.get(CALLER, other, made)


def test_a_small_upload_does_not_wait_for_a_large_one_of_another_audience(world: World) -> None:
    world.begin(csv(*(f"p{n:03}" for n in range(300))), piece_bytes=10_000)
    other = world.audiences.create(CALLER, {"name": "Other", "identityNamespace": "Email"})["id"]
    large, world.audience_id = world.audience_id, other
    world.clock = ManualClock(2_000_000)
    small = world.begin(csv("a"))
    while world.uploads.get(CALLER, other, small)["status"] != "SUCCEEDED":
        assert world.loader.step() is not None
    world.audience_id = large
    assert len(world.members()) < 300
