"""Templates, channel configurations, messages, inbox, suppression list and transactional messages on both databases."""

import asyncio
import inspect
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, insert, select, update

from parcours.access.model import Caller, Sandbox
from parcours.channels import send_hours, store
from parcours.channels.document import CONFIGURATION_KIND
from parcours.channels.errors import ConfigurationExists, ConfigurationInvalid, MessageNotFound, MessageStateConflict
from parcours.channels.feedback import later_event
from parcours.channels.keeper import Keeper
from parcours.channels.mailbox import Mailboxes
from parcours.channels.messages_service import MessageService
from parcours.channels.model import Message, Report
from parcours.channels.service import ChannelService
from parcours.channels.store import Happening
from parcours.channels.sweeps import MessageSweeps
from parcours.channels.workspace import SOFT_BOUNCES, MessageWorkspace
from parcours.db import Database
from parcours.delivery import store as outbox
from parcours.delivery import transactional
from parcours.delivery.transactional import KEPT_MS, ProofService, TransactionalLoop, TransactionalService, event_table
from parcours.events.feedback import Feedback
from parcours.kit.clock import ManualClock, SystemClock
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.resources.store import EtagMismatch, ResourceStore
from parcours.templates.errors import TemplateExists, TemplateNotFound
from parcours.templates.service import TemplateService

CALLER = Caller("client", "user", Sandbox(1, "id", "ACME@AdobeOrg", "acme", "prod", "Prod", "production", "active", 0))
OTHER = Caller("client", "user", Sandbox(2, "id2", "ACME@AdobeOrg", "acme", "dev", "Dev", "development", "active", 0))
BOX = SecretBox(b"k" * 32)
JANE = "jane@example.com"


def key(number: int) -> str:
    return f"{number:032x}-1"


def report(number: int, status: Any = "sent", address: str = JANE, **changes: Any) -> Report:
    """What became of a message, when its call is answered."""
    made = Report(
        key(number), status, "email", address, "Email", JANE, "t1", "Hello", "c1", "j1", "v1", "mail", "marketing",
        "smtp", provider_id=f"p{number}",
    )  # fmt: skip
    return made._replace(**changes)


def kept(number: int, at_ms: int, scope_id: int = 1, **changes: Any) -> tuple[Any, ...]:
    """A row of the inbox."""
    row = {
        "key": key(number), "scope_id": scope_id, "channel": "email", "address": JANE, "template_uid": "t1",
        "template_name": "Hello", "journey_uid": "j1", "version_uid": "v1", "node_id": "mail", "at_ms": at_ms,
        "content": store.content_text({"subject": f"No {number}"}), "source": b"Subject: x\r\n\r\n\xff\x00", **changes,
    }  # fmt: skip
    return tuple(row[name] for name in store._INBOX_COLUMNS)


def suppressions(db: Database, **asked: Any) -> list[tuple[str, str, str]]:
    found = MessageService(db).suppressions(CALLER, asked.get("channel"), asked.get("address"), 0, 100)
    return [(one["channel"], one["address"], one["reason"]) for one in found]


# --- the inbox ---


def test_the_inbox_keeps_lists_finds_and_forgets(db: Database) -> None:
    messages = MessageService(db)
    with db.write() as connection:
        store.keep(connection, [])
        store.keep(connection, [kept(n, n) for n in range(1, 8)])
        store.keep(connection, [kept(9, 9, 2), kept(10, 10, address="Ann@Example.com", journey_uid="j2", source=None)])
    with db.write() as connection:
        store.keep(connection, [kept(3, 99, address="other@example.com")])  # there already: it stays as it was
    page, following = messages.inbox(CALLER, {"address": JANE.upper()}, None, 3)
    assert [one["title"] for one in page] == ["No 7", "No 6", "No 5"]
    rest, end = messages.inbox(CALLER, {"address": JANE}, following, 10)
    assert ([one["title"] for one in rest], end) == (["No 4", "No 3", "No 2", "No 1"], None)
    (ann,), _ = messages.inbox(CALLER, {"journey_uid": "j2", "address": "ann@example.com", "channel": "email"}, None, 9)
    assert ann["address"] == "Ann@Example.com"
    whole = messages.kept(CALLER, key(3))
    assert (whole["content"], whole["address"]) == ({"subject": "No 3"}, JANE)
    assert messages.kept(CALLER, str(page[0]["id"]))["title"] == "No 7"
    assert messages.source(CALLER, key(3)) == b"Subject: x\r\n\r\n\xff\x00"
    for nobody in (key(9), "9" * 18, "no", "a\0b"):
        with pytest.raises(MessageNotFound):
            messages.kept(CALLER, nobody)
    assert messages.clear(CALLER) == 8
    assert messages.inbox(CALLER, {}, None, 9) == ([], None)
    assert len(messages.inbox(OTHER, {}, None, 9)[0]) == 1


