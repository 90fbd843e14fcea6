"""The training process, for real: its progress, its errors, its end."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image

from bot.errors import TrainingCancelledError, TrainingError, TrainingInterruptedError
from bot.services.ports import Example, TrainedCheckpoint, TrainingOrder, TrainingProgress
from bot.trainer import ProcessTrainer
from mnist_model.checkpoint import PRETRAINED_CHECKPOINT, load_checkpoint
from mnist_model.data import load_train_and_validation


def order(recipe: str, *examples: Example) -> TrainingOrder:
    return TrainingOrder(recipe, PRETRAINED_CHECKPOINT, examples)


async def collect(trainer: ProcessTrainer, recipe: str) -> list[TrainingProgress]:
    steps = [step async for step in trainer.train(order(recipe))]
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
    epochs, end = [], None
    async for step in ProcessTrainer(mnist_data_dir, tmp_path / "work").train(order("classic")):
        if isinstance(step, TrainedCheckpoint):
            end = step
        else:
            epochs.append(step.epoch)
    assert sorted(set(epochs)) == list(range(16))
    assert end is not None
    assert 0.97 < load_checkpoint(end.path).metadata.test_accuracy < 0.99
    assert end.after.test_accuracy == load_checkpoint(end.path).metadata.test_accuracy
    assert end.before.test_accuracy > end.after.test_accuracy  # It was compared with the best.
    assert end.curve is not None
    with Image.open(io.BytesIO(end.curve)) as curve:
        assert curve.width > 600


@pytest.mark.mnist
async def test_examples_are_trained_on_and_doubted_where_they_contradict_all_others(
    mnist_data_dir: Path, tmp_path: Path
) -> None:
    _, validation = load_train_and_validation(mnist_data_dir)
    ones = [image.tobytes() for image in validation.images[validation.labels == 1][:6]]
    said = [1, 1, 1, 1, 1, 8]  # The last is wrong.
    examples = [
        Example(i + 1, image, label, is_held_out=i == 0, is_vetted=False, read_as=1, person=1)
        for i, (image, label) in enumerate(zip(ones, said, strict=True))
    ]
    trainer = ProcessTrainer(mnist_data_dir, tmp_path / "work")
    stages, end = [], None
    async for step in trainer.train(order("quick", *examples)):
        if isinstance(step, TrainedCheckpoint):
            end = step
        else:
            stages.append(step.stage)
    assert list(dict.fromkeys(stages))[1:] == ["vetting", "training", "evaluating", "saving"]
    assert end is not None
    assert [(doubt.example_id, doubt.label, doubt.read_as) for doubt in end.doubts] == [(6, 8, 1)]
    assert (end.after.held_out_right, end.after.held_out_count) == (1, 1)


@pytest.mark.mnist
async def test_stop_ends_the_process_and_says_so(mnist_data_dir: Path, tmp_path: Path) -> None:
    trainer = ProcessTrainer(mnist_data_dir, tmp_path / "work")
    async with asyncio.TaskGroup() as tasks:

        async def train_until_stopped() -> None:
            async for step in trainer.train(order("classic")):
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
            async for step in trainer.train(order("classic")):
                if isinstance(step, TrainingProgress) and step.epoch == 1:
                    tasks.create_task(trainer.cancel())

        with pytest.raises(TrainingCancelledError):
            await train_until_cancelled()
    assert [step.epoch for step in await collect(trainer, "quick")][-1] > 0
