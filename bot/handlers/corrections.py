"""Right or wrong: by button, or by a reply with the right digit."""

import unicodedata

from telegram import Update
from telegram.constants import ChatType
from telegram.ext import CallbackQueryHandler, MessageHandler, filters

from bot import keyboards, texts
from bot.answering import answer_press, edit_text, refuse_press
from bot.context import Context, DigitBot
from bot.errors import (
    CorrectionError,
    NotYourReadingError,
    UnknownReadingError,
    WrongDigitCountError,
)
from bot.handlers.filters import (
    GROUP_OR_EDITED,
    PRIVATE_OR_EDITED,
    REPLY_TO_BOT,
    message_of,
    query_of,
    sender_of,
)
from bot.keyboards import Button, ButtonPress
from bot.services.actor import Actor
from bot.services.corrections import CorrectionService
from bot.services.readings import NOT_A_DIGIT, ReadingView

_JUDGING = {Button.RIGHT, Button.LABEL}
_NOT_A_DIGIT = {"not a digit", "no digit", "none", "x"}
_AROUND_A_DIGIT = {"", "it", "it's", "its", "this", "that's", "is", "was", "a", "an", "the", "no"}
_PUNCTUATION = "#.,;:!?()'\"“”‘’\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}"


def register(application: DigitBot) -> None:
    """Add the handlers of this module."""
    # After the buttons that other features look for; any other press is answered here.
    application.add_handler(CallbackQueryHandler(press_button))
    is_reply = filters.TEXT & ~filters.COMMAND & filters.REPLY
    # Edited as well: a person who corrects their correction edits it.
    in_chat = PRIVATE_OR_EDITED | GROUP_OR_EDITED & REPLY_TO_BOT
    application.add_handler(MessageHandler(in_chat & is_reply, reply_with_label))


async def press_button(update: Update, context: Context) -> None:
    """Carry out what a button under an answer stands for; the press is answered in any case."""
    query = query_of(update)
    actor = context.services.actor(sender_of(update).id)
    try:
        press = keyboards.parse(query.data or "")
        reading = await _carry_out(press, actor, context.services.corrections)
    except CorrectionError as error:
        await refuse_press(query, error)
    else:
        await answer_press(query, texts.THANKS if press.button in _JUDGING else None)
        if query.message is not None:
            chat_id, message_id = query.message.chat.id, query.message.message_id
            keyboard = keyboards.after(press, reading)
            await edit_text(
                context.bot, chat_id, message_id, texts.reading_text(reading), keyboard
            )


async def reply_with_label(update: Update, context: Context) -> None:
    """Take a reply such as "7" or "not a digit" as the correction of the answer above it."""
    message = message_of(update)
    labels = _parse_labels(message.text or "")
    if labels is None or message.reply_to_message is None:
        await _hint(update)
        return
    actor = context.services.actor(sender_of(update).id)
    try:
        reading = await context.services.corrections.correct_message(
            actor, message.chat_id, message.reply_to_message.message_id, labels
        )
    except UnknownReadingError:
        await _hint(update)
    except NotYourReadingError:
        await message.reply_text(texts.NOT_YOURS)
    except WrongDigitCountError as error:
        await message.reply_text(texts.wrong_digit_count(error.expected))
    else:
        await message.reply_text(texts.THANKS)
        if reading.answer_message_id is not None:
            text, keyboard = texts.reading_text(reading), keyboards.judge_keyboard(reading)
            await edit_text(
                context.bot, message.chat_id, reading.answer_message_id, text, keyboard
            )


async def _hint(update: Update) -> None:
    """Say once how to correct; in a group nothing, for there people talk about an answer too."""
    message = message_of(update)
    if update.edited_message is None and message.chat.type == ChatType.PRIVATE:
        await message.reply_text(texts.REPLY_TO_WHAT)


async def _carry_out(
    press: ButtonPress, actor: Actor, corrections: CorrectionService
) -> ReadingView:
    if press.button is Button.RIGHT:
        return await corrections.confirm(actor, press.subject)
    if press.button is Button.LABEL:
        return await corrections.correct_digit(actor, press.subject, press.position, press.label)
    return await corrections.get_reading(actor, press.subject)


def _parse_labels(text: str) -> list[int] | None:
    """Return the labels that a reply means, or None when it is about something else.

    "It's a 7!", "4 7 2", "٧" and the keycap "7️⃣" all name digits; "7 of 9" does not.
    """
    words = [word.strip(_PUNCTUATION) for word in text.lower().split()]
    if " ".join(words) in _NOT_A_DIGIT:
        return [NOT_A_DIGIT]
    numbers = "".join(word for word in words if word not in _AROUND_A_DIGIT)
    if not numbers or not all(character.isdecimal() for character in numbers):
        return None
    return [unicodedata.decimal(character) for character in numbers]
