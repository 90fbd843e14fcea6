"""Queries for corrections in quarantine."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import Correction, DigitPrediction, Standing


async def find_first(session: AsyncSession) -> tuple[DigitPrediction, Correction] | None:
    """Load the oldest digit whose correction is in quarantine."""
    query = (
        select(DigitPrediction, Correction)
        .join(Correction, Correction.digit_prediction_id == DigitPrediction.id)
        .where(Correction.standing == Standing.QUARANTINED)
        .order_by(DigitPrediction.id)
        .limit(1)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])


async def count(session: AsyncSession) -> int:
    """Count the corrections in quarantine."""
    query = select(func.count()).where(Correction.standing == Standing.QUARANTINED)
    return (await session.scalars(query)).one()


async def find(session: AsyncSession, prediction_id: int) -> Correction | None:
    """Load the correction of a digit, if there is one."""
    return await session.get(Correction, prediction_id)
