"""Counts of how often people found a digit prediction right."""

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import Correction, DigitPrediction


async def count_corrections(session: AsyncSession) -> tuple[int, int]:
    """Return how many digit predictions people have judged, and how many of them were right."""
    is_right = case((Correction.label == DigitPrediction.label, 1), else_=0)
    query = select(func.count(), func.coalesce(func.sum(is_right), 0)).select_from(
        Correction.__table__.join(DigitPrediction.__table__)
    )
    judged, right = (await session.execute(query)).one()
    return judged, int(right)
