"""Logging for the whole program, set up once by the entry point."""

import logging


def configure_logging(level: str) -> None:
    """Log to standard error, one line per record.

    Args:
        level: A level name of the standard library, such as "INFO".
    """
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    # httpx writes every URL at INFO, and Telegram's URLs hold the bot token.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # Each of these narrates its routine at INFO: wake-ups, plug-ins, start and stop.
    for name in ("apscheduler", "alembic.runtime.plugins", "telegram.ext", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
