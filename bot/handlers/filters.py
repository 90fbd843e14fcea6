"""Which updates the handlers take, and what is sure to be in them."""

from telegram import CallbackQuery, Message, Update, User
from telegram.ext import filters

PRIVATE = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
"""New messages in private chats: an edited message does not count as a second one."""

PRIVATE_OR_EDITED = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGES
"""New and edited messages in private chats."""


class _ImageFile(filters.MessageFilter):
    """An image sent as a file; one whose sender named no useful type may be an image as well."""

    def filter(self, message: Message) -> bool:
        if message.document is None:
            return False
        mime_type = message.document.mime_type or "application/octet-stream"
        return mime_type.startswith("image/") or mime_type == "application/octet-stream"


IMAGE_FILE = _ImageFile()


def message_of(update: Update) -> Message:
    """Return the message, which is there: the handlers' filters let nothing else through."""
    if update.effective_message is None:
        raise ValueError(f"update {update.update_id} has no message")
    return update.effective_message


def sender_of(update: Update) -> User:
    """Return the person, who is there in private chats and for button presses."""
    if update.effective_user is None:
        raise ValueError(f"update {update.update_id} has no sender")
    return update.effective_user


def query_of(update: Update) -> CallbackQuery:
    """Return the button press, which is there in a callback query handler."""
    if update.callback_query is None:
        raise ValueError(f"update {update.update_id} has no callback query")
    return update.callback_query
