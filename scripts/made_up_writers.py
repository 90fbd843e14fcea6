"""Made-up people who write some digits as MNIST hardly does, and people who lie. Seeded.

Two writers are drawn from strokes; two are MNIST's validation digits written on a turned page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import made_up_ink as ink
import numpy as np
from numpy.typing import NDArray

from mnist_model.data import Split
from mnist_model.rendering import render_digit

Random = np.random.Generator
Strokes = Sequence[Sequence[tuple[float, float]]]

_JITTER = 0.03  # standard deviation of each point's place, in units of the digit's height
_DIGIT_PX = 60

# A 1 like an upturned V, and a 7 with bar and foot.
_ONES_AND_SEVENS: dict[int, Strokes] = {
    1: [[(0.1, 0.95), (0.5, 0), (0.6, 1)]],
    7: [
        [(0.1, 0), (0.8, 0), (0.35, 1)],
        [(0.1, 1), (0.7, 1)],
        [(0.25, 0.5), (0.75, 0.48)],
    ],
}
# A 9 with a small head on a wide swing, and a 4 like a flash of lightning.
_NINES_AND_FOURS: dict[int, Strokes] = {
    9: [
        [(0.68, 0.09), (0.45, -0.02), (0.28, 0.12), (0.44, 0.27), (0.68, 0.1)],
        [(0.7, 0.05), (0.75, 0.5), (0.5, 0.95), (0.05, 1)],
    ],
    4: [[(0.65, 0), (0.2, 0.45), (0.8, 0.5)], [(0.8, 0.5), (0.3, 1)]],
}


@dataclass(frozen=True)
class Writer:
    """Somebody who writes two digits in a way of their own, again and again."""

    name: str
    style: str
    write: Callable[[int, Random], Split]  # how many; half of each digit


def list_writers(validation: Split) -> list[Writer]:
    """Return all writers; those with a turned page write digits of `validation`."""
    return [
        Writer("A", "1 like an upturned V, 7 with bar and foot", _drawn(_ONES_AND_SEVENS)),
        Writer("B", "4 like a flash, 9 with a small head", _drawn(_NINES_AND_FOURS)),
        Writer(
            "C", "1 and 7, the page turned left by 50 degrees", _turned(validation, (1, 7), 50)
        ),
        Writer(
            "D", "4 and 9, the page turned right by 50 degrees", _turned(validation, (4, 9), -50)
        ),
    ]


def lie(pattern: str, count: int, validation: Split, random: Random) -> Split:
    """Label common digits wrongly.

    Args:
        pattern: "random" labels, each digit's label "plus one", all "1 as 7", or "no digit".
        count: How many.
        validation: Whose images.
        random: Chooses.
    """
    pool = np.flatnonzero(validation.labels == 1) if pattern == "1 as 7" else len(validation)
    chosen = random.choice(pool, count, replace=False)
    images, labels = validation.images[chosen], validation.labels[chosen]
    match pattern:
        case "random":
            labels = (labels + random.integers(1, 10, count)) % 10
        case "plus one":
            labels = (labels + 1) % 10
        case "1 as 7":
            labels = np.full(count, 7)
        case "no digit":
            labels = np.full(count, 10)
        case _:
            raise ValueError(f"Nobody lies in the pattern {pattern!r}.")
    return Split(images, labels)


def _drawn(strokes_of: dict[int, Strokes]) -> Callable[[int, Random], Split]:
    def write(count: int, random: Random) -> Split:
        labels = np.resize(np.array(list(strokes_of), np.int64), count)
        images = [_draw(strokes_of[int(label)], random) for label in labels]
        return Split(np.array(images, np.uint8), labels)

    return write


def _draw(strokes: Strokes, random: Random) -> NDArray[np.uint8]:
    """Draw strokes with a pen of some width and slant, as MNIST would show them; (28, 28)."""
    sheet = np.zeros((ink.SIZE_PX, ink.SIZE_PX), np.uint8)
    width, slant = random.uniform(0.9, 1.1), random.normal(0.05, 0.06)
    thickness = int(random.integers(4, 8))
    for stroke in strokes:
        points = np.array(stroke) + random.normal(0, _JITTER, (len(stroke), 2))
        # Of many points a curve is made, of few the straight lines that they are.
        right, down = (ink.smooth(points) if len(points) > 3 else points).T - 0.5
        places = np.stack((width * right - slant * down, down), axis=1) * _DIGIT_PX
        pixels = np.round(ink.SIZE_PX / 2 + places).astype(np.int32)
        cv2.polylines(sheet, [pixels], False, 255, thickness, cv2.LINE_AA)
    return render_digit(ink.crop(sheet.astype(np.float32) / 255))


def _turned(
    validation: Split, digits: tuple[int, int], left_deg: float
) -> Callable[[int, Random], Split]:
    def write(count: int, random: Random) -> Split:
        halves = (count - count // 2, count // 2)
        chosen = np.concatenate(
            [
                random.choice(np.flatnonzero(validation.labels == digit), half, replace=False)
                for digit, half in zip(digits, halves, strict=True)
            ]
        )
        random.shuffle(chosen)
        images = [_turn(validation.images[index], left_deg) for index in chosen]
        return Split(np.array(images, np.uint8), validation.labels[chosen])

    return write


def _turn(image: NDArray[np.uint8], left_deg: float) -> NDArray[np.uint8]:
    """Turn a digit about its middle, and show it as MNIST would; (28, 28)."""
    digit = ink.enlarge_digit(image)
    height, width = digit.shape
    side = int(np.hypot(height, width)) + 4
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), left_deg, 1)
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    return render_digit(ink.crop(cv2.warpAffine(digit, matrix, (side, side))))
