"""What `mnist train` does: one run from recipe to checkpoint file, reporting each step."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_model.checkpoint import (
    PRETRAINED_CHECKPOINT,
    Checkpoint,
    CheckpointMetadata,
    Network,
    Weights,
    load_checkpoint,
    save_checkpoint,
)
from mnist_model.data import Split, load_train_and_validation
from mnist_model.errors import FigureError
from mnist_model.evaluate import Evaluation
from mnist_model.extra import ExtraExamples, load_extra
from mnist_model.model_scores import ModelScores, score_model
from mnist_model.reader import Reader
from mnist_model.recipes import RECIPES, Recipe

if TYPE_CHECKING:
    from mnist_model.learning import Lesson
    from mnist_model.train import EpochReport, TrainedModel

Report = Callable[[dict[str, Any]], None]


def run_training(
    recipe_name: str,
    *,
    seed: int,
    data_dir: str | Path,
    output: Path,
    report: Report,
    epochs: int | None = None,
    start_from: Path | None = None,
    extra: Path | None = None,
    compare_with: Path | None = None,
    figures_dir: Path | None = None,
) -> CheckpointMetadata:
    """Train, measure on the test split, save.

    Args:
        recipe_name: One of `RECIPES`.
        seed: Same seed, same weights.
        data_dir: Where MNIST is or will be.
        output: The checkpoint file; written at once and whole, at the very end.
        report: Called with each event: `start`, `epoch`, `stage` and `end`, as dictionaries that
            JSON can hold.
        epochs: Instead of the recipe's own number.
        start_from: Checkpoint to go on from, instead of random weights.
        extra: Examples to learn from beside MNIST, for `load_extra`.
        compare_with: Checkpoint to measure beside the new one; None is the one to go on from.
        figures_dir: Where to write training curves and confusion matrix; None writes none.

    Raises:
        DataError: MNIST is missing and cannot be downloaded, or is damaged, or the extra examples
            cannot be used.
        CheckpointError: A checkpoint cannot be used, or the new one cannot be written.
        FigureError: A picture cannot be written; the checkpoint is not, then, either.
    """
    started = time.perf_counter()
    recipe = RECIPES[recipe_name] if epochs is None else RECIPES[recipe_name].shortened(epochs)
    start = _load_start(recipe, start_from)
    before = start if compare_with is None else load_checkpoint(compare_with)
    if start is not None and recipe.starts_from_checkpoint:
        recipe = replace(recipe, model=start.metadata.config)  # goes on from any shape
    report(
        {
            "event": "start",
            "recipe": recipe.name,
            "epochs": recipe.epochs,
            "parameters": recipe.model.parameters,
            "seed": seed,
        }
    )
    examples = None if extra is None else load_extra(extra)
    train, validation = load_train_and_validation(data_dir, validation_size=recipe.validation_size)
    lesson = None
    if examples is not None:
        lesson = _vet(examples, start, train, seed, report)
        train = train.joined_with(lesson.digits)
    report({"event": "stage", "stage": "training"})

    # Here, so that whoever watches sees the start before torch's seconds of import.
    from mnist_model.train import train_recipe  # noqa: PLC0415

    trained = train_recipe(
        recipe,
        train,
        validation,
        seed=seed,
        start_from=None if start is None else start.weights,
        on_epoch=lambda epoch: report({"event": "epoch", **vars(epoch)}),
    )
    report({"event": "stage", "stage": "evaluating"})
    draft = Checkpoint(
        _describe(recipe, trained, train, seed),
        _as_stored(trained.weights()),
        _choose_rejector(start, lesson),
    )
    held_out = None if lesson is None else lesson.held_out
    scores, evaluation = score_model(Reader(draft), held_out, data_dir)
    before_scores = None
    if before is not None:
        before_scores, _ = score_model(Reader(before), held_out, data_dir)
    report({"event": "stage", "stage": "saving"})
    if figures_dir is not None:
        _write_figures(figures_dir, recipe, trained.history, evaluation)
    metadata = save_checkpoint(output, _complete(draft, evaluation))
    report(
        {
            "event": "end",
            "checkpoint": str(output),
            "sha256": metadata.sha256,
            "validation_accuracy": metadata.validation_accuracy,
            "test_accuracy": metadata.test_accuracy,
            "calibration_error": evaluation.calibration_error,
            "confusion_matrix": evaluation.confusion_matrix.tolist(),
            **_tell_lesson(lesson),
            **_tell_scores(before_scores, scores),
            "seconds": time.perf_counter() - started,
        }
    )
    return metadata


def _load_start(recipe: Recipe, start_from: Path | None) -> Checkpoint | None:
    if start_from is None and not recipe.starts_from_checkpoint:
        return None
    return load_checkpoint(start_from or PRETRAINED_CHECKPOINT)


def _vet(
    examples: ExtraExamples, start: Checkpoint | None, train: Split, seed: int, report: Report
) -> "Lesson":
    """Make a lesson of the examples, as a stage of its own."""
    report({"event": "stage", "stage": "vetting"})
    from mnist_model.learning import prepare_lesson  # noqa: PLC0415 - imports torch

    # Where training starts from random weights, the shipped ones judge the examples.
    judge = start or load_checkpoint(PRETRAINED_CHECKPOINT)
    return prepare_lesson(examples, judge, train, seed=seed)


def _describe(
    recipe: Recipe, trained: "TrainedModel", train: Split, seed: int
) -> CheckpointMetadata:
    """Tell all about the weights but what they achieve on the test split."""
    return CheckpointMetadata(
        config=recipe.model,
        recipe=recipe.name,
        seed=seed,
        epochs=recipe.epochs,
        test_accuracy=0.0,
        validation_accuracy=trained.validation_accuracy,
        confusion_matrix=(),
        created_at=datetime.now(UTC),
        temperature=trained.temperature,
        data_sha256=train.sha256(),
    )


def _choose_rejector(start: Checkpoint | None, lesson: "Lesson | None") -> Network | None:
    """Return the network to store beside the weights; None leaves it to the shipped one."""
    if lesson is None:
        return None if start is None else start.rejector
    return Network(lesson.rejector.config, _as_stored(lesson.rejector.weights))


def _as_stored(weights: Weights) -> Weights:
    """Round to the file's half precision, so that what is measured is what will be served."""
    return {name: array.astype(np.float16).astype(np.float32) for name, array in weights.items()}


