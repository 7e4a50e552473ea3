"""What decisions about events name together, and since when records wait for the lake."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of sets; chunks that are staged already count as staged in 1970."""
    op.create_table(
        "decision_set",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("configurations", sa.Text(), nullable=False),
        sa.Column("used_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_set")),
    )
    op.create_index(op.f("ix_decision_set_used_at_ms"), "decision_set", ["used_at_ms"])
    op.add_column("lake_chunk", sa.Column("staged_at_ms", sa.BigInteger(), nullable=False, server_default="0"))
