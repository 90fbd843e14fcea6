"""Model versions and judged readings, straight into the database."""

import itertools
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import (
    Correction,
    DigitPrediction,
    ModelState,
    ModelVersion,
    Reading,
    Standing,
)

_message_ids = itertools.count(1)


async def add_version(
    session: AsyncSession, version_id: int, activated_at: datetime | None, state: ModelState
) -> None:
    """Store a model version that read 9 of 10 MNIST test images right."""
    session.add(
        ModelVersion(
            id=version_id,
            sha256=str(version_id),
            recipe="best",
            validation_accuracy=0.9,
            test_accuracy=0.9,
            confusion_matrix=[[9, 1]],
            state=state,
            created_at=activated_at or datetime.fromisoformat("2026-01-01T00:00Z"),
            activated_at=activated_at,
        )
    )
    await session.flush()


async def add_reading(
    session: AsyncSession,
    version_id: int,
    now: datetime,
    *digits: tuple[int, int | None],
    by: int = 1,
    standing: Standing = Standing.ACCEPTED,
) -> list[int]:
    """Store a reading of (read, said) digits; nobody has judged those with None.

    The image of each digit is full of its position. Returns the digits' ids.
    """
    message_id = next(_message_ids)
    reading = Reading(
        update_id=message_id,
        chat_id=1,
        user_id=1,
        message_id=message_id,
        file_id="f",
        model_version_id=version_id,
        latency_ms=1.0,
        created_at=now,
        digits=[_prediction(place, read) for place, (read, _) in enumerate(digits)],
    )
    session.add(reading)
    await session.flush()
    for digit, (read, said) in zip(reading.digits, digits, strict=True):
        if said is not None:
            session.add(
                Correction(
                    digit_prediction_id=digit.id,
                    label=said,
                    predicted_label=read,
                    model_version_id=version_id,
                    user_id=by,
                    created_at=now,
                    updated_at=now,
                    standing=standing,
                )
            )
    await session.flush()
    return [digit.id for digit in reading.digits]


def _prediction(place: int, label: int) -> DigitPrediction:
    return DigitPrediction(
        position=place,
        label=label,
        confidence=0.9,
        probabilities=bytes(40),
        image=bytes([place % 256]) * 784,
        box_x=0,
        box_y=0,
        box_width=1,
        box_height=1,
    )
