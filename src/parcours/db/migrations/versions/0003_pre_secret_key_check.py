"""By which secret key what is stored was encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of the key's check value."""
    op.create_table(
        "secret_key_check",
        sa.Column("check_value", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("check_value", name=op.f("pk_secret_key_check")),
    )
