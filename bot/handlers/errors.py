"""The last resort: an error that no handler has caught is logged, and its person told."""

import logging

from telegram import Bot, Update
from telegram.error import Forbidden, TelegramError

from bot import texts
from bot.context import Context, DigitBot

_logger = logging.getLogger(__name__)


def register(application: DigitBot) -> None:
    """Add the error handler."""
    application.add_error_handler(log_error)


async def log_error(update: object, context: Context) -> None:
    """Log an error with its update's id; the update's content stays out of the log."""
    if isinstance(context.error, Forbidden):
        _logger.info("A person has blocked the bot: %s", context.error)
        return
    update_id = update.update_id if isinstance(update, Update) else None
    _logger.error("Update %s failed", update_id, exc_info=context.error)


async def apologise(update: Update, bot: Bot) -> None:
    """Tell the person of an update that was given up."""
    try:
        if update.callback_query is not None:
            await update.callback_query.answer(texts.SOMETHING_WENT_WRONG, show_alert=True)
        elif update.effective_chat is not None:
            await bot.send_message(update.effective_chat.id, texts.SOMETHING_WENT_WRONG)
    except TelegramError:
        # The very reason for giving up may be that nothing can be sent.
        _logger.exception("Update %s: the person could not be told", update.update_id)
