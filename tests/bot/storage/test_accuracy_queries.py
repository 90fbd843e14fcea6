"""Counting must stay fast on a million digit predictions: from indexes, never from the rows."""

from datetime import timedelta

from fixed_clock import FixedClock
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.settings import Settings
from bot.storage import accuracy
from bot.storage.database import create_engine, create_session_factory


async def explain(engine: AsyncEngine, clock: FixedClock) -> list[str]:
    """Return how SQLite goes about all counts of `/accuracy`, one step a line."""
    statements = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        statements.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    async with create_session_factory(engine)() as session:
        since = clock.now - timedelta(days=7)
        await accuracy.count_predictions(session, None)
        await accuracy.count_predictions(session, since)
        await accuracy.count_judgements(session, [since, None])
        event.remove(engine.sync_engine, "before_cursor_execute", note)
        connection = await session.connection()
        return [
            row[3]
            for statement, parameters in statements
            for row in await connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            )
        ]


async def test_counts_come_from_indexes_alone(settings: Settings, clock: FixedClock) -> None:
    engine = create_engine(settings.get_database_url())
    steps = await explain(engine, clock)
    await engine.dispose()
    lookups = [step for step in steps if step.startswith(("SCAN", "SEARCH"))]
    assert len(lookups) == 6
    assert [step for step in lookups if "COVERING INDEX" not in step] == []
    assert [step for step in steps if "TEMP B-TREE" in step] == []
