"""The button "What did you see?": the photo with its boxes, and each digit as the model saw it."""

from telegram import Bot, Message, Update
from telegram.constants import ChatAction
from telegram.error import BadRequest
from telegram.ext import CallbackQueryHandler

from bot import keyboards, texts
from bot.answering import answer_press, refuse_press
from bot.context import Context, DigitBot
from bot.errors import CorrectionError
from bot.handlers.filters import query_of, sender_of
from bot.keyboards import Button


def register(application: DigitBot) -> None:
    """Add the handler of this module."""
    application.add_handler(CallbackQueryHandler(show_seen, pattern=f"^{Button.SEE}:"))


async def show_seen(update: Update, context: Context) -> None:
    """Reply to the answer with a picture of what was seen."""
    query, readings = query_of(update), context.services.readings
    actor = context.services.actor(sender_of(update).id)
    try:
        press = keyboards.parse(query.data or "")
        file_id = await readings.get_photo_file_id(actor, press.subject)
        await answer_press(query)
        if not isinstance(query.message, Message):
            return
        await query.message.reply_chat_action(ChatAction.UPLOAD_PHOTO)
        photo = await _download(context.bot, file_id)
        picture = await readings.paint(actor, press.subject, photo)
    except CorrectionError as error:
        await refuse_press(query, error)
    else:
        caption = texts.SEEN if photo else texts.SEEN_WITHOUT_PHOTO
        await query.message.reply_photo(picture, caption, do_quote=True)


async def _download(bot: Bot, file_id: str) -> bytes | None:
    """Fetch the photo anew, since the bot does not keep it; None when Telegram has it no more."""
    try:
        file = await bot.get_file(file_id)
    except BadRequest:
        return None
    return bytes(await file.download_as_bytearray())
