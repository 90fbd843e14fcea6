"""Scheduled callbacks, fired by APScheduler through PTB's JobQueue."""

import logging

from apscheduler.triggers.cron import CronTrigger

from bot.announcements import begin_run
from bot.context import Context, DigitBot

_logger = logging.getLogger(__name__)


def register(application: DigitBot) -> None:
    """Look every minute whether a time of the schedule has come.

    The schedule itself is in the database, where another process may change it at any time, and
    where a time that passed while nobody looked can still be found.
    """
    if application.job_queue is None:
        raise ValueError("the application was built without a job queue")
    application.job_queue.run_custom(
        retrain_if_due,
        job_kwargs={
            "trigger": CronTrigger(second=0),
            "misfire_grace_time": None,  # Late is better than never: a laptop may have slept.
            "coalesce": True,
        },
        name="retrain if due",
    )


async def retrain_if_due(context: Context) -> None:
    """Take the time of the schedule that has come, if any, and train."""
    run_id = await context.services.schedule.claim_due()
    if run_id is not None:
        _logger.info("Scheduled training run %s begins", run_id)
        begin_run(context, run_id, context.services.schedule.recipe, None)
