"""Queries for what people have taught the bot."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import Correction, DigitPrediction


async def list_judged(session: AsyncSession) -> Sequence[tuple[DigitPrediction, Correction]]:
    """Load every digit prediction that a person has judged, with what was said, oldest first."""
    query = (
        select(DigitPrediction, Correction)
        .join(Correction, Correction.digit_prediction_id == DigitPrediction.id)
        .order_by(DigitPrediction.id)
    )
    return [(digit, correction) for digit, correction in await session.execute(query)]
