"""Instances in the order of their entrance, and who has been a test profile: what lists of them begin with."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index and the table, and fill the table from the records there are."""
    op.create_index(
        op.f("ix_journey_instance_scope_id_version_uid_entered_at_us_id"),
        "journey_instance",
        ["scope_id", "version_uid", "entered_at_us", "id"],
    )
    op.create_table(
        "test_profile",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "namespace", "identity", name=op.f("pk_test_profile")),
    )
    op.execute(
        sa.text(
            "INSERT INTO test_profile (scope_id, namespace, identity)"
            " SELECT DISTINCT scope_id, namespace, identity FROM profile_fragment WHERE body LIKE :said"
        ).bindparams(said='%"testProfile":true%')
    )
