"""Messages: the inbox, what left and what became of it, addresses nothing is sent to."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of channels."""
    op.create_table(
        "inbox_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("template_uid", sa.String(length=36), nullable=False),
        sa.Column("template_name", sa.String(length=60), nullable=False),
        sa.Column("journey_uid", sa.String(length=36), nullable=False),
        sa.Column("version_uid", sa.String(length=64), nullable=False),
        sa.Column("node_id", sa.String(length=80), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_message")),
        sa.UniqueConstraint("key", name=op.f("uq_inbox_message_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_inbox_message_at_ms"), "inbox_message", ["at_ms"], unique=False)
    op.create_index(op.f("ix_inbox_message_scope_id_id"), "inbox_message", ["scope_id", "id"], unique=False)
    op.create_table(
        "message",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("namespace", sa.String(length=60), nullable=True),
        sa.Column("identity", sa.Text(), nullable=True),
        sa.Column("template_uid", sa.String(length=36), nullable=False),
        sa.Column("template_name", sa.String(length=60), nullable=False),
        sa.Column("configuration_uid", sa.String(length=36), nullable=False),
        sa.Column("journey_uid", sa.String(length=36), nullable=False),
        sa.Column("version_uid", sa.String(length=64), nullable=False),
        sa.Column("node_id", sa.String(length=80), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_message")),
    )
    op.create_index(op.f("ix_message_at_ms"), "message", ["at_ms"], unique=False)
    op.create_index(op.f("ix_message_scope_id_at_ms"), "message", ["scope_id", "at_ms"], unique=False)
    op.create_index(op.f("ix_message_scope_id_provider_id"), "message", ["scope_id", "provider_id"], unique=False)
    op.create_table(
        "message_count",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("version_uid", sa.String(length=64), nullable=False),
        sa.Column("node_id", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "version_uid", "node_id", "status", name=op.f("pk_message_count")),
    )
    op.create_table(
        "message_event",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "status", name=op.f("pk_message_event")),
    )
    op.create_table(
        "suppression",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("bounces", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "channel", "address", name=op.f("pk_suppression")),
    )