def test_the_keeper_writes_many_at_once_and_each_once(db: Database) -> None:
    async def main() -> None:
        keeper = Keeper(db, SystemClock())
        sent = [
            Message(
                key(n % 600), 1, "push", "token", {"title": "Hi\0", "body": "€"}, (("https://a.example/x", "x"),),
                {"a": "b"}, "marketing", about={"templateUid": "t1", "templateName": "Hello"},
            )
            for n in range(1_200)
        ]  # fmt: skip
        await asyncio.gather(*(keeper.keep(one, None) for one in sent))
        keeper.close()

    asyncio.run(main())
    with db.read() as connection:
        assert connection.execute(select(func.count()).select_from(store.inbox_table)).scalar() == 600
        row = store.find_inbox(connection, 1, key(5))
    assert row is not None
    assert orjson.loads(row.content) == {
        "title": "Hi\0", "body": "€", "data": {"a": "b"}, "attachments": [{"url": "https://a.example/x", "name": "x"}],
    }  # fmt: skip


def test_what_is_old_is_forgotten_some_at_a_time(db: Database) -> None:
    class Clock(SystemClock):
        def now_us(self) -> int:
            return 1_800_000_000_000_000

    now_ms, hour_ms = 1_800_000_000_000, 3_600_000
    settings = Settings(inbox_retention_hours=1, message_retention_hours=2)
    with db.write() as connection:
        store.keep(connection, [kept(n, now_ms - n * hour_ms) for n in range(4)])
        for number in range(4):
            store.insert_messages(connection, [(1, report(number))], now_ms - number * hour_ms)
            store.count_events(connection, [Happening(1, key(number), "v1", "mail", "sent", now_ms)])
        assert store.trim(connection, now_ms - 3 * hour_ms - 1, 0, limit=1) is False
    assert MessageSweeps(db, settings, Clock()).sweep() is False
    with db.write() as connection:
        left = connection.execute(select(store.inbox_table.c.key)).scalars()
        assert set(left) == {key(0), key(1)}
        assert store.find_messages(connection, map(key, range(4))).keys() == {key(0), key(1), key(2)}
        assert [len(store.list_events(connection, key(number))) for number in range(4)] == [1, 1, 1, 0]
        assert store.trim(connection, now_ms, now_ms, limit=1) is True  # there is more


# --- messages and what became of them ---


def test_messages_are_noted_once_found_and_listed(db: Database) -> None:
    messages = MessageService(db)
    with db.write() as connection:
        store.insert_messages(connection, [(1, report(n)) for n in range(1_100)], 1_000)
        odd = report(2_000, "error", "Ann@Example.com", code="x" * 90, provider_id="y" * 300, namespace=None,
                     identity=None, reason="why", is_test=True)  # fmt: skip
        store.insert_messages(connection, [(1, odd), (2, report(2_001))], 2_000)
        store.insert_messages(connection, [(1, report(5, "error"))], 3_000)
        store.insert_messages(connection, [], 3_000)
    with db.read() as connection:
        found = store.find_messages(connection, [*map(key, range(1_100)), "nobody", key(1)])
        assert len(found) == 1_100
        assert (found[key(5)].status, found[key(5)].at_ms) == ("sent", 1_000)
        one = store.find_by_provider_id(connection, 1, "c1", "p7")
        assert one is not None
        assert one.key == key(7)
        assert store.find_by_provider_id(connection, 1, None, "p7") == one
        assert store.find_by_provider_id(connection, 1, "c2", "p7") is None
        assert store.find_by_provider_id(connection, 2, None, "p7") is None
    with db.write() as connection:
        store.insert_messages(connection, [(2, report(2_002, address="ÉLODIE@example.com"))], 2_000)
    (elodie,) = messages.messages(OTHER, {"address": "ÉLODIE@example.com"}, 0, 10)
    assert elodie["messageId"] == key(2_002)
    (ann,) = messages.messages(CALLER, {"address": "ann@example.COM", "status": "error"}, 0, 10)
    assert (ann["code"], ann["providerId"], ann["isTest"]) == ("x" * 60, "y" * 255, True)
    assert [one["messageId"] for one in messages.messages(CALLER, {}, 0, 2)] == [key(2_000), key(0)]
    assert [one["messageId"] for one in messages.messages(CALLER, {"version_uid": "v1"}, 1, 2)] == [key(1), key(2)]
    with db.write() as connection:
        store.set_status(connection, key(7), "bounce", "5.1.1" * 20, "gone")
    told = messages.message(CALLER, key(7))
    assert (told["status"], told["code"], told["reason"]) == ("bounce", ("5.1.1" * 20)[:60], "gone")
    with pytest.raises(MessageNotFound):
        messages.message(OTHER, key(7))


