"""Training runs: one at a time, each ending in a verdict or in a reason, and each reported."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import (
    BotError,
    TrainingAlreadyRunningError,
    TrainingCancelledError,
    TrainingError,
    TrainingInterruptedError,
)
from bot.services.actor import Actor
from bot.services.gate import Verdict, judge
from bot.services.learning import LearningService
from bot.services.model_versions import ModelVersionService
from bot.services.ports import (
    Clock,
    ModelFigures,
    ModelStore,
    TrainedCheckpoint,
    Trainer,
    TrainingOrder,
    TrainingProgress,
)
from bot.storage import model_versions, training
from bot.storage.database import SessionFactory
from bot.storage.models import ModelVersion, TrainingRun, TrainingState

__all__ = [
    "EndedRun",
    "ShowProgress",
    "TrainedModel",
    "TrainingService",
    "TrainingState",
    "Verdict",
]

ShowProgress = Callable[[TrainingProgress], Awaitable[None]]


@dataclass(frozen=True)
class TrainedModel:
    """The model version that a run made, and how it compares."""

    version_id: int
    verdict: Verdict
    compared_with: int  # the version that was active when the run began
    before: ModelFigures  # of that one
    after: ModelFigures
    trained: int  # examples of people, beside MNIST
    quarantined: int  # examples that were put in quarantine
    curve: bytes | None  # PNG of the training curve


@dataclass(frozen=True)
class EndedRun:
    """A run that is over, and whose end nobody has been told yet."""

    run_id: int
    chat_id: int | None  # None: every admin is to be told
    progress_message_id: int | None
    scheduled_for: datetime | None
    state: TrainingState
    model: TrainedModel | None
    error: str | None


class TrainingService:
    """Starts training runs and records how they end."""

    def __init__(
        self,
        session_factory: SessionFactory,
        clock: Clock,
        trainer: Trainer,
        store: ModelStore,
        models: ModelVersionService,
        learning: LearningService,
    ) -> None:
        """Take what the service works with."""
        self._session_factory = session_factory
        self._clock = clock
        self._trainer = trainer
        self._store = store
        self._models = models
        self._learning = learning
        self.reporting = asyncio.Lock()
        """Held by whoever tells how runs ended, so that nobody is told twice."""
        self._at_work: int | None = None  # the run that this process carries out
        self._cancelled: int | None = None  # the run that an admin has cancelled

    async def start(
        self, actor: Actor, recipe: str, *, chat_id: int | None, update_id: int
    ) -> int | None:
        """Claim the one place for a training run.

        Args:
            actor: Who asks.
            recipe: A recipe's name.
            chat_id: Where to report; None: to every admin.
            update_id: The update that asks; it starts one run, however often it is processed.

        Returns:
            The run's id, or None when an earlier attempt at the update has started one.

        Raises:
            AdminsOnlyError: The actor is no admin.
            TrainingAlreadyRunningError: Another run is going on.
        """
        actor.require_admin("train")
        run = TrainingRun(
            recipe=recipe,
            state=TrainingState.RUNNING,
            update_id=update_id,
            requested_by=actor.user_id,
            chat_id=chat_id,
            started_at=self._clock(),
        )
        try:
            async with self._session_factory.begin() as session:
                if await training.find_by_update(session, update_id) is not None:
                    return None
                other = await training.find_running(session)
                if other is not None:
                    raise TrainingAlreadyRunningError(other.id)
                session.add(run)
        except IntegrityError as error:  # Another process has begun one this very moment.
            raise await self._already_running() from error
        return run.id

    async def run(self, run_id: int, recipe: str, show: ShowProgress) -> None:
        """Carry out a claimed run; its row says how it ended, whatever this raises.

        Args:
            run_id: From `start`.
            recipe: The same as there.
            show: Called with each progress.
        """
        self._at_work = run_id
        try:
            await self._train(run_id, recipe, show)
        except TrainingCancelledError as error:
            await self._end(run_id, TrainingState.CANCELLED, str(error))
        except TrainingInterruptedError as error:
            await self._end(run_id, TrainingState.INTERRUPTED, str(error))
        except Exception as error:
            is_ours = isinstance(error, BotError)
            reason = str(error) if is_ours else f"{type(error).__name__}; the log has more."
            await self._end(run_id, TrainingState.FAILED, reason)
            raise
        except BaseException:
            # Cancelled: the row must not go on saying "running", or no run could start again.
            await self._end(run_id, TrainingState.INTERRUPTED, "the task was cancelled")
            raise
        finally:
            self._at_work = None

    async def cancel(self, actor: Actor, run_id: int | None = None) -> bool:
        """End the run that is going on; return False when there is none.

        Args:
            actor: Who asks.
            run_id: Only this run; None means whichever goes on.

        Raises:
            AdminsOnlyError: The actor is no admin.
        """
        actor.require_admin("cancel training")
        async with self._session_factory() as session:
            run = await training.find_running(session)
        if run is None or run_id not in {None, run.id}:
            return False
        if run.id != self._at_work:
            # It is over, but that could not be written down, on a full disk for one.
            await self._end(run.id, TrainingState.INTERRUPTED, "nobody is carrying it out")
            return True
        self._cancelled = run.id
        await self._trainer.cancel()
        return True

    async def set_progress_message(self, run_id: int, message_id: int) -> None:
        """Remember which message shows the progress, so that it can show the end as well."""
        async with self._session_factory.begin() as session:
            run = await session.get_one(TrainingRun, run_id)
            run.progress_message_id = message_id

    async def interrupt_stale_run(self) -> None:
        """Mark a run that a crash or a kill left behind as interrupted; call it at start."""
        async with self._session_factory.begin() as session:
            run = await training.find_running(session)
        if run is not None:
            await self._end(run.id, TrainingState.INTERRUPTED, "the bot was killed")

    async def list_unreported(self) -> list[EndedRun]:
        """Return the runs whose end nobody has been told, oldest first."""
        async with self._session_factory() as session:
            return [_ended(run) for run in await training.list_unreported(session)]

    async def set_reported(self, run_id: int) -> None:
        """Remember that it has been told how a run ended."""
        async with self._session_factory.begin() as session:
            run = await session.get_one(TrainingRun, run_id)
            run.reported_at = self._clock()

    async def _already_running(self) -> TrainingAlreadyRunningError:
        async with self._session_factory() as session:
            other = await training.find_running(session)
        return TrainingAlreadyRunningError(other.id if other else 0)

    async def _train(self, run_id: int, recipe: str, show: ShowProgress) -> None:
        async with self._session_factory() as session:
            active = await model_versions.get_active(session)
        if active is None:
            raise TrainingError("no model is active to compare with")
        order = TrainingOrder(
            recipe, await self._store.fetch(active.sha256), await self._learning.collect()
        )
        await self._check_running(run_id)
        if self._cancelled == run_id:
            raise TrainingCancelledError("an admin has cancelled it")
        async with aclosing(self._trainer.train(order)) as steps:
            async for step in steps:
                if isinstance(step, TrainedCheckpoint):
                    return await self._finish(run_id, active.id, order, step)
                await show(step)
        raise TrainingError("the training process ended without a checkpoint")

    async def _finish(
        self, run_id: int, compared_with: int, order: TrainingOrder, trained: TrainedCheckpoint
    ) -> None:
        """Store the candidate, judge it, and promote it if it is better: all of it or nothing."""
        info = await self._store.put(trained.path)
        await self._check_running(run_id)
        async with self._models.begin() as session:
            version = await self._models.register(session, info)
            run = await session.get_one(TrainingRun, run_id)
            run.state = TrainingState.SUCCEEDED
            run.model_version_id = version.id
            run.ended_at = self._clock()
            run.figures = _figures(compared_with, order, trained)
            run.curve = trained.curve
            await self._learning.record(session, run_id, order.examples, trained.doubts)
            run.verdict = await self._decide(session, compared_with, version, trained)

    async def _decide(
        self,
        session: AsyncSession,
        compared_with: int,
        version: ModelVersion,
        trained: TrainedCheckpoint,
    ) -> Verdict:
        active = await model_versions.get_active(session)
        if active is None or active.id != compared_with:
            return Verdict.OUTRUN
        verdict = judge(trained.before, trained.after)
        if verdict is Verdict.PROMOTED:
            await self._models.activate(session, version)
        else:
            await self._models.reject(session, version)
        return verdict

    async def _end(self, run_id: int, state: TrainingState, error: str) -> None:
        async with self._session_factory.begin() as session:
            run = await session.get_one(TrainingRun, run_id)
            if run.state is TrainingState.RUNNING:  # Not if somebody else has ended it meanwhile.
                run.state = state
                run.error = error
                run.ended_at = self._clock()

    async def _check_running(self, run_id: int) -> None:
        async with self._session_factory() as session:
            run = await session.get_one(TrainingRun, run_id)
        if run.state is not TrainingState.RUNNING:
            raise TrainingInterruptedError(f"it was {run.state} meanwhile")


def _figures(
    compared_with: int, order: TrainingOrder, trained: TrainedCheckpoint
) -> dict[str, Any]:
    doubtful = {doubt.example_id for doubt in trained.doubts}
    learned_from = [
        example
        for example in order.examples
        if not example.is_held_out and example.id not in doubtful
    ]
    return {
        "compared_with": compared_with,
        "before": asdict(trained.before),
        "after": asdict(trained.after),
        "trained": len(learned_from),
        "quarantined": len(doubtful),
    }


def _ended(run: TrainingRun) -> EndedRun:
    return EndedRun(
        run_id=run.id,
        chat_id=run.chat_id,
        progress_message_id=run.progress_message_id,
        scheduled_for=run.scheduled_for,
        state=run.state,
        model=_trained_model(run),
        error=run.error,
    )


def _trained_model(run: TrainingRun) -> TrainedModel | None:
    if run.model_version_id is None or run.figures is None or run.verdict is None:
        return None
    return TrainedModel(
        version_id=run.model_version_id,
        verdict=Verdict(run.verdict),
        compared_with=run.figures["compared_with"],
        before=ModelFigures(**run.figures["before"]),
        after=ModelFigures(**run.figures["after"]),
        trained=run.figures["trained"],
        quarantined=run.figures["quarantined"],
        curve=run.curve,
    )
