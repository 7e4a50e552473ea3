"""Organisations, sandboxes, credentials and roles in SQL."""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from parcours.access.model import Sandbox
from parcours.access.roles import Role
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
role_table = Table(
    "role",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("org_id", String(120), ForeignKey("org.id"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("body", Text, nullable=False),
    Column("etag", String(60), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("created_by", String(160), nullable=False),
    Column("updated_by", String(160), nullable=False),
    UniqueConstraint("org_id", "name"),
)
"""The roles people made; the ready-made ones are in the code."""
role_subject_table = Table(
    "role_subject",
    metadata,
    Column("client_id", String(120), ForeignKey("credential.client_id"), primary_key=True),
    Column("role_id", String(36), primary_key=True),
)
"""Who has which role; `role_id` is a stored role's, or a ready-made one's."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A client that may ask for tokens."""

    client_id: str
    org_id: str
    is_enabled: bool
    created_at_ms: int


def count_orgs(connection: Connection) -> int:
    """How many organisations there are; 0 on an empty database."""
    return len(connection.execute(select(org_table.c.id)).all())


def list_orgs(connection: Connection) -> list[tuple[str, str]]:
    """(id, tenant) of every organisation, oldest first."""
    t = org_table
    rows = connection.execute(select(t.c.id, t.c.tenant).order_by(t.c.created_at_ms, t.c.id))
    return [(row.id, row.tenant) for row in rows]


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


def list_credentials(connection: Connection, org_id: str | None = None) -> list[Credential]:
    """The clients of one organisation, or of all; oldest first."""
    t = credential_table
    statement = select(t.c.client_id, t.c.org_id, t.c.is_enabled, t.c.created_at_ms)
    if org_id is not None:
        statement = statement.where(t.c.org_id == org_id)
    return [Credential(*row) for row in connection.execute(statement.order_by(t.c.created_at_ms, t.c.client_id))]


def enable_credential(connection: Connection, client_id: str, is_enabled: bool) -> None:
    """Let a client ask for tokens, or no longer."""
    t = credential_table
    connection.execute(update(t).where(t.c.client_id == client_id).values(is_enabled=is_enabled))


def delete_credential(connection: Connection, client_id: str) -> None:
    """Remove a client and what it has of roles."""
    connection.execute(delete(role_subject_table).where(role_subject_table.c.client_id == client_id))
    connection.execute(delete(credential_table).where(credential_table.c.client_id == client_id))


def list_roles(connection: Connection, org_id: str | None = None) -> list[Role]:
    """The roles that people of one organisation made, or of all; oldest first."""
    t = role_table
    statement = select(t) if org_id is None else select(t).where(t.c.org_id == org_id)
    return [_role(row) for row in connection.execute(statement.order_by(t.c.created_at_ms, t.c.id))]


def save_role(connection: Connection, org_id: str, role: Role, *, is_new: bool) -> None:
    """Insert a role, or change one."""
    body = {
        "description": role.description,
        "permissionSets": role.permission_sets,
        "permissions": role.permissions,
        "sandboxes": role.sandboxes,
        "labels": role.labels,
    }
    values = {
        "name": role.name,
        "body": orjson.dumps(body).decode(),
        "etag": role.etag,
        "updated_at_ms": role.updated_at_ms,
        "updated_by": role.updated_by,
    }
    if is_new:
        made = {"id": role.id, "org_id": org_id, "created_at_ms": role.created_at_ms, "created_by": role.created_by}
        connection.execute(insert(role_table), {**made, **values})
    else:
        connection.execute(update(role_table).where(role_table.c.id == role.id).values(values))


def delete_role(connection: Connection, role_id: str) -> None:
    """Remove a role; nobody has it any more."""
    connection.execute(delete(role_subject_table).where(role_subject_table.c.role_id == role_id))
    connection.execute(delete(role_table).where(role_table.c.id == role_id))


def list_subjects(connection: Connection) -> list[tuple[str, str]]:
    """(client, role id) of every organisation."""
    t = role_subject_table
    rows = connection.execute(select(t.c.client_id, t.c.role_id).order_by(t.c.client_id, t.c.role_id))
    return [(row.client_id, row.role_id) for row in rows]


def add_subject(connection: Connection, client_id: str, role_id: str) -> bool:
    """Give a client a role; False when it has it."""
    t = role_subject_table
    if connection.execute(select(t).where(t.c.client_id == client_id, t.c.role_id == role_id)).first():
        return False
    connection.execute(insert(t), {"client_id": client_id, "role_id": role_id})
    return True


def remove_subject(connection: Connection, client_id: str, role_id: str) -> bool:
    """Take a role from a client; False when it has it not."""
    t = role_subject_table
    return connection.execute(delete(t).where(t.c.client_id == client_id, t.c.role_id == role_id)).rowcount > 0


def _role(row: Any) -> Role:
    body = orjson.loads(row.body)
    return Role(
        row.id, row.name, body["description"], tuple(body["permissionSets"]), tuple(body["permissions"]),
        tuple(body["sandboxes"]), tuple(body["labels"]), False, row.created_at_ms, row.updated_at_ms,
        row.created_by, row.updated_by, row.etag,
    )  # fmt: skip
