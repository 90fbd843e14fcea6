"""Queries for the messages to people whose corrections a model has learned from."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import (
    Correction,
    ModelState,
    ModelVersion,
    Notice,
    Person,
    TrainedCorrection,
    TrainingRun,
)


async def add_for(session: AsyncSession, version_id: int, now: datetime) -> None:
    """Add a notice to each person from whose corrections a version has learned.

    Only for corrections that they were not told of before, and only to people who have not
    switched notices off.
    """
    is_news = _learned_by(version_id) & Correction.told_at.is_(None)
    wants_none = select(Person.user_id).where(Person.wants_notices.is_(False))
    has_one = select(Notice.user_id).where(Notice.model_version_id == version_id)
    people = (
        select(
            Correction.user_id,
            literal(version_id),
            func.count(),
            literal(now, Notice.created_at.type),
        )
        .where(
            is_news,
            Correction.user_id.not_in(wants_none),
            Correction.user_id.not_in(has_one),
        )
        .group_by(Correction.user_id)
    )
    columns = ["user_id", "model_version_id", "corrections", "created_at"]
    await session.execute(insert(Notice).from_select(columns, people))
    await session.execute(update(Correction).where(is_news).values(told_at=now))


async def list_unsent(session: AsyncSession) -> Sequence[Notice]:
    """Load the notices of the active version that were not sent yet, oldest first."""
    query = (
        select(Notice)
        .join(ModelVersion, Notice.model_version_id == ModelVersion.id)
        .where(Notice.sent_at.is_(None), ModelVersion.state == ModelState.ACTIVE)
        .order_by(Notice.id)
    )
    return (await session.scalars(query)).all()


async def set_wanted(session: AsyncSession, user_id: int, *, is_wanted: bool) -> None:
    """Remember whether a person wants notices."""
    await session.merge(Person(user_id=user_id, wants_notices=is_wanted))


def _learned_by(version_id: int) -> ColumnElement[bool]:
    learned = (
        select(TrainedCorrection.digit_prediction_id)
        .join(TrainingRun, TrainedCorrection.training_run_id == TrainingRun.id)
        .where(TrainingRun.model_version_id == version_id)
    )
    return Correction.digit_prediction_id.in_(learned)
