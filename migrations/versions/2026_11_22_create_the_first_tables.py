"""Create the first tables.

Revision: ecce936afb5c
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "ecce936afb5c"
down_revision = None

# Telegram's ids need 64 bits; SQLite's only self-counting key is its plain INTEGER.
big_integer = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "inbox_update",
        sa.Column("update_id", big_integer, autoincrement=False, nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", big_integer, nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_inbox_update")),
    )
    op.create_index(op.f("ix_inbox_update_done_at"), "inbox_update", ["done_at"], unique=False)
    op.create_index(
        "ix_inbox_update_pending",
        "inbox_update",
        ["update_id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL AND error IS NULL"),
        postgresql_where=sa.text("done_at IS NULL AND error IS NULL"),
    )

    op.create_table(
        "model_version",
        sa.Column("id", big_integer, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("validation_accuracy", sa.Double(), nullable=False),
        sa.Column("test_accuracy", sa.Double(), nullable=False),
        sa.Column("confusion_matrix", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_version")),
        sa.UniqueConstraint("sha256", name=op.f("uq_model_version_sha256")),
    )
    op.create_index(
        "uq_model_version_active",
        "model_version",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )

    op.create_table(
        "reading",
        sa.Column("id", big_integer, nullable=False),
        sa.Column("update_id", big_integer, nullable=False),
        sa.Column("chat_id", big_integer, nullable=False),
        sa.Column("user_id", big_integer, nullable=False),
        sa.Column("message_id", big_integer, nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("answer_message_id", big_integer, nullable=True),
        sa.Column("rejection", sa.Text(), nullable=True),
        sa.Column("model_version_id", big_integer, nullable=False),
        sa.Column("latency_ms", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_version.id"],
            name=op.f("fk_reading_model_version_id_model_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sa.UniqueConstraint(
            "update_id",
            "chat_id",
            "message_id",
            name=op.f("uq_reading_update_id_chat_id_message_id"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_reading_chat_id_answer_message_id",
        "reading",
        ["chat_id", "answer_message_id"],
        unique=False,
    )
    op.create_index(
        "ix_reading_chat_id_message_id", "reading", ["chat_id", "message_id"], unique=False
    )
    op.create_index("ix_reading_created_at", "reading", ["created_at"], unique=False)
    op.create_index("ix_reading_user_id", "reading", ["user_id"], unique=False)

    op.create_table(
        "training_run",
        sa.Column("id", big_integer, nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("update_id", big_integer, nullable=False),
        sa.Column("requested_by", big_integer, nullable=False),
        sa.Column("chat_id", big_integer, nullable=False),
        sa.Column("progress_message_id", big_integer, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("model_version_id", big_integer, nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_version.id"],
            name=op.f("fk_training_run_model_version_id_model_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_run")),
        sa.UniqueConstraint("update_id", name=op.f("uq_training_run_update_id")),
    )
    op.create_index(
        "uq_training_run_running",
        "training_run",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )

    op.create_table(
        "digit_prediction",
        sa.Column("id", big_integer, nullable=False),
        sa.Column("reading_id", big_integer, nullable=False),
        sa.Column("position", big_integer, nullable=False),
        sa.Column("label", big_integer, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("probabilities", sa.LargeBinary(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("box_x", big_integer, nullable=False),
        sa.Column("box_y", big_integer, nullable=False),
        sa.Column("box_width", big_integer, nullable=False),
        sa.Column("box_height", big_integer, nullable=False),
        sa.CheckConstraint("label BETWEEN 0 AND 9", name=op.f("ck_digit_prediction_label")),
        sa.ForeignKeyConstraint(
            ["reading_id"],
            ["reading.id"],
            name=op.f("fk_digit_prediction_reading_id_reading"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digit_prediction")),
        sa.UniqueConstraint(
            "reading_id", "position", name=op.f("uq_digit_prediction_reading_id_position")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "correction",
        sa.Column("digit_prediction_id", big_integer, nullable=False),
        sa.Column("label", big_integer, nullable=False),
        sa.Column("user_id", big_integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("label BETWEEN 0 AND 10", name=op.f("ck_correction_label")),
        sa.ForeignKeyConstraint(
            ["digit_prediction_id"],
            ["digit_prediction.id"],
            name=op.f("fk_correction_digit_prediction_id_digit_prediction"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digit_prediction_id", name=op.f("pk_correction")),
    )


def downgrade() -> None:
    op.drop_table("correction")
    op.drop_table("digit_prediction")
    op.drop_table("training_run")
    op.drop_table("reading")
    op.drop_table("model_version")
    op.drop_table("inbox_update")
