"""Which updates the handlers take, and what is sure to be in them."""

from telegram import CallbackQuery, Document, Message, MessageEntity, PhotoSize, Update, User
from telegram.ext import filters

PRIVATE = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
"""New messages in private chats: an edited message does not count as a second one."""

PRIVATE_OR_EDITED = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGES
"""New and edited messages in private chats."""

GROUP = filters.ChatType.GROUPS & filters.UpdateType.MESSAGE
"""New messages in groups and supergroups; not all of them are meant for the bot."""

GROUP_OR_EDITED = filters.ChatType.GROUPS & filters.UpdateType.MESSAGES
"""New and edited messages in groups and supergroups."""


class _ImageFilter(filters.MessageFilter):
    """Messages with something in them that may be an image."""

    def filter(self, message: Message) -> bool:
        return image_in(message) is not None


IMAGE = _ImageFilter()


class _CaptionForBotFilter(filters.MessageFilter):
    """Messages whose caption mentions the bot, or is its command `/read`."""

    def filter(self, message: Message) -> bool:
        bot = message.get_bot()
        name = f"@{bot.username}".lower()  # Capital and small letters make no other username.
        for entity, text in message.parse_caption_entities().items():
            if entity.type == MessageEntity.MENTION and text.lower() == name:
                return True
            if entity.type == MessageEntity.TEXT_MENTION and entity.user == bot.bot:
                return True
            is_command = entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0
            if is_command and text.lower() in ("/read", f"/read{name}"):
                return True
        return False


CAPTION_FOR_BOT = _CaptionForBotFilter()


class _ReplyToBotFilter(filters.MessageFilter):
    """Replies to the bot's own messages."""

    def filter(self, message: Message) -> bool:
        replied_to = message.reply_to_message
        sender = replied_to.from_user if replied_to else None
        return sender is not None and sender.id == message.get_bot().id


REPLY_TO_BOT = _ReplyToBotFilter()


def image_in(message: Message) -> PhotoSize | Document | None:
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


def message_of(update: Update) -> Message:
    """Return the message, which is there: the handlers' filters let nothing else through."""
    if update.effective_message is None:
        raise ValueError(f"update {update.update_id} has no message")
    return update.effective_message


def sender_of(update: Update) -> User:
    """Return the person, who is there in chats and for button presses, but not in channels."""
    if update.effective_user is None:
        raise ValueError(f"update {update.update_id} has no sender")
    return update.effective_user


def query_of(update: Update) -> CallbackQuery:
    """Return the button press, which is there in a callback query handler."""
    if update.callback_query is None:
        raise ValueError(f"update {update.update_id} has no callback query")
    return update.callback_query
