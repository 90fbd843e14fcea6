"""The durable update queue: what Telegram has handed over is processed, whatever happens.

Telegram forgets an update once it was handed over: with the next poll, or with the answer to the
webhook. Both await `put` first, so an update is in the database before Telegram forgets it. It
is marked done after its handlers have run; what is not done is processed again at the next start.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar, cast
from weakref import WeakValueDictionary

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from telegram import Bot, Update
from telegram.error import BadRequest, Forbidden, NetworkError
from telegram.ext import BaseUpdateProcessor

from bot.context import Context, DigitBot
from bot.services.ports import Clock
from bot.storage import inbox as queries
from bot.storage.database import SessionFactory
from bot.updates_request import MALFORMED

_logger = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_PAUSES_S = (1.0, 5.0)
"""How long to wait before each further attempt; after the last one an update is parked."""

_REMEMBER = timedelta(days=2)
"""How long a done update is known; Telegram itself keeps updates for 24 hours.

Source: https://core.telegram.org/bots/api#getting-updates
"""

_CONCURRENT_UPDATES = 8
"""A photo waits for the network far longer than it is read. Each may hold a file of 20 MB."""


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
            payloads = await queries.list_pending(session)
        for payload in payloads:
            await super().put(Update.de_json(payload, bot))
        return len(payloads)

    async def count_attempt(self, update_id: int) -> int:
        """Count one more attempt at an update, and return how many there have been with it."""
        async with self._session_factory.begin() as session:
            return await queries.count_attempt(session, update_id)

    async def take_back_attempt(self, update_id: int) -> None:
        """Leave the last attempt out of the count: it failed for no fault of the update."""
        async with self._session_factory.begin() as session:
            await queries.take_back_attempt(session, update_id)

    async def mark_done(self, update_id: int) -> None:
        """Mark an update as processed, and forget those that were long ago."""
        async with self._session_factory.begin() as session:
            await queries.mark_done(session, update_id, self._clock())
            await queries.delete_done(session, before=self._clock() - _REMEMBER)

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
            retry_pauses_s: Seconds before each further attempt at an update that failed. While
                Telegram or the database cannot be reached, the last pause repeats for as long as
                it takes.
        """
        # PTB's own limit counts updates that only wait for their chat's turn, so that one chat
        # could take all places. Ours, inside the chat's lock, counts those at work.
        super().__init__(max_concurrent_updates=sys.maxsize)
        self._inbox = inbox
        self._on_parked = on_parked
        self._retry_pauses_s = retry_pauses_s
        self._errors: dict[int, Exception] = {}
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._places = asyncio.Semaphore(_CONCURRENT_UPDATES)
        self._is_stopping = asyncio.Event()

    def attach(self, application: DigitBot) -> None:
        """Learn of the errors that the application's handlers raise."""
        self._application = application
        application.add_error_handler(self._remember_error)

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to release."""

    def stop(self) -> None:
        """Begin no further update or attempt; what is not done is left for the next start."""
        self._is_stopping.set()

    async def do_process_update(self, update: object, coroutine: Awaitable[None]) -> None:
        """Run an update's handlers after those of the chat's earlier updates."""
        if not isinstance(update, Update):
            await coroutine
            return
        # It can be awaited only once, and an update may need several attempts or none.
        cast(Coroutine[Any, Any, None], coroutine).close()  # PTB always gives a coroutine.
        # The variable keeps the lock alive; when nobody waits, the dictionary forgets it.
        lock = self._locks.setdefault(_chat_of(update), asyncio.Lock())
        async with lock:
            while not self._is_stopping.is_set():
                async with self._places:
                    pause_s = await self._attempt(update)
                if pause_s is None:
                    return
                await self._pause(pause_s)

    async def _attempt(self, update: Update) -> float | None:
        """Try once; return the seconds until the next attempt, or None when there is none."""
        # Counted before it begins, so that an attempt that ends the process counts too.
        attempts = await self._insist(lambda: self._inbox.count_attempt(update.update_id))
        last_attempt = len(self._retry_pauses_s) + 1
        if attempts > last_attempt:
            await self._park(update, RuntimeError("each attempt ended the process"))
            return None
        if MALFORMED in update.api_kwargs:
            await self._park(update, ValueError("the update cannot be parsed"))
            return None
        await self._application.process_update(update)
        error = self._errors.pop(update.update_id, None)
        if error is None:
            await self._insist(lambda: self._inbox.mark_done(update.update_id))
            return None
        if _is_outage(error):
            await self._insist(lambda: self._inbox.take_back_attempt(update.update_id))
            return self._retry_pauses_s[-1]
        if attempts == last_attempt:
            await self._park(update, error)
            return None
        return self._retry_pauses_s[attempts - 1]

    async def _park(self, update: Update, error: Exception) -> None:
        _logger.error("Update %s is parked: %r", update.update_id, error)
        await self._insist(lambda: self._inbox.park(update.update_id, error))
        await self._on_parked(update, self._application.bot)

    async def _insist(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write to the inbox, waiting for as long as the database is locked or its disk full.

        The chat's lock is held meanwhile: nothing may overtake what is not marked yet.
        """
        while True:
            try:
                return await write()
            except SQLAlchemyError as error:
                if self._is_stopping.is_set():
                    raise
                _logger.warning("The inbox cannot be written: %s", error)
            await self._pause(self._retry_pauses_s[-1])

    async def _pause(self, pause_s: float) -> None:
        """Wait; not to the end when the program is being stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_stopping.wait(), pause_s)

    async def _remember_error(self, update: object, context: Context) -> None:
        if isinstance(context.error, Forbidden):  # The person has blocked the bot: their choice.
            return
        if isinstance(update, Update) and isinstance(context.error, Exception):
            self._errors[update.update_id] = context.error


def _is_outage(error: Exception) -> bool:
    """Tell an error of the way to Telegram, or of the database, from one of the update itself."""
    if isinstance(error, NetworkError):
        return not isinstance(error, BadRequest)
    return isinstance(error, OperationalError | InterfaceError)


def _chat_of(update: Update) -> int:
    """Return what updates must be in order for: their chat, or else their person."""
    owner = update.effective_chat or update.effective_user
    return owner.id if owner else 0