def test_what_became_of_messages_is_counted_by_message_and_by_event(db: Database) -> None:
    messages = MessageService(db)

    def happened(*what: tuple[int, str], at_ms: int) -> None:
        with db.write() as connection:
            store.count_events(connection, [Happening(1, key(n), "v1", "mail", word, at_ms) for n, word in what])

    with db.write() as connection:
        store.insert_messages(connection, [(1, report(n)) for n in range(700)], 1_000)
    happened(*((n, "sent") for n in range(700)), at_ms=1_000)
    happened(*((n, "opened") for n in range(700)), *((n, "opened") for n in range(300)), at_ms=2_000)
    happened((1, "opened"), (1, "clicked"), (2, "clicked"), (2, "clicked"), at_ms=3_000)
    happened(at_ms=4_000)
    assert messages.report(CALLER, "v1")["nodes"] == {
        "mail": {
            "sent": {"messages": 700, "events": 700},
            "opened": {"messages": 700, "events": 1_001},
            "clicked": {"messages": 2, "events": 3},
        }
    }
    assert messages.report(OTHER, "v1")["nodes"] == {}
    events = messages.message(CALLER, key(1))["events"]
    assert [(one["status"], one["count"]) for one in events] == [("sent", 1), ("opened", 3), ("clicked", 1)]
    assert events[1]["firstAt"] == "1970-01-01T00:00:02.000Z"


MONDAY_MS = 1_780_272_000_000
"""1 June 2026 at midnight."""
HOUR_MS = 3_600_000
TRACKED = ("opens", "clicks")


