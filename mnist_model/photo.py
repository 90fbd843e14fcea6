"""A photo of digits on anything to 28x28 images as in MNIST. No model, no torch.

The way: decoded and upright (`decoding`) -> ink apart from paper (`ink`) -> without ruled lines
(`lines`) -> here the pieces of ink that are the writing, line by line -> cut and joined to digits
(`segmentation`) -> drawn as MNIST draws (`rendering`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.decoding import GreyPhoto, decode_photo
from mnist_model.ink import WORKING_SIDE_PX, InkMap, map_ink, shrink
from mnist_model.pieces import MOST_DIGITS, Pieces, choose_writing, find_pieces
from mnist_model.reasons import NOTHING_WRITTEN, TOO_DARK, TOO_MUCH
from mnist_model.rendering import render_digit
from mnist_model.segmentation import Piece, join

_STROKE_GAP = 0.3  # of the main piece's height: a stroke is this near to the digit it is part of
_STACKED_GAP = 0.06  # of their common height: parts of a digit lie this close above one another
_STACKED_OVERLAP = 0.5  # of the narrower one's width
_SAME_LINE = 0.4  # of the lower of two digits' heights: digits of one line overlap by this
_COARSEST_DIGIT_PX = 60  # a digit lower than this at the working size is looked at again, finer


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the upright photo; `x` and `y` are its upper left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class DigitImage:
    """One digit cut out of a photo."""

    image: NDArray[np.uint8]  # (28, 28), light ink on black, as in MNIST
    box: Box  # around its ink


@dataclass(frozen=True, eq=False)
class Line:
    """A line of writing, from left to right."""

    pieces: tuple[Piece, ...]
    height: float  # of its digits, in pixels of the ink map


@dataclass(frozen=True, eq=False)
class Writing:
    """What is written in a photo."""

    photo: GreyPhoto
    ink: InkMap
    lines: tuple[Line, ...]  # from top to bottom
    reason: str | None  # a sentence for a person, if there is nothing to read

    def cut_out(self, piece: Piece) -> DigitImage:
        """Draw some ink as MNIST draws."""
        contrast, is_ink = self._look_at(piece)
        inked = contrast[is_ink]
        # The strokes' edge is where they are half as dark as inside; what lies beyond is blur.
        full_ink = max(float(np.percentile(inked, 90)) if len(inked) else 1.0, 1.0)
        strength = np.where(is_ink, contrast.astype(np.float32) / np.float32(full_ink), 0)
        strength = np.minimum(strength, 1).astype(np.float32)
        left, top, width, height = cv2.boundingRect((strength > 0.5).astype(np.uint8))
        scale_x = self.photo.width_px / self.ink.paper.shape[1]
        scale_y = self.photo.height_px / self.ink.paper.shape[0]
        finer_x = piece.mask.shape[1] / strength.shape[1]
        finer_y = piece.mask.shape[0] / strength.shape[0]
        box = Box(
            x=round((piece.left + left * finer_x) * scale_x),
            y=round((piece.top + top * finer_y) * scale_y),
            width=max(1, round(width * finer_x * scale_x)),
            height=max(1, round(height * finer_y * scale_y)),
        )
        return DigitImage(render_digit(strength), box)

    def _look_at(self, piece: Piece) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return a piece's contrast, and which pixels are its own: finer if it is small."""
        height, width = piece.mask.shape
        if height >= _COARSEST_DIGIT_PX or self.photo.pixels.shape == self.ink.paper.shape:
            rows = slice(piece.top, piece.bottom)
            return self.ink.contrast[rows, piece.left : piece.right], piece.mask
        fine = self.ink.finer_contrast(self.photo.pixels, piece.top, piece.left, height, width)
        own = cv2.resize(piece.mask.astype(np.float32), fine.shape[::-1])
        return fine, np.asarray(own > 0.25)


def find_writing(photo: bytes | Path, *, darkest_channel: bool = False) -> Writing:
    """Find what is written in a photo.

    Args:
        photo: The bytes of an image file, or its path.
        darkest_channel: Look at the darkest of red, green and blue instead of at brightness.

    Raises:
        UnreadablePhotoError: Not an image, damaged, empty, or of a kind we do not open.
        PhotoTooLargeError: Too many pixels.
    """
    grey = decode_photo(photo, darkest_channel=darkest_channel)
    ink = map_ink(shrink(grey.pixels, WORKING_SIDE_PX))
    pieces = find_pieces(ink)
    digits, strokes = choose_writing(pieces)
    if len(digits) == 0:
        return Writing(grey, ink, (), TOO_DARK if ink.is_dark else NOTHING_WRITTEN)
    if len(digits) > MOST_DIGITS:
        return Writing(grey, ink, (), TOO_MUCH)
    return Writing(grey, ink, _arrange(pieces, digits, strokes), None)


def _arrange(
    pieces: Pieces, digits: NDArray[np.int64], strokes: NDArray[np.int64]
) -> tuple[Line, ...]:
    """Sort digits into lines from top to bottom, each with the loose strokes near it."""
    rows: list[list[Piece]] = []
    parts = _join_stacked([pieces.cut(int(number)) for number in digits])
    for digit in sorted(parts, key=lambda part: part.centre_x):
        row = max(rows, key=lambda row: _overlap(row[-1], digit), default=None)
        if row is None or _overlap(row[-1], digit) < _SAME_LINE:
            rows.append([digit])
        else:
            row.append(digit)
    heights = [_line_height(row) for row in rows]
    for stroke in (pieces.cut(number) for number in strokes):
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


def _join_stacked(parts: list[Piece]) -> list[Piece]:
    """Join what lies close above one another: a digit that a shadow or an erased line broke."""
    joined: list[Piece] = []
    for part in sorted(parts, key=lambda part: part.top):
        for number, upper in enumerate(joined):
            together = max(part.bottom, upper.bottom) - min(part.top, upper.top)
            across = min(part.right, upper.right) - max(part.left, upper.left)
            narrower = min(part.right - part.left, upper.right - upper.left)
            is_close = abs(part.top - upper.bottom) <= _STACKED_GAP * together
            if is_close and across >= _STACKED_OVERLAP * narrower:
                joined[number] = join((upper, part))
                break
        else:
            joined.append(part)
    return joined


def _overlap(left: Piece, right: Piece) -> float:
    """Measure how far two pieces overlap in height, as a share of the lower one's."""
    shared = min(left.bottom, right.bottom) - max(left.top, right.top)
    return shared / min(left.height, right.height)


def _line_height(row: Sequence[Piece]) -> float:
    heights = np.array([piece.height for piece in row])
    return float(np.median(heights[heights >= 0.5 * heights.max()]))


def _gap(piece: Piece, other: Piece) -> int:
    """Measure the gap between two boxes, the larger of across and down."""
    across = max(piece.left - other.right, other.left - piece.right)
    down = max(piece.top - other.bottom, other.top - piece.bottom)
    return max(across, down)
