"""Counts of what people said of digit predictions."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import Correction, DigitPrediction, Reading


async def count_predictions(session: AsyncSession, since: datetime | None) -> int:
    """Count the digits that were read from an instant on; None counts all."""
    query = select(func.count(DigitPrediction.id)).join(
        Reading, DigitPrediction.reading_id == Reading.id
    )
    if since is not None:
        query = query.where(Reading.created_at >= since)
    return (await session.scalars(query)).one()


async def count_judgements(
    session: AsyncSession, since: datetime | None
) -> Sequence[tuple[int, int, int]]:
    """Count what people said of the digits that were read from an instant on; None counts all.

    Returns:
        (what a person said, what was read, how often) for each pair that occurs.
    """
    query = (
        select(Correction.label, DigitPrediction.label, func.count())
        .join(DigitPrediction, Correction.digit_prediction_id == DigitPrediction.id)
        .group_by(Correction.label, DigitPrediction.label)
    )
    if since is not None:
        query = query.join(Reading, DigitPrediction.reading_id == Reading.id).where(
            Reading.created_at >= since
        )
    return [(said, read, count) for said, read, count in await session.execute(query)]
