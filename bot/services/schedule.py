"""When the bot retrains by itself.

The database is the truth: a time of the schedule is taken by a training run, or by the note that
it was skipped, whose `scheduled_for` is unique. So any number of processes may ask whether a time
has come, as often as they like, and exactly one of them trains.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.cron import list_times
from bot.errors import BadScheduleError
from bot.services.actor import Actor
from bot.services.ports import Clock
from bot.storage import learning, schedule, training
from bot.storage.database import SessionFactory
from bot.storage.models import RetrainSchedule, TrainingRun, TrainingState

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LastScheduledRun:
    """What became of the schedule's last time."""

    scheduled_for: datetime
    state: TrainingState
    reason: str | None  # why it was skipped or has failed


@dataclass(frozen=True)
class ScheduleView:
    """The schedule, as the chat shows it."""

    cron: str
    in_words: str  # the cron expression, in English
    time_zone: ZoneInfo
    is_on: bool
    next_at: datetime | None  # None: switched off, or a date that never comes
    last: LastScheduledRun | None
    new_corrections: int  # since the last training
    min_corrections: int  # with fewer, a time is skipped


class ScheduleService:
    """Shows and changes the schedule, and takes its times."""

    recipe = "refresh"

    def __init__(
        self,
        session_factory: SessionFactory,
        clock: Clock,
        *,
        default_cron: str,
        time_zone: ZoneInfo,
        min_corrections: int,
    ) -> None:
        """Take what the service works with.

        Args:
            session_factory: Makes sessions.
            clock: Returns the present instant.
            default_cron: The schedule of a database that has none yet.
            time_zone: What the hours of cron expressions mean.
            min_corrections: With fewer new ones a time is skipped.
        """
        self._session_factory = session_factory
        self._clock = clock
        self._default_cron = default_cron
        self._time_zone = time_zone
        self._min_corrections = min_corrections

    async def show(self, actor: Actor) -> ScheduleView:
        """Return the schedule.

        Raises:
            AdminsOnlyError: The actor is no admin.
        """
        actor.require_admin("see or change the schedule")
        async with self._session_factory.begin() as session:
            return await self._view(session, await self._get(session))

    async def change(self, actor: Actor, cron: str) -> ScheduleView:
        """Set another cron expression and switch the schedule on.

        Raises:
            AdminsOnlyError: The actor is no admin.
            BadScheduleError: It is no cron expression.
        """
        actor.require_admin("see or change the schedule")
        now = self._clock()
        self._parse(cron, now)
        async with self._session_factory.begin() as session:
            return await self._view(session, await schedule.put(session, cron, now))

    async def switch(self, actor: Actor, *, is_on: bool) -> ScheduleView:
        """Switch the schedule on or off; times that passed while it was off are not made up for.

        Raises:
            AdminsOnlyError: The actor is no admin.
        """
        actor.require_admin("see or change the schedule")
        async with self._session_factory.begin() as session:
            row = await self._get(session)
            if row.is_on != is_on:
                row = await schedule.put(session, row.cron, self._clock(), is_on=is_on)
            return await self._view(session, row)

    async def claim_due(self) -> int | None:
        """Take the schedule's latest time, if it has passed and nobody has taken it yet.

        Of several times that were missed, only the latest counts.

        Returns:
            The id of a training run to carry out; None when there is nothing to do: no time has
            come, too little is new, another process was faster, or a run is going on, after which
            the time can still be taken.
        """
        try:
            async with self._session_factory.begin() as session:
                fire_at = await self._find_due(session)
                if fire_at is None or await training.find_running(session) is not None:
                    return None
                run = await self._make_run(session, fire_at)
                session.add(run)
        except IntegrityError:
            return None  # Another process has taken the time, or begun a run, this very moment.
        return run.id if run.state is TrainingState.RUNNING else None

    async def _find_due(self, session: AsyncSession) -> datetime | None:
        row, now = await self._get(session), self._clock()
        if not row.is_on:
            return None
        # Backwards from the next whole second, since a time may be this very one.
        next_second = now.replace(microsecond=0) + timedelta(seconds=1)
        times = self._parse(row.cron, next_second, is_reverse=True)
        found = next(times, None)
        if found is None or found <= row.changed_at:
            return None
        fire_at = found.astimezone(UTC)
        last = await training.find_last_scheduled(session)
        if last is not None and last.scheduled_for is not None and last.scheduled_for >= fire_at:
            return None
        return fire_at

    async def _make_run(self, session: AsyncSession, fire_at: datetime) -> TrainingRun:
        now, count = self._clock(), await self._count_new(session)
        run = TrainingRun(
            recipe=self.recipe, state=TrainingState.RUNNING, scheduled_for=fire_at, started_at=now
        )
        if count < self._min_corrections:
            run.state, run.ended_at = TrainingState.SKIPPED, now
            run.error = f"{count} new corrections, fewer than {self._min_corrections}"
            _logger.info("The training of %s is skipped: %s", fire_at, run.error)
        return run

    async def _count_new(self, session: AsyncSession) -> int:
        return await learning.count_since(session, await training.find_last_learning_at(session))

    async def _get(self, session: AsyncSession) -> RetrainSchedule:
        row = await schedule.get(session)
        return row or await schedule.put(session, self._default_cron, self._clock())

    async def _view(self, session: AsyncSession, row: RetrainSchedule) -> ScheduleView:
        times, last = (
            self._parse(row.cron, self._clock()),
            await training.find_last_scheduled(session),
        )
        return ScheduleView(
            cron=row.cron,
            in_words=times.explain(),
            time_zone=self._time_zone,
            is_on=row.is_on,
            next_at=next(times, None) if row.is_on else None,
            last=_last_run(last),
            new_corrections=await self._count_new(session),
            min_corrections=self._min_corrections,
        )

    def _parse(self, cron: str, now: datetime, *, is_reverse: bool = False) -> CronSim:
        """Return the times after `now`, or those before it, latest first.

        Raises:
            BadScheduleError: It is no cron expression.
        """
        try:
            return list_times(cron, now.astimezone(self._time_zone), is_reverse=is_reverse)
        except ValueError as error:
            raise BadScheduleError(str(error)) from error


def _last_run(run: TrainingRun | None) -> LastScheduledRun | None:
    if run is None or run.scheduled_for is None:
        return None
    return LastScheduledRun(run.scheduled_for, run.state, run.error)
