"""Success metrics: what individuals got in experiments, and which outcomes were counted for them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "journey_assignment",
        sa.Column("version_uid", sa.String(length=36), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("node_id", sa.String(length=64), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.String(length=64), nullable=False),
        sa.Column("assigned_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version_uid", "key", "node_id", name=op.f("pk_journey_assignment")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journey_conversion",
        sa.Column("version_uid", sa.String(length=36), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("metric", sa.String(length=40), nullable=False),
        sa.Column("node_id", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.String(length=32), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("converted_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "version_uid", "key", "metric", "node_id", "instance_id", name=op.f("pk_journey_conversion")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_journey_conversion_node_id_converted_at_us"), "journey_conversion", ["node_id", "converted_at_us"]
    )
