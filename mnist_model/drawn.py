"""Digits drawn from made-up strokes, in styles that people use and MNIST hardly has.

Most of MNIST was written in the United States. Elsewhere a 1 has a long up-stroke, a 7 a bar.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.data import Split
from mnist_model.rendering import render_digit

_SHEET_PX = 96
_DIGIT_PX = 56  # height of a digit on the sheet
_JITTER = 0.04  # standard deviation of each point's place, in units of the digit's height
_THINNEST_PX, _THICKEST_PX = 4, 10  # strokes on the sheet
_STEPS = 10  # straight pieces from one point of a curve to the next

Random = np.random.Generator
Stroke = NDArray[np.float64]  # (P, 2): points, right and down, 0 to 1 in the digit's height


def draw_digits(count: int, *, seed: int) -> Split:
    """Draw `count` digits, each in its own way; all styles equally often."""
    random = np.random.default_rng(seed)
    styles = [_STYLES[number % len(_STYLES)] for number in range(count)]
    images = [_draw(strokes(random), random) for _, strokes in styles]
    labels = [label for label, _ in styles]
    return Split(np.array(images, np.uint8), np.array(labels, np.int64))


def _draw(strokes: list[Stroke], random: Random) -> NDArray[np.uint8]:
    """Draw strokes with a random pen, width and slant, as MNIST would show them; (28, 28)."""
    sheet = np.zeros((_SHEET_PX, _SHEET_PX), np.uint8)
    width, slant = random.uniform(0.8, 1.2), random.uniform(-0.1, 0.35)
    thickness = int(random.integers(_THINNEST_PX, _THICKEST_PX + 1))
    for stroke in strokes:
        right, down = stroke.T - 0.5
        points = np.stack((width * right - slant * down, down), axis=1)  # (P, 2)
        pixels = np.round(_SHEET_PX / 2 + _DIGIT_PX * points).astype(np.int32)
        cv2.polylines(sheet, [pixels], False, 255, thickness)
    left, top, columns, rows = cv2.boundingRect(sheet)
    ink = sheet[top : top + rows, left : left + columns].astype(np.float32)
    return render_digit(ink / np.float32(255))


def _line(random: Random, *points: tuple[float, float]) -> Stroke:
    """Lead straight pieces through about these points."""
    return np.array(points) + random.normal(0, _JITTER, (len(points), 2))


def _curve(random: Random, *points: tuple[float, float]) -> Stroke:
    """Lead a smooth line through about these points: a Catmull-Rom spline."""
    through = _line(random, *points)
    ends = np.concatenate((through[:1], through, through[-1:]))  # (P + 2, 2)
    t = np.linspace(0, 1, _STEPS)[:, None]
    pieces = [
        b
        + (c - a) / 2 * t
        + (a - 2.5 * b + 2 * c - d / 2) * t**2
        + (1.5 * (b - c) + (d - a) / 2) * t**3
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
    ]
    return np.concatenate(pieces)


def _flagged_one(random: Random) -> list[Stroke]:
    """Draw a 1 with a long up-stroke, as steep as 30 to 65 degrees, sometimes with a foot."""
    reach = random.uniform(0.2, 0.45)
    rise = min(reach * np.tan(np.radians(random.uniform(30, 65))), 0.7)
    strokes = [_line(random, (0.55 - reach, rise), (0.55, 0), (0.55, 1))]
    if random.random() < 0.25:
        strokes.append(_line(random, (0.35, 1), (0.75, 1)))
    return strokes


def _barred_seven(random: Random) -> list[Stroke]:
    """Draw a 7 with a bar, sometimes with a small hook at its start."""
    top = [(0.2, 0.0), (0.8, 0.0), (random.uniform(0.35, 0.5), 1.0)]
    if random.random() < 0.3:
        top.insert(0, (0.2, 0.15))
    height = random.uniform(0.4, 0.6)
    return [_line(random, *top), _line(random, (0.35, height), (0.75, height))]


def _plain_seven(random: Random) -> list[Stroke]:
    """Draw a 7 of two straight strokes; it tells what a flagged 1 is not."""
    return [_line(random, (0.2, 0), (0.75, 0), (random.uniform(0.3, 0.6), 1))]


def _open_four(random: Random) -> list[Stroke]:
    """Draw a 4 that is open at the top, its stem long or short."""
    bar, stem_top = random.uniform(0.5, 0.7), random.uniform(0.0, 0.4)
    return [
        _line(random, (random.uniform(0.25, 0.4), 0), (0.2, bar), (0.85, bar)),
        _line(random, (0.65, stem_top), (0.6, 1)),
    ]


def _looped_two(random: Random) -> list[Stroke]:
    """Draw a 2 with a loop at its foot."""
    points = ((0.2, 0.2), (0.45, 0), (0.75, 0.2), (0.6, 0.55), (0.25, 0.95))
    loop = ((0.15, 0.8), (0.35, 0.82), (0.6, 1), (0.85, 0.9))
    return [_curve(random, *points, *loop)]


def _curved_nine(random: Random) -> list[Stroke]:
    """Draw a 9 whose tail swings to the left."""
    head = ((0.7, 0.15), (0.5, 0), (0.25, 0.2), (0.4, 0.45), (0.7, 0.25))
    tail = ((0.72, 0.65), (0.55, 0.95), (random.uniform(0.15, 0.35), random.uniform(0.85, 1)))
    return [_curve(random, *head, *tail)]


_STYLES: tuple[tuple[int, Callable[[Random], list[Stroke]]], ...] = (
    (1, _flagged_one),
    (7, _barred_seven),
    (7, _plain_seven),
    (4, _open_four),
    (2, _looped_two),
    (9, _curved_nine),
)
