"""What people do in the playground, and what they see; the page and the tests both act through it.

A test lets a person act, the bot answers over HTTP, and the test looks at the chat:

    question = await playground.send_text(USER_ID, "/start")
    answer = await playground.answer(question)
    assert "photo" in answer["text"]

Without `chat_id`, a person acts in their private chat with the bot.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bot.playground import commands
from bot.playground.entities import detect_entities
from bot.playground.errors import PageError
from bot.playground.events import Events
from bot.playground.media import keep_document, keep_photo
from bot.playground.people import (
    ADMIN_ID,
    GROUP,
    GROUP_ID,
    PEOPLE,
    USER_ID,
    Json,
    bot_user,
    private_chat,
)
from bot.playground.privacy_mode import reaches_bot
from bot.playground.store import Store
from bot.playground.updates import UpdateQueue
from bot.playground.webhook import WebhookSender

T = TypeVar("T")

MAX_TEXT_LENGTH = 4096
MAX_CAPTION_LENGTH = 1024
MAX_UPLOAD_BYTES = 50 * 1024 * 1024
# Source: https://core.telegram.org/bots/api#sendchataction
TYPING_S = 5.0


@dataclass(frozen=True)
class ApiCall:
    """One request of the bot and what became of it, for whoever wants to check the wire."""

    method: str
    parameters: dict[str, Any]
    files: tuple[str, ...]
    answer: Json


@dataclass
class Playground:
    """The chats, the people in them, and the bot's end of the wire.

    Attributes:
        on_call: called with every request of the bot, after it was answered.
        has_privacy_mode: whether the bot receives only what is meant for it in a group. Telegram
            sends everything to a bot whose owner says so, or who is an administrator there.
    """

    token: str
    store: Store
    updates: UpdateQueue
    webhook: WebhookSender
    clock: Callable[[], float]
    events: Events = field(default_factory=Events)
    people: dict[int, Json] = field(default_factory=lambda: dict(PEOPLE))
    on_call: list[Callable[[ApiCall], None]] = field(default_factory=list)
    has_privacy_mode: bool = True
    _typing_until: dict[int, float] = field(default_factory=dict)
    _answers: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def open(
        cls, token: str, path: Path | None, clock: Callable[[], float] = time.time
    ) -> "Playground":
        """Open the playground kept in a file, or a new one in memory."""
        store = Store(path)
        updates = UpdateQueue(store, clock)
        webhook = WebhookSender(store, updates, clock)
        playground = cls(token, store, updates, webhook, clock)
        updates.on_added = webhook.wake
        updates.on_polled = playground.bot_polled
        return playground

    @property
    def bot(self) -> Json:
        """The bot, as a User object."""
        return bot_user(self.token)

    @property
    def is_bot_running(self) -> bool:
        """Whether a bot receives the updates of this playground, as far as can be seen here."""
        return self.webhook.is_working if self.webhook.url else self.updates.is_polled

    def chat(self, chat_id: int) -> Json | None:
        """Return a chat, as a Chat object: the group, or somebody's private chat with the bot."""
        if chat_id == GROUP_ID:
            return GROUP
        person = self.people.get(chat_id)
        return private_chat(person) if person else None

    def stop(self) -> None:
        """End long polls and open pages; a server calls this first when it is told to stop."""
        self.events.close()
        self.updates.close()

    async def close(self) -> None:
        """Stop, and close the file."""
        self.stop()
        await self.webhook.close()
        self.store.close()

    # What people do

    def add_person(self, user_id: int, first_name: str) -> None:
        """Let somebody else in, for tests with more than two people."""
        self.people[user_id] = {"id": user_id, "is_bot": False, "first_name": first_name}

    async def send_text(
        self,
        user_id: int,
        text: str,
        *,
        reply_to: int | None = None,
        chat_id: int | None = None,
    ) -> Json:
        """Send a text or a command and return the message."""
        text = text.strip()
        if not text:
            raise PageError("There is nothing to send yet.")
        if len(text) > MAX_TEXT_LENGTH:
            raise PageError(f"A message has at most {MAX_TEXT_LENGTH} characters.")
        content = _formatted("text", "entities", text)
        return self.send(user_id, content, reply_to=reply_to, chat_id=chat_id)

    async def send_photo(
        self,
        user_id: int,
        content: bytes,
        *,
        caption: str | None = None,
        reply_to: int | None = None,
        chat_id: int | None = None,
    ) -> Json:
        """Send a picture as a photo and return the message.

        Raises:
            NotAPhotoError: if the bytes cannot be a photo; `send_document` still takes them.
        """
        _check_size(content)
        photo = await keep_photo(self.store, content)
        body = {"photo": photo} | _captioned(caption)
        return self.send(user_id, body, reply_to=reply_to, chat_id=chat_id)

    async def send_document(
        self,
        user_id: int,
        content: bytes,
        file_name: str,
        mime_type: str = "application/octet-stream",
        *,
        caption: str | None = None,
        reply_to: int | None = None,
        chat_id: int | None = None,
    ) -> Json:
        """Send bytes as a file and return the message."""
        _check_size(content)
        document = await keep_document(self.store, content, file_name, mime_type)
        body = {"document": document} | _captioned(caption)
        return self.send(user_id, body, reply_to=reply_to, chat_id=chat_id)

    def send(
        self,
        user_id: int,
        content: Json,
        *,
        reply_to: int | None = None,
        chat_id: int | None = None,
    ) -> Json:
        """Send a message of any kind, e.g. `{"sticker": {...}}`, and return it."""
        chat = self._chat_of(user_id, chat_id)
        if reply_to is not None and self.store.message(chat["id"], reply_to) is None:
            raise PageError("The message you reply to is gone.")
        message = self.post(chat, self.people[user_id], content, reply_to)
        if not self.has_privacy_mode or reaches_bot(message, self.bot):
            self.updates.add("message", message)
        return message

    async def press(
        self, user_id: int, message_id: int, data: str, *, chat_id: int | None = None
    ) -> str:
        """Press an inline button and return the id of the callback query.

        The message may be gone, or in another chat (`chat_id`): what the bot receives then is for
        the bot to judge.
        """
        chat = self._chat_of(user_id, chat_id)
        message = self.store.message(chat["id"], message_id)
        if message is None:
            # https://core.telegram.org/bots/api#inaccessiblemessage
            message = {"chat": chat, "message_id": message_id, "date": 0}
        query_id = str(secrets.randbits(62))
        self.store.add_query(query_id, self.clock())
        query = {"id": query_id, "from": self.people[user_id], "message": message}
        query |= {"chat_instance": str(chat["id"]), "data": data}
        self.updates.add("callback_query", query)
        return query_id

    def _chat_of(self, user_id: int, chat_id: int | None) -> Json:
        chat = self.chat(user_id if chat_id is None else chat_id)
        if chat is None:
            raise KeyError(chat_id)
        return chat

    # What the bot does, once its request was understood

    def post(self, chat: Json, sender: Json, content: Json, reply_to: int | None) -> Json:
        """Put a message into a chat and return it."""
        body = {"from": sender, "chat": chat, "date": int(self.clock()), **content}
        message = self.store.add_message(chat["id"], body, reply_to)
        if sender["is_bot"]:
            self._typing_until.pop(chat["id"], None)
        self.events.publish(chat["id"], "message", message)
        return message

    def change(self, message: Json) -> Json:
        """Put a changed message in the place of the old one and return it."""
        chat_id, message_id = message["chat"]["id"], message["message_id"]
        self.store.change_message(chat_id, message_id, message)
        self.events.publish(chat_id, "message", message)
        return message

    def delete(self, message: Json) -> None:
        """Take a message out of its chat."""
        chat_id, message_id = message["chat"]["id"], message["message_id"]
        self.store.delete_message(chat_id, message_id)
        self.events.publish(chat_id, "deleted", {"message_id": message_id})

    def type(self, chat_id: int) -> None:
        """Show "typing" until a message of the bot arrives, 5 seconds at most."""
        self._typing_until[chat_id] = self.clock() + TYPING_S
        self.events.publish(chat_id, "typing", {"seconds": TYPING_S})

    def answer_query(self, query_id: str, answer: Json) -> None:
        """Give the person who pressed a button what the bot says to it."""
        self._answers[query_id] = answer
        self.events.publish(None, "answered", {"query_id": query_id})

    def bot_polled(self) -> None:
        """Tell open pages that the bot is there."""
        self.events.publish(None, "bot", {"is_running": True})

    def commands_changed(self) -> None:
        """Let open pages look up the commands of their person and chat anew."""
        self.events.publish(None, "commands", None)

    # What people see

    def messages(self, chat_id: int) -> list[Json]:
        """Return everything in a chat, oldest first, as Message objects."""
        return self.store.messages(chat_id)

    def message(self, chat_id: int, message_id: int) -> Json | None:
        """Return one message as it is now, or None if it is gone."""
        return self.store.message(chat_id, message_id)

    def typing_s(self, chat_id: int) -> float:
        """Return for how many seconds the chat still shows "typing"; 0 if it does not."""
        return max(0.0, self._typing_until.get(chat_id, 0.0) - self.clock())

    def commands(self, user_id: int, chat_id: int | None = None) -> list[Json]:
        """Return the command menu that a person has in a chat, as BotCommand objects."""
        chat = self._chat_of(user_id, chat_id)
        return commands.commands_for(self.store, self.people[user_id], chat)

    def file(self, file_id: str) -> bytes:
        """Return the bytes of a file in a message."""
        stored = self.store.file(file_id)
        if stored is None:
            raise KeyError(file_id)
        return stored.content

    # Waiting, for tests and for the page

    async def wait_until(self, condition: Callable[[], T | None], timeout_s: float = 30) -> T:
        """Wait until something happens that makes the condition true, and return its value.

        Raises:
            TimeoutError: if that takes longer than `timeout_s`.
        """
        return await self.events.wait_until(condition, timeout_s)

    async def answer(
        self,
        question: Json,
        where: Callable[[Json], bool] = lambda _: True,
        *,
        timeout_s: float = 30,
    ) -> Json:
        """Wait for the bot's first message after this one for which `where` holds.

        Edits count: a message that the bot changes later is looked at again.
        """

        def first_answer() -> Json | None:
            return next(
                (
                    message
                    for message in self.messages(question["chat"]["id"])
                    if message["message_id"] > question["message_id"]
                    and message["from"]["is_bot"]
                    and where(message)
                ),
                None,
            )

        return await self.wait_until(first_answer, timeout_s)

    async def answer_to_press(self, query_id: str, *, timeout_s: float = 30) -> Json:
        """Wait for what the bot says to a pressed button: `text`, `show_alert` and `url`."""
        await self.wait_until(lambda: query_id in self._answers, timeout_s)
        return self._answers[query_id]


def _formatted(text_field: str, entities_field: str, text: str) -> Json:
    entities = detect_entities(text, [])
    return {text_field: text} | ({entities_field: entities} if entities else {})


def _captioned(caption: str | None) -> Json:
    caption = (caption or "").strip()
    if len(caption) > MAX_CAPTION_LENGTH:
        raise PageError(f"A caption has at most {MAX_CAPTION_LENGTH} characters.")
    return _formatted("caption", "caption_entities", caption) if caption else {}


def _check_size(content: bytes) -> None:
    if len(content) > MAX_UPLOAD_BYTES:
        raise PageError("This file is too large. The playground takes up to 50 MB.")
    if not content:
        raise PageError("This file is empty.")


__all__ = ["ADMIN_ID", "GROUP_ID", "USER_ID", "ApiCall", "Playground"]
