"""`/stats`: how the bot is doing."""

from telegram import Update
from telegram.constants import ParseMode
from telegram.ext import CommandHandler

from bot import texts
from bot.context import Context, DigitBot
from bot.errors import AdminsOnlyError
from bot.handlers.filters import PRIVATE, message_of, sender_of


def register(application: DigitBot) -> None:
    """Add the handler of this module."""
    application.add_handler(CommandHandler("stats", show_stats, PRIVATE))


async def show_stats(update: Update, context: Context) -> None:
    """Show the figures, to admins only."""
    actor = context.services.actor(sender_of(update).id)
    try:
        text = texts.stats_text(await context.services.stats.get(actor))
    except AdminsOnlyError:
        text = texts.ADMINS_ONLY
    await message_of(update).reply_text(text, parse_mode=ParseMode.HTML)
