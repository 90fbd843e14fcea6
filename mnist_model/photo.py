"""A photo of digits on anything to lines of ink, to be drawn as in MNIST. No model, no torch.

The way: decoded and upright (`decoding`) -> ink apart from paper (`ink`) -> without ruled lines
(`lines`) -> pieces of ink that are writing (`pieces`) -> here sorted line by line (`writing`) ->
cut and joined to digits (`segmentation`) -> drawn as MNIST draws (`rendering`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_model.decoding import GreyPhoto, Shade, decode_photo, shrink
from mnist_model.ink import WORKING_SIDE_PX, InkMap, map_ink
from mnist_model.pieces import MOST_DIGITS, choose_writing, find_pieces
from mnist_model.reasons import NOTHING_WRITTEN, TOO_DARK, TOO_MUCH
from mnist_model.segmentation import Piece, join
from mnist_model.signs import without_brackets, without_equals_signs
from mnist_model.writing import Line, Writing

_STROKE_GAP = 0.3  # of the main piece's height: a stroke is this near to the digit it is part of
_TALLEST_STACK = 1.6  # times the usual height: nothing joined of parts is higher than this and
# than all that is in one piece
_SAME_LINE = 0.4  # of the lower of two digits' heights: digits of one line overlap by this


@dataclass(frozen=True)
class _Stacking:
    """What lies above one another, and is parts of one digit."""

    widest_gap: float  # of their common height
    least_overlap: float  # of the narrower one's width


_BROKEN = _Stacking(0.06, 0.5)  # by a shadow or an erased line
_TORN = _Stacking(0.25, 0.1)  # or by the pen, as a 5 whose bar lies far off


def find_writing(photo: bytes | Path, *, shade: Shade = "brightness") -> Writing:
    """Find what is written in a photo.

    Args:
        photo: The bytes of an image file, or its path.
        shade: What to look at: brightness, the darkest of its colours, or how pale they are.

    Raises:
        UnreadablePhotoError: Not an image, damaged, empty, or of a kind we do not open.
        PhotoTooLargeError: Too many pixels.
    """
    grey = decode_photo(photo, shade=shade)
    return arrange_writing(grey, map_ink(shrink(grey.pixels, WORKING_SIDE_PX)))


def arrange_writing(grey: GreyPhoto, ink: InkMap, *, may_be_torn: bool = False) -> Writing:
    """Find what is written in a photo whose ink is known.

    Args:
        grey: The photo.
        ink: Its ink.
        may_be_torn: Take what lies above one another for one digit even across a wide gap.
    """
    pieces = find_pieces(ink)
    digits, strokes = choose_writing(pieces)
    is_inked = pieces.labels > 0
    if len(digits) == 0:
        reason = TOO_DARK if ink.is_dark else NOTHING_WRITTEN
        return Writing(grey, ink, is_inked, (), reason, pieces.largest)
    if len(digits) > MOST_DIGITS:
        return Writing(grey, ink, is_inked, (), TOO_MUCH, pieces.largest)
    parts = [pieces.cut(int(number)) for number in digits]
    whole = _join_stacked(parts, _TORN if may_be_torn else _BROKEN)
    lines = _arrange(whole, [pieces.cut(int(number)) for number in strokes])
    return Writing(grey, ink, is_inked, lines, None, pieces.largest)


def _arrange(digits: Sequence[Piece], strokes: Sequence[Piece]) -> tuple[Line, ...]:
    """Sort digits into lines from top to bottom, each with the loose strokes near it."""
    rows: list[list[Piece]] = []
    for digit in sorted(digits, key=lambda part: part.centre_x):
        row = max(rows, key=lambda row: _overlap_end(row, digit), default=None)
        if row is None or _overlap_end(row, digit) < _SAME_LINE:
            rows.append([digit])
        else:
            row.append(digit)
    rows = [without_brackets(row) for row in rows]
    heights = [_line_height(row) for row in rows]
    for stroke in without_equals_signs(strokes, digits):
        gap, nearest = min(
            (min(_gap(stroke, digit) for digit in row) / height, number)
            for number, (row, height) in enumerate(zip(rows, heights, strict=True))
        )
        if gap <= _STROKE_GAP:
            rows[nearest].append(stroke)
    lines = [Line(tuple(row), height) for row, height in zip(rows, heights, strict=True)]
    return tuple(
        sorted(lines, key=lambda line: np.mean([p.top + p.height / 2 for p in line.pieces]))
    )


def _join_stacked(parts: list[Piece], stacking: _Stacking) -> list[Piece]:
    """Join what lies close above one another."""
    heights = sorted(part.height for part in parts)
    # Where there are several, two of usual height are digits of two lines.
    usual = heights[len(heights) // 2]
    tallest = max(_TALLEST_STACK * usual, heights[-1]) if len(parts) > 2 else math.inf
    joined: list[Piece] = []
    for part in sorted(parts, key=lambda part: part.top):
        for number, upper in enumerate(joined):
            together = max(part.bottom, upper.bottom) - min(part.top, upper.top)
            across = min(part.right, upper.right) - max(part.left, upper.left)
            narrower = min(part.right - part.left, upper.right - upper.left)
            is_close = abs(part.top - upper.bottom) <= stacking.widest_gap * together
            if is_close and across >= stacking.least_overlap * narrower and together <= tallest:
                joined[number] = join((upper, part))
                break
        else:
            joined.append(part)
    return joined


def _overlap(left: Piece, right: Piece) -> float:
    """Measure how far two pieces overlap in height, as a share of the lower one's."""
    shared = min(left.bottom, right.bottom) - max(left.top, right.top)
    return shared / min(left.height, right.height)


def _overlap_end(row: Sequence[Piece], piece: Piece) -> float:
    """Measure the same of a piece and a row's last two, of which one may be half a digit."""
    return max(_overlap(last, piece) for last in row[-2:])


def _line_height(row: Sequence[Piece]) -> float:
    heights = np.array([piece.height for piece in row])
    return float(np.median(heights[heights >= 0.5 * heights.max()]))


def _gap(piece: Piece, other: Piece) -> int:
    """Measure the gap between two boxes, the larger of across and down."""
    across = max(piece.left - other.right, other.left - piece.right)
    down = max(piece.top - other.bottom, other.top - piece.bottom)
    return max(across, down)
