"""Counts of what people said of digit predictions.

Readings and digit predictions are numbered as they come, so a period is all of them from one id
on. That lets indexes alone give every count: `EXPLAIN QUERY PLAN` names none of the tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import Correction, DigitPrediction, ModelVersion, Reading, Standing


@dataclass(frozen=True)
class Judgement:
    """How often the same was said of the same.

    Attributes:
        model_version_id: Which version read it.
        said: What a person said, 0-9 or NOT_A_DIGIT.
        read: What was read, 0-9.
        counts: How often, for each of the instants that were asked for.
    """

    model_version_id: int
    said: int
    read: int
    counts: tuple[int, ...]


async def list_last_activated(session: AsyncSession, limit: int) -> Sequence[ModelVersion]:
    """Load the versions that were the last to become active, in that order.

    One that came back, as a rollback does it, stands where it came back.
    """
    query = (
        select(ModelVersion)
        .where(ModelVersion.activated_at.is_not(None))
        .order_by(ModelVersion.activated_at.desc(), ModelVersion.id.desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()[::-1]


async def count_predictions(session: AsyncSession, since: datetime | None) -> int:
    """Count the digits that were read from an instant on; None counts all."""
    query = select(func.count()).select_from(DigitPrediction)
    if since is not None:
        query = query.where(DigitPrediction.reading_id >= _first_reading(since))
    return (await session.scalars(query)).one()


async def count_judgements(
    session: AsyncSession, instants: Sequence[datetime | None]
) -> Sequence[Judgement]:
    """Count what people said of the digits that were read from each of some instants on.

    Leaves out what an admin has dropped.

    Args:
        session: The caller's.
        instants: None counts all.

    Returns:
        One for each version and pair of labels that occurs at all.
    """
    key = (Correction.model_version_id, Correction.label, Correction.predicted_label)
    counts = [
        func.count()
        if since is None
        else func.count().filter(Correction.digit_prediction_id >= _first_prediction(since))
        for since in instants
    ]
    query = select(*key, *counts).where(Correction.standing != Standing.DROPPED).group_by(*key)
    return [
        Judgement(version_id, said, read, tuple(counted))
        for version_id, said, read, *counted in await session.execute(query)
    ]


def _first_reading(since: datetime) -> ScalarSelect[int]:
    return (
        select(Reading.id)
        .where(Reading.created_at >= since)
        .order_by(Reading.created_at, Reading.id)
        .limit(1)
        .scalar_subquery()
    )


def _first_prediction(since: datetime) -> ScalarSelect[int]:
    """Return the first digit's id; NULL, to which nothing compares, when there is none."""
    return (
        select(DigitPrediction.id)
        .where(DigitPrediction.reading_id >= _first_reading(since))
        .order_by(DigitPrediction.reading_id, DigitPrediction.position)
        .limit(1)
        .scalar_subquery()
    )
