"""`/accuracy`."""

from telegram import Update
from telegram.constants import ParseMode
from telegram.ext import CommandHandler

from bot import texts
from bot.context import Context, DigitBot
from bot.handlers.filters import PRIVATE, message_of


def register(application: DigitBot) -> None:
    """Add the handler of this module."""
    application.add_handler(CommandHandler("accuracy", show_accuracy, PRIVATE))


async def show_accuracy(update: Update, context: Context) -> None:
    """Show how good the active model is."""
    report = await context.services.accuracy.get_report()
    await message_of(update).reply_text(texts.accuracy_text(report), parse_mode=ParseMode.HTML)
