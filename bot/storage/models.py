"""Mapped classes: the schema that the revisions in `migrations/` build."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

NOT_A_DIGIT = 10
"""The label of a correction that says: this is no digit at all."""


class TrainingState(StrEnum):
    """Where a training run stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"  # Its time had come, and there was too little to learn from.


class ModelState(StrEnum):
    """What has become of a model version."""

    CANDIDATE = "candidate"  # It has never answered photos.
    ACTIVE = "active"
    RETIRED = "retired"  # Another one has taken its place.
    REJECTED = "rejected"  # It was found to be worse than the one before.


class Standing(StrEnum):
    """Whether a correction is learned from."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"  # A model that had not seen it was sure of something else.
    KEPT = "kept"  # An admin has looked at it: the person is right.
    DROPPED = "dropped"  # An admin has looked at it: the person is wrong.


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant. SQLite drops the time zone, so UTC is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse naive times, which would silently mean something else elsewhere."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a stored time must have a time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _by_value(states: type[StrEnum]) -> Enum:
    """Return a text column that stores the values of an enumeration, not their Python names."""
    return Enum(
        states,
        native_enum=False,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """Base with named constraints, so that a later revision can drop what an earlier one made."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - this is how SQLAlchemy wants it
        # Telegram's ids need 64 bits; SQLite's only self-counting key is its plain INTEGER.
        int: BigInteger().with_variant(Integer(), "sqlite"),
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(none_as_null=True),
        list[list[int]]: JSON(none_as_null=True),
    }


class InboxUpdate(Base):
    """One update from Telegram: pending, then done (`done_at`) or parked (`error`)."""

    __tablename__ = "inbox_update"
    __table_args__ = (
        Index(
            "ix_inbox_update_pending",
            "update_id",
            sqlite_where=text("done_at IS NULL AND error IS NULL"),
            postgresql_where=text("done_at IS NULL AND error IS NULL"),
        ),
    )

    update_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    payload: Mapped[dict[str, Any] | None]  # As Telegram sent it; dropped when done.
    received_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    error: Mapped[str | None] = mapped_column(Text)


