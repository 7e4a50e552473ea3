"""What became of messages by the hour they were sent in, which send-time optimisation learns from."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the columns; messages that left before count for nothing."""
    op.create_table(
        "send_hour",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("openable", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("clickable", sa.Integer(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "channel", "person", "hour", name=op.f("pk_send_hour")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_send_hour_hour"), "send_hour", ["hour"])
    op.add_column("message", sa.Column("local_hour", sa.Integer(), nullable=True))
    op.add_column("message", sa.Column("tracked", sa.String(length=20), nullable=True))
    op.add_column("message", sa.Column("is_time_optimized", sa.Boolean(), nullable=False, server_default=sa.false()))
