"""Queries for training runs."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import TrainingRun, TrainingState


async def find_running(session: AsyncSession) -> TrainingRun | None:
    """Load the run that is going on; the schema allows one."""
    query = select(TrainingRun).where(TrainingRun.state == TrainingState.RUNNING)
    return (await session.scalars(query)).one_or_none()
