"""The durable update queue: what Telegram has handed over is processed, whatever happens.

Telegram forgets an update once it was handed over: with the next poll, or with the answer to the
webhook. Both await `put` first, so an update is in the database before Telegram forgets it. It
is marked done after its handlers have run; what is not done is processed again at the next start.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from weakref import WeakValueDictionary

from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot, Update
from telegram.error import Forbidden, NetworkError
from telegram.ext import BaseUpdateProcessor

from bot.context import Context, DigitBot
from bot.services.ports import Clock
from bot.storage import inbox as queries
from bot.storage.database import SessionFactory

_logger = logging.getLogger(__name__)

RETRY_PAUSES_S = (1.0, 5.0)
"""How long to wait before each further attempt; after the last one an update is parked."""

_REMEMBER = timedelta(days=2)
"""How long a done update is known; Telegram itself keeps updates for 24 hours.

Source: https://core.telegram.org/bots/api#getting-updates
"""

_CONCURRENT_UPDATES = 64


class Inbox(asyncio.Queue[object]):
    """The application's update queue, kept in the database."""

    def __init__(self, session_factory: SessionFactory, clock: Clock) -> None:
        """Take what the queue works with."""
        super().__init__()
        self._session_factory = session_factory
        self._clock = clock

    async def put(self, item: object) -> None:
        """Write an update down, then queue it; one that was written down before is left out.

        Raises:
            NetworkError: The database refused it. The polling loop knows this error: it keeps
                its offset and asks again, so the update is not lost.
        """
        if isinstance(item, Update) and not await self._add(item):
            _logger.info("Update %s is here already", item.update_id)
            return
        await super().put(item)  # What is no update is the application's own stop signal.

    async def restore(self, bot: Bot) -> int:
        """Queue what an earlier process left undone, oldest first; return how many."""
        async with self._session_factory.begin() as session:
            await queries.delete_done(session, self._clock() - _REMEMBER)
            payloads = await queries.list_pending(session)
        for payload in payloads:
            await super().put(Update.de_json(payload, bot))
        return len(payloads)

    async def count_attempt(self, update_id: int) -> int:
        """Count one more attempt at an update, and return how many there have been with it."""
        async with self._session_factory.begin() as session:
            return await queries.count_attempt(session, update_id)

    async def mark_done(self, update_id: int) -> None:
        """Mark an update as processed."""
        async with self._session_factory.begin() as session:
            await queries.mark_done(session, update_id, self._clock())

    async def park(self, update_id: int, error: Exception) -> None:
        """Set an update aside that fails every time."""
        async with self._session_factory.begin() as session:
            await queries.park(session, update_id, repr(error))

    async def _add(self, update: Update) -> bool:
        try:
            async with self._session_factory.begin() as session:
                return await queries.add_update(
                    session, update.update_id, update.to_dict(), self._clock()
                )
        except SQLAlchemyError as error:
            raise NetworkError(f"the inbox cannot be written: {error}") from error


class InboxProcessor(BaseUpdateProcessor):
    """Processes updates of one chat in order and chats in parallel, each until it is done."""

    _application: DigitBot  # Set by `attach`: the application is built with its processor.

    def __init__(
        self,
        inbox: Inbox,
        on_parked: Callable[[Update, Bot], Awaitable[None]],
        retry_pauses_s: Sequence[float],
    ) -> None:
        """Take what the processor works with.

        Args:
            inbox: Where updates are marked.
            on_parked: Called when an update is given up.
            retry_pauses_s: Seconds before each further attempt at an update that failed.
        """
        super().__init__(max_concurrent_updates=_CONCURRENT_UPDATES)
        self._inbox = inbox
        self._on_parked = on_parked
        self._retry_pauses_s = retry_pauses_s
        self._errors: dict[int, Exception] = {}
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def attach(self, application: DigitBot) -> None:
        """Learn of the errors that the application's handlers raise."""
        self._application = application
        application.add_error_handler(self._remember_error)

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to release."""

    async def do_process_update(self, update: object, coroutine: Awaitable[None]) -> None:
        """Run an update's handlers after those of the chat's earlier updates."""
        if not isinstance(update, Update):
            await coroutine
            return
        # The variable keeps the lock alive; when nobody waits, the dictionary forgets it.
        lock = self._locks.setdefault(_chat_of(update), asyncio.Lock())
        async with lock:
            await self._process(update, coroutine)

    async def _process(self, update: Update, coroutine: Awaitable[None]) -> None:
        attempts = await self._inbox.count_attempt(update.update_id)
        while True:
            await coroutine
            error = self._errors.pop(update.update_id, None)
            if error is None:
                await self._inbox.mark_done(update.update_id)
                return
            if attempts > len(self._retry_pauses_s):
                break
            await asyncio.sleep(self._retry_pauses_s[attempts - 1])
            attempts = await self._inbox.count_attempt(update.update_id)
            coroutine = self._application.process_update(update)
        _logger.error("Update %s is parked after %s attempts", update.update_id, attempts)
        await self._inbox.park(update.update_id, error)
        await self._on_parked(update, self._application.bot)

    async def _remember_error(self, update: object, context: Context) -> None:
        if isinstance(context.error, Forbidden):  # The person has blocked the bot: their choice.
            return
        if isinstance(update, Update) and isinstance(context.error, Exception):
            self._errors[update.update_id] = context.error


def _chat_of(update: Update) -> int:
    """Return what updates must be in order for: their chat, or else their person."""
    owner = update.effective_chat or update.effective_user
    return owner.id if owner else 0
