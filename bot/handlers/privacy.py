"""`/history`, `/privacy` and `/forget_me`: what is kept of a person, in their own hands."""

from telegram import Update
from telegram.constants import ParseMode
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import keyboards, texts
from bot.answering import answer_press, edit_text, refuse_press
from bot.context import Context, DigitBot
from bot.errors import CorrectionError, NotYourReadingError
from bot.handlers.filters import PRIVATE, message_of, query_of, sender_of
from bot.keyboards import Button


def register(application: DigitBot) -> None:
    """Add the handlers of this module."""
    application.add_handler(CommandHandler("history", show_history, PRIVATE))
    application.add_handler(CommandHandler("privacy", show_privacy, PRIVATE))
    application.add_handler(CommandHandler("forget_me", ask_to_forget, PRIVATE))
    application.add_handler(
        CallbackQueryHandler(forget, pattern=f"^({Button.FORGET}|{Button.KEEP}):")
    )


async def show_history(update: Update, context: Context) -> None:
    """Show a person's last readings."""
    message = message_of(update)
    history = await context.services.privacy.get_history(sender_of(update).id)
    text = texts.history_text(history) if history.readings else texts.NO_HISTORY
    if history.picture is None:
        await message.reply_text(text, parse_mode=ParseMode.HTML)
    else:
        await message.reply_photo(history.picture, text, parse_mode=ParseMode.HTML)


async def show_privacy(update: Update, _context: Context) -> None:
    """Say what is kept, why and how long."""
    await message_of(update).reply_text(texts.PRIVACY, parse_mode=ParseMode.HTML)


async def ask_to_forget(update: Update, _context: Context) -> None:
    """Ask once more before anything is deleted."""
    keyboard = keyboards.forget_keyboard(sender_of(update).id)
    await message_of(update).reply_text(texts.FORGET_SURE, reply_markup=keyboard)


async def forget(update: Update, context: Context) -> None:
    """Delete what is kept of the person who presses, or leave it."""
    query, user_id = query_of(update), sender_of(update).id
    try:
        press = keyboards.parse(query.data or "")
        if press.subject != user_id:
            raise NotYourReadingError("this button is another person's")
    except CorrectionError as error:
        await refuse_press(query, error)
        return
    if press.button is Button.FORGET:
        text = texts.forgotten(await context.services.privacy.forget(user_id))
    else:
        text = texts.KEPT
    await answer_press(query)
    if query.message is not None:
        await edit_text(context.bot, query.message.chat.id, query.message.message_id, text, None)
