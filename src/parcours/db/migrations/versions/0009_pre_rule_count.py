"""How often rules of rule sets were counted for an individual."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of counts."""
    op.create_table(
        "rule_count",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("start_us", sa.BigInteger(), nullable=False),
        sa.Column("end_us", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "person", "rule", "start_us", "end_us", name=op.f("pk_rule_count")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_rule_count_end_us"), "rule_count", ["end_us"])
