"""Engine and session factory for SQLite and PostgreSQL."""

from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

SessionFactory = async_sessionmaker[AsyncSession]


def create_engine(url: str) -> AsyncEngine:
    """Create an engine; for a SQLite file, its folder too.

    Args:
        url: SQLAlchemy URL with an async driver, such as `sqlite+aiosqlite:///data/bot.sqlite`.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_async_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(parsed)
    event.listen(engine.sync_engine, "connect", _set_sqlite_pragmas)
    return engine


def create_session_factory(engine: AsyncEngine) -> SessionFactory:
    """Create the factory whose `begin()` is one transaction.

    Objects stay readable after the commit, since nothing can be loaded lazily under asyncio.
    """
    return async_sessionmaker(engine, expire_on_commit=False)


def _set_sqlite_pragmas(connection: Any, _record: object) -> None:
    """Make SQLite check foreign keys, read while it writes, and wait when it is locked."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA journal_mode = WAL")
    # In WAL mode FULL is what makes a commit survive a power cut; NORMAL may lose the last ones.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA busy_timeout = 10000")  # milliseconds
    cursor.close()
