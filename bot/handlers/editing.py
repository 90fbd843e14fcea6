"""Editing the bot's own messages, which people may have deleted meanwhile."""

from telegram import Bot, InlineKeyboardMarkup
from telegram.constants import ParseMode
from telegram.error import BadRequest

# Telegram has no other way to tell these apart: the Bot API knows one code, 400, for all of them.
# Source: https://core.telegram.org/bots/api#making-requests
_UNCHANGED = "message is not modified"
_GONE = ("message to edit not found", "message can't be edited")


async def edit_text(
    bot: Bot, chat_id: int, message_id: int, text: str, keyboard: InlineKeyboardMarkup | None
) -> bool:
    """Edit a message; return whether it now shows the text, and False when it is gone."""
    try:
        await bot.edit_message_text(
            text, chat_id, message_id, parse_mode=ParseMode.HTML, reply_markup=keyboard
        )
    except BadRequest as error:
        reason = error.message.lower()
        if any(gone in reason for gone in _GONE):
            return False
        if _UNCHANGED not in reason:  # Shown already: pressed twice, for example.
            raise
    return True
