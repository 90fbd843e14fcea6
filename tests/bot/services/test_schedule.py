"""The schedule, through time: summer time, missed times, two processes, changes while waiting."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fixed_clock import FixedClock
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from stored_readings import add_reading, add_version

from bot.cron import list_times
from bot.errors import AdminsOnlyError, BadScheduleError
from bot.services.actor import Actor
from bot.services.schedule import ScheduleService
from bot.settings import Settings
from bot.storage.database import SessionFactory, create_engine, create_session_factory
from bot.storage.models import ModelState, TrainingRun, TrainingState

ADMIN = Actor(1, is_admin=True)
BERLIN = ZoneInfo("Europe/Berlin")


def make_service(
    session_factory: SessionFactory,
    clock: FixedClock,
    *,
    cron: str = "0 3 * * *",
    time_zone: str = "UTC",
    min_corrections: int = 0,
) -> ScheduleService:
    return ScheduleService(
        session_factory,
        clock,
        default_cron=cron,
        time_zone=ZoneInfo(time_zone),
        min_corrections=min_corrections,
    )


async def live_through(
    service: ScheduleService, session_factory: SessionFactory, clock: FixedClock, until: datetime
) -> list[datetime]:
    """Ask every minute, as the job does, ending each run at once; return what they were for."""
    taken = []
    while clock.now <= until:
        run_id = await service.claim_due()
        if run_id is not None:
            async with session_factory.begin() as session:
                run = await session.get_one(TrainingRun, run_id)
                run.state = TrainingState.SUCCEEDED
                assert run.scheduled_for is not None
                taken.append(run.scheduled_for)
        clock.advance(timedelta(minutes=1))
    return taken


async def rows(session_factory: SessionFactory) -> list[tuple[datetime | None, TrainingState]]:
    async with session_factory() as session:
        query = select(TrainingRun.scheduled_for, TrainingRun.state).order_by(TrainingRun.id)
        return [(at, state) for at, state in await session.execute(query)]


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        # Clocks go from 02:00 to 03:00 on 29 March: half past two does not exist.
        (
            datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
            datetime(2026, 3, 30, 1, 0, tzinfo=UTC),
            [datetime(2026, 3, 29, 1, 0, tzinfo=UTC), datetime(2026, 3, 30, 0, 30, tzinfo=UTC)],
        ),
        # Clocks go from 03:00 back to 02:00 on 25 October: half past two comes twice.
        (
            datetime(2026, 10, 24, 23, 0, tzinfo=UTC),
            datetime(2026, 10, 26, 3, 0, tzinfo=UTC),
            [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)],
        ),
    ],
    ids=["spring", "autumn"],
)
async def test_summer_time_neither_skips_nor_doubles_a_night(
    session_factory: SessionFactory,
    clock: FixedClock,
    begin: datetime,
    end: datetime,
    expected: list[datetime],
) -> None:
    clock.now = begin
    service = make_service(session_factory, clock, cron="30 2 * * *", time_zone="Europe/Berlin")
    assert await live_through(service, session_factory, clock, end) == expected


async def test_of_times_missed_while_down_the_latest_is_made_up_for_once(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    service = make_service(session_factory, clock)
    assert await service.claim_due() is None  # The first start makes the schedule.
    clock.advance(timedelta(days=10, hours=1))  # 13:00; nobody looked meanwhile
    assert await service.claim_due() is not None
    assert await service.claim_due() is None
    missed = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)
    assert await rows(session_factory) == [(missed, TrainingState.RUNNING)]


async def test_time_is_taken_in_its_own_second(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    service = make_service(session_factory, clock)
    await service.claim_due()
    clock.now = datetime(2026, 3, 2, 2, 59, 59, 999_999, tzinfo=UTC)
    assert await service.claim_due() is None
    clock.now = datetime(2026, 3, 2, 3, 0, 0, tzinfo=UTC)
    assert await service.claim_due() is not None


async def test_two_processes_on_one_database_train_once(
    session_factory: SessionFactory, clock: FixedClock, settings: Settings
) -> None:
    other_engine = create_engine(settings.get_database_url())
    other = make_service(create_session_factory(other_engine), clock)
    service = make_service(session_factory, clock)
    await service.claim_due()
    for _ in range(20):
        clock.advance(timedelta(days=1))
        claims = await asyncio.gather(*(s.claim_due() for s in (service, other, service, other)))
        (run_id,) = [claim for claim in claims if claim is not None]
        async with session_factory.begin() as session:
            (await session.get_one(TrainingRun, run_id)).state = TrainingState.SUCCEEDED
    await other_engine.dispose()
    times = [at for at, _ in await rows(session_factory)]
    assert len(times) == len(set(times)) == 20


async def test_schedule_changed_by_another_process_counts_at_once(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    waiting, other = make_service(session_factory, clock), make_service(session_factory, clock)
    await waiting.claim_due()
    await other.change(ADMIN, "0 18 * * *")
    clock.now = datetime(2026, 3, 1, 18, 0, tzinfo=UTC)
    assert await waiting.claim_due() is not None
    await other.change(ADMIN, "0 4 * * *")
    clock.now = datetime(2026, 3, 2, 3, 59, tzinfo=UTC)
    assert await waiting.claim_due() is None  # What was 03:00 is no time any more.


async def test_schedule_changed_to_an_earlier_hour_does_not_fire_for_the_past(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    service = make_service(session_factory, clock)
    await service.change(ADMIN, "0 11 * * *")  # It is twelve.
    assert await service.claim_due() is None


async def test_times_while_switched_off_are_not_made_up_for(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    service = make_service(session_factory, clock)
    assert (await service.switch(ADMIN, is_on=False)).next_at is None
    clock.advance(timedelta(days=3))
    assert await service.claim_due() is None
    view = await service.switch(ADMIN, is_on=True)
    assert await service.claim_due() is None
    assert view.next_at == datetime(2026, 3, 5, 3, 0, tzinfo=UTC)


async def test_run_that_goes_on_postpones_the_time(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    service = make_service(session_factory, clock)
    await service.claim_due()
    async with session_factory.begin() as session:
        run = TrainingRun(
            recipe="best", state=TrainingState.RUNNING, update_id=1, started_at=clock.now
        )
        session.add(run)
    clock.advance(timedelta(days=1))
    assert await service.claim_due() is None
    async with session_factory.begin() as session:
        (await session.get_one(TrainingRun, run.id)).state = TrainingState.CANCELLED
    assert await service.claim_due() is not None


async def test_too_little_to_learn_from_is_noted_as_skipped_once(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    service = make_service(session_factory, clock, min_corrections=3)
    await service.claim_due()
    async with session_factory.begin() as session:
        await add_version(session, 1, clock.now, ModelState.ACTIVE)
        await add_reading(session, 1, clock.now, (7, 1), (7, 7))
    clock.advance(timedelta(days=1))
    assert await service.claim_due() is None
    assert await service.claim_due() is None
    view = await service.show(ADMIN)
    assert view.last is not None
    assert (view.last.state, view.last.reason) == (
        TrainingState.SKIPPED,
        "2 new corrections, fewer than 3",
    )
    assert len(await rows(session_factory)) == 1

    async with session_factory.begin() as session:
        await add_reading(session, 1, clock.now, (4, 9))
    clock.advance(timedelta(days=1))
    run_id = await service.claim_due()
    async with session_factory.begin() as session:
        (await session.get_one(TrainingRun, run_id)).state = TrainingState.SUCCEEDED
    clock.advance(timedelta(days=1))
    assert await service.claim_due() is None  # All three have been learned from.
    assert (await service.show(ADMIN)).new_corrections == 0


async def test_schedule_survives_a_restart(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    await make_service(session_factory, clock).change(ADMIN, "0 4 * * 1")
    view = await make_service(session_factory, clock, time_zone="Europe/Berlin").show(ADMIN)
    assert (view.cron, view.in_words, view.is_on) == ("0 4 * * 1", "At 04:00 on Monday", True)
    assert view.next_at == datetime(2026, 3, 2, 4, 0, tzinfo=BERLIN)


async def test_schedule_is_for_admins(session_factory: SessionFactory, clock: FixedClock) -> None:
    service, person = make_service(session_factory, clock), Actor(2, is_admin=False)
    with pytest.raises(AdminsOnlyError):
        await service.show(person)
    with pytest.raises(AdminsOnlyError):
        await service.change(person, "0 4 * * 1")
    with pytest.raises(AdminsOnlyError):
        await service.switch(person, is_on=False)


@pytest.mark.parametrize(
    "cron", ["", "x", "0 3", "61 3 * * *", "0 3 * * * *", "0 0 31 2 *", "1," * 60 + "1 3 * * *"]
)
async def test_what_is_no_schedule_is_refused(
    session_factory: SessionFactory, clock: FixedClock, cron: str
) -> None:
    service = make_service(session_factory, clock)
    with pytest.raises(BadScheduleError):
        await service.change(ADMIN, cron)
    assert (await service.show(ADMIN)).cron == "0 3 * * *"


@hypothesis_settings(deadline=None)
@given(st.text(alphabet="0123456789*/,-#LW ", max_size=30))
def test_any_text_is_a_schedule_or_refused(cron: str) -> None:
    try:
        times = list_times(cron, datetime(2026, 3, 1, tzinfo=BERLIN))
    except ValueError:
        return
    assert times.explain()
