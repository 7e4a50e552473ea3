"""How many members a run of Read audience left out."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of runs before, nothing is known."""
    op.add_column(
        "audience_run", sa.Column("failed_count", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
