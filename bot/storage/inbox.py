"""Queries for the updates that Telegram has handed over."""

import json
import re
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.models import InboxUpdate


async def add_update(
    session: AsyncSession, update_id: int, payload: dict[str, Any], received_at: datetime
) -> bool:
    """Write an update down; return False when it was there already."""
    if await session.get(InboxUpdate, update_id) is not None:
        return False
    session.add(InboxUpdate(update_id=update_id, payload=payload, received_at=received_at))
    return True


async def list_pending(session: AsyncSession) -> list[dict[str, Any]]:
    """Load the payloads of what is neither done nor parked, oldest first."""
    query = (
        select(InboxUpdate.payload)
        .where(InboxUpdate.done_at.is_(None), InboxUpdate.error.is_(None))
        .order_by(InboxUpdate.update_id)
    )
    return [payload for payload in await session.scalars(query) if payload is not None]


async def count_attempt(session: AsyncSession, update_id: int) -> int:
    """Count one more attempt, and return how many there have been with it."""
    query = (
        update(InboxUpdate)
        .where(InboxUpdate.update_id == update_id)
        .values(attempts=InboxUpdate.attempts + 1)
        .returning(InboxUpdate.attempts)
    )
    return (await session.execute(query)).scalar_one()


async def take_back_attempt(session: AsyncSession, update_id: int) -> None:
    """Count one attempt less."""
    await _change(session, update_id, attempts=InboxUpdate.attempts - 1)


async def mark_done(session: AsyncSession, update_id: int, done_at: datetime) -> None:
    """Mark an update as processed; its content is not needed any more."""
    await _change(session, update_id, done_at=done_at, payload=None)


async def park(session: AsyncSession, update_id: int, error: str) -> None:
    """Set an update aside, with the error that every attempt ended in."""
    await _change(session, update_id, error=error)


async def delete_parked_of(session: AsyncSession, user_id: int) -> None:
    """Delete what is kept of a person's updates that failed every time."""
    parked = await session.scalars(select(InboxUpdate).where(InboxUpdate.error.is_not(None)))
    for update_row in parked:
        # Few rows and many kinds of update: searched here, not by a JSON query for each kind.
        if re.search(rf'"id": {user_id}\b', json.dumps(update_row.payload)):
            await session.delete(update_row)


async def delete_done(session: AsyncSession, before: datetime) -> None:
    """Forget the ids of updates that were done before an instant."""
    await session.execute(delete(InboxUpdate).where(InboxUpdate.done_at < before))


async def _change(session: AsyncSession, update_id: int, **values: Any) -> None:
    await session.execute(
        update(InboxUpdate).where(InboxUpdate.update_id == update_id).values(**values)
    )
