"""Delivery of updates to the bot's webhook: one after the other, each until it is accepted.

Source: https://core.telegram.org/bots/api#setwebhook
"""

import asyncio
import contextlib
from collections.abc import Callable

import httpx

from bot.playground.people import Json
from bot.playground.store import Store
from bot.playground.updates import UpdateQueue

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_TIMEOUT_S = 30.0


class WebhookSender:
    """Posts pending updates to the address the bot has set, as long as one is set."""

    def __init__(self, store: Store, updates: UpdateQueue, clock: Callable[[], float]) -> None:
        """Take updates from the queue; nothing is sent before `wake`."""
        self._store = store
        self._updates = updates
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self.is_working = True

    @property
    def settings(self) -> Json:
        """What setWebhook set: url, secret_token, max_connections; empty without a webhook."""
        return dict(self._store.setting("webhook") or {})

    @property
    def url(self) -> str:
        """The address that receives updates, or an empty string."""
        return str(self.settings.get("url", ""))

    async def set(self, settings: Json | None) -> None:
        """Set another webhook, or none, and start with what is pending."""
        await self.close()
        self._store.set_setting("webhook", settings)
        self._store.set_setting("webhook_error", None)
        self.is_working = True
        self._updates.notify()
        self.wake()

    def wake(self) -> None:
        """Start to deliver, unless that is under way or there is nothing to do."""
        is_running = self._task is not None and not self._task.done()
        if self.url and not is_running and self._updates.pending(1):
            self._task = asyncio.create_task(self._deliver_all())

    async def close(self) -> None:
        """Stop delivering; what was not accepted stays pending."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _deliver_all(self) -> None:
        # More may come while the client closes; `wake` leaves that to this task.
        while self._updates.pending(1):
            # trust_env: a proxy in the environment is no way to this machine.
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
                await self._deliver_pending(client)

    async def _deliver_pending(self, client: httpx.AsyncClient) -> None:
        pause_s = _FIRST_PAUSE_S
        while pending := self._updates.pending(1):
            fault = await self._deliver(client, pending[0])
            self.is_working = fault is None
            if fault is None:
                self._updates.confirm(pending[0]["update_id"] + 1)
                pause_s = _FIRST_PAUSE_S
            else:
                error = {"date": int(self._clock()), "message": fault}
                self._store.set_setting("webhook_error", error)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _deliver(self, client: httpx.AsyncClient, update: Json) -> str | None:
        """Post one update; return None if it was accepted, else what went wrong."""
        secret = self.settings.get("secret_token")
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        try:
            response = await client.post(self.url, json=update, headers=headers)
        except httpx.HTTPError as error:
            return f"Connection failed: {type(error).__name__}"
        if response.is_success:
            return None
        return f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}"