class Hours:
    """Messages of Jane and what became of them, in transactions of their own; what is known of their hours."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.jane, self.john = (send_hours.person_named("email", one) for one in (JANE, "john@example.com"))

    def told(self, *reports: Report, heard: tuple[Feedback, ...] = (), at_ms: int = MONDAY_MS) -> None:
        workspace = MessageWorkspace()
        for one in reports:
            workspace.report(1, one)
        for feedback in heard:
            workspace.hear(1, feedback, {})
        with self.db.write() as connection:
            workspace.flush(connection, at_ms)

    def known(
        self,
        person: str = "",
        success: str = "opens",
        channel: str = "email",
        *,
        after_hours: int = 100,
        scope: int = 1,
    ) -> dict[int, tuple[int, int]]:
        """By hour of the week, so many hours after that Monday; of Jane, unless told."""
        now_ms = MONDAY_MS + after_hours * HOUR_MS
        with self.db.read() as connection:
            return send_hours.find_hours(connection, scope, channel, person or self.jane, now_ms, success)

    def everyone(self, **asked: Any) -> dict[int, tuple[int, int]]:
        now_ms = MONDAY_MS + asked.get("after_hours", 100) * HOUR_MS
        with self.db.read() as connection:
            return send_hours.find_hours(connection, 1, "email", send_hours.EVERYONE, now_ms, "opens")


def opened(number: int, status: str = "open", **changes: Any) -> Feedback:
    return Feedback(key(number), "", 1, "interaction", status, "")._replace(**changes)


def test_messages_are_counted_by_the_hour_they_left_in_on_the_individuals_clock(db: Database) -> None:
    hours = Hours(db)
    sent = {"tracked": TRACKED}
    hours.told(
        report(1, utc_offset_s=7_200, **sent),
        report(2, utc_offset_s=-3_600, sent_at_ms=MONDAY_MS + 1, **sent),
        report(3, is_test=True, **sent),
        at_ms=MONDAY_MS + 5 * 60_000,
    )
    hours.told(report(4, "bounce", **sent), report(5, version_uid="", **sent), report(6, identity=None, **sent))
    assert hours.known() == {2: (1, 0), 167: (1, 0)}
    assert hours.known(channel="push") == {}
    hours.told(heard=(opened(1), opened(1)), at_ms=MONDAY_MS + 9 * HOUR_MS)
    hours.told(heard=(opened(1), opened(1, "click"), opened(4), opened(5)), at_ms=MONDAY_MS + 50 * HOUR_MS)
    assert hours.known() == {2: (1, 1), 167: (1, 0)}
    assert hours.known(success="clicks") == {2: (1, 1), 167: (1, 0)}
    hours.told(report(1, utc_offset_s=7_200, **sent), heard=(opened(2, is_bot=True), opened(9)), at_ms=MONDAY_MS + 7)
    assert hours.known() == {2: (1, 1), 167: (1, 0)}
    later_ms = MONDAY_MS + 170 * HOUR_MS
    hours.told(report(8, identity="john@example.com", namespace="EMAIL", **sent), at_ms=later_ms)
    assert hours.known(hours.john, after_hours=400) == {2: (1, 0)}
    assert hours.everyone(after_hours=400) == {2: (2, 1), 167: (1, 0)}
    assert hours.known(scope=2) == {}
    assert hours.everyone(after_hours=16 * 168 + 3) == {2: (1, 0)}, "the messages of Monday are older than 16 weeks"
    clock = ManualClock((MONDAY_MS + 17 * 168 * HOUR_MS) * 1_000)
    MessageSweeps(db, Settings(data_dir=Path("/nowhere")), clock).sweep()
    assert hours.known() == {}
    assert hours.everyone(after_hours=400) == {2: (1, 0)}


def test_messages_that_just_left_do_not_stand_against_their_hour(db: Database) -> None:
    hours = Hours(db)
    hours.told(*(report(n, tracked=TRACKED) for n in range(500)), heard=(opened(1),))
    assert hours.everyone(after_hours=2) == {}
    assert hours.known(after_hours=48) == {}
    assert hours.known(after_hours=49) == {0: (500, 1)}


def test_a_message_counts_for_what_can_be_known_of_it(db: Database) -> None:
    hours = Hours(db)
    hours.told(
        report(1, tracked=("opens",)), report(2, tracked=("clicks",)), report(3), report(4, "error", tracked=TRACKED)
    )
    hours.told(heard=tuple(opened(n, status) for n in range(1, 5) for status in ("open", "click")))
    assert hours.known() == {0: (1, 1)}
    assert hours.known(success="clicks") == {0: (1, 1)}


def test_there_are_no_more_successes_than_messages(db: Database) -> None:
    """A provider tells that a message was sent before its call is answered."""
    hours = Hours(db)
    hours.told(heard=(Feedback(key(1), "", 1, "delivery", "sent", ""),))
    hours.told(*(report(n, tracked=TRACKED) for n in (1, 2)), heard=(opened(1), opened(2)))
    assert hours.known() == {0: (1, 1)}


def test_what_is_told_later_of_a_message_says_whether_its_time_was_chosen(db: Database) -> None:
    with db.write() as connection:
        store.insert_messages(connection, [(1, report(1, is_time_optimized=True)), (1, report(2))], MONDAY_MS)
        found = store.find_messages(connection, [key(1), key(2)])
    told = [later_event("e", 0, found[key(n)], "delivery", "delivered", {})[1] for n in (1, 2)]
    profiles = [one["_experience"]["customerJourneyManagement"]["messageProfile"] for one in told]
    assert [one.get("isSendTimeOptimized") for one in profiles] == [True, None]


def test_two_who_count_at_a_time_lose_nothing_and_wait_for_each_other(db: Database) -> None:
    """In opposite orders, as two workers may."""
    gate, failed = threading.Barrier(2), list[Exception]()

    def count(order: int) -> None:
        gate.wait(30)
        try:
            for _ in range(20):
                with db.write() as connection:
                    words = [Happening(1, key(n), f"v{n}", "mail", "opened", 1) for n in range(200)][::order]
                    store.count_events(connection, words)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=count, args=(order,)) for order in (1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    with db.read() as connection:
        assert {store.counts_of(connection, 1, f"v{n}")[0].events for n in range(200)} == {40}
        assert {store.list_events(connection, key(n))[0].count for n in range(200)} == {40}


# --- the suppression list ---


def test_addresses_are_suppressed_found_and_set_free(db: Database) -> None:
    messages = MessageService(db)
    token = "t" * 1_000
    with db.write() as connection:
        store.suppress(connection, 1, "email", "Jane@Example.com", "hardBounce", 1_000, "no such user")
        store.suppress(connection, 1, "email", JANE, "complaint", 2_000)  # the first reason stays
        store.suppress(connection, 1, "push", token, "hardBounce", 3_000)
        store.suppress(connection, 2, "email", JANE, "manual", 4_000)
    with db.read() as connection:
        assert store.suppressed(connection, 1, "email", "JANE@example.com") == "hardBounce"
        assert store.suppressed(connection, 1, "sms", JANE) is None
        assert store.suppressed_among(connection, 1, "push", [token, "alive"]) == {token}
        assert store.suppressed_among(connection, 1, "push", []) == set()
    assert [reason for _, _, reason in suppressions(db)] == ["hardBounce", "hardBounce"]
    assert suppressions(db, channel="push", address=token)[0][1].startswith("sha256:")
    assert suppressions(db, address=JANE.upper()) == [("email", JANE, "hardBounce")]
    told = messages.suppress(CALLER, {"channel": "sms", "address": "0033 6 12 34 56 78", "note": "asked by telephone"})
    assert told["address"] == "+33612345678"
    with db.write() as connection:
        for channel, address in (("sms", "+33612345678"), ("email", JANE), ("email", "nobody@example.com")):
            store.welcome_back(connection, 1, channel, address)
    assert [one[0] for one in suppressions(db)] == ["sms", "push"]  # what was put there by hand stays
    with db.write() as connection:
        assert store.unsuppress(connection, 1, "sms", "+33612345678") is True
        assert store.unsuppress(connection, 1, "sms", "+33612345678") is False
    assert [one[0] for one in suppressions(db)] == ["push"]


def bounced(number: int, kind: str = "soft") -> tuple[Feedback, dict[str, Any]]:
    """What a provider told afterwards of a message."""
    failure = {"type": kind, "code": "4.2.2", "reason": "full"}
    part = {"messageDeliveryfeedback": {"feedbackStatus": "bounce", "messageFailure": failure}}
    return feedback(number, "delivery", "bounce"), {"_experience": {"customerJourneyManagement": part}}


def feedback(number: int, kind: Any, status: str, *, is_bot: bool = False) -> Feedback:
    return Feedback(key(number), f"{number:032x}", 1, kind, status, "2026-01-01T00:00:00Z", is_bot)


class Bounces:
    """Messages to one address, and what is heard of them, each in a transaction of its own."""

    def __init__(self, db: Database, limit: int = 3) -> None:
        self.db, self.limit, self.number, self.now_ms = db, limit, 0, 1_000_000
        resources = ResourceStore()
        with db.write() as connection:
            body = {"softBounces": limit}
            made = resources.create(connection, 1, CALLER.author, CONFIGURATION_KIND, body)
        self.uid = made.id

    def flush(self, *steps: Callable[[MessageWorkspace], None]) -> None:
        self.now_ms += 1_000
        work = MessageWorkspace()
        for step in steps:
            step(work)
        with self.db.write() as connection:
            work.flush(connection, self.now_ms)

    def sends(self, status: Any = "sent", bounce: Any = "") -> Callable[[MessageWorkspace], None]:
        self.number += 1
        made = report(self.number, status, configuration_uid=self.uid, bounce=bounce, soft_bounces=self.limit)
        return lambda work: work.report(1, made)

    def hears(self, kind: Any, status: str, **more: Any) -> Callable[[MessageWorkspace], None]:
        told, entity = bounced(self.number) if status == "bounce" else (feedback(self.number, kind, status, **more), {})
        return lambda work: work.hear(1, told, entity)

    def late(self) -> None:
        """A message is taken, and comes back later."""
        self.flush(self.sends())
        self.flush(self.hears("delivery", "bounce"))

    @property
    def is_suppressed(self) -> bool:
        with self.db.read() as connection:
            return store.suppressed(connection, 1, "email", JANE) == "softBounces"


def test_passing_refusals_in_a_row_suppress_and_a_message_that_is_taken_ends_the_row(db: Database) -> None:
    world = Bounces(db)
    for _ in range(2):
        world.flush(world.sends("bounce", "soft"), world.sends("bounce", "soft"))
        assert not world.is_suppressed
        world.flush(world.sends())
    world.flush(world.sends("bounce", "soft"), world.sends(), world.sends("bounce", "soft"))
    world.flush(world.sends("bounce", "soft"))
    assert not world.is_suppressed
    world.flush(world.sends("bounce", "soft"))
    assert world.is_suppressed
    world.flush(world.sends("delivered"))
    assert world.is_suppressed, "only people set an address free"


def test_bounces_told_later_are_in_a_row_though_each_message_was_taken(db: Database) -> None:
    world = Bounces(db)
    world.late()
    world.late()
    assert not world.is_suppressed
    world.late()
    assert world.is_suppressed


@pytest.mark.parametrize(
    ("kind", "status"),
    [("delivery", "delivered"), ("interaction", "open"), ("interaction", "click"), ("interaction", "reply")],
)
def test_a_message_that_arrives_ends_a_row_of_bounces_told_later(db: Database, kind: str, status: str) -> None:
    world = Bounces(db)
    world.late()
    world.late()
    world.flush(world.sends())
    world.flush(world.hears(kind, status))
    world.late()
    world.late()
    assert not world.is_suppressed
    world.flush(world.sends())
    world.flush(world.hears("interaction", "open", is_bot=True))  # a scanner says nothing of the address
    world.late()
    assert world.is_suppressed


def test_bounces_are_counted_anew_after_a_month_and_by_the_message_s_configuration(db: Database) -> None:
    world = Bounces(db)
    world.late()
    world.late()
    world.now_ms += store.ROW_MS + 2_000
    world.late()
    assert not world.is_suppressed
    world.uid = "gone"
    for _ in range(SOFT_BOUNCES - 2):
        world.late()
        assert not world.is_suppressed
    world.late()
    assert world.is_suppressed


def test_what_is_heard_in_one_transaction_counts_in_its_order(db: Database) -> None:
    world = Bounces(db, 2)
    first, second = world.sends(), world.sends()
    world.flush(first, second)
    late = world.hears("delivery", "bounce")
    world.flush(late, world.hears("interaction", "open"), late)
    assert not world.is_suppressed
    world.flush(world.hears("interaction", "open"), late, late)
    assert world.is_suppressed


def test_what_follows_for_addresses(db: Database) -> None:
    """Of hard bounces, complaints, unsubscriptions, tokens found dead; foreign and unknown messages change nothing."""
    work = MessageWorkspace()
    work.report(1, report(1, "bounce", "dead@example.com", bounce="hard", reason="no such user"))
    work.report(1, report(2, "sent", "alive", retired=("gone", "alive"))._replace(channel="push"))
    for number, address in ((3, "angry@example.com"), (4, "leaving@example.com"), (5, "late@example.com")):
        work.report(1, report(number, address=address))
    work.report(2, report(6))
    with db.write() as connection:
        work.flush(connection, 1_000)
    later = MessageWorkspace()
    later.hear(1, feedback(3, "interaction", "spam_complaint"), {})
    later.hear(1, feedback(4, "interaction", "unsubscribe"), {})
    later.hear(1, *bounced(5, "hard"))
    later.hear(1, feedback(6, "interaction", "unsubscribe"), {})  # of another sandbox
    later.hear(1, feedback(7, "interaction", "unsubscribe")._replace(journey_version_uid="v9", node_id="n9"), {})
    with db.write() as connection:
        later.flush(connection, 2_000)
        MessageWorkspace().flush(connection, 3_000)
    assert set(suppressions(db)) == {
        ("email", "dead@example.com", "hardBounce"), ("push", "gone", "hardBounce"),
        ("email", "angry@example.com", "complaint"), ("email", "leaving@example.com", "unsubscribe"),
        ("email", "late@example.com", "hardBounce"),
    }  # fmt: skip
    messages = MessageService(db)
    assert messages.message(CALLER, key(5))["status"] == "bounce"
    assert messages.report(CALLER, "v9")["nodes"] == {"n9": {"unsubscribed": {"messages": 1, "events": 1}}}
    back = MessageWorkspace()
    choice = {"subscription": {"subscriptionChoice": "yes", "source": "smsKeyword"}}
    entity = {"_experience": {"customerJourneyManagement": {"messageInteraction": choice}}}
    back.hear(1, feedback(4, "interaction", "subscription"), entity)
    with db.write() as connection:
        back.flush(connection, 4_000)
    assert suppressions(db, address="leaving@example.com") == []


def test_a_text_that_one_database_can_t_hold_is_held_by_both_alike(db: Database) -> None:
    """U+0000, of an event or a provider, holds up neither messages nor questions about them."""
    odd = report(
        1, "error", "a\0b", identity="i\0", namespace="N\0", code="c\0", reason="r\0", provider_id="p\0",
        retired=("gone\0",),
    )  # fmt: skip
    work = MessageWorkspace()
    work.report(1, odd)
    work.report(1, report(2, "bounce", "c\0d", bounce="hard", reason="r\0"))
    work.report(1, report(3, "bounce", "e\0f", bounce="soft", soft_bounces=1))
    work.report(1, report(4, namespace="n" * 90))
    with db.write() as connection:
        work.flush(connection, 1_000)
        store.set_status(connection, key(4), "bounce", "5\0", "no\0")
    messages = MessageService(db)
    told = messages.message(CALLER, key(1))
    assert (told["address"], told["identity"], told["code"], told["reason"]) == ("a�b", "i�", "c�", "r�")
    assert (messages.message(CALLER, key(4))["code"], messages.message(CALLER, key(4))["reason"]) == ("5�", "no�")
    assert [one["messageId"] for one in messages.messages(CALLER, {"address": "a\0b"}, 0, 9)] == [key(1)]
    assert {address for _, address, _ in suppressions(db)} == {"gone�", "c�d", "e�f"}
    assert suppressions(db, channel="email", address="c\0d") == [("email", "c�d", "hardBounce")]
    assert suppressions(db, channel="e\0") == []
    long = MessageWorkspace()  # an event that an action of the user's own brought about may say anything
    long.hear(1, feedback(9, "interaction", "open")._replace(journey_version_uid="v" * 99, node_id="n\0" * 99), {})
    with db.write() as connection:
        long.flush(connection, 2_000)
    assert messages.report(CALLER, "v" * 64)["nodes"] == {"n�" * 40: {"opened": {"messages": 1, "events": 1}}}
    assert messages.inbox(CALLER, {"address": "\0", "channel": "\0"}, None, 9) == ([], None)
    assert messages.report(CALLER, "\0")["nodes"] == {}
    with db.write() as connection:
        assert store.suppressed(connection, 1, "email", "c\0d") == "hardBounce"
        assert store.suppressed_among(connection, 1, "email", ["c\0d", "x"]) == {"c\0d"}
        found = store.find_by_provider_id(connection, 1, None, "p\0")
        assert found is not None
        assert found.key == key(1)
        store.welcome_back(connection, 1, "email", "c\0d")
        store.forget_soft_bounces(connection, [(1, "email", "x\0")])
        assert store.unsuppress(connection, 1, "email", "e\0f") is True
    for nobody in ("\0", "a\0"):
        with pytest.raises(MessageNotFound):
            messages.message(CALLER, nobody)


# --- templates and configurations ---


def content(text: str) -> dict[str, Any]:
    return {"name": "Hello", "channel": "sms", "category": "transactional", "content": {"body": text}}


def test_templates_are_written_published_restored_and_deleted(db: Database) -> None:
    templates = TemplateService(db, ResourceStore())
    first, etag = templates.create(CALLER, content("One €\0"))
    uid = first["uid"]
    with pytest.raises(TemplateExists):
        templates.create(CALLER, content("again"))
    templates.create(OTHER, content("elsewhere"))
    assert templates.publish(CALLER, uid)[0]["published"]["version"] == 1
    with pytest.raises(EtagMismatch):
        templates.replace(CALLER, uid, content("Two"), etag)
    assert templates.replace(CALLER, uid, content("Two"))[0]["state"] == "modified"
    assert templates.version(CALLER, uid, 0)["content"] == {"body": "One €\0"}
    assert [one["isPublication"] for one in templates.versions(CALLER, uid)] == [False, True, False]
    assert templates.restore(CALLER, uid, 0)[0]["state"] == "published"
    with db.read() as connection:
        table = templates.table.current(connection)
        found = table.named(1, "Hello")
        assert found is not None
        assert (found.uid, found.version) == (uid, 1)
        assert templates.table.current(connection) is table  # made anew only when something changed
        assert templates.published_at(connection, 1, uid, 2) is not None
        assert templates.published_at(connection, 1, uid, 77) is None
        assert [one["uid"] for one in templates.find_in(connection, CALLER)] == [uid]
    assert [one["uid"] for one in templates.find_all(CALLER)] == [uid]
    assert templates.get(CALLER, uid)[0]["version"] == 3
    assert templates.draft(CALLER, uid).uid == uid
    templates.delete(CALLER, uid)
    for gone in (uid, "a\0b"):
        with pytest.raises(TemplateNotFound):
            templates.get(CALLER, gone)
    with db.read() as connection:
        assert templates.published_at(connection, 1, uid, 1) is not None  # what is on its way still needs it
        assert templates.table.current(connection).named(1, "Hello") is None


def smtp(name: str = "Mail", **members: Any) -> dict[str, Any]:
    settings = {"host": "smtp.example.com", "username": "u", "password": "a secret"}
    return {
        "name": name, "channel": "email", "provider": {"kind": "smtp", "settings": settings},
        "sender": {"address": "shop@example.com"}, "feedbackSecret": "another", **members,
    }  # fmt: skip


def channels_of(db: Database) -> ChannelService:
    return ChannelService(db, ResourceStore(), BOX, Settings())


def test_configurations_are_written_shown_and_chosen(db: Database) -> None:
    channels = channels_of(db)
    made, etag = channels.create(CALLER, smtp(isDefault=True))
    uid = made["uid"]
    assert made["provider"]["settings"]["password"] == made["feedbackSecret"] == "********"
    with pytest.raises(ConfigurationExists):
        channels.create(CALLER, smtp())
    with pytest.raises(ConfigurationInvalid):
        channels.create(CALLER, smtp("Second", isDefault=True))
    channels.create(OTHER, smtp())
    second = channels.create(CALLER, smtp("Second"))[0]["uid"]
    assert channels.replace(CALLER, uid, {**made, "softBounces": 2}, etag)[0]["softBounces"] == 2
    with pytest.raises(EtagMismatch):
        channels.replace(CALLER, uid, smtp(), etag)
    with db.read() as connection:
        table = channels.table.current(connection)
        default = table.choose(1, "email", None)
        assert default is not None
        assert (default.uid, default.soft_bounces) == (uid, 2)
        assert BOX.decrypt(default.settings["password"]) == "a secret"
        named = table.named(1, "email", "Second")
        assert named is not None
        assert named.uid == second
    assert {one["uid"] for one in channels.find_all(CALLER)} == {uid, second}
    assert channels.get(CALLER, uid)[0]["version"] == 1
    channels.delete(CALLER, uid)
    assert [one["uid"] for one in channels.find_all(CALLER)] == [second]


def test_two_who_take_a_name_at_a_time_get_it_once(db: Database) -> None:
    outcomes: list[str] = []
    gate = threading.Barrier(4)

    def take(make: Callable[[], Any]) -> None:
        gate.wait(30)
        try:
            make()
            outcomes.append("made")
        except (ConfigurationExists, TemplateExists):
            outcomes.append("taken")

    templates, channels = TemplateService(db, ResourceStore()), channels_of(db)
    makers = [lambda: templates.create(CALLER, content("x")), lambda: channels.create(CALLER, smtp())] * 2
    threads = [threading.Thread(target=take, args=(make,)) for make in makers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["made", "made", "taken", "taken"]


def test_mailboxes_are_looked_for_among_the_configurations(db: Database) -> None:
    """One that can't be reached waits its turn and holds up nobody."""
    channels = ChannelService(db, ResourceStore(), BOX, Settings(allow_private_networks=True))
    channels.create(CALLER, smtp())
    bounces = {"bounceHost": "127.0.0.1", "bouncePort": 9, "bounceUsername": "b", "bouncePassword": "p"}
    body = smtp("With a mailbox")
    body["provider"]["settings"] |= bounces
    channels.create(CALLER, body)
    boxes = Mailboxes(db, ResourceStore(), BOX, lambda scope_id, told, uid: 0, allow_private=True)
    assert boxes.look() == 0
    assert len(boxes._due_s) == 1


