"""Queries for training runs."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import TrainingRun, TrainingState


async def find_running(session: AsyncSession) -> TrainingRun | None:
    """Load the run that is going on; the schema allows one."""
    query = select(TrainingRun).where(TrainingRun.state == TrainingState.RUNNING)
    return (await session.scalars(query)).one_or_none()


async def find_by_update(session: AsyncSession, update_id: int) -> TrainingRun | None:
    """Load the run that an update has started, if any."""
    query = select(TrainingRun).where(TrainingRun.update_id == update_id)
    return (await session.scalars(query)).one_or_none()


async def find_last_scheduled(session: AsyncSession) -> TrainingRun | None:
    """Load the run, or the note that it was skipped, of the schedule's last time."""
    query = (
        select(TrainingRun)
        .where(TrainingRun.scheduled_for.is_not(None))
        .order_by(TrainingRun.scheduled_for.desc())
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


async def find_last_learning_at(session: AsyncSession) -> datetime | None:
    """Return when the last run began that learned from what people had said."""
    query = select(func.max(TrainingRun.started_at)).where(
        TrainingRun.state == TrainingState.SUCCEEDED
    )
    return (await session.scalars(query)).one()


async def list_unreported(session: AsyncSession) -> Sequence[TrainingRun]:
    """Load the ended runs that nobody was told of, oldest first."""
    is_over = TrainingRun.state.not_in([TrainingState.RUNNING, TrainingState.SKIPPED])
    query = (
        select(TrainingRun)
        .where(is_over, TrainingRun.reported_at.is_(None))
        .order_by(TrainingRun.id)
    )
    return (await session.scalars(query)).all()
