"""Pictures of data and results, in a window or as PNG files."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnist_model.config import IMAGE_SIZE_PX

if TYPE_CHECKING:
    from torch import Tensor

    from mnist_model.compare import Comparison

_COLUMNS = 10


def display_sample_images(
    loader: "Iterable[tuple[Tensor, Tensor]]", num_images: int = 60, *, path: Path | None = None
) -> Figure:
    """Show the first images of a loader in rows of ten, in reversed grey (ink is dark).

    Args:
        loader: Batches of (images, labels); images flatten to (B, 784).
        num_images: How many to show, if there are as many.
        path: A PNG file to write; None opens a window where there is a display.
    """
    images: list[NDArray[Any]] = []
    for batch, _ in loader:
        images.extend(batch.numpy().reshape(-1, IMAGE_SIZE_PX, IMAGE_SIZE_PX))
        if len(images) >= num_images:
            break
    return _deliver(lambda figure: _draw_grid(figure, images[:num_images]), path, (6.0, 4.0))


def plot_training_curves(
    losses: Sequence[float],
    validation_accuracies: Sequence[float | None],
    *,
    path: Path | None = None,
) -> Figure:
    """Plot loss and validation accuracy over the epochs, one value each per epoch."""

    def draw(figure: Figure) -> None:
        epochs = range(1, len(losses) + 1)
        left, right = figure.subplots(1, 2)
        left.plot(epochs, losses)
        left.set(xlabel="epoch", ylabel="training loss")
        right.plot(epochs, [100 * value if value else np.nan for value in validation_accuracies])
        right.set(xlabel="epoch", ylabel="validation accuracy, %")
        for axes in (left, right):
            axes.grid(alpha=0.3)

    return _deliver(draw, path, (8.0, 3.2))


def plot_confusion_matrix(matrix: NDArray[np.int64], *, path: Path | None = None) -> Figure:
    """Show a confusion matrix [true, predicted] of shape (10, 10), its mistakes in colour."""

    def draw(figure: Figure) -> None:
        mistakes = matrix.copy()
        np.fill_diagonal(mistakes, 0)  # else the hits drown everything
        axes = figure.subplots()
        axes.imshow(mistakes, cmap="Reds")
        for (true, predicted), count in np.ndenumerate(matrix):
            weight = "bold" if true == predicted else "normal"
            axes.text(
                predicted, true, str(count), ha="center", va="center", fontsize=7, weight=weight
            )
        axes.set(xlabel="predicted", ylabel="true", xticks=range(10), yticks=range(10))

    return _deliver(draw, path, (5.0, 5.0))


def plot_comparison(comparisons: "Sequence[Comparison]", *, path: Path | None = None) -> Figure:
    """Plot each recipe's validation accuracies, one dot per seed and a bar at their mean."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for row, one in enumerate(comparisons):
            axes.scatter(
                [100 * value for value in one.accuracies], [row] * len(one.accuracies), s=14
            )
            axes.plot([100 * one.mean] * 2, [row - 0.3, row + 0.3], color="black", linewidth=1)
        axes.set_yticks(range(len(comparisons)), [one.recipe.name for one in comparisons])
        axes.invert_yaxis()  # the first on top, as in the table
        axes.set(xlabel="validation accuracy, %")
        axes.grid(alpha=0.3)

    return _deliver(draw, path, (7.0, 1.0 + 0.28 * len(comparisons)))


def _draw_grid(figure: Figure, images: Sequence[NDArray[Any]]) -> None:
    rows = -(-len(images) // _COLUMNS)
    for position, image in enumerate(images, start=1):
        axes = figure.add_subplot(rows, _COLUMNS, position)
        axes.imshow(image, cmap="gray_r")
        axes.axis("off")


def _deliver(draw: Any, path: Path | None, size_inches: tuple[float, float]) -> Figure:  # noqa: ANN401
    """Draw into a PNG file, or into a window."""
    if path is not None:
        # A bare Figure needs no display and leaves no global state.
        figure = Figure(figsize=size_inches, layout="constrained")
        draw(figure)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)
        return figure
    from matplotlib import pyplot  # noqa: PLC0415 - looks for a display when imported

    figure = pyplot.figure(figsize=size_inches, layout="constrained")
    draw(figure)
    pyplot.show()
    return figure
