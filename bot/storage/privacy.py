"""Queries for everything that is kept of one person."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from bot.storage.models import Correction, DigitPrediction, Notice, Person, Reading


async def list_last_readings(session: AsyncSession, user_id: int, limit: int) -> Sequence[Reading]:
    """Load a person's last readings with digits and corrections, newest first."""
    query = (
        select(Reading)
        .where(Reading.user_id == user_id)
        .order_by(Reading.id.desc())
        .limit(limit)
        .options(selectinload(Reading.digits).selectinload(DigitPrediction.correction))
    )
    return (await session.scalars(query)).all()


async def count_readings(session: AsyncSession, user_id: int) -> int:
    """Count a person's readings."""
    query = select(func.count()).select_from(Reading).where(Reading.user_id == user_id)
    return (await session.scalars(query)).one()


async def delete_readings(session: AsyncSession, user_id: int) -> int:
    """Delete a person's readings; digits and corrections go with them. Return how many."""
    query = delete(Reading).where(Reading.user_id == user_id).returning(Reading.id)
    return len((await session.scalars(query)).all())


async def delete_corrections(session: AsyncSession, user_id: int) -> int:
    """Delete what a person has said of digits, their own and others'. Return how many."""
    query = delete(Correction).where(Correction.user_id == user_id)
    deleted = await session.scalars(query.returning(Correction.digit_prediction_id))
    return len(deleted.all())


async def delete_choices(session: AsyncSession, user_id: int) -> None:
    """Delete what a person has chosen, and the notices to them."""
    await session.execute(delete(Notice).where(Notice.user_id == user_id))
    await session.execute(delete(Person).where(Person.user_id == user_id))
