"""Cron expressions: five fields, as in Debian's cron."""

from datetime import datetime

from cronsim import CronSim, CronSimError

MAX_LENGTH = 100
"""Characters of an expression: what the database holds."""

_FIELDS = 5  # minute, hour, day of the month, month, day of the week


def list_times(cron: str, start: datetime, *, is_reverse: bool = False) -> CronSim:
    """Iterate over the times after `start`, or over those before it, latest first.

    The hours are those of `start`'s time zone.

    Raises:
        ValueError: It is no cron expression; the message says what is wrong.
    """
    if len(cron) > MAX_LENGTH or len(cron.split()) != _FIELDS:
        raise ValueError("Wrong number of fields")
    try:
        return CronSim(cron, start, reverse=is_reverse)
    except CronSimError as error:
        raise ValueError(str(error)) from error
