"""Which updates the handlers take, and what is sure to be in them."""

from telegram import CallbackQuery, Document, Message, PhotoSize, Update, User
from telegram.ext import filters

PRIVATE = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
"""New messages in private chats: an edited message does not count as a second one."""

PRIVATE_OR_EDITED = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGES
"""New and edited messages in private chats."""


class _ImageFilter(filters.MessageFilter):
    """Messages with something in them that may be an image."""

    def filter(self, message: Message) -> bool:
        return _image_in(message) is not None


IMAGE = _ImageFilter()


def _image_in(message: Message) -> PhotoSize | Document | None:
    """Return the file to read, or None if nothing in the message may be an image."""
    if message.photo:
        return message.photo[-1]  # Telegram lists a photo's sizes from small to large.
    if message.animation:
        # Telegram turns a GIF into a video without sound; its thumbnail is the first frame.
        return message.animation.thumbnail
    if message.document is None:
        return None
    # A file whose sender named no useful type may be an image as well.
    mime_type = message.document.mime_type or "application/octet-stream"
    is_image = mime_type.startswith("image/") or mime_type == "application/octet-stream"
    return message.document if is_image else None


def image_of(update: Update) -> PhotoSize | Document:
    """Return the file to read, which is there: the filter `IMAGE` lets nothing else through."""
    image = _image_in(message_of(update))
    if image is None:
        raise ValueError(f"update {update.update_id} has no image")
    return image


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
