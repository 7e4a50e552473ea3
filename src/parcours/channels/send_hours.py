"""What became of messages by the hour they were sent in: what send-time optimisation learns from.

Hours are those of the individual's own clock. Counts are kept for 16 weeks, of everybody together and of each
individual, once for each message whose opens, or clicks, can be known at all. Source: Adobe Journey Optimizer,
send-time optimization.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Integer,
    Select,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
)

from parcours.channels.model import Report
from parcours.db import metadata
from parcours.db.bulk import Bulk, conflict_insert
from parcours.db.text import held
from parcours.identity.namespaces import canonical_namespace
from parcours.rulesets.ledger import person_of

WEEK_HOURS = 168
HISTORY_HOURS = 16 * WEEK_HOURS
"""How far back messages count."""
YOUNG_HOURS = 48
"""Messages younger than that don't count: they would stand against their hour before anybody could open them.

Of somebody whose clock is 12 hours behind UTC they are 36 hours old by then.
"""
EVERYONE = ""
"""As whom all individuals are counted together."""
SUCCESSES: Mapping[str, str] = {"opened": "opens", "clicked": "clicks"}
"""What became of a message → as what it is counted."""
TRIALS: Mapping[str, str] = {"opens": "openable", "clicks": "clickable"}
"""What is counted → where messages are counted of which it can be known."""
_FIRST_HOUR = 72
"""Of the week, 1 January 1970 at midnight: a Thursday."""

send_hour_table = Table(
    "send_hour",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("channel", String(10), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("hour", Integer, primary_key=True, index=True),
    Column("openable", Integer, nullable=False),
    Column("opens", Integer, nullable=False),
    Column("clickable", Integer, nullable=False),
    Column("clicks", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""`hour` is counted from 1970 on the individual's clock; `person` is empty in the counts of everybody."""
_COUNTS = ("openable", "opens", "clickable", "clicks")


class SendHour(NamedTuple):
    """Whose messages of which channel and hour."""

    scope_id: int
    channel: str
    person: str
    hour: int


def local_hour(at_ms: int, utc_offset_s: int) -> int:
    """The hour, counted from 1970, that a clock shows which is so many seconds ahead of UTC."""
    return (at_ms // 1000 + utc_offset_s) // 3600


def hour_of(report: Report, at_ms: int) -> int | None:
    """The hour on the individual's clock; None of what does not count.

    That is what did not leave, what no journey sent to somebody known, what is only a test, and that of which nothing
    can be known. at_ms: when it left, for reports that don't say.
    """
    left = report.status in ("sent", "delivered") and not report.is_test
    if not left or not report.tracked or not report.version_uid or report.identity is None:
        return None
    return local_hour(report.sent_at_ms or at_ms, report.utc_offset_s)


def person_named(namespace: str | None, key: str) -> str:
    """Under whom an individual's messages are counted."""
    return held(person_of(None if namespace is None else canonical_namespace(namespace), key))


class SendHours:
    """What one transaction counts."""

    def __init__(self) -> None:
        self._added: dict[SendHour, list[int]] = {}

    def add(self, place: SendHour, tracked: Collection[str], status: str) -> None:
        """Something became of a message for the first time: it left, or it was a success.

        tracked: what of SUCCESSES can be known of it; of others nothing is counted.
        """
        if status == "sent":
            members = [TRIALS[one] for one in tracked]
        else:
            success = SUCCESSES.get(status)
            members = [] if success is None or success not in tracked else [success]
        for one in (place, place._replace(person=EVERYONE)):
            for member in members:
                self._added.setdefault(one, [0] * len(_COUNTS))[_COUNTS.index(member)] += 1

    def flush(self, connection: Connection) -> None:
        """Write what was counted, in an order in which two writers can't wait for each other."""
        _ADD.run(connection, [(*place, *counts) for place, counts in sorted(self._added.items())])


def _hours(success: str) -> Select[Any]:
    c = send_hour_table.c
    return (
        select(
            ((c.hour + _FIRST_HOUR) % WEEK_HOURS).label("of_week"),
            func.sum(c[TRIALS[success]]).label("trials"),
            func.sum(c[success]),
        )
        .where(
            c.scope_id == bindparam("scope_id"),
            c.channel == bindparam("channel"),
            c.person == bindparam("person"),
            c.hour >= bindparam("since_hour"),
            c.hour < bindparam("before_hour"),
        )
        .group_by("of_week")
    )


_HOURS = {success: _hours(success) for success in ("opens", "clicks")}


def find_hours(
    connection: Connection, scope_id: int, channel: str, person: str, now_ms: int, success: str
) -> dict[int, tuple[int, int]]:
    """(messages, how many of them were a success) by hour of the week, of the weeks that count. success: of TRIALS.

    A provider may tell of a message before its call is answered: its success is then one without a message.
    """
    hour = local_hour(now_ms, 0)
    given = {
        "scope_id": scope_id, "channel": channel, "person": person,
        "since_hour": hour - HISTORY_HOURS, "before_hour": hour - YOUNG_HOURS,
    }  # fmt: skip
    found = connection.execute(_HOURS[success], given)
    return {hour: (int(trials), min(int(good), int(trials))) for hour, trials, good in found if trials}


def trim_hours(connection: Connection, now_ms: int) -> int:
    """Forget what is too old to count; how many rows it was."""
    before = now_ms // 3_600_000 - HISTORY_HOURS - 24
    return connection.execute(delete(send_hour_table).where(send_hour_table.c.hour < before)).rowcount


def _add(dialect: Dialect) -> Any:
    made = conflict_insert(dialect)(send_hour_table)
    return made.on_conflict_do_update(
        index_elements=list(send_hour_table.primary_key.columns),
        set_={name: send_hour_table.c[name] + made.excluded[name] for name in _COUNTS},
    )


_ADD = Bulk((*SendHour._fields, *_COUNTS), _add)
