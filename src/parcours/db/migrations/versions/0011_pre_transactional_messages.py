"""Messages that a call asked for, without a journey."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "transactional_event",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("template_uid", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_transactional_event")),
    )
    op.create_index(op.f("ix_transactional_event_created_at_ms"), "transactional_event", ["created_at_ms"])
    op.create_index(op.f("ix_transactional_event_state_due_at_ms"), "transactional_event", ["state", "due_at_ms"])
