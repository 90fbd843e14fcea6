"""Signs beside digits that are no part of a number: brackets and equals signs."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from mnist_model.segmentation import Piece

_SLENDER = 0.6  # times as wide as high is a bracket at most
_LOWEST_PX = 8  # of less, nobody can tell how it is bent
_EVEN = 0.04  # of its height: so far a bracket strays from a parabola; 1s with a foot do further
# Of its height, a bracket is bent: of MNIST's 1s 0.4 % are, so far to the right.
# Two bent away from each other are less so: 3 % of the 1s are, to the right, 5 % to the left.
_BENT = 0.1
_BENT_IN_PAIR = 0.06
_HIGHER = 1.05  # times as high as the highest digit
_FLAT = 0.35  # times as high as long is a bar of an equals sign at most
_ALIKE = 0.6  # of the longer bar's length, the two have in common


def without_brackets(row: Sequence[Piece]) -> list[Piece]:
    """Leave out brackets around a row of pieces, or at its end, as in (7) and 7).

    Args:
        row: From left to right.
    """
    if len(row) < 2:
        return list(row)
    first, *between, last = row
    bend = _measure_bend(last)
    is_pair = bool(between) and min(-_measure_bend(first), bend) > _BENT_IN_PAIR
    if is_pair and _is_higher(first, between) and _is_higher(last, between):
        return between
    others = row[:-1]
    if bend > _BENT and _is_higher(last, others):
        return list(others)
    return list(row)


def _is_higher(piece: Piece, others: Sequence[Piece]) -> bool:
    return piece.height > _HIGHER * max(other.height for other in others)


def _measure_bend(piece: Piece) -> float:
    """Measure how far the middle of an upright arc lies to the right of its ends' middle.

    Returns:
        As a share of its height; 0 if it is none.
    """
    height, width = piece.mask.shape
    counts = piece.mask.sum(axis=1)
    if width > _SLENDER * height or height < _LOWEST_PX or not counts.all():
        return 0.0
    middles = piece.mask @ np.arange(width) / counts / height  # (H,)
    y = np.linspace(-1, 1, height)
    arc = np.polynomial.Polynomial.fit(y, middles, 2, domain=[-1, 1])
    if np.abs(arc(y) - middles).max() > _EVEN:
        return 0.0
    return -float(arc.coef[2])


def without_equals_signs(strokes: Sequence[Piece], digits: Sequence[Piece]) -> list[Piece]:
    """Leave out bars that lie above one another, and beside all digits, as in =7.

    Args:
        strokes: Too low to be digits.
        digits: All of the photo.
    """
    bars = [stroke for stroke in strokes if _is_bar(stroke, digits)]
    signs = {id(bar) for pair in combinations(bars, 2) if _is_equals_sign(*pair) for bar in pair}
    return [stroke for stroke in strokes if id(stroke) not in signs]


def _is_bar(stroke: Piece, digits: Sequence[Piece]) -> bool:
    """Tell whether a stroke is flat, and neither above nor below a digit."""
    length = stroke.right - stroke.left
    is_beside = all(digit.left >= stroke.right or digit.right <= stroke.left for digit in digits)
    return is_beside and stroke.height <= _FLAT * length


def _is_equals_sign(bar: Piece, other: Piece) -> bool:
    shared = min(bar.right, other.right) - max(bar.left, other.left)
    longer = max(bar.right - bar.left, other.right - other.left)
    gap = max(bar.top, other.top) - min(bar.bottom, other.bottom)
    return shared >= _ALIKE * longer and 0 < gap < longer
