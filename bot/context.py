"""The callback context: what every handler finds beside the update."""

from dataclasses import dataclass
from typing import Any, cast

from telegram.ext import Application, CallbackContext, ExtBot

from bot.services.accuracy import AccuracyService
from bot.services.actor import Actor
from bot.services.corrections import CorrectionService
from bot.services.model_versions import ModelVersionService
from bot.services.notices import NoticeService
from bot.services.privacy import PrivacyService
from bot.services.readings import ReadingService
from bot.services.review import ReviewService
from bot.services.schedule import ScheduleService
from bot.services.stats import StatsService
from bot.services.training import TrainingService


@dataclass(frozen=True)
class Services:
    """All use cases, made by the composition root."""

    readings: ReadingService
    corrections: CorrectionService
    accuracy: AccuracyService
    models: ModelVersionService
    training: TrainingService
    schedule: ScheduleService
    review: ReviewService
    notices: NoticeService
    privacy: PrivacyService
    stats: StatsService
    admin_ids: frozenset[int]  # Telegram user ids

    def actor(self, user_id: int) -> Actor:
        """Return who is acting, and whether as an admin."""
        return Actor(user_id, is_admin=user_id in self.admin_ids)


_Data = dict[Any, Any]  # PTB's own stores; only `set_services` below uses one.


class Context(CallbackContext[ExtBot[int], _Data, _Data, _Data]):
    """A callback context with typed services."""

    @property
    def services(self) -> Services:
        """The use cases."""
        # `bot_data` is untyped; `set_services` below is the only one that writes the key.
        return cast(Services, self.bot_data["services"])


DigitBot = Application[ExtBot[int], Context, _Data, _Data, _Data, Any]
"""The application, with our context."""


def set_services(application: DigitBot, services: Services) -> None:
    """Put the services where every context finds them."""
    application.bot_data["services"] = services
