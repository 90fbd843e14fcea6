"""How the bot is doing, for whoever runs it."""

import asyncio
import shutil
import statistics
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.services.actor import Actor
from bot.services.ports import Clock
from bot.storage import model_versions, stats
from bot.storage.database import SessionFactory

_LATENCIES = 1000
"""Over how many of the last readings the percentiles are taken."""

_DAYS = 7


@dataclass(frozen=True)
class Latency:
    """How long the last readings took, in milliseconds."""

    median_ms: float
    p95_ms: float
    count: int


@dataclass(frozen=True)
class Stats:
    """What `/stats` shows."""

    days: int  # how many days the next two are about
    readings: int
    people: int
    latency: Latency | None  # None before the first reading
    pending: int  # updates that wait or are being processed, this one among them
    parked: int  # updates that were given up
    disk_free_bytes: int
    model_version_id: int | None

    @property
    def readings_per_day(self) -> float:
        """The mean over the days."""
        return self.readings / self.days


class StatsService:
    """Counts what whoever runs the bot wants to know."""

    def __init__(self, session_factory: SessionFactory, clock: Clock, data_dir: Path) -> None:
        """Take what the service works with; the folder is the one whose disk may fill up."""
        self._session_factory = session_factory
        self._clock = clock
        self._data_dir = data_dir

    async def get(self, actor: Actor) -> Stats:
        """Return the figures as they stand now.

        Raises:
            AdminsOnlyError: The actor is no admin.
        """
        actor.require_admin("see the statistics")
        async with self._session_factory() as session:
            since = self._clock() - timedelta(days=_DAYS)
            readings, people = await stats.count_readings(session, since)
            latencies = await stats.list_last_latencies(session, _LATENCIES)
            pending, parked = await stats.count_updates(session)
            active = await model_versions.get_active(session)
        disk = await asyncio.to_thread(shutil.disk_usage, self._data_dir)
        return Stats(
            days=_DAYS,
            readings=readings,
            people=people,
            latency=_summarise(list(latencies)),
            pending=pending,
            parked=parked,
            disk_free_bytes=disk.free,
            model_version_id=active.id if active else None,
        )


def _summarise(latencies_ms: list[float]) -> Latency | None:
    if not latencies_ms:
        return None
    # Twice a single one, since quantiles need two; the result is that one.
    sample = latencies_ms if len(latencies_ms) > 1 else latencies_ms * 2
    p95_ms = statistics.quantiles(sample, n=20, method="inclusive")[-1]
    return Latency(statistics.median(latencies_ms), p95_ms, len(latencies_ms))
