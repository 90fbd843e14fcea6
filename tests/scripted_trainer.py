"""A trainer that does what a test tells it, in place of the process that takes minutes."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

from playground_wire import picture

from bot.errors import TrainingCancelledError, TrainingError, TrainingInterruptedError
from bot.services.ports import (
    Doubt,
    ModelFigures,
    TrainedCheckpoint,
    TrainingOrder,
    TrainingProgress,
)
from mnist_model.checkpoint import (
    PRETRAINED_CHECKPOINT,
    Checkpoint,
    load_checkpoint,
    save_checkpoint,
)

FIGURES = ModelFigures(
    test_accuracy=0.978,
    calibration_error=0.004,
    digits_refused=0.01,
    held_out_right=3,
    held_out_count=5,
    no_digits_refused=0,
    no_digits_count=0,
)
CURVE = picture(1000, 500)

PROGRESS = TrainingProgress(
    epoch=1, epochs=2, loss=0.25, validation_accuracy=0.95, stage="training", elapsed_s=3.0
)


class ScriptedTrainer:
    """Makes a copy of the shipped checkpoint, after one epoch that ends when the test says so.

    What it says that it has measured is a little worse than the model before.
    """

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.error: str | None = None  # When set, training fails with it.
        self.checkpoint: bytes | None = None  # When set, the end in place of a good one.
        self.before = FIGURES
        self.after = replace(FIGURES, held_out_right=2)
        self.doubts: tuple[Doubt, ...] = ()
        self.steps = [PROGRESS]
        self.orders: list[TrainingOrder] = []  # what was asked for
        self._is_cancelled = False
        self._is_stopping = False

    async def train(
        self, order: TrainingOrder
    ) -> AsyncGenerator[TrainingProgress | TrainedCheckpoint]:
        self.orders.append(order)
        for step in self.steps:
            yield step
        await self.may_end.wait()
        if self._is_stopping:
            raise TrainingInterruptedError("the bot is being stopped")
        if self._is_cancelled:
            raise TrainingCancelledError("an admin has cancelled it")
        if self.error:
            raise TrainingError(self.error)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "candidate.safetensors"
            make_candidate(path, order.recipe, seed=len(self.orders))
            if self.checkpoint is not None:
                path.write_bytes(self.checkpoint)
            yield TrainedCheckpoint(path, self.before, self.after, self.doubts, CURVE)

    async def cancel(self) -> None:
        self._is_cancelled = True
        self.may_end.set()

    async def stop(self) -> None:
        self._is_stopping = True
        self.may_end.set()


def make_candidate(path: Path, recipe: str, seed: int = 12345) -> str:
    """Write a checkpoint that differs from the shipped one, and return its hash."""
    shipped = load_checkpoint(PRETRAINED_CHECKPOINT)
    metadata = replace(shipped.metadata, recipe=recipe, seed=seed, test_accuracy=0.978)
    return save_checkpoint(path, Checkpoint(metadata, shipped.weights)).sha256
