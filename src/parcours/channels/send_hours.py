"""What became of messages by the hour they were sent in: what send-time optimisation learns from.

Hours are those of the individual's own clock. Counts are kept for 16 weeks, of everybody together and of each
individual, once for each message. Source: Adobe Journey Optimizer, send-time optimization.
"""

from collections.abc import Mapping
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
EVERYONE = ""
"""As whom all individuals are counted together."""
CHANNELS = frozenset({"email", "push"})
"""Of which messages are counted: it can't be known whether an SMS was read."""
MEMBERS: Mapping[str, str] = {"sent": "sends", "opened": "opens", "clicked": "clicks"}
"""What became of a message → where it is counted."""
_FIRST_HOUR = 72
"""Of the week, 1 January 1970 at midnight: a Thursday."""

send_hour_table = Table(
    "send_hour",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("channel", String(10), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("hour", Integer, primary_key=True, index=True),
    Column("sends", Integer, nullable=False),
    Column("opens", Integer, nullable=False),
    Column("clicks", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""`hour` is counted from 1970 on the individual's clock; `person` is empty in the counts of everybody."""
_COUNTS = ("sends", "opens", "clicks")


class SendHour(NamedTuple):
    """Whose messages of which hour."""

    scope_id: int
    channel: str
    person: str
    hour: int


def local_hour(at_ms: int, utc_offset_s: int) -> int:
    """The hour, counted from 1970, that a clock shows which is so many seconds ahead of UTC."""
    return (at_ms // 1000 + utc_offset_s) // 3600


def hour_of(report: Report, at_ms: int) -> int | None:
    """The hour on the individual's clock; None of what no journey sent to somebody known, or only as a test."""
    if report.is_test or not report.version_uid or report.identity is None:
        return None
    return local_hour(at_ms, report.utc_offset_s)


def person_named(namespace: str | None, key: str) -> str:
    """Under whom an individual's messages are counted."""
    return held(person_of(None if namespace is None else canonical_namespace(namespace), key))


class SendHours:
    """What one transaction counts."""

    def __init__(self) -> None:
        self._added: dict[SendHour, list[int]] = {}

    def add(self, place: SendHour, status: str) -> None:
        """Something became of a message for the first time. status: one of MEMBERS; of others nothing is counted."""
        member = MEMBERS.get(status)
        if member is None or place.channel not in CHANNELS:
            return
        for one in (place, place._replace(person=EVERYONE)):
            counts = self._added.setdefault(one, [0, 0, 0])
            counts[_COUNTS.index(member)] += 1

    def flush(self, connection: Connection) -> None:
        """Write what was counted, in an order in which two writers can't wait for each other."""
        _ADD.run(connection, [(*place, *counts) for place, counts in sorted(self._added.items())])


def _hours(success: str) -> Select[Any]:
    c = send_hour_table.c
    return (
        select(((c.hour + _FIRST_HOUR) % WEEK_HOURS).label("of_week"), func.sum(c.sends), func.sum(c[success]))
        .where(
            c.scope_id == bindparam("scope_id"),
            c.channel == bindparam("channel"),
            c.person == bindparam("person"),
            c.hour >= bindparam("since_hour"),
        )
        .group_by("of_week")
    )


_HOURS = {success: _hours(success) for success in ("opens", "clicks")}


def find_hours(
    connection: Connection, scope_id: int, channel: str, person: str, since_hour: int, success: str
) -> dict[int, tuple[int, int]]:
    """(sends, how many of them were a success) by hour of the week. success: `opens` or `clicks`."""
    given = {"scope_id": scope_id, "channel": channel, "person": person, "since_hour": since_hour}
    return {hour: (int(sends), int(good)) for hour, sends, good in connection.execute(_HOURS[success], given)}


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
