"""The updates a bot has yet to receive: kept until confirmed, fetched by long polling.

Source: https://core.telegram.org/bots/api#getting-updates
"""

import asyncio
import time
from collections.abc import Callable

from bot.playground.errors import conflict
from bot.playground.people import Json
from bot.playground.store import Store

# A server of Telegram drops what the bot does not fetch in time.
# Source: https://github.com/tdlib/telegram-bot-api, Client::add_update_impl
_LIFETIME_S = {"message": 24 * 3600.0, "callback_query": 150.0}
_MAX_UPDATES = 100
_MAX_TIMEOUT_S = 50
_QUIET_AFTER_S = 5.0


class UpdateQueue:
    """Holds updates in the order they happened; one poll at a time may wait for them."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        """Queue in the store; the clock gives seconds since 1970."""
        self._store = store
        self._clock = clock
        self._wake = asyncio.Event()
        self._poll_number = 0
        self._waiting = 0
        self._last_poll_at = float("-inf")
        self._is_closed = False
        self.on_added: Callable[[], None] = lambda: None
        self.on_polled: Callable[[], None] = lambda: None

    @property
    def is_polled(self) -> bool:
        """Whether a bot fetches updates: it waits for them, or did so a moment ago."""
        return self._waiting > 0 or self._clock() - self._last_poll_at < _QUIET_AFTER_S

    def add(self, kind: str, body: Json) -> None:
        """Queue an update, if the bot wants its kind."""
        allowed_updates = self._store.setting("allowed_updates")
        if allowed_updates and kind not in allowed_updates:
            return
        self._store.add_update(kind, body, self._clock())
        self.notify()
        self.on_added()

    def pending(self, limit: int = _MAX_UPDATES) -> list[Json]:
        """Return the oldest updates, less those that nobody fetched in time."""
        for kind, lifetime_s in _LIFETIME_S.items():
            self._store.forget_updates_from_before(kind, self._clock() - lifetime_s)
        return self._store.updates(limit)

    def confirm(self, offset: int) -> None:
        """Forget the updates below the offset; a negative one keeps only so many of the last."""
        if offset < 0:
            self._store.keep_last_updates(-offset)
        else:
            self._store.forget_updates_below(offset)

    def allow(self, kinds: list[str] | None) -> None:
        """Choose the kinds of updates to queue from now on; None leaves the choice as it is."""
        if kinds is not None:
            self._store.set_setting("allowed_updates", kinds)

    async def poll(self, offset: int, limit: int, timeout_s: int) -> list[Json]:
        """Return pending updates as soon as there are any, or none when the time is over.

        Raises:
            BotApiError: 409, when a webhook is set or another poll takes over.
        """
        if self._store.setting("webhook"):
            raise conflict(
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first"
            )
        self._poll_number += 1
        self.notify()
        self.confirm(offset)
        self._waiting += 1
        self.on_polled()
        try:
            return await self._next_updates(
                self._poll_number,
                limit=max(1, min(limit, _MAX_UPDATES)),
                timeout_s=max(0, min(timeout_s, _MAX_TIMEOUT_S)),
            )
        finally:
            self._waiting -= 1
            self._last_poll_at = self._clock()

    async def _next_updates(self, poll_number: int, *, limit: int, timeout_s: int) -> list[Json]:
        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            wake = self._wake
            if self._poll_number != poll_number:
                raise conflict(
                    "terminated by other getUpdates request; "
                    "make sure that only one bot instance is running"
                )
            if self._store.setting("webhook"):
                raise conflict("terminated by setWebhook request")
            if (updates := self.pending(limit)) or self._is_closed:
                return updates
            try:
                async with asyncio.timeout_at(deadline):
                    await wake.wait()
            except TimeoutError:
                return []

    def notify(self) -> None:
        """Let a waiting poll look again."""
        self._wake.set()
        self._wake = asyncio.Event()

    def close(self) -> None:
        """End a waiting poll, and make later ones return at once."""
        self._is_closed = True
        self.notify()
