"""The training process, for real: its progress, its errors, its end."""

import asyncio
from pathlib import Path

import pytest

from bot.errors import TrainingCancelledError, TrainingError, TrainingInterruptedError
from bot.services.ports import TrainedCheckpoint, TrainingProgress
from bot.trainer import ProcessTrainer


async def collect(trainer: ProcessTrainer, recipe: str) -> list[TrainingProgress]:
    steps = [step async for step in trainer.train(recipe)]
    return [step for step in steps if isinstance(step, TrainingProgress)]


async def test_missing_mnist_is_named_and_ends_the_run(tmp_path: Path) -> None:
    # A file where the folder should be: it cannot be downloaded to either, on any machine.
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="MNIST"):
        await collect(ProcessTrainer(tmp_path / "file", tmp_path / "work"), "classic")


async def test_unknown_recipe_ends_the_run_with_the_process_own_words(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no-such-recipe"):
        await collect(ProcessTrainer(tmp_path, tmp_path / "work"), "no-such-recipe")


@pytest.mark.mnist
async def test_training_reports_each_epoch_and_ends_with_a_checkpoint(
    mnist_data_dir: Path, tmp_path: Path
) -> None:
    from mnist_model.checkpoint import load_checkpoint

    epochs, accuracy = [], 0.0
    async for step in ProcessTrainer(mnist_data_dir, tmp_path / "work").train("classic"):
        if isinstance(step, TrainedCheckpoint):
            metadata = load_checkpoint(step.path).metadata
            accuracy = metadata.test_accuracy
        else:
            epochs.append(step.epoch)
    assert sorted(set(epochs)) == list(range(16))
    assert 0.97 < accuracy < 0.99


@pytest.mark.mnist
async def test_stop_ends_the_process_and_says_so(mnist_data_dir: Path, tmp_path: Path) -> None:
    trainer = ProcessTrainer(mnist_data_dir, tmp_path / "work")
    async with asyncio.TaskGroup() as tasks:

        async def train_until_stopped() -> None:
            async for step in trainer.train("classic"):
                if isinstance(step, TrainingProgress) and step.epoch == 1:
                    tasks.create_task(trainer.stop())

        with pytest.raises(TrainingInterruptedError):
            await train_until_stopped()
    with pytest.raises(TrainingInterruptedError):
        await collect(trainer, "classic")


@pytest.mark.mnist
async def test_cancel_ends_the_process_and_the_next_run_is_its_own(
    mnist_data_dir: Path, tmp_path: Path
) -> None:
    trainer = ProcessTrainer(mnist_data_dir, tmp_path / "work")
    async with asyncio.TaskGroup() as tasks:

        async def train_until_cancelled() -> None:
            async for step in trainer.train("classic"):
                if isinstance(step, TrainingProgress) and step.epoch == 1:
                    tasks.create_task(trainer.cancel())

        with pytest.raises(TrainingCancelledError):
            await train_until_cancelled()
    assert [step.epoch for step in await collect(trainer, "quick")][-1] > 0
