"""News for those who look at a chat right now: open pages, and tests that wait for something."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Event:
    """Something happened in a chat: a name that the page knows, and its data as JSON values."""

    name: str
    data: Any


class Events:
    """Hands every event to whoever listens at that moment, and keeps none."""

    def __init__(self) -> None:
        """Start without listeners."""
        self._listeners: dict[asyncio.Queue[Event | None], int] = {}
        self._happened = asyncio.Event()
        self.is_closed = False

    def publish(self, chat_id: int | None, name: str, data: object) -> None:
        """Tell the listeners of one chat, or of all chats."""
        for queue, listens_to in self._listeners.items():
            if chat_id in (None, listens_to):
                queue.put_nowait(Event(name, data))
        self._wake()

    @contextmanager
    def listen(self, chat_id: int) -> Iterator[asyncio.Queue[Event | None]]:
        """Collect the events of a chat; None in the queue says that no more will come."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        if self.is_closed:
            queue.put_nowait(None)
        self._listeners[queue] = chat_id
        try:
            yield queue
        finally:
            del self._listeners[queue]

    async def wait_until(self, condition: Callable[[], T | None], timeout_s: float) -> T:
        """Wait until something happens that makes the condition true, and return its value.

        Raises:
            TimeoutError: if that takes longer than `timeout_s`.
        """
        async with asyncio.timeout(timeout_s):
            while True:
                happened = self._happened
                if value := condition():
                    return value
                await happened.wait()

    def close(self) -> None:
        """End all listening, so that a server can stop although pages are open."""
        self.is_closed = True
        for queue in self._listeners:
            queue.put_nowait(None)
        self._wake()

    def _wake(self) -> None:
        self._happened.set()
        self._happened = asyncio.Event()
