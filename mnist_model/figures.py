"""Pictures of data and results, in a window or as PNG files."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mnist_model.config import IMAGE_SIZE_PX
from mnist_model.files import write_atomically

if TYPE_CHECKING:
    from torch import Tensor

    from mnist_model.compare import Comparison

_COLUMNS = 10
_DPI = 150
_INK = "0.25"
_LOSS_COLOUR, _ACCURACY_COLOUR = "#c2542d", "#1f6f8b"


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
    title: str = "",
    path: Path | None = None,
) -> Figure:
    """Plot loss and validation accuracy over the epochs, one value each per epoch.

    The picture is 1000 pixels wide, to be read on a phone. The axes do not zoom in on what is too
    small to mean anything.
    """
    accuracies = [np.nan if value is None else 100 * value for value in validation_accuracies]

    def draw(figure: Figure) -> None:
        figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
        left, right = figure.subplots(1, 2)
        _draw_curve(left, losses, "Training loss", _LOSS_COLOUR, "{:.3f}", above=True)
        left.set_ylim(bottom=0, top=1.25 * max(losses))
        _draw_curve(
            right, accuracies, "Validation accuracy", _ACCURACY_COLOUR, "{:.2f} %", above=False
        )
        lowest = float(np.nanmin([99.0, *accuracies]))
        right.set_ylim(lowest - 0.1 * (100 - lowest), 100)
        right.yaxis.set_major_formatter("{x:g} %")
        if title:
            figure.suptitle(title, x=0.025, ha="left", fontsize=13, weight="bold", color=_INK)

    return _deliver(draw, path, (1000 / _DPI, 520 / _DPI))


def _draw_curve(
    axes: Axes, values: Sequence[float], name: str, colour: str, last_value: str, *, above: bool
) -> None:
    """Draw one value per epoch, and write the last one beside its point."""
    epochs = range(1, len(values) + 1)
    # Where there are many epochs, dots would hide the line.
    axes.plot(epochs, values, color=colour, linewidth=2, marker="o" if len(values) <= 20 else "")
    axes.plot(len(values), values[-1], color=colour, marker="o", markersize=7)
    axes.annotate(
        last_value.format(values[-1]),
        (len(values), values[-1]),
        xytext=(4, 14 if above else -14),
        textcoords="offset points",
        ha="right",
        va="center",
        color=colour,
        fontsize=11,
        weight="bold",
    )
    axes.set_title(name, loc="left", fontsize=11, color=_INK)
    axes.set_xlabel("epoch", color=_INK)
    margin = 0.04 * len(values)
    axes.set_xlim(1 - margin, len(values) + margin)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(colors=_INK, length=0, labelsize=9)
    axes.grid(axis="y", color="0.9")


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
        picture = io.BytesIO()
        figure.savefig(picture, dpi=_DPI, format="png")
        write_atomically(path, picture.getvalue())
        return figure
    from matplotlib import pyplot  # noqa: PLC0415 - looks for a display when imported

    figure = pyplot.figure(figsize=size_inches, layout="constrained")
    draw(figure)
    pyplot.show()
    return figure
