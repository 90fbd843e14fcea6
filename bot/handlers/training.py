"""`/train`: starts a training run, shows its progress in one message and how it ended."""

import asyncio
import logging

from telegram import Bot, Update
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.ext import CommandHandler

from bot import texts
from bot.context import Context, DigitBot
from bot.errors import AdminsOnlyError, TrainingAlreadyRunningError
from bot.handlers.answering import edit_text
from bot.handlers.filters import PRIVATE, message_of, sender_of
from bot.services.ports import TrainingProgress
from bot.services.training import TrainingService

_logger = logging.getLogger(__name__)

_RECIPES = {"": "classic", "quick": "quick", "full": "best"}
"""Recipes by what stands after the command."""

_EDIT_EVERY_S = 3.0
"""Telegram slows a bot down that edits a message more often than about once a second."""


class _ProgressMessage:
    """One message that follows a run. That it cannot be shown never touches the run itself."""

    def __init__(
        self, run_id: int, recipe: str, chat_id: int, bot: Bot, training: TrainingService
    ) -> None:
        self._run_id = run_id
        self._recipe = recipe
        self._chat_id = chat_id
        self._bot = bot
        self._training = training
        self._message_id: int | None = None
        self._next_edit_at = 0.0  # in the event loop's time

    async def show(self, progress: TrainingProgress) -> None:
        """Show how far the run is, unless the message was edited just now."""
        now = asyncio.get_running_loop().time()
        if now < self._next_edit_at:
            return
        self._next_edit_at = now + _EDIT_EVERY_S
        try:
            await self._send_or_edit(texts.training_progress(self._run_id, self._recipe, progress))
        except TelegramError as error:
            _logger.info("Training run %s: progress not shown: %s", self._run_id, error)

    async def _send_or_edit(self, text: str) -> None:
        if self._message_id is not None and await edit_text(
            self._bot, self._chat_id, self._message_id, text, None
        ):
            return
        message = await self._bot.send_message(self._chat_id, text, ParseMode.HTML)
        self._message_id = message.message_id
        await self._training.set_progress_message(self._run_id, message.message_id)


def register(application: DigitBot) -> None:
    """Add the handler of this module."""
    application.add_handler(CommandHandler("train", train, PRIVATE))
    application.add_handler(CommandHandler("cancel", cancel, PRIVATE))


async def train(update: Update, context: Context) -> None:
    """Start a training run; it goes on after this update is done."""
    message = message_of(update)
    training = context.services.training
    recipe = _RECIPES.get(" ".join(context.args or []).lower())
    if recipe is None:
        await message.reply_text(texts.TRAIN_WHAT)
        return
    try:
        run_id = await training.start(
            context.services.actor(sender_of(update).id),
            recipe,
            chat_id=message.chat_id,
            update_id=update.update_id,
        )
    except AdminsOnlyError:
        await message.reply_text(texts.ADMINS_ONLY)
    except TrainingAlreadyRunningError:
        await message.reply_text(texts.TRAINING_ALREADY_RUNNING)
    else:
        if run_id is not None:
            progress_message = _ProgressMessage(
                run_id, recipe, message.chat_id, context.bot, training
            )
            run = _run(run_id, recipe, progress_message, context)
            context.application.create_task(run, name=f"training run {run_id}")


async def report_ended_runs(bot: Bot, training: TrainingService) -> None:
    """Tell admins how runs ended; what cannot be told now is told at the next start."""
    for run in await training.list_unreported():
        text = texts.training_ended(run)
        try:
            message_id = run.progress_message_id
            if message_id is None or not await edit_text(bot, run.chat_id, message_id, text, None):
                await bot.send_message(run.chat_id, text, ParseMode.HTML)
        except TelegramError as error:
            _logger.warning("The end of training run %s was not reported: %s", run.run_id, error)
        else:
            await training.set_reported(run.run_id)


async def cancel(update: Update, context: Context) -> None:
    """End the run that is going on; its own message then says so."""
    try:
        is_cancelled = await context.services.training.cancel(
            context.services.actor(sender_of(update).id)
        )
    except AdminsOnlyError:
        text = texts.ADMINS_ONLY
    else:
        text = texts.CANCELLING if is_cancelled else texts.NOTHING_TO_CANCEL
    await message_of(update).reply_text(text)


async def _run(
    run_id: int, recipe: str, progress_message: _ProgressMessage, context: Context
) -> None:
    training = context.services.training
    try:
        await training.run(run_id, recipe, progress_message.show)
    except Exception:
        _logger.exception("Training run %s failed", run_id)  # Its row says why; so it is told.
    await report_ended_runs(context.bot, training)
