"""`/models`, `/promote` and `/rollback`: which model answers photos."""

from telegram import Update
from telegram.constants import ParseMode
from telegram.ext import CommandHandler

from bot import texts
from bot.announcements import send_notices
from bot.context import Context, DigitBot
from bot.errors import AdminsOnlyError, ModelError, NoEarlierModelError, UnknownModelError
from bot.handlers.filters import PRIVATE, message_of, sender_of


def register(application: DigitBot) -> None:
    """Add the handlers of this module."""
    application.add_handler(CommandHandler("models", list_models, PRIVATE))
    application.add_handler(CommandHandler("promote", promote, PRIVATE))
    application.add_handler(CommandHandler("rollback", roll_back, PRIVATE))


async def list_models(update: Update, context: Context) -> None:
    """List all versions with their figures."""
    actor = context.services.actor(sender_of(update).id)
    try:
        text = texts.models_text(await context.services.models.list_versions(actor))
    except AdminsOnlyError:
        text = texts.ADMINS_ONLY
    await message_of(update).reply_text(text, parse_mode=ParseMode.HTML)


async def promote(update: Update, context: Context) -> None:
    """Let the version that is named answer photos."""
    actor = context.services.actor(sender_of(update).id)
    version_id = _parse_id(context.args)
    is_promoted = False
    try:
        text = texts.now_answers(await context.services.models.promote(actor, version_id))
        is_promoted = True
    except AdminsOnlyError:
        text = texts.ADMINS_ONLY
    except UnknownModelError:
        text = texts.PROMOTE_WHAT
    except ModelError as error:
        text = texts.model_unusable(str(error))
    await message_of(update).reply_text(text, parse_mode=ParseMode.HTML)
    if is_promoted:
        await send_notices(context.bot, context.services)


async def roll_back(update: Update, context: Context) -> None:
    """Let the version before the active one answer photos again."""
    actor = context.services.actor(sender_of(update).id)
    try:
        text = texts.now_answers(await context.services.models.roll_back(actor, update.update_id))
    except AdminsOnlyError:
        text = texts.ADMINS_ONLY
    except NoEarlierModelError:
        text = texts.NO_EARLIER_MODEL
    except ModelError as error:
        text = texts.model_unusable(str(error))
    await message_of(update).reply_text(text, parse_mode=ParseMode.HTML)


def _parse_id(arguments: list[str] | None) -> int:
    """Return the number after the command; 0, which no version has, if there is none."""
    number = "".join(arguments or [])
    is_id = number.isdecimal() and len(number) < 19  # What a 64-bit number surely holds.
    return int(number) if is_id else 0
