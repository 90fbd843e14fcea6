"""`/notices`: whether a person wants to hear that a model has learned from them."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import keyboards, texts
from bot.answering import answer_press, refuse_press
from bot.context import Context, DigitBot
from bot.errors import CorrectionError, NotYourReadingError
from bot.handlers.filters import PRIVATE, message_of, query_of, sender_of
from bot.keyboards import Button

_SWITCH = {"on": True, "off": False}


def register(application: DigitBot) -> None:
    """Add the handlers of this module."""
    application.add_handler(CommandHandler("notices", switch, PRIVATE))
    application.add_handler(CallbackQueryHandler(switch_off, pattern=f"^{Button.NO_NOTICES}:"))


async def switch(update: Update, context: Context) -> None:
    """Switch notices on or off."""
    is_on = _SWITCH.get(" ".join(context.args or []).lower())
    if is_on is None:
        await message_of(update).reply_text(texts.NOTICES_WHAT)
        return
    await context.services.notices.switch(sender_of(update).id, is_on=is_on)
    await message_of(update).reply_text(texts.NOTICES_ON if is_on else texts.NOTICES_OFF)


async def switch_off(update: Update, context: Context) -> None:
    """Switch notices off, by the button under one."""
    query, user_id = query_of(update), sender_of(update).id
    try:
        press = keyboards.parse(query.data or "")
        if press.subject != user_id:
            raise NotYourReadingError("this button is another person's")
    except CorrectionError as error:
        await refuse_press(query, error)
        return
    await context.services.notices.switch(user_id, is_on=False)
    await answer_press(query, texts.NOTICES_OFF, show_alert=True)
