"""What every activity needs: supplemental ids, why people are taken out, profile caps, runs of Read audience."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns and two tables."""
    op.add_column("journey_instance", sa.Column("supplemental_id", sa.Text(), nullable=True))
    op.add_column(
        "journey_stop", sa.Column("reason", sa.String(length=20), nullable=False, server_default="stopped")
    )  # fmt: skip
    op.create_table(
        "profile_cap",
        sa.Column("version_uid", sa.String(length=36), nullable=False),
        sa.Column("node_id", sa.String(length=80), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version_uid", "node_id", name=op.f("pk_profile_cap")),
    )
    op.create_table(
        "audience_run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("journey_uid", sa.String(length=36), nullable=False),
        sa.Column("version_uid", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=True),
        sa.Column("finished_at_us", sa.BigInteger(), nullable=True),
        sa.Column("since_us", sa.BigInteger(), nullable=True),
        sa.Column("after_key", sa.Text(), nullable=False),
        sa.Column("read_count", sa.BigInteger(), nullable=False),
        sa.Column("entered_count", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience_run")),
    )
    op.create_index(op.f("ix_audience_run_status_due_at_us"), "audience_run", ["status", "due_at_us"], unique=False)
    op.create_index(op.f("ix_audience_run_version_uid"), "audience_run", ["version_uid"], unique=False)
