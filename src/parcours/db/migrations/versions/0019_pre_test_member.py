"""Whom alone a run of Read audience lets enter, in test mode."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; runs before read their audience."""
    op.add_column("audience_run", sa.Column("member", sa.Text(), nullable=True))
