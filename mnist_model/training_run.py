"""What `mnist train` does: one run from recipe to checkpoint file, reporting each step."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from mnist_model.checkpoint import (
    PRETRAINED_CHECKPOINT,
    Checkpoint,
    CheckpointMetadata,
    Weights,
    load_checkpoint,
    save_checkpoint,
)
from mnist_model.data import load_train_and_validation
from mnist_model.evaluate import Evaluation, evaluate_on_test
from mnist_model.reader import Reader
from mnist_model.recipes import RECIPES, Recipe

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
        epochs: Instead of the recipe's own number; a teacher gets no more than that either.
        start_from: Checkpoint to go on from, instead of random weights.
        figures_dir: Where to write training curves and confusion matrix; None writes none.

    Raises:
        DataError: MNIST is missing and cannot be downloaded, or is damaged.
        CheckpointError: `start_from` cannot be used.
    """
    recipe = RECIPES[recipe_name]
    if epochs is not None:
        recipe = recipe.shortened(epochs)
    started = time.perf_counter()
    report(
        {
            "event": "start",
            "recipe": recipe.name,
            "epochs": recipe.epochs,
            "parameters": recipe.model.parameters,
            "seed": seed,
        }
    )
    start_weights = _starting_weights(recipe, start_from)
    train, validation = load_train_and_validation(data_dir, validation_size=recipe.validation_size)

    # Here, so that whoever watches sees the start before torch's seconds of import.
    from mnist_model.train import train_recipe  # noqa: PLC0415

    trained = train_recipe(
        recipe,
        train,
        validation,
        seed=seed,
        start_from=start_weights,
        on_stage=lambda stage: report({"event": "stage", "stage": stage}),
        on_epoch=lambda epoch: report({"event": "epoch", **vars(epoch)}),
    )
    report({"event": "stage", "stage": "evaluating"})
    draft = CheckpointMetadata(
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
    weights = _as_stored(trained.weights())
    evaluation = evaluate_on_test(Reader(Checkpoint(draft, weights)).classify, data_dir)
    report({"event": "stage", "stage": "saving"})
    metadata = save_checkpoint(output, Checkpoint(_complete(draft, evaluation), weights))
    if figures_dir is not None:
        _write_figures(figures_dir, trained.history, evaluation)
    report(
        {
            "event": "end",
            "checkpoint": str(output),
            "sha256": metadata.sha256,
            "validation_accuracy": metadata.validation_accuracy,
            "test_accuracy": metadata.test_accuracy,
            "confusion_matrix": evaluation.confusion_matrix.tolist(),
            "seconds": time.perf_counter() - started,
        }
    )
    return metadata


def _starting_weights(recipe: Recipe, start_from: Path | None) -> Weights | None:
    if start_from is None and not recipe.starts_from_checkpoint:
        return None
    return load_checkpoint(start_from or PRETRAINED_CHECKPOINT).weights


def _as_stored(weights: Weights) -> Weights:
    """Round to the file's half precision, so that what is measured is what will be served."""
    return {name: array.astype(np.float16).astype(np.float32) for name, array in weights.items()}


def _complete(draft: CheckpointMetadata, evaluation: Evaluation) -> CheckpointMetadata:
    matrix = tuple(tuple(int(count) for count in row) for row in evaluation.confusion_matrix)
    return replace(draft, test_accuracy=evaluation.accuracy, confusion_matrix=matrix)


def _write_figures(directory: Path, history: Any, evaluation: Evaluation) -> None:  # noqa: ANN401
    # Slow to import, and seldom asked for.
    from mnist_model.figures import plot_confusion_matrix, plot_training_curves  # noqa: PLC0415

    plot_training_curves(
        [epoch.loss for epoch in history],
        [epoch.validation_accuracy for epoch in history],
        path=directory / "training.png",
    )
    plot_confusion_matrix(evaluation.confusion_matrix, path=directory / "confusion.png")
