"""Reads a row of digits without cutting it: a second opinion where cuts leave a doubt.

A small convolutional network looks at a whole row and tells, step by step from left to right,
which digit is there, or none that was not told already (`scripts/train_rows.py`). So it needs no
cuts: digits that touch are hard to part, but not so hard to see. Where the other networks have
good cuts to look at, they read better. So it only tells which cuts are good: how probably a
stretch of a row holds exactly one digit, and which.

Source: Graves et al., "Connectionist temporal classification", ICML (2006).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_model.convolution import NamedWeights, convolve, pool
from mnist_model.inference import FloatArray, log_softmax

ROWS_WEIGHTS = Path(__file__).parent / "pretrained" / "rows.safetensors"

HEIGHT_PX = 32  # of the picture of a row
DIGIT_PX = 20  # the usual height of its digits
TALLEST_PX = 30  # and of all of a row, which may slant
MARGIN_PX = 4  # to the left and to the right of it
STEP_PX = 2
NOTHING = 10  # the class of steps that tell no digit


@dataclass(frozen=True, eq=False)
class RowPicture:
    """A row of writing as the network sees it."""

    pixels: NDArray[np.uint8]  # (HEIGHT_PX, W), 255 is full ink
    left: int  # pixel of the ink map where its ink begins
    scale: float  # its pixels for each of the ink map

    def steps_at(self, x: NDArray[np.floating]) -> NDArray[np.int64]:
        """Tell which of the network's steps begins at some columns of the ink map."""
        column = MARGIN_PX + (x - self.left) * self.scale
        return np.round(column / STEP_PX).astype(np.int64)


class RowNetwork:
    """The network. Holds no state that changes."""

    def __init__(self, path: Path) -> None:
        """Load the weights.

        Raises:
            CheckpointError: The file is missing, damaged or foreign.
        """
        weights = NamedWeights(path)
        self._convolutions = [
            (weights[f"conv{n}.weight"], weights[f"conv{n}.bias"]) for n in range(1, 6)
        ]
        self._output = weights["output.weight"], weights["output.bias"]

    def log_probabilities(self, pixels: NDArray[np.uint8]) -> FloatArray:
        """Tell what is at each step of a row.

        Args:
            pixels: (HEIGHT_PX, W), as `RowPicture` has them.

        Returns:
            Log-probabilities of the ten digits and of `NOTHING`, (W / STEP_PX, 11).
        """
        first, second, third, fourth, last = self._convolutions
        x = pixels[None, ..., None].astype(np.float32) / np.float32(255)  # (1, 32, W, 1)
        x = pool(convolve(x, *first))  # (1, 16, W / 2, channels), and so on
        x = pool(convolve(x, *second), across=1)
        x = pool(convolve(x, *third), across=1)
        x = convolve(x, *fourth)  # (1, 4, W / 2, channels)
        x = np.moveaxis(x, 1, 2).reshape(1, 1, x.shape[2], -1)  # all that is in a column as one
        x = convolve(x, *last)
        matrix, bias = self._output
        return log_softmax(x[0, 0] @ matrix + bias)


def tell_one_digit(
    log_probabilities: FloatArray, firsts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Tell how probably each of some stretches of a row holds one digit, or none.

    Args:
        log_probabilities: (T, 11), as `RowNetwork` tells.
        firsts: First step of each stretch, (S,).
        ends: The step after its last, (S,).

    Returns:
        Log-probabilities that it holds exactly this digit, (S, 10); that it holds none, (S,).
    """
    never = np.float32(-1e9)
    before = np.zeros(len(firsts), np.float32)  # no digit so far
    within = np.full((len(firsts), NOTHING), never)
    after = np.full((len(firsts), NOTHING), never)
    for step, told in enumerate(log_probabilities):
        on = np.flatnonzero((firsts <= step) & (step < ends))
        after[on] = np.logaddexp(after[on], within[on]) + told[NOTHING]
        within[on] = np.logaddexp(within[on], before[on, None]) + told[:NOTHING]
        before[on] += told[NOTHING]
    return np.logaddexp(within, after), before


def read_digits(
    log_probabilities: FloatArray,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Read a row by the likeliest class of each step.

    Args:
        log_probabilities: (T, 11), as `RowNetwork` tells.

    Returns:
        Its D digits, (D,); the first step of each, and one beyond the last, (D + 1,): they part
        half-way between where two are told.
    """
    classes = log_probabilities.argmax(axis=1)
    changes = np.flatnonzero(np.diff(classes, prepend=NOTHING, append=NOTHING))
    firsts, ends = changes[:-1], changes[1:]
    is_digit = classes[firsts] != NOTHING
    firsts, ends = firsts[is_digit], ends[is_digit]
    halfway = (ends[:-1] + firsts[1:] + 1) // 2
    return classes[firsts], np.array([0, *halfway, len(classes)], np.int64)


@cache
def load_row_network() -> RowNetwork:
    """Load the network that comes with the package, once."""
    return RowNetwork(ROWS_WEIGHTS)
