"""What the bot says by itself: how training runs go and end, and who has taught it something."""

import asyncio
import logging

from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, TelegramError

from bot import keyboards, texts
from bot.answering import edit_text
from bot.context import Context, Services
from bot.services.notices import NoticeView
from bot.services.ports import TrainingProgress
from bot.services.training import EndedRun, ShowProgress, TrainedModel, TrainingService

_logger = logging.getLogger(__name__)

_EDIT_EVERY_S = 3.0
"""Telegram slows a bot down that edits a message more often than about once a second."""


class ProgressMessage:
    """One message that follows a run. That Telegram cannot show it never touches the run."""

    def __init__(
        self, run_id: int, recipe: str, chat_id: int, bot: Bot, training: TrainingService
    ) -> None:
        """Follow a run; nothing is sent yet."""
        self._run_id = run_id
        self._recipe = recipe
        self._chat_id = chat_id
        self._bot = bot
        self._training = training
        self._message_id: int | None = None
        self._stage = ""
        self._next_edit_at = 0.0  # in the event loop's time

    async def show(self, progress: TrainingProgress) -> None:
        """Show how far the run is, unless the message was edited just now.

        A new stage is shown in any case, when its turn has come: it may last for minutes.
        """
        wait_s = self._next_edit_at - asyncio.get_running_loop().time()
        if wait_s > 0:
            if progress.stage == self._stage:
                return
            await asyncio.sleep(wait_s)
        self._stage = progress.stage
        self._next_edit_at = asyncio.get_running_loop().time() + _EDIT_EVERY_S
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


def begin_run(context: Context, run_id: int, recipe: str, chat_id: int | None) -> None:
    """Carry out a claimed training run in the background, and tell how it ended.

    Args:
        context: Its application keeps the task; when it is stopped, so is the run.
        run_id: The claimed run.
        recipe: Its recipe.
        chat_id: Where to show the progress; None shows none.
    """
    run = _carry_out(context.bot, context.services, run_id, recipe, chat_id)
    context.application.create_task(run, name=f"training run {run_id}")


async def _carry_out(
    bot: Bot, services: Services, run_id: int, recipe: str, chat_id: int | None
) -> None:
    show: ShowProgress = _show_nothing
    if chat_id is not None:
        show = ProgressMessage(run_id, recipe, chat_id, bot, services.training).show
    try:
        await services.training.run(run_id, recipe, show)
    except Exception:
        _logger.exception("Training run %s failed", run_id)  # Its row says why; so it is told.
    await report_ended_runs(bot, services)
    await send_notices(bot, services)


async def _show_nothing(progress: TrainingProgress) -> None:
    _logger.debug("Scheduled training: %s", progress)


async def report_ended_runs(bot: Bot, services: Services) -> None:
    """Tell how runs ended: whoever asked, or all admins; what fails is told at the next start."""
    async with services.training.reporting:
        for run in await services.training.list_unreported():
            chat_ids = services.admin_ids if run.chat_id is None else {run.chat_id}
            try:
                for chat_id in sorted(chat_ids):
                    await _report(bot, chat_id, run)
            except TelegramError as error:
                _logger.warning("The end of run %s was not reported: %s", run.run_id, error)
            else:
                await services.training.set_reported(run.run_id)


async def _report(bot: Bot, chat_id: int, run: EndedRun) -> None:
    """Let the progress message say the end, and send the card of a new model."""
    text = texts.training_ended(run)
    message_id = run.progress_message_id
    if message_id is None or not await edit_text(bot, chat_id, message_id, text, None):
        try:
            await bot.send_message(chat_id, text, ParseMode.HTML)
        except (BadRequest, Forbidden) as error:
            # An admin who has never written to the bot, or has blocked it, hears nothing.
            _logger.info("Chat %s was not told of run %s: %s", chat_id, run.run_id, error)
            return
    if run.model is not None:
        await _send_card(bot, chat_id, run.model)


async def _send_card(bot: Bot, chat_id: int, model: TrainedModel) -> None:
    card = texts.training_card(model)
    if model.curve is None:
        await bot.send_message(chat_id, card, ParseMode.HTML)
    else:
        await bot.send_photo(chat_id, model.curve, card, parse_mode=ParseMode.HTML)


async def send_notices(bot: Bot, services: Services) -> None:
    """Tell people that a model has learned from them; what fails is sent at the next start."""
    async with services.notices.sending:
        for notice in await services.notices.list_unsent():
            try:
                await _send_notice(bot, notice)
            except TelegramError as error:
                _logger.warning("Notice %s was not sent: %s", notice.id, error)
            else:
                await services.notices.set_sent(notice.id)


async def _send_notice(bot: Bot, notice: NoticeView) -> None:
    text, keyboard = texts.learned_from_you(notice), keyboards.notice_keyboard(notice.user_id)
    try:
        await bot.send_message(notice.user_id, text, reply_markup=keyboard)
    except (BadRequest, Forbidden) as error:
        # The person has blocked the bot, or has only ever met it in a group.
        _logger.info("Notice %s reaches nobody: %s", notice.id, error)