# --- transactional messages ---


def rows_of(db: Database) -> dict[str, str]:
    """State of each event by its key."""
    with db.read() as connection:
        return {row.key: row.state for row in connection.execute(select(event_table.c.key, event_table.c.state))}


def test_transactional_messages_are_scheduled_released_cancelled_and_forgotten(db: Database) -> None:
    templates = TemplateService(db, ResourceStore())
    uid = templates.create(CALLER, content("Hello {{ params.name }}") | {"parameters": [{"name": "name"}]})[0]["uid"]
    templates.publish(CALLER, uid)
    service = TransactionalService(db, templates.table)
    body = {"mobilePhone": "+33612345678", "ctx": {"name": "Ann\0 €"}}
    tomorrow = time.strftime("%Y-%m-%d %H:%M:%S.000Z", time.gmtime(time.time() + 86_400))
    at_once = service.send(CALLER, "EVTHello", body)
    later = service.send(CALLER, uid, {**body, "scheduled": tomorrow})
    never = service.send(CALLER, "Hello", {**body, "scheduled": tomorrow})
    expiring = service.send(CALLER, "Hello", {**body, "scheduled": tomorrow})
    assert [one["status"] for one in (at_once, later, never)] == ["pending", "scheduled", "scheduled"]
    service.cancel(CALLER, "Hello", never["PKey"])
    for other in (never, at_once):
        with pytest.raises(MessageStateConflict):
            service.cancel(CALLER, other["eventId"], other["PKey"])
    for caller, event_id, wanted in (
        (OTHER, "EVTHello", at_once["PKey"]), (CALLER, "Hello", at_once["PKey"]), (CALLER, "EVTHello", "a\0b"),
        (CALLER, "EVT\0", at_once["PKey"]),
    ):  # fmt: skip
        with pytest.raises(MessageNotFound):
            service.status(caller, event_id, wanted)
    with pytest.raises(TemplateNotFound):
        service.send(CALLER, "EVT\0", body)
    loop, now_ms = TransactionalLoop(db), time.time_ns() // 1_000_000
    loop.look()  # nothing is due
    with db.write() as connection:
        t = event_table
        due = update(t).where(t.c.state == "scheduled").values(due_at_ms=now_ms - 1)
        connection.execute(due)
        connection.execute(update(t).where(t.c.key == expiring["PKey"]).values(expires_at_ms=now_ms - 1))
    loop.look()
    assert rows_of(db) == {
        at_once["PKey"]: "queued", later["PKey"]: "queued", never["PKey"]: "cancelled", expiring["PKey"]: "expired",
    }  # fmt: skip
    with db.write() as connection:
        assert outbox.count(connection) == 2
        store.insert_messages(connection, [(1, report(1, channel="sms", key=later["PKey"], reason="fine"))], now_ms)
    assert service.status(CALLER, uid, later["PKey"])["status"] == "sent"
    with db.write() as connection:
        old = update(event_table).where(event_table.c.key != later["PKey"]).values(created_at_ms=now_ms - KEPT_MS - 9)
        connection.execute(old)
    loop.look()
    assert rows_of(db) == {later["PKey"]: "queued"}


