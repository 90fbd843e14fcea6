"""Counts for whoever runs the bot."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import InboxUpdate, Reading


async def count_readings(session: AsyncSession, since: datetime) -> tuple[int, int]:
    """Count the readings from an instant on, and the people who sent the photos."""
    query = select(func.count(), func.count(Reading.user_id.distinct())).where(
        Reading.created_at >= since
    )
    readings, people = (await session.execute(query)).one()
    return readings, people


async def list_last_latencies(session: AsyncSession, limit: int) -> Sequence[float]:
    """Load how long the last readings took, in milliseconds, newest first."""
    query = select(Reading.latency_ms).order_by(Reading.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def count_updates(session: AsyncSession) -> tuple[int, int]:
    """Count the updates that are pending, and those that are parked."""
    is_parked = InboxUpdate.error.is_not(None)
    parked = await session.scalar(select(func.count()).where(is_parked))
    pending = await session.scalar(
        select(func.count()).where(InboxUpdate.done_at.is_(None), ~is_parked)
    )
    return pending or 0, parked or 0
