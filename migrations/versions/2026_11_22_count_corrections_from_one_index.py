"""Count corrections from one index.

Revision: 5b0c2a7e91d4
Revises: 070fe1c2bc4b
"""

import sqlalchemy as sa
from alembic import op

revision = "5b0c2a7e91d4"
down_revision = "070fe1c2bc4b"

# Telegram's ids need 64 bits; SQLite's only self-counting key is its plain INTEGER.
big_integer = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_COPIES = ("predicted_label", "model_version_id")


def upgrade() -> None:
    with op.batch_alter_table("correction", schema=None) as batch_op:
        for name in _COPIES:
            batch_op.add_column(sa.Column(name, big_integer, nullable=True))
    op.execute(
        """
        UPDATE correction SET
            predicted_label = (
                SELECT label FROM digit_prediction
                WHERE digit_prediction.id = correction.digit_prediction_id
            ),
            model_version_id = (
                SELECT reading.model_version_id FROM digit_prediction
                JOIN reading ON reading.id = digit_prediction.reading_id
                WHERE digit_prediction.id = correction.digit_prediction_id
            )
        """
    )
    with op.batch_alter_table("correction", schema=None) as batch_op:
        for name in _COPIES:
            batch_op.alter_column(name, existing_type=big_integer, nullable=False)
        batch_op.create_index(
            "ix_correction_counted",
            ["model_version_id", "label", "predicted_label", "standing", "digit_prediction_id"],
            unique=False,
        )


def downgrade() -> None:
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.drop_index("ix_correction_counted")
        for name in _COPIES:
            batch_op.drop_column(name)
