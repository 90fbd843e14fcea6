"""What `mnist compare` does: train recipes with several seeds, and set them side by side.

Everything is judged on the validation split; the test split is not read.
"""

import csv
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_model.data import Split, load_train_and_validation
from mnist_model.recipes import Recipe


@dataclass(frozen=True)
class Run:
    """One recipe trained with one seed."""

    recipe: Recipe
    seed: int
    accuracy: float  # fraction of the validation split
    seconds: float  # of processor time


@dataclass(frozen=True)
class Comparison:
    """One recipe over all its seeds."""

    recipe: Recipe
    accuracies: tuple[float, ...]  # fractions of the validation split, in the order of the seeds
    seconds: float  # of processor time, mean

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return statistics.mean(self.accuracies)

    @property
    def spread(self) -> float:
        """Standard deviation of the accuracy between seeds; 0 for one seed."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else 0.0


def compare_recipes(
    recipes: Sequence[Recipe],
    *,
    seeds: int,
    data_dir: str | Path,
    on_run: Callable[[Run], None] | None = None,
) -> list[Comparison]:
    """Train every recipe with the seeds 0, 1, 2 and so on.

    Args:
        recipes: What to compare, with the same validation size for a fair comparison.
        seeds: How many of them.
        data_dir: Where MNIST is or will be.
        on_run: Called after each training.

    Raises:
        DataError: MNIST is missing and cannot be downloaded, or is damaged.
    """
    return [_summarise(list(_train_all(recipe, seeds, data_dir, on_run))) for recipe in recipes]


def write_markdown(comparisons: Sequence[Comparison], path: Path) -> None:
    """Write the comparison as a Markdown table."""
    lines = [
        "| recipe | validation accuracy | spread | processor seconds | parameters | what it is |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in comparisons:
        numbers = f"{_percent(one.mean)} | {_percent(one.spread)} | {one.seconds:.0f}"
        model = f"{one.recipe.model.parameters:,} | {one.recipe.summary}"
        lines.append(f"| {one.recipe.name} | {numbers} | {model} |")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_csv(comparisons: Sequence[Comparison], path: Path) -> None:
    """Write the comparison as CSV; accuracies and spread are fractions."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("recipe", "accuracy", "spread", "seconds", "parameters", "seeds"))
        for one in comparisons:
            numbers = (one.mean, one.spread, one.seconds, one.recipe.model.parameters)
            writer.writerow((one.recipe.name, *numbers, len(one.accuracies)))


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"


def _train_all(
    recipe: Recipe, seeds: int, data_dir: str | Path, on_run: Callable[[Run], None] | None
) -> Iterator[Run]:
    train, validation = load_train_and_validation(data_dir, validation_size=recipe.validation_size)
    for seed in range(seeds):
        run = _train_one(recipe, seed, train, validation)
        if on_run is not None:
            on_run(run)
        yield run


def _train_one(recipe: Recipe, seed: int, train: Split, validation: Split) -> Run:
    from mnist_model.train import train_recipe  # noqa: PLC0415 - torch takes seconds to import

    started = time.process_time()  # unlike the clock's, its seconds do not count waiting
    trained = train_recipe(recipe, train, validation, seed=seed)
    return Run(recipe, seed, trained.validation_accuracy, time.process_time() - started)


def _summarise(runs: Sequence[Run]) -> Comparison:
    return Comparison(
        recipe=runs[0].recipe,
        accuracies=tuple(run.accuracy for run in runs),
        seconds=statistics.mean(run.seconds for run in runs),
    )