def _complete(draft: Checkpoint, evaluation: Evaluation) -> Checkpoint:
    matrix = tuple(tuple(int(count) for count in row) for row in evaluation.confusion_matrix)
    metadata = replace(draft.metadata, test_accuracy=evaluation.accuracy, confusion_matrix=matrix)
    return replace(draft, metadata=metadata)


def _tell_lesson(lesson: "Lesson | None") -> dict[str, Any]:
    """Tell what became of the extra examples."""
    if lesson is None:
        return {"quarantined": [], "extra": {"trained": 0, "held_out": 0}}
    return {
        "quarantined": [asdict(one) for one in lesson.quarantined],
        "extra": {"trained": lesson.trained, "held_out": len(lesson.held_out)},
    }


def _tell_scores(before: ModelScores | None, after: ModelScores) -> dict[str, Any]:
    return {"before": before and asdict(before), "after": asdict(after)}


def _write_figures(
    directory: Path,
    recipe: Recipe,
    history: "Sequence[EpochReport]",
    evaluation: Evaluation,
) -> None:
    # Slow to import, and seldom asked for.
    from mnist_model.figures import plot_confusion_matrix, plot_training_curves  # noqa: PLC0415

    epochs = "1 epoch" if recipe.epochs == 1 else f"{recipe.epochs} epochs"
    try:
        plot_training_curves(
            [epoch.loss for epoch in history],
            [epoch.validation_accuracy for epoch in history],
            title=f"Training {recipe.name}, {epochs}",
            path=directory / "training.png",
        )
        plot_confusion_matrix(evaluation.confusion_matrix, path=directory / "confusion.png")
    except OSError as error:
        raise FigureError(f"Cannot write pictures to {directory}: {error.strerror}.") from error
