"""Entry points: what a person does in the chat, one module per feature."""

from bot.context import DigitBot
from bot.handlers import (
    accuracy,
    corrections,
    errors,
    fallback,
    groups,
    models,
    notices,
    privacy,
    readings,
    review,
    schedule,
    seen,
    start,
    stats,
    training,
)


def register(application: DigitBot) -> None:
    """Add every handler. All are in one group, where the first that fits takes the update."""
    start.register(application)
    accuracy.register(application)
    training.register(application)
    schedule.register(application)
    review.register(application)
    models.register(application)
    stats.register(application)
    privacy.register(application)
    notices.register(application)
    readings.register(application)
    seen.register(application)  # Before the handler of all other buttons.
    groups.register(application)
    # Replies with text come before any other text, which only gets a hint.
    corrections.register(application)
    # What nothing above has taken.
    fallback.register(application)
    errors.register(application)
