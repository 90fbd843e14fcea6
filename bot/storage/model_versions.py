"""Queries for model versions."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import ModelVersion, TrainingRun


async def get_active(session: AsyncSession) -> ModelVersion | None:
    """Load the version that answers photos."""
    query = select(ModelVersion).where(ModelVersion.is_active)
    return (await session.scalars(query)).one_or_none()


async def find_by_sha256(session: AsyncSession, sha256: str) -> ModelVersion | None:
    """Load the version with these weights."""
    query = select(ModelVersion).where(ModelVersion.sha256 == sha256)
    return (await session.scalars(query)).one_or_none()


async def set_active(session: AsyncSession, version: ModelVersion) -> None:
    """Make a version the active one, and no other."""
    # Two statements in this order: the unique index allows one active version at any moment.
    await session.execute(
        update(ModelVersion).where(ModelVersion.is_active).values(is_active=False)
    )
    version.is_active = True
    await session.flush()


async def is_trained_here(session: AsyncSession, version: ModelVersion) -> bool:
    """Tell a version that a training run made from one that came with the program."""
    query = select(TrainingRun.id).where(TrainingRun.model_version_id == version.id).limit(1)
    return (await session.scalars(query)).first() is not None
