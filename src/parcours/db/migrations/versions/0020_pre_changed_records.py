"""How many records of a flow changed or left profiles without landing."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; runs before had no such records."""
    for name in ("updated", "deleted"):
        op.add_column("flow_run", sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0")))
