"""Audiences: memberships, counts, qualifications, uploads. Lookups: rows of data sets by key."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_NAMESPACE = sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql")
_SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables of both rooms."""
    op.create_table(
        "audience_membership",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("audience_id", sa.String(length=36), nullable=False),
        sa.Column("namespace", _NAMESPACE, nullable=False),
        sa.Column("identity", _KEY, nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("qualified_at_us", sa.BigInteger(), nullable=False),
        sa.Column("attributes", sa.Text()),
        sa.PrimaryKeyConstraint(
            "scope_id", "audience_id", "namespace", "identity", name=op.f("pk_audience_membership")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_audience_membership_status",
        "audience_membership",
        ["scope_id", "audience_id", "status", "namespace", "identity"],
    )
    op.create_index(
        "ix_audience_membership_time",
        "audience_membership",
        ["scope_id", "audience_id", "status", "qualified_at_us", "namespace", "identity"],
    )
    op.create_table(
        "audience_count",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("audience_id", sa.String(length=36), nullable=False),
        sa.Column("realized", sa.BigInteger(), nullable=False),
        sa.Column("exited", sa.BigInteger(), nullable=False),
        sa.Column("evaluated_at_us", sa.BigInteger()),
        sa.PrimaryKeyConstraint("scope_id", "audience_id", name=op.f("pk_audience_count")),
    )
    op.create_table(
        "audience_qualification",
        sa.Column("seq", _SEQ, autoincrement=True, nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("audience_id", sa.String(length=36), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audience_qualification")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audience_upload",
        sa.Column("no", _SEQ, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("audience_id", sa.String(length=36), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("phase", sa.String(length=8)),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("queued_at_us", sa.BigInteger()),
        sa.Column("started_at_us", sa.BigInteger()),
        sa.Column("ended_at_us", sa.BigInteger()),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_audience_upload")),
        sa.UniqueConstraint("id", name=op.f("uq_audience_upload_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audience_upload_status_queued_at_us"), "audience_upload", ["status", "queued_at_us"])
    op.create_index(
        op.f("ix_audience_upload_scope_id_audience_id_no"), "audience_upload", ["scope_id", "audience_id", "no"]
    )
    op.create_table(
        "audience_upload_part",
        sa.Column("upload_no", sa.BigInteger(), nullable=False),
        sa.Column("part_no", sa.Integer(), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("upload_no", "part_no", name=op.f("pk_audience_upload_part")),
    )
    op.create_table(
        "audience_erasure",
        sa.Column("audience_id", sa.String(length=36), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("audience_id", name=op.f("pk_audience_erasure")),
    )
    op.create_table(
        "lookup_row",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("dataset_id", sa.String(length=60), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text()),
        sa.PrimaryKeyConstraint("scope_id", "dataset_id", "key", name=op.f("pk_lookup_row")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lookup_load",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("dataset_id", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("left_out_count", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("scope_id", "dataset_id", name=op.f("pk_lookup_load")),
    )
