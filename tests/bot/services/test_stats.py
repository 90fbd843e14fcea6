from datetime import timedelta
from pathlib import Path

import pytest
from fixed_clock import FixedClock
from scripted_reader import ScriptedReader

from bot.errors import AdminsOnlyError
from bot.model_store import FsspecModelStore
from bot.reading_painter import PillowReadingPainter
from bot.services.actor import Actor
from bot.services.model_versions import ModelVersionService
from bot.services.readings import ReadingService, SentPhoto
from bot.services.stats import Latency, StatsService, _summarise
from bot.storage.database import SessionFactory
from bot.storage.models import InboxUpdate
from mnist_model.checkpoint import PRETRAINED_CHECKPOINT

ADMIN = Actor(3, is_admin=True)


@pytest.fixture
def stats(session_factory: SessionFactory, clock: FixedClock, tmp_path: Path) -> StatsService:
    return StatsService(session_factory, clock, tmp_path)


@pytest.fixture
async def readings(
    session_factory: SessionFactory, clock: FixedClock, tmp_path: Path
) -> ReadingService:
    reader = ScriptedReader([7])
    store = FsspecModelStore(tmp_path.as_uri(), cache_dir=tmp_path)
    models = ModelVersionService(session_factory, clock, store, reader)
    await models.load_active(PRETRAINED_CHECKPOINT)
    return ReadingService(session_factory, clock, reader, PillowReadingPainter())


async def test_stats_are_for_admins(stats: StatsService) -> None:
    with pytest.raises(AdminsOnlyError):
        await stats.get(Actor(1, is_admin=False))


async def test_nothing_has_happened_yet(stats: StatsService) -> None:
    seen = await stats.get(ADMIN)
    assert (seen.readings, seen.people, seen.latency, seen.model_version_id) == (0, 0, None, None)
    assert seen.disk_free_bytes > 0


async def test_readings_of_the_last_week_are_counted(
    stats: StatsService, readings: ReadingService, clock: FixedClock
) -> None:
    for update_id, user_id in enumerate((1, 1, 2)):
        sent = SentPhoto(update_id, chat_id=user_id, user_id=user_id, message_id=1, file_id="f")
        await readings.read_photo(sent, b"")
        clock.advance(timedelta(days=5))
    # Now the first is 15 days old, the second 10, and the third 5.
    seen = await stats.get(ADMIN)
    assert (seen.readings, seen.people) == (1, 1)
    assert seen.readings_per_day == pytest.approx(1 / 7)
    assert seen.latency == Latency(1.0, 1.0, 3)
    assert seen.model_version_id == 1


async def test_waiting_and_parked_updates_are_told_apart(
    stats: StatsService, session_factory: SessionFactory, clock: FixedClock
) -> None:
    async with session_factory.begin() as session:
        for update_id, (done_at, error) in enumerate(
            [(None, None), (None, None), (clock.now, None), (None, "broken")]
        ):
            row = InboxUpdate(update_id=update_id, received_at=clock.now)
            row.done_at, row.error = done_at, error
            session.add(row)
    seen = await stats.get(ADMIN)
    assert (seen.pending, seen.parked) == (2, 1)


def test_percentiles() -> None:
    assert _summarise([float(ms) for ms in range(1, 101)]) == Latency(50.5, 95.05, 100)
    assert _summarise([7.0]) == Latency(7.0, 7.0, 1)
