"""What the commands of a private chat do in a group; those of photos are in `readings`.

What is about nobody in particular is answered there. What is about one person, or for admins,
is not for everybody's eyes, and gets the way to the private chat.
"""

from telegram import Update
from telegram.constants import ParseMode
from telegram.ext import CommandHandler

from bot import texts
from bot.context import Context, DigitBot
from bot.handlers.accuracy import show_accuracy
from bot.handlers.filters import GROUP, message_of


def register(application: DigitBot) -> None:
    """Add the handlers of this module."""
    application.add_handler(CommandHandler("start", start, GROUP))
    application.add_handler(CommandHandler("help", show_help, GROUP))
    application.add_handler(CommandHandler("accuracy", show_accuracy, GROUP))
    private = [command.name for command in texts.COMMANDS if not command.in_groups]
    application.add_handler(CommandHandler(private, say_where, GROUP))


async def start(update: Update, context: Context) -> None:
    """Say what the bot does in a group."""
    text = texts.start_in_group(context.bot.username)
    await message_of(update).reply_text(text, parse_mode=ParseMode.HTML)


async def show_help(update: Update, context: Context) -> None:
    """List the commands of a group."""
    text = texts.help_in_group(context.bot.username)
    await message_of(update).reply_text(text, parse_mode=ParseMode.HTML)


async def say_where(update: Update, context: Context) -> None:
    """Say that this belongs into the private chat."""
    await message_of(update).reply_text(texts.write_privately(context.bot.username))
