"""What is kept of a person, shown to them and deleted for them."""

from dataclasses import dataclass
from datetime import datetime

from bot.services.ports import HistoryItem, ReadingPainter
from bot.services.readings import ReadingView, view_of
from bot.storage import inbox, privacy
from bot.storage.database import SessionFactory

_SHOWN = 12
"""How many readings a history shows: what fits a phone's screen."""


@dataclass(frozen=True)
class PastReading:
    """One line of a person's history."""

    reading: ReadingView
    created_at: datetime


@dataclass(frozen=True)
class History:
    """A person's last readings, newest first, with a picture of their digits."""

    readings: tuple[PastReading, ...]
    count: int  # of all that are kept
    picture: bytes | None  # PNG; None when no reading has a digit


@dataclass(frozen=True)
class Forgotten:
    """What was deleted."""

    readings: int
    corrections: int


class PrivacyService:
    """Shows and deletes what is kept of a person."""

    def __init__(self, session_factory: SessionFactory, painter: ReadingPainter) -> None:
        """Take what the service works with."""
        self._session_factory = session_factory
        self._painter = painter

    async def get_history(self, user_id: int) -> History:
        """Return a person's last readings."""
        async with self._session_factory() as session:
            rows = await privacy.list_last_readings(session, user_id, _SHOWN)
            count = await privacy.count_readings(session, user_id)
        items = [
            HistoryItem(
                images=tuple(digit.image for digit in row.digits),
                labels=tuple(digit.label for digit in row.digits),
                is_wrong=any(
                    digit.correction is not None and digit.correction.label != digit.label
                    for digit in row.digits
                ),
            )
            for row in rows
            if row.digits
        ]
        return History(
            readings=tuple(PastReading(view_of(row), row.created_at) for row in rows),
            count=count,
            picture=await self._painter.paint_history(items) if items else None,
        )

    async def forget(self, user_id: int) -> Forgotten:
        """Delete a person's readings and corrections, and what is kept of updates that failed."""
        async with self._session_factory.begin() as session:
            await inbox.delete_parked_of(session, user_id)
            await privacy.delete_choices(session, user_id)
            return Forgotten(
                corrections=await privacy.delete_corrections(session, user_id),
                readings=await privacy.delete_readings(session, user_id),
            )
