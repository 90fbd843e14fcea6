"""Brings the database's schema up to date with Alembic."""

from pathlib import Path

import sqlalchemy.exc

from bot.errors import DatabaseError

_FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def upgrade_schema(url: str) -> None:
    """Apply the revisions that the database has not seen yet.

    Call it before an event loop runs: Alembic's environment starts one of its own.

    Args:
        url: SQLAlchemy URL with an async driver.

    Raises:
        DatabaseError: The database cannot be opened or changed.
    """
    # Here, since only this call needs Alembic: services and tests of the rest start without it.
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["url"] = url
    try:
        command.upgrade(config, "head")
    except (sqlalchemy.exc.SQLAlchemyError, CommandError, ImportError, OSError) as error:
        reason = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
        raise DatabaseError(
            f"the database cannot be used: {reason}. Check DATABASE_URL and DATA_DIR."
        ) from error
