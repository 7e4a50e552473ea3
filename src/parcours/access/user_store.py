"""Users, their sessions and one-time links in SQL."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    delete,
    insert,
    or_,
    select,
    update,
)

from parcours.access.user_model import LinkKind, Session, User, subject_of
from parcours.db import metadata

user_table = Table(
    "user_account",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("org_id", String(120), ForeignKey("org.id"), nullable=False),
    Column("email", String(120), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("locale", String(35)),
    Column("password_hash", String(255)),
    Column("oidc_subject", String(512), unique=True),
    Column("is_enabled", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("created_by", String(160), nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("updated_by", String(160), nullable=False),
    Column("signed_in_at_ms", BigInteger),
)
user_member_table = Table(
    "user_member",
    metadata,
    Column("user_id", String(36), ForeignKey("user_account.id"), primary_key=True),
    Column("org_id", String(120), ForeignKey("org.id"), primary_key=True),
)
"""Which organisations a user works in; its own is among them."""
user_role_table = Table(
    "user_role",
    metadata,
    Column("user_id", String(36), ForeignKey("user_account.id"), primary_key=True),
    Column("org_id", String(120), primary_key=True),
    Column("role_id", String(36), primary_key=True),
)
session_table = Table(
    "user_session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("user_id", String(36), ForeignKey("user_account.id"), nullable=False, index=True),
    Column("org_id", String(120), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("seen_at_ms", BigInteger, nullable=False),
    Column("idle_ends_at_ms", BigInteger, nullable=False),
    Column("ends_at_ms", BigInteger, nullable=False),
    Column("user_agent", String(255), nullable=False),
    Column("address", String(60), nullable=False),
)
link_table = Table(
    "user_link",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("user_id", String(36), ForeignKey("user_account.id")),
    Column("expires_at_ms", BigInteger, nullable=False),
)
attempt_table = Table(
    "sign_in_attempt",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
    Column("locked_until_ms", BigInteger, nullable=False),
)
"""Failures in a row, of an account or an address, by digest."""

# --- users ---


def has_users(connection: Connection) -> bool:
    """Whether anybody is there, of any organisation."""
    return connection.execute(select(user_table.c.id).limit(1)).first() is not None


def insert_user(connection: Connection, values: dict[str, Any]) -> None:
    """A new user, who is a member of its own organisation."""
    connection.execute(insert(user_table), values)
    add_member(connection, values["id"], values["org_id"])


def update_user(connection: Connection, user_id: str, values: dict[str, Any]) -> None:
    connection.execute(update(user_table).where(user_table.c.id == user_id).values(values))


def delete_user(connection: Connection, user_id: str) -> None:
    """Remove a user with everything that is theirs."""
    for table in (session_table, link_table, user_role_table, user_member_table):
        connection.execute(delete(table).where(table.c.user_id == user_id))
    connection.execute(delete(user_table).where(user_table.c.id == user_id))


def add_member(connection: Connection, user_id: str, org_id: str) -> None:
    connection.execute(insert(user_member_table), {"user_id": user_id, "org_id": org_id})


def remove_member(connection: Connection, user_id: str, org_id: str) -> None:
    """Take a user out of an organisation: its roles and its sessions there end."""
    for table in (session_table, user_role_table, user_member_table):
        connection.execute(delete(table).where(table.c.user_id == user_id, table.c.org_id == org_id))


def find_user(connection: Connection, user_id: str) -> User | None:
    row = connection.execute(select(user_table).where(user_table.c.id == user_id)).first()
    return None if row is None else _user(row)


def find_user_by_email(connection: Connection, email: str) -> tuple[User, str | None] | None:
    """(user, password hash) of an address in lower case."""
    row = connection.execute(select(user_table).where(user_table.c.email == email)).first()
    return None if row is None else (_user(row), row.password_hash)


def find_user_by_oidc(connection: Connection, oidc_subject: str) -> User | None:
    row = connection.execute(select(user_table).where(user_table.c.oidc_subject == oidc_subject)).first()
    return None if row is None else _user(row)


def password_hash_of(connection: Connection, user_id: str) -> str | None:
    """The hash of a user's password; None for one who has none."""
    return connection.execute(select(user_table.c.password_hash).where(user_table.c.id == user_id)).scalar()


def oidc_subject_of(connection: Connection, user_id: str) -> str | None:
    """Whom the identity provider knows the user as; None for one who never came by it."""
    return connection.execute(select(user_table.c.oidc_subject).where(user_table.c.id == user_id)).scalar()


