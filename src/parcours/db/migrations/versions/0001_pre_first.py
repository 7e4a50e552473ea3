"""The first schema: everything from resources to the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of the first release."""
    op.create_table(
        "batch",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("dataset_id", sa.String(length=60), nullable=False),
        sa.Column("flow_id", sa.String(length=60), nullable=False),
        sa.Column("window_start_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_failed", sa.Boolean(), nullable=False),
        sa.Column("record_count", sa.BigInteger(), nullable=False),
        sa.Column("failed_record_count", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "id", name=op.f("pk_batch")),
        sa.UniqueConstraint(
            "scope_id",
            "dataset_id",
            "flow_id",
            "window_start_ms",
            "is_failed",
            name=op.f("uq_batch_scope_id_dataset_id_flow_id_window_start_ms_is_failed"),
        ),
    )
    op.create_index(op.f("ix_batch_scope_id_created_ms"), "batch", ["scope_id", "created_ms"], unique=False)
    op.create_table(
        "batch_error",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("record_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "batch_id", "code", name=op.f("pk_batch_error")),
    )
    op.create_table(
        "consumer",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_consumer")),
    )
    op.create_table(
        "event_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=True),
        sa.Column("identity", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("inlet_id", sa.String(length=80), nullable=False),
        sa.Column("xaction_id", sa.String(length=80), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("decisions", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_decision")),
    )
    op.create_index(
        op.f("ix_event_decision_scope_id_event_id"), "event_decision", ["scope_id", "event_id"], unique=False
    )
    op.create_index(
        op.f("ix_event_decision_scope_id_identity"), "event_decision", ["scope_id", "identity"], unique=False
    )
    op.create_table(
        "failed_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("dataset_id", sa.String(length=60), nullable=False),
        sa.Column("flow_id", sa.String(length=60), nullable=False),
        sa.Column("inlet_id", sa.String(length=80), nullable=False),
        sa.Column("xaction_id", sa.String(length=80), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("failed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("errors", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_record")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_failed_record_scope_id_dataset_id_received_at_ms"),
        "failed_record",
        ["scope_id", "dataset_id", "received_at_ms"],
        unique=False,
    )
    op.create_table(
        "flow_run",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("flow_id", sa.String(length=60), nullable=False),
        sa.Column("window_start_ms", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("landed", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("warnings", sa.BigInteger(), nullable=False),
        sa.Column("bytes_in", sa.BigInteger(), nullable=False),
        sa.Column("bytes_out", sa.BigInteger(), nullable=False),
        sa.Column("first_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("measured", sa.BigInteger(), nullable=False),
        sa.Column("latency_sum_ms", sa.BigInteger(), nullable=False),
        sa.Column("latency_min_ms", sa.BigInteger(), nullable=False),
        sa.Column("latency_max_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "flow_id", "window_start_ms", name=op.f("pk_flow_run")),
        sa.UniqueConstraint("scope_id", "id", name=op.f("uq_flow_run_scope_id_id")),
    )
    op.create_table(
        "flow_run_error",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("flow_id", sa.String(length=60), nullable=False),
        sa.Column("window_start_ms", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("record_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "flow_id", "window_start_ms", "code", name=op.f("pk_flow_run_error")),
    )
    op.create_table(
        "identity_link",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("other_namespace", sa.String(length=64), nullable=False),
        sa.Column("other_identity", sa.Text(), nullable=False),
        sa.Column("first_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "scope_id", "namespace", "identity", "other_namespace", "other_identity", name=op.f("pk_identity_link")
        ),
    )
    op.create_table(
        "journey_instance",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("journey_uid", sa.String(length=36), nullable=False),
        sa.Column("version_uid", sa.String(length=36), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("node_id", sa.String(length=80), nullable=True),
        sa.Column("waiting_for", sa.String(length=80), nullable=True),
        sa.Column("entered_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey_instance")),
    )
    op.create_index(
        op.f("ix_journey_instance_scope_id_journey_uid_key"),
        "journey_instance",
        ["scope_id", "journey_uid", "key"],
        unique=False,
    )
    op.create_table(
        "journey_step",
        sa.Column("instance_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "seq", name=op.f("pk_journey_step")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lake_chunk",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("dataset_id", sa.String(length=255), nullable=False),
        sa.Column("record_count", sa.Integer(), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_lake_chunk")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_lake_chunk_scope_id_dataset_id_seq"), "lake_chunk", ["scope_id", "dataset_id", "seq"], unique=False
    )
    op.create_table(
        "org",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("tenant", sa.String(length=60), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org")),
        sa.UniqueConstraint("tenant", name=op.f("uq_org_tenant")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.String(length=64), nullable=False),
        sa.Column("node_id", sa.String(length=80), nullable=False),
        sa.Column("pass_no", sa.Integer(), nullable=False),
        sa.Column("journey_version_uid", sa.String(length=64), nullable=False),
        sa.Column("action_uid", sa.String(length=255), nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("deadline_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_outbox_idempotency_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "profile_event",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("event_key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("dataset_id", sa.String(length=60), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "scope_id", "namespace", "identity", "at_ms", "event_key", name=op.f("pk_profile_event")
        ),
    )
    op.create_index(
        op.f("ix_profile_event_scope_id_dataset_id"), "profile_event", ["scope_id", "dataset_id"], unique=False
    )
    op.create_table(
        "profile_fragment",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.String(length=60), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "namespace", "identity", "dataset_id", name=op.f("pk_profile_fragment")),
    )
    op.create_table(
        "resource",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("etag", sa.String(length=60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("created_client", sa.String(length=120), nullable=False),
        sa.Column("updated_client", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "kind", "id", name=op.f("pk_resource")),
    )
    op.create_index(op.f("ix_resource_kind"), "resource", ["kind"], unique=False)
    op.create_table(
        "resource_version",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "kind", "id", "version", name=op.f("pk_resource_version")),
    )
    op.create_table(
        "revision",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_revision")),
    )
    op.create_table(
        "revoked_token",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_revoked_token")),
    )
    op.create_table(
        "timer",
        sa.Column("instance_id", sa.String(length=32), nullable=False),
        sa.Column("node_id", sa.String(length=80), nullable=False),
        sa.Column("pass_no", sa.Integer(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("due_at_us", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "node_id", "pass_no", name=op.f("pk_timer")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_timer_due_at_us"), "timer", ["due_at_us"], unique=False)
    op.create_table(
        "credential",
        sa.Column("client_id", sa.String(length=120), nullable=False),
        sa.Column("org_id", sa.String(length=120), nullable=False),
        sa.Column("secret_hash", sa.String(length=255), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["org.id"], name=op.f("fk_credential_org_id")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_credential")),
    )
    op.create_table(
        "sandbox",
        sa.Column("scope_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("org_id", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("title", sa.String(length=256), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("updated_by", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["org.id"], name=op.f("fk_sandbox_org_id")),
        sa.PrimaryKeyConstraint("scope_id", name=op.f("pk_sandbox")),
        sa.UniqueConstraint("id", name=op.f("uq_sandbox_id")),
        sa.UniqueConstraint("org_id", "name", name=op.f("uq_sandbox_org_id_name")),
    )
