"""Roles, who has them, access labels, and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; every client there is becomes an administrator, as it was without roles."""
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("asset_type", sa.String(length=60), nullable=False),
        sa.Column("asset_id", sa.String(length=255), nullable=False),
        sa.Column("asset_name", sa.String(length=255), nullable=False),
        sa.Column("resource", sa.String(length=60), nullable=False),
        sa.Column("permission", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("failure", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.String(length=160), nullable=False),
        sa.Column("client_id", sa.String(length=120), nullable=False),
        sa.Column("ip", sa.String(length=60), nullable=False),
        sa.Column("request_id", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_event_scope_id_id"), "audit_event", ["scope_id", "id"], unique=False)
    op.create_index(op.f("ix_audit_event_at_ms"), "audit_event", ["at_ms"], unique=False)
    op.create_table(
        "role",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("org_id", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("etag", sa.String(length=60), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=160), nullable=False),
        sa.Column("updated_by", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["org.id"], name=op.f("fk_role_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("org_id", "name", name=op.f("uq_role_org_id_name")),
    )
    op.create_table(
        "object_label",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "object_id", "label", name=op.f("pk_object_label")),
    )
    subjects = op.create_table(
        "role_subject",
        sa.Column("client_id", sa.String(length=120), nullable=False),
        sa.Column("role_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["credential.client_id"], name=op.f("fk_role_subject_client_id")),
        sa.PrimaryKeyConstraint("client_id", "role_id", name=op.f("pk_role_subject")),
    )
    credentials = sa.table("credential", sa.column("client_id", sa.String))
    op.execute(
        subjects.insert().from_select(
            ["client_id", "role_id"], sa.select(credentials.c.client_id, sa.literal("administrators"))
        )
    )
