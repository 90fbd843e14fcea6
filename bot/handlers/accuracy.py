"""`/accuracy`, with buttons for the period and the picture."""

from telegram import InputMediaPhoto, Message, Update
from telegram.constants import ParseMode
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import keyboards, texts
from bot.answering import answer_press, edit, refuse_press
from bot.context import Context, DigitBot
from bot.errors import CorrectionError
from bot.handlers.filters import PRIVATE, message_of, query_of
from bot.keyboards import Button
from bot.services.accuracy import AccuracyPicture, Period


def register(application: DigitBot) -> None:
    """Add the handlers of this module."""
    application.add_handler(CommandHandler("accuracy", show_accuracy, PRIVATE))
    pattern = f"^({Button.MATRICES}|{Button.VERSIONS}):"
    application.add_handler(CallbackQueryHandler(change_picture, pattern=pattern))


async def show_accuracy(update: Update, context: Context) -> None:
    """Show how good the active model is, and what people say of the answers."""
    report = await context.services.accuracy.get_report(Period.ALL, AccuracyPicture.MATRICES)
    await message_of(update).reply_photo(
        report.picture,
        texts.accuracy_text(report),
        parse_mode=ParseMode.HTML,
        reply_markup=keyboards.accuracy_keyboard(report.period, report.shown),
    )


async def change_picture(update: Update, context: Context) -> None:
    """Show the same for another period or in another picture, in the same message."""
    query = query_of(update)
    try:
        period, shown = keyboards.accuracy_choice(keyboards.parse(query.data or ""))
    except CorrectionError as error:
        await refuse_press(query, error)
        return
    report = await context.services.accuracy.get_report(period, shown)
    await answer_press(query)
    if isinstance(query.message, Message):
        media = InputMediaPhoto(
            report.picture, texts.accuracy_text(report), parse_mode=ParseMode.HTML
        )
        keyboard = keyboards.accuracy_keyboard(report.period, report.shown)
        await edit(query.message.edit_media(media, reply_markup=keyboard))
