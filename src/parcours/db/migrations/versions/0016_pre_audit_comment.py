"""What was said of a request for approval, in the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the previous release leaves it empty."""
    op.add_column("audit_event", sa.Column("comment", sa.String(length=2000), nullable=False, server_default=""))
