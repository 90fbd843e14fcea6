"""Add the learning loop.

Revision: 070fe1c2bc4b
Revises: ecce936afb5c
"""

import sqlalchemy as sa
from alembic import op

revision = "070fe1c2bc4b"
down_revision = "ecce936afb5c"

# Telegram's ids need 64 bits; SQLite's only self-counting key is its plain INTEGER.
big_integer = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("correction", schema=None) as batch_op:
        # What was said before is learned from, too.
        batch_op.add_column(
            sa.Column("standing", sa.String(length=16), nullable=False, server_default="accepted")
        )
        batch_op.add_column(sa.Column("reread_as", big_integer, nullable=True))
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_correction_quarantined",
            ["digit_prediction_id"],
            unique=False,
            sqlite_where=sa.text("standing = 'quarantined'"),
            postgresql_where=sa.text("standing = 'quarantined'"),
        )
        batch_op.create_index("ix_correction_updated_at", ["updated_at"], unique=False)

    # In place: other tables refer to this one, so it cannot be replaced by a copy.
    op.add_column("model_version", sa.Column("rolled_back_by", big_integer, nullable=True))

    with op.batch_alter_table("training_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("figures", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("verdict", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("curve", sa.LargeBinary(), nullable=True))
        batch_op.alter_column("update_id", existing_type=big_integer, nullable=True)
        batch_op.alter_column("requested_by", existing_type=big_integer, nullable=True)
        batch_op.alter_column("chat_id", existing_type=big_integer, nullable=True)
        batch_op.create_index(
            batch_op.f("ix_training_run_model_version_id"), ["model_version_id"], unique=False
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_training_run_scheduled_for"), ["scheduled_for"]
        )

    op.create_table(
        "imported_example",
        sa.Column("id", big_integer, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("label", big_integer, nullable=False),
        sa.Column("is_held_out", sa.Boolean(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("label BETWEEN 0 AND 10", name=op.f("ck_imported_example_label")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_example")),
        sa.UniqueConstraint("sha256", name=op.f("uq_imported_example_sha256")),
    )
    op.create_table(
        "person",
        sa.Column("user_id", big_integer, autoincrement=False, nullable=False),
        sa.Column("wants_notices", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_person")),
    )
    op.create_table(
        "retrain_schedule",
        sa.Column("id", big_integer, autoincrement=False, nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_retrain_schedule_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrain_schedule")),
    )
    op.create_table(
        "notice",
        sa.Column("id", big_integer, nullable=False),
        sa.Column("user_id", big_integer, nullable=False),
        sa.Column("model_version_id", big_integer, nullable=False),
        sa.Column("corrections", big_integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_version.id"],
            name=op.f("fk_notice_model_version_id_model_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint(
            "user_id", "model_version_id", name=op.f("uq_notice_user_id_model_version_id")
        ),
    )
    op.create_index(
        "ix_notice_unsent",
        "notice",
        ["id"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_table(
        "trained_correction",
        sa.Column("training_run_id", big_integer, nullable=False),
        sa.Column("digit_prediction_id", big_integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["digit_prediction_id"],
            ["digit_prediction.id"],
            name=op.f("fk_trained_correction_digit_prediction_id_digit_prediction"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["training_run_id"],
            ["training_run.id"],
            name=op.f("fk_trained_correction_training_run_id_training_run"),
        ),
        sa.PrimaryKeyConstraint(
            "training_run_id", "digit_prediction_id", name=op.f("pk_trained_correction")
        ),
    )
    op.create_index(
        op.f("ix_trained_correction_digit_prediction_id"),
        "trained_correction",
        ["digit_prediction_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("trained_correction")
    op.drop_table("notice")
    op.drop_table("retrain_schedule")
    op.drop_table("person")
    op.drop_table("imported_example")

    # The table as it was has no room for runs that nobody asked for.
    op.execute("DELETE FROM training_run WHERE update_id IS NULL")
    with op.batch_alter_table("training_run", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_training_run_scheduled_for"), type_="unique")
        batch_op.drop_index(batch_op.f("ix_training_run_model_version_id"))
        batch_op.alter_column("chat_id", existing_type=big_integer, nullable=False)
        batch_op.alter_column("requested_by", existing_type=big_integer, nullable=False)
        batch_op.alter_column("update_id", existing_type=big_integer, nullable=False)
        batch_op.drop_column("curve")
        batch_op.drop_column("verdict")
        batch_op.drop_column("figures")
        batch_op.drop_column("scheduled_for")

    op.drop_column("model_version", "rolled_back_by")

    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.drop_index("ix_correction_updated_at")
        batch_op.drop_index(
            "ix_correction_quarantined",
            sqlite_where=sa.text("standing = 'quarantined'"),
            postgresql_where=sa.text("standing = 'quarantined'"),
        )
        batch_op.drop_column("told_at")
        batch_op.drop_column("reread_as")
        batch_op.drop_column("standing")
