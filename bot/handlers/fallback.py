"""What no other handler has taken gets one friendly sentence."""

from telegram import Update
from telegram.ext import MessageHandler, filters

from bot import texts
from bot.context import Context, DigitBot
from bot.handlers.filters import PRIVATE, message_of


def register(application: DigitBot) -> None:
    """Add the handler of this module, after all others."""
    # Status updates (a pinned message, a changed photo of the chat) are nothing to answer.
    application.add_handler(MessageHandler(PRIVATE & ~filters.StatusUpdate.ALL, say_what_to_send))


async def say_what_to_send(update: Update, _context: Context) -> None:
    """Say what to send instead."""
    message = message_of(update)
    if message.text and message.text.startswith("/"):
        text = texts.UNKNOWN_COMMAND
    elif message.document and not message.animation:
        text = texts.NOT_AN_IMAGE_FILE
    else:
        text = texts.WHAT_TO_SEND
    await message.reply_text(text)