def test_releasing_takes_so_many_at_a_time_the_earliest_first(db: Database) -> None:
    row = {
        "scope_id": 1, "event_id": "EVTx", "template_uid": "t", "channel": "sms", "address": "+33612345678",
        "url": "message://sms/sms", "body": "{}", "state": "scheduled", "created_at_ms": 1, "expires_at_ms": None,
    }  # fmt: skip
    with db.write() as connection:
        connection.execute(insert(event_table), [{**row, "key": key(n), "due_at_ms": 100 - n} for n in range(10)])
        assert transactional.release(connection, 100, limit=3) == 3
        assert transactional.release(connection, 100, key(0)) == 1
        assert transactional.release(connection, 100, key(0)) == 0
    assert {number for number in range(10) if rows_of(db)[key(number)] == "queued"} == {0, 7, 8, 9}


def test_a_proof_goes_to_the_outbox_with_the_draft_in_it(db: Database) -> None:
    templates = TemplateService(db, ResourceStore())
    uid = templates.create(CALLER, content("Draft"))[0]["uid"]

    class Values:
        def read(self, caller: Caller, body: Any) -> dict[str, Any]:
            return dict(body)

    proofs = ProofService(db, templates, Values())  # type: ignore[arg-type]
    told = proofs.send(CALLER, uid, {"addresses": ["+33612345678", "+33612345679"]})
    assert [one["address"] for one in told["sent"]] == ["+33612345678", "+33612345679"]
    with db.read() as connection:
        assert outbox.count(connection) == 2


# --- and nothing is left out ---


def test_every_function_of_the_stores_is_used_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    own = [
        name for name, one in inspect.getmembers(store, inspect.isfunction)
        if one.__module__ == store.__name__ and not name.startswith("_")
    ]  # fmt: skip
    assert [name for name in own if f"store.{name}(" not in source and name not in _INDIRECT] == []


_INDIRECT = {"place_of": "by all who name an address", "note_soft_bounce": "by MessageWorkspace",
             "list_inbox": "by MessageService", "clear_inbox": "by MessageService",
             "list_messages": "by MessageService", "list_suppressed": "by MessageService"}  # fmt: skip
"""Function → through what it is used in this file."""
