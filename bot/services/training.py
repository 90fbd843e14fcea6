"""Training runs: one at a time, each ending in a candidate or in a reason."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from bot.errors import TrainingAlreadyRunningError, TrainingError
from bot.services.model_versions import ModelVersionService
from bot.services.ports import Clock, ModelStore, TrainedCheckpoint, Trainer, TrainingProgress
from bot.storage import training
from bot.storage.database import SessionFactory
from bot.storage.models import TrainingRun, TrainingState


@dataclass(frozen=True)
class InterruptedRun:
    """A run that ended with the bot's own process."""

    run_id: int
    chat_id: int


@dataclass(frozen=True)
class Candidate:
    """The model version that a run made."""

    version_id: int
    validation_accuracy: float  # 0-1
    test_accuracy: float  # 0-1


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

    async def start(self, recipe: str, *, requested_by: int, chat_id: int) -> int:
        """Claim the one place for a training run, and return the run's id.

        Args:
            recipe: A recipe's name.
            requested_by: Telegram user id of the admin.
            chat_id: Where to report.

        Raises:
            TrainingAlreadyRunningError: Another run is going on.
        """
        run = TrainingRun(
            recipe=recipe,
            state=TrainingState.RUNNING,
            requested_by=requested_by,
            chat_id=chat_id,
            started_at=self._clock(),
        )
        try:
            async with self._session_factory.begin() as session:
                session.add(run)
        except IntegrityError as error:
            raise TrainingAlreadyRunningError("another training run is going on") from error
        return run.id

    async def follow(
        self, run_id: int, recipe: str
    ) -> AsyncIterator[TrainingProgress | Candidate]:
        """Carry out a claimed run: yield its progress, and the candidate at the end.

        However it ends, the run's row says how.

        Raises:
            TrainingError: Training failed; the message says why.
        """
        try:
            async for item in self._trainer.train(recipe):
                if isinstance(item, TrainedCheckpoint):
                    yield await self._finish(run_id, item)
                else:
                    yield item
        except TrainingError as error:
            await self._end(run_id, TrainingState.FAILED, str(error))
            raise
        except BaseException as error:
            # Stopping the bot cancels this task; anything else is a defect. The row must not
            # go on saying "running", or no run could ever start again.
            await self._end(run_id, TrainingState.INTERRUPTED, type(error).__name__)
            raise

    async def interrupt_stale_run(self) -> InterruptedRun | None:
        """Mark a run that a crash or a kill left behind as interrupted; call it at start."""
        async with self._session_factory.begin() as session:
            run = await training.find_running(session)
            if run is None:
                return None
            run.state = TrainingState.INTERRUPTED
            run.error = "The bot was stopped while this run was going on."
            run.ended_at = self._clock()
            return InterruptedRun(run.id, run.chat_id)

    async def _finish(self, run_id: int, trained: TrainedCheckpoint) -> Candidate:
        info = await self._store.put(trained.path)
        async with self._session_factory.begin() as session:
            version = await self._models.register(session, info)
            run = await session.get_one(TrainingRun, run_id)
            run.state = TrainingState.SUCCEEDED
            run.model_version_id = version.id
            run.ended_at = self._clock()
            return Candidate(version.id, version.validation_accuracy, version.test_accuracy)

    async def _end(self, run_id: int, state: TrainingState, error: str) -> None:
        async with self._session_factory.begin() as session:
            run = await session.get_one(TrainingRun, run_id)
            run.state = state
            run.error = error
            run.ended_at = self._clock()
