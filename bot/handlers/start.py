"""`/start` and `/help`."""

from telegram import Message, Update
from telegram.constants import ParseMode
from telegram.ext import CommandHandler

from bot import texts
from bot.context import Context, DigitBot
from bot.handlers.filters import PRIVATE, message_of, sender_of


def register(application: DigitBot) -> None:
    """Add the handlers of this module."""
    application.add_handler(CommandHandler("start", start, PRIVATE))
    application.add_handler(CommandHandler("help", show_help, PRIVATE))


async def start(update: Update, _context: Context) -> None:
    """Say what the bot does."""
    await _reply(message_of(update), texts.START)


async def show_help(update: Update, context: Context) -> None:
    """List the commands that this person may use."""
    message = message_of(update)
    is_admin = context.services.actor(sender_of(update).id).is_admin
    await _reply(message, texts.help_text(is_admin=is_admin))


async def _reply(message: Message, text: str) -> None:
    await message.reply_text(text, parse_mode=ParseMode.HTML)
