"""Queries for what people have taught the bot."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.storage.models import (
    Correction,
    DigitPrediction,
    ImportedExample,
    Standing,
    TrainedCorrection,
)

_TRUSTED = (Standing.ACCEPTED, Standing.KEPT)


class JudgedDigit(NamedTuple):
    """A digit prediction and what a person has said of it."""

    id: int
    image: bytes
    read_as: int
    label: int
    standing: Standing
    user_id: int


async def list_judged(
    session: AsyncSession, *, newest_of_each: int | None = None
) -> Sequence[JudgedDigit]:
    """Load digit predictions that a person has judged, with what was said, oldest first.

    Without corrections that are in quarantine or were dropped.

    Args:
        session: The session.
        newest_of_each: Only so many of each person, those said last; None means all.
    """
    place = func.row_number().over(
        partition_by=Correction.user_id, order_by=Correction.updated_at.desc()
    )
    trusted = (
        select(Correction, place.label("place"))
        .where(Correction.standing.in_(_TRUSTED))
        .subquery()
    )
    said = aliased(Correction, trusted)
    query = (
        select(
            DigitPrediction.id,
            DigitPrediction.image,
            DigitPrediction.label,
            said.label,
            said.standing,
            said.user_id,
        )
        .join(said, said.digit_prediction_id == DigitPrediction.id)
        .order_by(DigitPrediction.id)
    )
    if newest_of_each is not None:
        query = query.where(trusted.c.place <= newest_of_each)
    return [JudgedDigit(*row) for row in await session.execute(query)]


async def list_imported(session: AsyncSession) -> Sequence[ImportedExample]:
    """Load all imported examples, oldest first."""
    return (await session.scalars(select(ImportedExample).order_by(ImportedExample.id))).all()


async def find_imported(session: AsyncSession, sha256: str) -> ImportedExample | None:
    """Load the imported example with this image."""
    query = select(ImportedExample).where(ImportedExample.sha256 == sha256)
    return (await session.scalars(query)).one_or_none()


async def count_since(session: AsyncSession, since: datetime | None) -> int:
    """Count the corrections to learn from that were said after an instant; None counts all."""
    query = select(func.count()).where(Correction.standing.in_([Standing.ACCEPTED, Standing.KEPT]))
    if since is not None:
        query = query.where(Correction.updated_at > since)
    return (await session.scalars(query)).one()


async def add_trained(session: AsyncSession, run_id: int, prediction_ids: Iterable[int]) -> None:
    """Remember which corrections a run has learned from; what was deleted meanwhile is left out.

    The ids come from `list_judged`, maybe hours ago.
    """
    # Two ids for each row: SQLite allows 32,766 values in a statement.
    for batch in _batches(list(prediction_ids), 10_000):
        still_there = select(DigitPrediction.id).where(DigitPrediction.id.in_(batch))
        rows = [
            {"training_run_id": run_id, "digit_prediction_id": prediction_id}
            for prediction_id in await session.scalars(still_there)
        ]
        if rows:
            await session.execute(insert(TrainedCorrection), rows)


async def quarantine(
    session: AsyncSession, prediction_id: int, label: int, reread_as: int
) -> None:
    """Put a correction in quarantine, unless its person has changed or deleted it meanwhile."""
    await session.execute(
        update(Correction)
        .where(
            Correction.digit_prediction_id == prediction_id,
            Correction.label == label,
            Correction.standing == Standing.ACCEPTED,
        )
        .values(standing=Standing.QUARANTINED, reread_as=reread_as)
    )


def _batches(values: list[int], size: int) -> Iterable[list[int]]:
    return (values[start : start + size] for start in range(0, len(values), size))
