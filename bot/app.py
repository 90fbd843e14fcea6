"""The composition root: the one place that says which class does what."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from telegram import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    Update,
)
from telegram.error import BadRequest, Forbidden
from telegram.ext import AIORateLimiter, ApplicationBuilder, ContextTypes, Defaults
from telegram.request import HTTPXRequest

from bot import handlers, jobs, texts
from bot.accuracy_painter import PillowAccuracyPainter
from bot.announcements import report_ended_runs, send_notices
from bot.context import Context, DigitBot, Services, set_services
from bot.digit_reader import MnistDigitReader
from bot.handlers.errors import apologise
from bot.inbox import RETRY_PAUSES_S, Inbox, InboxProcessor
from bot.model_store import FsspecModelStore
from bot.reading_painter import PillowReadingPainter
from bot.services.accuracy import AccuracyService
from bot.services.corrections import CorrectionService
from bot.services.learning import LearningService
from bot.services.model_versions import ModelVersionService
from bot.services.notices import NoticeService
from bot.services.ports import Clock, Trainer
from bot.services.privacy import PrivacyService
from bot.services.readings import ReadingService
from bot.services.review import ReviewService
from bot.services.schedule import ScheduleService
from bot.services.stats import StatsService
from bot.services.training import TrainingService
from bot.settings import Settings
from bot.storage.database import create_engine, create_session_factory
from bot.trainer import ProcessTrainer
from bot.updates_request import UpdatesRequest
from mnist_model.checkpoint import PRETRAINED_CHECKPOINT

_logger = logging.getLogger(__name__)

_UPDATES = [Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY]


@dataclass(frozen=True)
class Wire:
    """How to reach Telegram, or what stands in for it."""

    token: str
    api_url: str  # without a slash at the end, such as `https://api.telegram.org`
    admin_ids: frozenset[int]  # Telegram user ids
    page_url: str | None = None  # of the playground's chat page
    httpx_arguments: dict[str, Any] = field(default_factory=dict)  # of `httpx.AsyncClient`


@dataclass(frozen=True)
class DigitBotProgram:
    """Everything that runs, put together."""

    application: DigitBot
    services: Services
    inbox: Inbox
    processor: InboxProcessor
    trainer: Trainer
    engine: AsyncEngine

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Process updates inside the `async with`; outside it, nothing is open."""
        try:
            async with self.application:
                await self._prepare()
                await self.application.start()
                try:
                    yield
                finally:
                    # The application waits for what is going on, so end that first.
                    self.processor.stop()
                    await self.trainer.stop()
                    await self.application.stop()
        finally:
            await self.engine.dispose()

    @asynccontextmanager
    async def polling(self) -> AsyncIterator[None]:
        """Fetch updates from Telegram inside the `async with`."""
        updater = self.application.updater
        if updater is None:
            raise ValueError("the application was built without an updater")
        await updater.start_polling(
            allowed_updates=_UPDATES,
            error_callback=lambda error: _logger.warning("Polling: %s", error),
        )
        try:
            yield
        finally:
            await updater.stop()

    async def _prepare(self) -> None:
        version_id = await self.services.models.load_active(PRETRAINED_CHECKPOINT)
        _logger.info("Model %s answers photos", version_id)
        await self.services.training.interrupt_stale_run()
        await report_ended_runs(self.application.bot, self.services)
        await send_notices(self.application.bot, self.services)
        await self._set_commands()
        restored = await self.inbox.restore(self.application.bot)
        if restored:
            _logger.info("Going on with %s updates from before", restored)

    async def _set_commands(self) -> None:
        """Fill the command menus: everybody's, the groups', and each admin's longer one."""
        bot = self.application.bot
        everybodys, admins = texts.commands_for(is_admin=False), texts.commands_for(is_admin=True)
        await bot.set_my_commands(_menu(everybodys), BotCommandScopeAllPrivateChats())
        groups = texts.commands_in_groups()
        await bot.set_my_commands(_menu(groups), BotCommandScopeAllGroupChats())
        for admin_id in self.services.admin_ids:
            try:
                await bot.set_my_commands(_menu(admins), BotCommandScopeChat(admin_id))
            except (BadRequest, Forbidden) as error:
                # Telegram knows no chat with an admin who has never written to the bot.
                _logger.info("Admin %s gets the menu at the next start: %s", admin_id, error)


def build_program(
    settings: Settings,
    wire: Wire,
    *,
    trainer: Trainer | None = None,
    clock: Clock = lambda: datetime.now(UTC),
    retry_pauses_s: Sequence[float] = RETRY_PAUSES_S,
) -> DigitBotProgram:
    """Put the program together; nothing is opened or started yet.

    Args:
        settings: All settings; the schema of their database is up to date.
        wire: How to reach Telegram.
        trainer: Trains models; by default in a process of its own.
        clock: Returns the present instant.
        retry_pauses_s: Seconds before each further attempt at an update that failed.
    """
    engine = create_engine(settings.get_database_url())
    session_factory = create_session_factory(engine)
    trainer = trainer or ProcessTrainer(
        settings.mnist_data_dir, work_dir=settings.data_dir.expanduser() / "training"
    )
    reader = MnistDigitReader()
    painter = PillowReadingPainter()
    store = FsspecModelStore(
        settings.get_model_store_url(), cache_dir=settings.data_dir.expanduser() / "model-cache"
    )
    models = ModelVersionService(session_factory, clock, store, reader)
    learning = LearningService(session_factory, clock, settings.max_corrections_per_person)
    services = Services(
        readings=ReadingService(session_factory, clock, reader, painter),
        corrections=CorrectionService(session_factory, clock),
        accuracy=AccuracyService(session_factory, clock, PillowAccuracyPainter()),
        models=models,
        training=TrainingService(session_factory, clock, trainer, store, models, learning),
        schedule=ScheduleService(
            session_factory,
            clock,
            default_cron=settings.retrain_cron,
            time_zone=settings.retrain_time_zone,
            min_corrections=settings.retrain_min_corrections,
        ),
        review=ReviewService(session_factory, painter),
        notices=NoticeService(session_factory, clock),
        privacy=PrivacyService(session_factory, painter),
        stats=StatsService(session_factory, clock, settings.data_dir.expanduser()),
        admin_ids=wire.admin_ids,
    )
    inbox = Inbox(session_factory, clock)
    processor = InboxProcessor(inbox, apologise, retry_pauses_s)
    application = _build_application(wire, inbox, processor)
    set_services(application, services)
    handlers.register(application)
    jobs.register(application)
    return DigitBotProgram(application, services, inbox, processor, trainer, engine)


def _build_application(wire: Wire, inbox: Inbox, processor: InboxProcessor) -> DigitBot:
    application: DigitBot = (
        ApplicationBuilder()
        .token(wire.token)
        .base_url(f"{wire.api_url}/bot")
        .base_file_url(f"{wire.api_url}/file/bot")
        .request(HTTPXRequest(httpx_kwargs=wire.httpx_arguments))
        .get_updates_request(UpdatesRequest(httpx_kwargs=wire.httpx_arguments))
        .context_types(ContextTypes(context=Context))
        # What was asked may be deleted before it is answered, in groups even by others.
        .defaults(Defaults(allow_sending_without_reply=True))
        .rate_limiter(AIORateLimiter(max_retries=3))
        .update_queue(inbox)
        .concurrent_updates(processor)
        .build()
    )
    processor.attach(application)
    return application


def _menu(commands: Sequence[texts.CommandText]) -> list[BotCommand]:
    return [BotCommand(command.name, command.description) for command in commands]
