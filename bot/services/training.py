"""Training runs: one at a time, each ending in a candidate or in a reason, and each reported."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from bot.errors import (
    AdminsOnlyError,
    BotError,
    TrainingAlreadyRunningError,
    TrainingCancelledError,
    TrainingError,
    TrainingInterruptedError,
)
from bot.services.actor import Actor
from bot.services.model_versions import ModelVersionService
from bot.services.ports import Clock, ModelStore, TrainedCheckpoint, Trainer, TrainingProgress
from bot.storage import training
from bot.storage.database import SessionFactory
from bot.storage.models import ModelVersion, TrainingRun, TrainingState

__all__ = ["Candidate", "EndedRun", "ShowProgress", "TrainingService", "TrainingState"]

ShowProgress = Callable[[TrainingProgress], Awaitable[None]]


@dataclass(frozen=True)
class Candidate:
    """The model version that a run made."""

    version_id: int
    validation_accuracy: float  # 0-1
    test_accuracy: float  # 0-1


@dataclass(frozen=True)
class EndedRun:
    """A run that is over, and whose end its admin has not been told yet."""

    run_id: int
    chat_id: int
    progress_message_id: int | None
    state: TrainingState
    candidate: Candidate | None
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
    ) -> None:
        """Take what the service works with."""
        self._session_factory = session_factory
        self._clock = clock
        self._trainer = trainer
        self._store = store
        self._models = models

    async def start(
        self, actor: Actor, recipe: str, *, chat_id: int, update_id: int
    ) -> int | None:
        """Claim the one place for a training run.

        Args:
            actor: Who asks.
            recipe: A recipe's name.
            chat_id: Where to report.
            update_id: The update that asks; it starts one run, however often it is processed.

        Returns:
            The run's id, or None when an earlier attempt at the update has started one.

        Raises:
            AdminsOnlyError: The actor is no admin.
            TrainingAlreadyRunningError: Another run is going on.
        """
        if not actor.is_admin:
            raise AdminsOnlyError("only admins may train")
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
                session.add(run)
        except IntegrityError as error:
            raise TrainingAlreadyRunningError("another training run is going on") from error
        return run.id

    async def run(self, run_id: int, recipe: str, show: ShowProgress) -> None:
        """Carry out a claimed run; its row says how it ended, whatever this raises.

        Args:
            run_id: From `start`.
            recipe: The same as there.
            show: Called with each progress.
        """
        try:
            await self._train(run_id, recipe, show)
        except TrainingCancelledError as error:
            await self._end(run_id, TrainingState.CANCELLED, str(error))
        except TrainingInterruptedError as error:
            await self._end(run_id, TrainingState.INTERRUPTED, str(error))
        except Exception as error:
            reason = str(error) if isinstance(error, BotError) else repr(error)
            await self._end(run_id, TrainingState.FAILED, reason)
            raise
        except BaseException:
            # Cancelled: the row must not go on saying "running", or no run could start again.
            await self._end(run_id, TrainingState.INTERRUPTED, "the task was cancelled")
            raise

    async def cancel(self, actor: Actor) -> bool:
        """End the run that is going on; return False when there is none.

        Raises:
            AdminsOnlyError: The actor is no admin.
        """
        if not actor.is_admin:
            raise AdminsOnlyError("only admins may cancel training")
        async with self._session_factory() as session:
            run = await training.find_running(session)
        if run is None:
            return False
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
        """Return the runs whose end their admin has not been told, oldest first."""
        async with self._session_factory() as session:
            return [
                EndedRun(
                    run_id=run.id,
                    chat_id=run.chat_id,
                    progress_message_id=run.progress_message_id,
                    state=run.state,
                    candidate=_candidate(version) if version else None,
                    error=run.error,
                )
                for run, version in await training.list_unreported(session)
            ]

    async def set_reported(self, run_id: int) -> None:
        """Remember that the admin has been told how a run ended."""
        async with self._session_factory.begin() as session:
            run = await session.get_one(TrainingRun, run_id)
            run.reported_at = self._clock()

    async def _train(self, run_id: int, recipe: str, show: ShowProgress) -> None:
        async with aclosing(self._trainer.train(recipe)) as steps:
            async for step in steps:
                if isinstance(step, TrainedCheckpoint):
                    return await self._finish(run_id, step)
                await show(step)
        raise TrainingError("the training process ended without a checkpoint")

    async def _finish(self, run_id: int, trained: TrainedCheckpoint) -> None:
        info = await self._store.put(trained.path)
        async with self._session_factory.begin() as session:
            version = await self._models.register(session, info)
            run = await session.get_one(TrainingRun, run_id)
            run.state = TrainingState.SUCCEEDED
            run.model_version_id = version.id
            run.ended_at = self._clock()

    async def _end(self, run_id: int, state: TrainingState, error: str) -> None:
        async with self._session_factory.begin() as session:
            run = await session.get_one(TrainingRun, run_id)
            run.state = state
            run.error = error
            run.ended_at = self._clock()


def _candidate(version: ModelVersion) -> Candidate:
    return Candidate(version.id, version.validation_accuracy, version.test_accuracy)
