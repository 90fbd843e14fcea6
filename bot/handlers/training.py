"""`/train` and `/cancel`: admins start a training run, and end it."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import keyboards, texts
from bot.announcements import begin_run, report_ended_runs
from bot.answering import answer_press, refuse_press
from bot.context import Context, DigitBot
from bot.errors import AdminsOnlyError, CorrectionError, TrainingAlreadyRunningError
from bot.handlers.filters import PRIVATE, message_of, query_of, sender_of
from bot.keyboards import Button

_RECIPES = {"": "refresh", "quick": "quick", "full": "best"}
"""Recipes by what stands after the command."""


def register(application: DigitBot) -> None:
    """Add the handlers of this module."""
    application.add_handler(CommandHandler("train", train, PRIVATE))
    application.add_handler(CommandHandler("cancel", cancel, PRIVATE))
    application.add_handler(CallbackQueryHandler(press_cancel, pattern=f"^{Button.CANCEL}:"))


async def train(update: Update, context: Context) -> None:
    """Start a training run; it goes on after this update is done."""
    message = message_of(update)
    recipe = _RECIPES.get(" ".join(context.args or []).lower())
    if recipe is None:
        await message.reply_text(texts.TRAIN_WHAT)
        return
    actor = context.services.actor(sender_of(update).id)
    try:
        run_id = await context.services.training.start(
            actor, recipe, chat_id=message.chat_id, update_id=update.update_id
        )
    except AdminsOnlyError:
        await message.reply_text(texts.ADMINS_ONLY)
    except TrainingAlreadyRunningError as error:
        keyboard = keyboards.cancel_keyboard(error.run_id)
        await message.reply_text(texts.TRAINING_ALREADY_RUNNING, reply_markup=keyboard)
    else:
        if run_id is not None:
            begin_run(context, run_id, recipe, message.chat_id)


async def cancel(update: Update, context: Context) -> None:
    """End the run that is going on; its own message then says so."""
    await message_of(update).reply_text(await _cancel(update, context, run_id=None))
    await report_ended_runs(context.bot, context.services)  # One that nobody carried out.


async def press_cancel(update: Update, context: Context) -> None:
    """End the run that the button was about, if it still goes on."""
    query = query_of(update)
    try:
        press = keyboards.parse(query.data or "")
    except CorrectionError as error:
        await refuse_press(query, error)
        return
    await answer_press(query, await _cancel(update, context, run_id=press.subject))
    await report_ended_runs(context.bot, context.services)


async def _cancel(update: Update, context: Context, *, run_id: int | None) -> str:
    actor = context.services.actor(sender_of(update).id)
    try:
        is_cancelled = await context.services.training.cancel(actor, run_id)
    except AdminsOnlyError:
        return texts.ADMINS_ONLY
    return texts.CANCELLING if is_cancelled else texts.NOTHING_TO_CANCEL
