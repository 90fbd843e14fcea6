"""`/accuracy`, with buttons for the period."""

from telegram import InputMediaPhoto, Message, Update
from telegram.constants import ParseMode
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import keyboards, texts
from bot.context import Context, DigitBot
from bot.errors import CorrectionError
from bot.handlers.answering import answer_press, edit, refuse_press
from bot.handlers.filters import PRIVATE, message_of, query_of
from bot.keyboards import Button
from bot.services.accuracy import Period


def register(application: DigitBot) -> None:
    """Add the handlers of this module."""
    application.add_handler(CommandHandler("accuracy", show_accuracy, PRIVATE))
    application.add_handler(CallbackQueryHandler(change_period, pattern=f"^{Button.PERIOD}:"))


async def show_accuracy(update: Update, context: Context) -> None:
    """Show how good the active model is, and what people say of the answers."""
    report = await context.services.accuracy.get_report(Period.ALL)
    await message_of(update).reply_photo(
        report.picture,
        texts.accuracy_text(report),
        parse_mode=ParseMode.HTML,
        reply_markup=keyboards.period_keyboard(report.period),
    )


async def change_period(update: Update, context: Context) -> None:
    """Show the same for another period, in the same message."""
    query = query_of(update)
    try:
        press = keyboards.parse(query.data or "")
        period = keyboards.period_of(press)
    except CorrectionError as error:
        await refuse_press(query, error)
        return
    report = await context.services.accuracy.get_report(period)
    await answer_press(query)
    if isinstance(query.message, Message):
        media = InputMediaPhoto(
            report.picture, texts.accuracy_text(report), parse_mode=ParseMode.HTML
        )
        keyboard = keyboards.period_keyboard(report.period)
        await edit(query.message.edit_media(media, reply_markup=keyboard))
