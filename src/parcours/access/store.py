"""Organisations, sandboxes and credentials in SQL."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from parcours.access.model import Sandbox
from parcours.db import metadata

org_table = Table(
    "org",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("tenant", String(60), nullable=False, unique=True),
    Column("created_at_ms", BigInteger, nullable=False),
)
sandbox_table = Table(
    "sandbox",
    metadata,
    Column("scope_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("org_id", String(120), ForeignKey("org.id"), nullable=False),
    Column("name", String(256), nullable=False),
    Column("title", String(256), nullable=False),
    Column("type", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("updated_by", String(120), nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("org_id", "name"),
)
revoked_token_table = Table(
    "revoked_token",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("expires_at_ms", BigInteger, nullable=False),
)
secret_key_check_table = Table(
    "secret_key_check",
    metadata,
    Column("check_value", String(64), primary_key=True),
)
"""One row: a value derived from the secret key that what is stored was encrypted with."""
credential_table = Table(
    "credential",
    metadata,
    Column("client_id", String(120), primary_key=True),
    Column("org_id", String(120), ForeignKey("org.id"), nullable=False),
    Column("secret_hash", String(255), nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)


def count_orgs(connection: Connection) -> int:
    """How many organisations there are; 0 on an empty database."""
    return len(connection.execute(select(org_table.c.id)).all())


def find_key_check(connection: Connection) -> str | None:
    """The check value of the key in use; None on a database that has seen none."""
    return connection.execute(select(secret_key_check_table.c.check_value)).scalar()


def insert_key_check(connection: Connection, check_value: str) -> None:
    connection.execute(insert(secret_key_check_table), {"check_value": check_value})


def insert_org(connection: Connection, org_id: str, tenant: str, now_ms: int) -> None:
    """A new organisation."""
    connection.execute(insert(org_table), {"id": org_id, "tenant": tenant, "created_at_ms": now_ms})


def insert_sandbox(connection: Connection, values: dict[str, Any]) -> None:
    """A new sandbox; the database gives it its scope."""
    connection.execute(insert(sandbox_table), values)


def update_sandbox(connection: Connection, scope_id: int, values: dict[str, Any]) -> None:
    """Change title or state."""
    connection.execute(update(sandbox_table).where(sandbox_table.c.scope_id == scope_id).values(values))


def insert_credential(connection: Connection, client_id: str, org_id: str, secret_hash: str, now_ms: int) -> None:
    """A new client that may ask for tokens of one organisation."""
    connection.execute(
        insert(credential_table),
        {
            "client_id": client_id,
            "org_id": org_id,
            "secret_hash": secret_hash,
            "is_enabled": True,
            "created_at_ms": now_ms,
        },
    )


def find_credential(connection: Connection, client_id: str) -> tuple[str, str] | None:
    """(organisation, secret hash) of an enabled client."""
    t = credential_table
    row = connection.execute(
        select(t.c.org_id, t.c.secret_hash).where(t.c.client_id == client_id, t.c.is_enabled)
    ).first()
    return None if row is None else (row.org_id, row.secret_hash)


def list_sandboxes(connection: Connection, org_id: str | None = None) -> list[Sandbox]:
    """The sandboxes of one organisation, or of all for compiled tables; oldest first."""
    t = sandbox_table
    statement = select(t, org_table.c.tenant).join(org_table, org_table.c.id == t.c.org_id).order_by(t.c.scope_id)
    if org_id is not None:
        statement = statement.where(t.c.org_id == org_id)
    return [
        Sandbox(
            r.scope_id,
            r.id,
            r.org_id,
            r.tenant,
            r.name,
            r.title,
            r.type,
            r.state,
            r.created_at_ms,
            r.updated_at_ms,
            r.created_by,
            r.updated_by,
            r.version,
        )
        for r in connection.execute(statement)
    ]


def revoke_token(connection: Connection, digest: str, expires_at_ms: int, now_ms: int) -> None:
    """Remember that a token is worthless; what has expired anyway is forgotten on the way."""
    t = revoked_token_table
    connection.execute(delete(t).where(t.c.expires_at_ms <= now_ms))
    if connection.execute(select(t.c.digest).where(t.c.digest == digest)).first() is None:
        connection.execute(insert(t), {"digest": digest, "expires_at_ms": expires_at_ms})


def revoked_digests(connection: Connection) -> set[str]:
    """Digests of the tokens that were revoked before they expired."""
    return set(connection.execute(select(revoked_token_table.c.digest)).scalars())
