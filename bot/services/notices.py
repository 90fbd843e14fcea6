"""Notices: people whose corrections a promoted model has learned from are told so, once."""

import asyncio
from dataclasses import dataclass

from bot.services.ports import Clock
from bot.storage import notices
from bot.storage.database import SessionFactory
from bot.storage.models import Notice


@dataclass(frozen=True)
class NoticeView:
    """A notice that was not sent yet."""

    id: int
    user_id: int  # Telegram user id; their private chat has the same
    version_id: int
    corrections: int  # of theirs, that they were not told of before


class NoticeService:
    """Hands out unsent notices, and switches them off for a person."""

    def __init__(self, session_factory: SessionFactory, clock: Clock) -> None:
        """Take what the service works with."""
        self._session_factory = session_factory
        self._clock = clock
        self.sending = asyncio.Lock()
        """Held by whoever sends notices, so that nobody gets one twice."""

    async def list_unsent(self) -> list[NoticeView]:
        """Return what is to be sent, oldest first; nothing of a model that is not active."""
        async with self._session_factory() as session:
            return [
                NoticeView(row.id, row.user_id, row.model_version_id, row.corrections)
                for row in await notices.list_unsent(session)
            ]

    async def set_sent(self, notice_id: int) -> None:
        """Remember that a notice was sent, or that it can never be."""
        async with self._session_factory.begin() as session:
            notice = await session.get(Notice, notice_id)
            if notice is not None:  # Its person may have had everything deleted meanwhile.
                notice.sent_at = self._clock()

    async def switch(self, user_id: int, *, is_on: bool) -> None:
        """Switch notices on or off for a person."""
        async with self._session_factory.begin() as session:
            await notices.set_wanted(session, user_id, is_wanted=is_on)