def list_users(connection: Connection, org_id: str) -> list[User]:
    """Who works in an organisation, oldest first."""
    t, m = user_table, user_member_table
    statement = select(t).join(m, m.c.user_id == t.c.id).where(m.c.org_id == org_id)
    return [_user(row) for row in connection.execute(statement.order_by(t.c.created_at_ms, t.c.id))]


def orgs_of_user(connection: Connection, user_id: str) -> list[str]:
    """The organisations a user works in."""
    t = user_member_table
    return list(connection.execute(select(t.c.org_id).where(t.c.user_id == user_id).order_by(t.c.org_id)).scalars())


def roles_of_users(connection: Connection, org_id: str) -> dict[str, list[str]]:
    """User id → ids of the roles it has in an organisation."""
    t = user_role_table
    found: dict[str, list[str]] = {}
    rows = connection.execute(select(t.c.user_id, t.c.role_id).where(t.c.org_id == org_id).order_by(t.c.role_id))
    for row in rows:
        found.setdefault(row.user_id, []).append(row.role_id)
    return found


def set_roles(connection: Connection, user_id: str, org_id: str, role_ids: list[str]) -> None:
    """Give a user these roles in an organisation, and no others."""
    t = user_role_table
    connection.execute(delete(t).where(t.c.user_id == user_id, t.c.org_id == org_id))
    if role_ids:
        rows = [{"user_id": user_id, "org_id": org_id, "role_id": role_id} for role_id in role_ids]
        connection.execute(insert(t), rows)


def forget_role(connection: Connection, role_id: str) -> None:
    """No user has it any more: it is being deleted."""
    connection.execute(delete(user_role_table).where(user_role_table.c.role_id == role_id))


def enabled_subjects(connection: Connection) -> list[str]:
    """Every enabled user in each of its organisations, as roles name them."""
    t, m = user_table, user_member_table
    rows = connection.execute(select(m.c.user_id, m.c.org_id).join(t, t.c.id == m.c.user_id).where(t.c.is_enabled))
    return [subject_of(row.user_id, row.org_id) for row in rows]


def list_user_subjects(connection: Connection) -> list[tuple[str, str]]:
    """(user as roles name it, role id) of every organisation."""
    t = user_role_table
    rows = connection.execute(select(t.c.user_id, t.c.org_id, t.c.role_id))
    return [(subject_of(row.user_id, row.org_id), row.role_id) for row in rows]


# --- sessions ---


def insert_session(connection: Connection, session: Session) -> None:
    names = [column.name for column in session_table.c]
    connection.execute(insert(session_table), {name: getattr(session, name) for name in names})


def find_session(connection: Connection, digest: str, now_ms: int) -> tuple[Session, User] | None:
    """A session that has not ended, of an enabled user who still works in the organisation."""
    s, u, m = session_table, user_table, user_member_table
    row = connection.execute(
        select(s, *(u.c[name].label(f"whose_{name}") for name in u.c.keys()))  # noqa: SIM118  # not a dictionary
        .join(u, u.c.id == s.c.user_id)
        .join(m, (m.c.user_id == s.c.user_id) & (m.c.org_id == s.c.org_id))
        .where(s.c.digest == digest, s.c.idle_ends_at_ms > now_ms, s.c.ends_at_ms > now_ms, u.c.is_enabled)
    ).first()
    return None if row is None else (_session(row), _user(row, "whose_"))


def list_sessions(connection: Connection, user_id: str, now_ms: int) -> list[Session]:
    """The sessions of a user that have not ended, the one used last first."""
    t = session_table
    statement = select(t).where(t.c.user_id == user_id, t.c.idle_ends_at_ms > now_ms, t.c.ends_at_ms > now_ms)
    return [_session(row) for row in connection.execute(statement.order_by(t.c.seen_at_ms.desc(), t.c.id))]


def touch_session(connection: Connection, digest: str, seen_at_ms: int, idle_ends_at_ms: int) -> None:
    t = session_table
    values = {"seen_at_ms": seen_at_ms, "idle_ends_at_ms": idle_ends_at_ms}
    connection.execute(update(t).where(t.c.digest == digest).values(values))


def move_session(connection: Connection, digest: str, org_id: str) -> None:
    """Let a session's calls be for another organisation."""
    connection.execute(update(session_table).where(session_table.c.digest == digest).values(org_id=org_id))


def end_session(connection: Connection, digest: str) -> None:
    connection.execute(delete(session_table).where(session_table.c.digest == digest))


def end_session_by_id(connection: Connection, user_id: str, session_id: str) -> bool:
    """False when the user has no such session."""
    t = session_table
    return connection.execute(delete(t).where(t.c.user_id == user_id, t.c.id == session_id)).rowcount > 0


