"""Versions that were stopped and still have people inside."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of stops under way."""
    op.create_table(
        "journey_stop",
        sa.Column("version_uid", sa.String(length=36), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("journey_uid", sa.String(length=36), nullable=False),
        sa.Column("after_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version_uid", name=op.f("pk_journey_stop")),
    )