class ModelVersion(Base):
    """One checkpoint in the model store; exactly one is active and answers photos."""

    __tablename__ = "model_version"
    __table_args__ = (
        Index(
            "uq_model_version_active",
            "state",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    recipe: Mapped[str] = mapped_column(String(64))
    validation_accuracy: Mapped[float]  # 0-1
    test_accuracy: Mapped[float]  # 0-1, on MNIST's test split
    confusion_matrix: Mapped[list[list[int]]]  # [true][predicted], on MNIST's test split
    state: Mapped[ModelState] = mapped_column(_by_value(ModelState))
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]  # when it last became the active one
    # The update by which an admin last rolled back from it: processed again, it does no more.
    rolled_back_by: Mapped[int | None]


class TrainingRun(Base):
    """One run of `mnist train`, asked for in the chat (`update_id`) or by the schedule.

    A unique `scheduled_for` is how any number of processes see to it that one of them trains.
    """

    __tablename__ = "training_run"
    __table_args__ = (
        # The database itself sees to it that only one run goes at a time.
        Index(
            "uq_training_run_running",
            "state",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recipe: Mapped[str] = mapped_column(String(64))
    state: Mapped[TrainingState] = mapped_column(_by_value(TrainingState))
    update_id: Mapped[int | None] = mapped_column(unique=True)  # the one that asked for it
    scheduled_for: Mapped[datetime | None] = mapped_column(unique=True)  # the time that did
    requested_by: Mapped[int | None]  # Telegram user id
    chat_id: Mapped[int | None]  # where to report; None: to all admins
    progress_message_id: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    model_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("model_version.id"), index=True
    )
    figures: Mapped[dict[str, Any] | None]  # what the candidate and the one before it measured
    verdict: Mapped[str | None] = mapped_column(Text)  # of the gate: why it was (not) promoted
    curve: Mapped[bytes | None] = mapped_column(LargeBinary)  # PNG of the training curve
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]  # when the admin was told how it ended


class Reading(Base):
    """The answer to one photo: its digits, or why there were none."""

    __tablename__ = "reading"
    __table_args__ = (
        # Update and message ids are a bot's own: after a change of bots they may come again.
        UniqueConstraint("update_id", "chat_id", "message_id"),
        Index("ix_reading_chat_id_message_id", "chat_id", "message_id"),
        Index("ix_reading_chat_id_answer_message_id", "chat_id", "answer_message_id"),
        Index("ix_reading_user_id", "user_id"),
        Index("ix_reading_created_at", "created_at"),
        # Ids stand in buttons, which outlive their reading: never give one out twice.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    update_id: Mapped[int]
    chat_id: Mapped[int]
    user_id: Mapped[int]
    message_id: Mapped[int]  # the photo's message
    file_id: Mapped[str] = mapped_column(Text)  # the photo, as long as Telegram keeps it
    answer_message_id: Mapped[int | None]
    rejection: Mapped[str | None] = mapped_column(Text)
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    latency_ms: Mapped[float]  # from the photo's bytes to the digits
    created_at: Mapped[datetime]
    digits: Mapped[list[DigitPrediction]] = relationship(
        order_by="DigitPrediction.position", cascade="all, delete-orphan", lazy="raise"
    )


class DigitPrediction(Base):
    """One digit in a photo: what the model saw and what it made of it."""

    __tablename__ = "digit_prediction"
    __table_args__ = (
        UniqueConstraint("reading_id", "position"),
        CheckConstraint("label BETWEEN 0 AND 9", name="label"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("reading.id", ondelete="CASCADE"))
    position: Mapped[int]  # reading order, from 0
    label: Mapped[int]
    confidence: Mapped[float]  # calibrated, 0-1
    probabilities: Mapped[bytes] = mapped_column(LargeBinary)  # 10 float32, little-endian
    image: Mapped[bytes] = mapped_column(LargeBinary)  # 28x28 uint8: the training example
    box_x: Mapped[int]  # pixels of the upright photo, as are the next three
    box_y: Mapped[int]
    box_width: Mapped[int]
    box_height: Mapped[int]
    correction: Mapped[Correction | None] = relationship(
        cascade="all, delete-orphan", lazy="raise"
    )


class Correction(Base):
    """What a person says a digit is; the same label as predicted is a confirmation.

    What was read, and by which version, stands here once more: it never changes, and so
    corrections are counted from one index, which holds all that it takes.
    """

    __tablename__ = "correction"
    __table_args__ = (
        CheckConstraint(f"label BETWEEN 0 AND {NOT_A_DIGIT}", name="label"),
        Index(
            "ix_correction_counted",
            "model_version_id",
            "label",
            "predicted_label",
            "standing",
            "digit_prediction_id",
        ),
        Index("ix_correction_updated_at", "updated_at"),
        Index(
            "ix_correction_quarantined",
            "digit_prediction_id",
            sqlite_where=text("standing = 'quarantined'"),
            postgresql_where=text("standing = 'quarantined'"),
        ),
    )

    digit_prediction_id: Mapped[int] = mapped_column(
        ForeignKey("digit_prediction.id", ondelete="CASCADE"), primary_key=True
    )
    label: Mapped[int]  # 0-9, or NOT_A_DIGIT
    predicted_label: Mapped[int]  # the digit prediction's
    model_version_id: Mapped[int]  # the reading's
    user_id: Mapped[int]  # who said so: the sender or an admin
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    standing: Mapped[Standing] = mapped_column(_by_value(Standing), default=Standing.ACCEPTED)
    reread_as: Mapped[int | None]  # what the model was sure of that led to the quarantine
    told_at: Mapped[datetime | None]  # when its person was told that a model has learned from it


class TrainedCorrection(Base):
    """A correction that a training run has learned from."""

    __tablename__ = "trained_correction"

    training_run_id: Mapped[int] = mapped_column(ForeignKey("training_run.id"), primary_key=True)
    digit_prediction_id: Mapped[int] = mapped_column(
        ForeignKey("digit_prediction.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ImportedExample(Base):
    """A labelled image that whoever runs the bot has brought in; nobody doubts it."""

    __tablename__ = "imported_example"
    __table_args__ = (CheckConstraint(f"label BETWEEN 0 AND {NOT_A_DIGIT}", name="label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)  # of the image
    image: Mapped[bytes] = mapped_column(LargeBinary)  # 28x28 uint8
    label: Mapped[int]  # 0-9, or NOT_A_DIGIT
    is_held_out: Mapped[bool]
    imported_at: Mapped[datetime]


class RetrainSchedule(Base):
    """When the bot retrains by itself; one row, with the id 1."""

    __tablename__ = "retrain_schedule"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cron: Mapped[str] = mapped_column(String(100))
    is_on: Mapped[bool]
    changed_at: Mapped[datetime]  # fire times before it are nobody's business any more


class Notice(Base):
    """A message to a person whose corrections a promoted model has learned from."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("user_id", "model_version_id"),
        Index(
            "ix_notice_unsent",
            "id",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]  # Telegram user id; their private chat has the same
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    corrections: Mapped[int]  # how many of theirs it has learned from, and they were not told of
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class Person(Base):
    """What a person has chosen; who has chosen nothing has no row."""

    __tablename__ = "person"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    wants_notices: Mapped[bool]