def end_sessions(connection: Connection, user_id: str, but_digest: str = "") -> None:
    """End every session of a user, but perhaps the one that asks for it."""
    t = session_table
    connection.execute(delete(t).where(t.c.user_id == user_id, t.c.digest != but_digest))


def forget_ended(connection: Connection, now_ms: int, attempts_before_ms: int) -> None:
    """Remove sessions and links whose time is over, and failures that are long ago."""
    s, n, a = session_table, link_table, attempt_table
    connection.execute(delete(s).where(or_(s.c.idle_ends_at_ms <= now_ms, s.c.ends_at_ms <= now_ms)))
    connection.execute(delete(n).where(n.c.expires_at_ms <= now_ms))
    connection.execute(delete(a).where(a.c.last_at_ms < attempts_before_ms, a.c.locked_until_ms <= now_ms))


# --- one-time links ---


def put_link(connection: Connection, digest: str, kind: LinkKind, user_id: str | None, expires_at_ms: int) -> None:
    """A new link; those that the same user had, or an earlier setup, are worthless."""
    t = link_table
    connection.execute(delete(t).where(t.c.kind == "setup" if user_id is None else t.c.user_id == user_id))
    values = {"digest": digest, "kind": kind, "user_id": user_id, "expires_at_ms": expires_at_ms}
    connection.execute(insert(t), values)


def find_link(connection: Connection, digest: str, kinds: tuple[LinkKind, ...], now_ms: int) -> str | None:
    """The id of the user of a link that holds (empty for a setup), or None where it is worthless."""
    t = link_table
    row = connection.execute(
        select(t.c.user_id).where(t.c.digest == digest, t.c.kind.in_(kinds), t.c.expires_at_ms > now_ms)
    ).first()
    return None if row is None else row.user_id or ""


def take_link(connection: Connection, digest: str, kinds: tuple[LinkKind, ...], now_ms: int) -> str | None:
    """Use a link up; returns as `find_link`. Once, also in a race."""
    found = find_link(connection, digest, kinds, now_ms)
    t = link_table
    if found is None or connection.execute(delete(t).where(t.c.digest == digest)).rowcount != 1:
        return None
    return found


def drop_links(connection: Connection, user_id: str) -> None:
    """Whatever links a user has are worthless."""
    connection.execute(delete(link_table).where(link_table.c.user_id == user_id))


# --- failed attempts ---


def find_attempt(connection: Connection, digest: str) -> tuple[int, int, int] | None:
    """(failures in a row, time of the last one, locked until), in milliseconds; None where none failed.

    On PostgreSQL whoever asks next waits until this transaction is over, so that no failure goes uncounted.
    """
    t = attempt_table
    statement = select(t.c.failures, t.c.last_at_ms, t.c.locked_until_ms).where(t.c.digest == digest)
    row = connection.execute(statement.with_for_update()).first()
    return None if row is None else (row.failures, row.last_at_ms, row.locked_until_ms)


def insert_attempt(connection: Connection, digest: str, failures: int, last_at_ms: int, locked_until_ms: int) -> None:
    """The first failure. Raises IntegrityError where somebody else has counted one meanwhile."""
    values = {"failures": failures, "last_at_ms": last_at_ms, "locked_until_ms": locked_until_ms}
    connection.execute(insert(attempt_table), {"digest": digest, **values})


def update_attempt(connection: Connection, digest: str, failures: int, last_at_ms: int, locked_until_ms: int) -> None:
    """A further one, of a row that `find_attempt` has found."""
    t = attempt_table
    values = {"failures": failures, "last_at_ms": last_at_ms, "locked_until_ms": locked_until_ms}
    connection.execute(update(t).where(t.c.digest == digest).values(values))


def forget_attempts(connection: Connection, digests: list[str]) -> None:
    connection.execute(delete(attempt_table).where(attempt_table.c.digest.in_(digests)))


def _user(row: Row[Any], prefix: str = "") -> User:
    def of(name: str) -> Any:
        return getattr(row, prefix + name)

    return User(
        of("id"), of("org_id"), of("email"), of("name"), of("locale"),
        of("password_hash") is not None or of("oidc_subject") is not None, of("is_enabled"),
        of("created_at_ms"), of("created_by"), of("updated_at_ms"), of("updated_by"), of("signed_in_at_ms"),
    )  # fmt: skip


def _session(row: Row[Any]) -> Session:
    return Session(
        row.digest, row.id, row.user_id, row.org_id, row.created_at_ms, row.seen_at_ms, row.idle_ends_at_ms,
        row.ends_at_ms, row.user_agent, row.address,
    )  # fmt: skip
