"""`/train`: starts a training run and shows its progress in one message."""

import asyncio
from collections.abc import AsyncIterator

from telegram import Message, Update
from telegram.constants import ParseMode
from telegram.ext import CommandHandler

from bot import texts
from bot.context import Context, DigitBot
from bot.errors import TrainingAlreadyRunningError, TrainingError, TrainingInterruptedError
from bot.handlers.filters import PRIVATE, message_of, sender_of
from bot.services.ports import TrainingProgress
from bot.services.training import Candidate

_RECIPE = "classic"

_EDIT_EVERY_S = 3.0
"""Telegram slows a bot down that edits a message more often than about once a second."""


def register(application: DigitBot) -> None:
    """Add the handler of this module."""
    application.add_handler(CommandHandler("train", train, PRIVATE))


async def train(update: Update, context: Context) -> None:
    """Start a training run, for admins only; it goes on after this update is done."""
    message, sender = message_of(update), sender_of(update)
    training = context.services.training
    if not context.services.actor(sender.id).is_admin:
        await message.reply_text(texts.ADMINS_ONLY)
        return
    try:
        run_id = await training.start(_RECIPE, requested_by=sender.id, chat_id=message.chat_id)
    except TrainingAlreadyRunningError:
        await message.reply_text(texts.TRAINING_ALREADY_RUNNING)
        return
    steps = training.follow(run_id, _RECIPE)
    context.application.create_task(_report(message, run_id, steps), name=f"training {run_id}")


async def _report(
    message: Message, run_id: int, steps: AsyncIterator[TrainingProgress | Candidate]
) -> None:
    """Show a run's progress in one message, and how it ended."""
    shown: Message | None = None
    next_edit_at = 0.0
    loop = asyncio.get_running_loop()
    try:
        async for step in steps:
            if isinstance(step, Candidate):
                text = texts.training_done(run_id, step)
            elif loop.time() < next_edit_at:
                continue
            else:
                text = texts.training_text(run_id, _RECIPE, step)
            shown = await _send_or_edit(message, shown, text)
            next_edit_at = loop.time() + _EDIT_EVERY_S
    except TrainingInterruptedError:
        await _send_or_edit(message, shown, texts.training_interrupted(run_id))
    except TrainingError as error:
        await _send_or_edit(message, shown, texts.training_failed(run_id, str(error)))


async def _send_or_edit(message: Message, shown: Message | None, text: str) -> Message:
    if shown is None:
        return await message.reply_text(text, parse_mode=ParseMode.HTML)
    await shown.edit_text(text, parse_mode=ParseMode.HTML)
    return shown
