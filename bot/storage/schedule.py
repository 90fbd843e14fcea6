"""Queries for the schedule of retraining."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import RetrainSchedule

_THE_ONE = 1


async def get(session: AsyncSession) -> RetrainSchedule | None:
    """Load the schedule; None before the first start."""
    return await session.get(RetrainSchedule, _THE_ONE)


async def put(
    session: AsyncSession, cron: str, now: datetime, *, is_on: bool = True
) -> RetrainSchedule:
    """Store the schedule; times before `now` are not its business any more."""
    return await session.merge(
        RetrainSchedule(id=_THE_ONE, cron=cron, is_on=is_on, changed_at=now)
    )
