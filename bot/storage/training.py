"""Queries for training runs."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import ModelVersion, TrainingRun, TrainingState


async def find_running(session: AsyncSession) -> TrainingRun | None:
    """Load the run that is going on; the schema allows one."""
    query = select(TrainingRun).where(TrainingRun.state == TrainingState.RUNNING)
    return (await session.scalars(query)).one_or_none()


async def find_by_update(session: AsyncSession, update_id: int) -> TrainingRun | None:
    """Load the run that an update has started, if any."""
    query = select(TrainingRun).where(TrainingRun.update_id == update_id)
    return (await session.scalars(query)).one_or_none()


async def list_unreported(
    session: AsyncSession,
) -> list[tuple[TrainingRun, ModelVersion | None]]:
    """Load the ended runs that nobody was told of, with the versions they made, oldest first."""
    query = (
        select(TrainingRun, ModelVersion)
        .outerjoin(ModelVersion, TrainingRun.model_version_id == ModelVersion.id)
        .where(TrainingRun.state != TrainingState.RUNNING, TrainingRun.reported_at.is_(None))
        .order_by(TrainingRun.id)
    )
    return [(run, version) for run, version in await session.execute(query)]
