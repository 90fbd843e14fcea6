"""Alembic's environment: which database, and how to reach it."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from bot.settings import Settings
from bot.storage.database import create_engine
from bot.storage.models import Base


def run_on(connection: Connection) -> None:
    """Run the revisions, all in one transaction: a kill midway leaves the schema as it was."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=True,  # SQLite can, though Alembic does not rely on it.
        render_as_batch=True,  # SQLite cannot alter a table in place: it gets a copy.
        compare_type=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "sqlite":
            # Its driver would begin one by itself only when rows change, not when tables do.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        context.run_migrations()


async def run_online() -> None:
    """Connect to the URL that the caller gave, or else to the one in the settings."""
    url = context.config.attributes.get("url") or Settings().get_database_url()
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run_on)
    finally:
        await engine.dispose()


asyncio.run(run_online())
