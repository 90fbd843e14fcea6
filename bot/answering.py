"""Answers that Telegram may refuse: to old button presses, and in messages that are gone."""

import logging
from collections.abc import Awaitable

from telegram import Bot, CallbackQuery, InlineKeyboardMarkup
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot import texts
from bot.errors import CorrectionError, NotYourReadingError, UnknownButtonError

_logger = logging.getLogger(__name__)

# Telegram has no other way to tell these apart: the Bot API knows one code, 400, for all of them.
# Source: https://core.telegram.org/bots/api#making-requests
_UNCHANGED = "message is not modified"
_GONE = ("message to edit not found", "message can't be edited")


async def edit_text(
    bot: Bot, chat_id: int, message_id: int, text: str, keyboard: InlineKeyboardMarkup | None
) -> bool:
    """Edit a message; return whether it now shows the text, and False when it is gone."""
    return await edit(
        bot.edit_message_text(
            text, chat_id, message_id, parse_mode=ParseMode.HTML, reply_markup=keyboard
        )
    )


async def edit(request: Awaitable[object]) -> bool:
    """Await an edit; return whether the message now shows it, and False when it is gone."""
    try:
        await request
    except BadRequest as error:
        reason = error.message.lower()
        if any(gone in reason for gone in _GONE):
            return False
        if _UNCHANGED not in reason:  # Shown already: pressed twice, for example.
            raise
    return True


async def answer_press(
    query: CallbackQuery, text: str | None = None, *, show_alert: bool = False
) -> None:
    """Stop a button's spinner, with a sentence or without."""
    try:
        await query.answer(text, show_alert=show_alert)
    except BadRequest as error:
        # A press can be answered for some time only, and one that waited in the inbox while the
        # bot was down is past it. What it stood for is done all the same.
        _logger.info("A button press can no longer be answered: %s", error)


async def refuse_press(query: CallbackQuery, error: CorrectionError) -> None:
    """Say why a button does nothing."""
    if isinstance(error, NotYourReadingError):
        text = texts.NOT_YOURS
    elif isinstance(error, UnknownButtonError):
        text = texts.UNKNOWN_BUTTON
    else:
        text = texts.BUTTON_TOO_OLD
    await answer_press(query, text, show_alert=True)
