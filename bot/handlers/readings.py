"""A photo, or an image sent as a file, is read and answered; in a group only if asked to."""

from telegram import Document, Message, PhotoSize, Update
from telegram.constants import ChatAction, FileSizeLimit, ParseMode
from telegram.error import BadRequest
from telegram.ext import CommandHandler, MessageHandler

from bot import keyboards, texts
from bot.context import Context, DigitBot
from bot.errors import PhotoError
from bot.handlers.filters import (
    CAPTION_FOR_BOT,
    GROUP,
    IMAGE,
    PRIVATE,
    image_in,
    message_of,
    sender_of,
)
from bot.services.readings import ReadingView, SentPhoto


def register(application: DigitBot) -> None:
    """Add the handlers of this module."""
    application.add_handler(MessageHandler(PRIVATE & IMAGE, read_photo))
    application.add_handler(MessageHandler(GROUP & IMAGE & CAPTION_FOR_BOT, read_photo))
    application.add_handler(CommandHandler("read", read_replied_to, PRIVATE | GROUP))


async def read_photo(update: Update, context: Context) -> None:
    """Read a photo that somebody has sent."""
    await _read(message_of(update), update, context)


async def read_replied_to(update: Update, context: Context) -> None:
    """Read the photo that `/read` replies to, whoever has sent it."""
    message = message_of(update)
    photo_message = message.reply_to_message
    if photo_message is None or image_in(photo_message) is None:
        await message.reply_text(texts.READ_WHAT)
    else:
        await _read(photo_message, update, context)


async def _read(message: Message, update: Update, context: Context) -> None:
    """Read the photo in a message and answer it once, however often the update is tried.

    The reading belongs to whoever asked for it: it is theirs to correct and to delete.
    """
    image = image_in(message)
    if image is None:
        raise ValueError(f"update {update.update_id} has no image")
    sent = SentPhoto(
        update_id=update.update_id,
        chat_id=message.chat_id,
        user_id=sender_of(update).id,
        message_id=message.message_id,
        file_id=image.file_id,
    )
    readings = context.services.readings
    reading = await readings.find_earlier(sent)
    if reading is None:
        await message.reply_chat_action(ChatAction.TYPING)
        try:
            reading = await readings.read_photo(sent, await _download(image))
        except PhotoError as error:
            await message.reply_text(str(error), do_quote=True)
            return
    if reading.answer_message_id is None:
        answer = await _answer(message, reading)
        await readings.set_answer(reading.id, answer.message_id)


async def _download(image: PhotoSize | Document) -> bytes:
    """Fetch an image.

    Raises:
        PhotoError: Telegram does not give it to bots.
    """
    if (image.file_size or 0) > FileSizeLimit.FILESIZE_DOWNLOAD:
        raise PhotoError(texts.FILE_TOO_LARGE)
    try:
        file = await image.get_file()
    except BadRequest as error:
        # The size is optional, so only this call tells for sure; a file can also have expired.
        raise PhotoError(texts.FILE_NOT_GIVEN) from error
    return bytes(await file.download_as_bytearray())


async def _answer(message: Message, reading: ReadingView) -> Message:
    return await message.reply_text(
        texts.reading_text(reading),
        parse_mode=ParseMode.HTML,
        reply_markup=keyboards.judge_keyboard(reading),
        do_quote=True,
    )
