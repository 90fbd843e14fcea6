"""Queries for readings and their digit predictions."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from bot.storage.models import DigitPrediction, Reading


async def get_reading(session: AsyncSession, reading_id: int) -> Reading | None:
    """Load a reading with its digits and their corrections."""
    return await _find(session, Reading.id == reading_id)


async def find_reading_by_update(
    session: AsyncSession, update_id: int, chat_id: int, message_id: int
) -> Reading | None:
    """Load the reading that this message of an update has already led to, if any."""
    is_message = (Reading.chat_id == chat_id) & (Reading.message_id == message_id)
    return await _find(session, (Reading.update_id == update_id) & is_message)


async def find_reading_by_message(
    session: AsyncSession, chat_id: int, message_id: int
) -> Reading | None:
    """Load the reading whose answer, or whose photo, is this message; the newest of several."""
    either = (Reading.answer_message_id == message_id) | (Reading.message_id == message_id)
    return await _find(session, (Reading.chat_id == chat_id) & either)


async def _find(session: AsyncSession, condition: ColumnElement[bool]) -> Reading | None:
    query = (
        select(Reading)
        .where(condition)
        .order_by(Reading.id.desc())
        .limit(1)
        .options(selectinload(Reading.digits).selectinload(DigitPrediction.correction))
    )
    return (await session.scalars(query)).one_or_none()
