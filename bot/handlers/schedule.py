"""`/schedule`: when the bot retrains by itself."""

from telegram import Update
from telegram.constants import ParseMode
from telegram.ext import CommandHandler

from bot import texts
from bot.context import Context, DigitBot
from bot.errors import AdminsOnlyError, BadScheduleError
from bot.handlers.filters import PRIVATE, message_of, sender_of
from bot.services.actor import Actor
from bot.services.schedule import ScheduleService, ScheduleView

_SWITCH = {"on": True, "off": False}


def register(application: DigitBot) -> None:
    """Add the handler of this module."""
    application.add_handler(CommandHandler("schedule", schedule, PRIVATE))


async def schedule(update: Update, context: Context) -> None:
    """Show the schedule, change it, or switch it on or off."""
    actor = context.services.actor(sender_of(update).id)
    words = " ".join(context.args or [])
    try:
        view = await _carry_out(context.services.schedule, actor, words)
        text = texts.schedule_text(view)
    except AdminsOnlyError:
        text = texts.ADMINS_ONLY
    except BadScheduleError as error:
        text = texts.bad_schedule(str(error))
    await message_of(update).reply_text(text, parse_mode=ParseMode.HTML)


async def _carry_out(service: ScheduleService, actor: Actor, words: str) -> ScheduleView:
    if not words:
        return await service.show(actor)
    is_on = _SWITCH.get(words.lower())
    if is_on is not None:
        return await service.switch(actor, is_on=is_on)
    return await service.change(actor, words)
