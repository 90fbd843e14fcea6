"""Queries for model versions."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import ModelState, ModelVersion, TrainingRun


async def get(session: AsyncSession, version_id: int) -> ModelVersion | None:
    """Load a version."""
    return await session.get(ModelVersion, version_id)


async def list_last(session: AsyncSession, limit: int) -> Sequence[ModelVersion]:
    """Load the active version and the newest ones, newest first."""
    newest = select(ModelVersion.id).order_by(ModelVersion.id.desc()).limit(limit)
    is_active = ModelVersion.state == ModelState.ACTIVE
    query = (
        select(ModelVersion)
        .where(is_active | ModelVersion.id.in_(newest))
        .order_by(ModelVersion.id.desc())
    )
    return (await session.scalars(query)).all()


async def count(session: AsyncSession) -> int:
    """Count all versions."""
    return (await session.scalars(select(func.count(ModelVersion.id)))).one()


async def is_rolled_back_by(session: AsyncSession, update_id: int) -> bool:
    """Tell whether an update has rolled back from a version already."""
    query = select(ModelVersion.id).where(ModelVersion.rolled_back_by == update_id).limit(1)
    return (await session.scalars(query)).first() is not None


async def get_active(session: AsyncSession) -> ModelVersion | None:
    """Load the version that answers photos."""
    query = select(ModelVersion).where(ModelVersion.state == ModelState.ACTIVE)
    return (await session.scalars(query)).one_or_none()


async def find_by_sha256(session: AsyncSession, sha256: str) -> ModelVersion | None:
    """Load the version with these weights."""
    query = select(ModelVersion).where(ModelVersion.sha256 == sha256)
    return (await session.scalars(query)).one_or_none()


async def find_last_retired(session: AsyncSession) -> ModelVersion | None:
    """Load the version that answered before the active one, and was not rejected since."""
    query = (
        select(ModelVersion)
        .where(ModelVersion.state == ModelState.RETIRED)
        .order_by(ModelVersion.activated_at.desc(), ModelVersion.id.desc())
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


async def set_active(session: AsyncSession, version: ModelVersion, now: datetime) -> None:
    """Make a version the active one, and retire the one before."""
    # Two statements in this order: the unique index allows one active version at any moment.
    await session.execute(
        update(ModelVersion)
        .where(ModelVersion.state == ModelState.ACTIVE)
        .values(state=ModelState.RETIRED)
    )
    version.state = ModelState.ACTIVE
    version.activated_at = now
    await session.flush()


async def is_trained_here(session: AsyncSession, version: ModelVersion) -> bool:
    """Tell a version that a training run made from one that came with the program."""
    query = select(TrainingRun.id).where(TrainingRun.model_version_id == version.id).limit(1)
    return (await session.scalars(query)).first() is not None
