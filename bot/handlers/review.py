"""`/review`: an admin decides on corrections that a model doubts."""

from telegram import InputMediaPhoto, Message, Update
from telegram.constants import ParseMode
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import keyboards, texts
from bot.answering import answer_press, edit, refuse_press
from bot.context import Context, DigitBot
from bot.errors import AdminsOnlyError, CorrectionError
from bot.handlers.filters import PRIVATE, message_of, query_of, sender_of
from bot.keyboards import Button
from bot.services.review import DoubtfulCorrection


def register(application: DigitBot) -> None:
    """Add the handlers of this module."""
    application.add_handler(CommandHandler("review", review, PRIVATE))
    buttons = f"^({Button.KEEP_CORRECTION}|{Button.DROP_CORRECTION}):"
    application.add_handler(CallbackQueryHandler(decide, pattern=buttons))


async def review(update: Update, context: Context) -> None:
    """Show the oldest correction in quarantine."""
    message = message_of(update)
    try:
        found = await context.services.review.find_first(
            context.services.actor(sender_of(update).id)
        )
    except AdminsOnlyError:
        await message.reply_text(texts.ADMINS_ONLY)
        return
    if found is None:
        await message.reply_text(texts.NOTHING_TO_REVIEW)
        return
    await message.reply_photo(
        found.picture,
        texts.review_text(found),
        parse_mode=ParseMode.HTML,
        reply_markup=keyboards.review_keyboard(found.prediction_id),
    )


async def decide(update: Update, context: Context) -> None:
    """Keep or drop a correction, and show the next one in the same message."""
    query, service = query_of(update), context.services.review
    actor = context.services.actor(sender_of(update).id)
    try:
        press = keyboards.parse(query.data or "")
        is_kept = press.button is Button.KEEP_CORRECTION
        is_done = await service.decide(actor, press.subject, is_kept=is_kept)
        following = await service.find_first(actor)
    except AdminsOnlyError:
        await answer_press(query, texts.ADMINS_ONLY, show_alert=True)
    except CorrectionError as error:
        await refuse_press(query, error)
    else:
        await answer_press(query, texts.decided(is_kept=is_kept) if is_done else texts.CHANGED)
        if isinstance(query.message, Message):
            await _show_next(query.message, following)


async def _show_next(message: Message, following: DoubtfulCorrection | None) -> None:
    if following is None:
        await edit(message.edit_caption(texts.NOTHING_TO_REVIEW, reply_markup=None))
        return
    media = InputMediaPhoto(
        following.picture, texts.review_text(following), parse_mode=ParseMode.HTML
    )
    keyboard = keyboards.review_keyboard(following.prediction_id)
    await edit(message.edit_media(media, reply_markup=keyboard))
