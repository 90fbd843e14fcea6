"""A photo of digits on anything to 28x28 images as in MNIST. No model, no torch.

The way: decoded and upright (`decoding`) -> ink apart from paper (`ink`) -> without ruled lines
(`lines`) -> here the pieces of ink that are the writing, line by line -> cut and joined to digits
(`segmentation`) -> drawn as MNIST draws (`rendering`).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.config import IMAGE_SIZE_PX
from mnist_model.decoding import GreyPhoto, decode_photo, shrink
from mnist_model.ink import (
    WORKING_SIDE_PX,
    InkMap,
    map_heavy_ink,
    map_ink,
    map_shaded_ink,
    map_wide_ink,
)
from mnist_model.pieces import MOST_DIGITS, choose_writing, find_pieces
from mnist_model.reasons import NOTHING_WRITTEN, TOO_DARK, TOO_MUCH
from mnist_model.rendering import DIGIT_SIZE_PX, render_digit
from mnist_model.segmentation import Piece, join
from mnist_model.sheet import single_out_sheets
from mnist_model.slant import measure_frame, measure_slant, turn_level

_STROKE_GAP = 0.3  # of the main piece's height: a stroke is this near to the digit it is part of
_TALLEST_STACK = 1.6  # times the usual height: nothing joined of parts is higher
_SAME_LINE = 0.4  # of the lower of two digits' heights: digits of one line overlap by this
_FULL_INK = 0.9  # of a piece's pixels are at most as strong as full ink
_FAINT_BRIDGE = 0.6  # of full ink: what is fainter may join two digits by blur alone
_LEAST_PART = 0.04  # of a piece's strong ink: smaller parts are no digits of their own
_FINEST_AROUND_PX = 112  # a window is looked at in no finer pixels than four to each shown
_LEAST_SLANTED = 0.5  # of its line's height: lower pieces tell nothing of how it runs
_COARSEST_DIGIT_PX = 60  # a digit lower than this at the working size is looked at again, finer

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class _Stacking:
    """What lies above one another, and is parts of one digit."""

    widest_gap: float  # of their common height
    least_overlap: float  # of the narrower one's width


_BROKEN = _Stacking(0.06, 0.5)  # by a shadow or an erased line
_TORN = _Stacking(0.25, 0.1)  # or by the pen, as a 5 whose bar lies far off


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
    is_inked: NDArray[np.bool_]  # (H, W) of the ink map: all ink but ruled lines
    lines: tuple[Line, ...]  # from top to bottom
    reason: str | None  # a sentence for a person, if there is nothing to read
    largest: Piece | None  # of all that lies inside the picture; may be a square around digits

    def cut_out(self, piece: Piece) -> DigitImage:
        """Draw some ink as MNIST draws."""
        contrast, is_ink = self._look_at(piece)
        # The strokes' edge is where they are half as dark as inside; what lies beyond is blur.
        full_ink = _full_ink(contrast, is_ink)
        strength = np.where(is_ink, contrast.astype(np.float32) / np.float32(full_ink), 0)
        strength = np.minimum(strength, 1).astype(np.float32)
        return DigitImage(render_digit(strength), self._locate(piece, strength > 0.5))

    def _locate(self, piece: Piece, is_strong: NDArray[np.bool_]) -> Box:
        """Find the box around strong ink of a piece, whose pixels may be finer than its own."""
        left, top, width, height = cv2.boundingRect(is_strong.view(np.uint8))
        points = np.array([(left, top), (left + width, top + height)])  # (N, 2)
        if self.photo.to_upright is not None:
            points = np.argwhere(is_strong)[:, ::-1]
        finer = np.divide(piece.mask.shape[::-1], is_strong.shape[::-1])
        scale = np.divide((self.photo.width_px, self.photo.height_px), self.ink.paper.shape[::-1])
        places = (points * finer + (piece.left, piece.top)) * scale
        if self.photo.to_upright is not None:
            places = places @ self.photo.to_upright[:, :2].T + self.photo.to_upright[:, 2]
        x, y = (int(side) for side in places.min(axis=0).round())
        right, bottom = (int(side) for side in places.max(axis=0).round())
        return Box(x, y, max(1, right - x), max(1, bottom - y))

    def look_around(self, piece: Piece) -> NDArray[np.uint8]:
        """Show some ink, and the ink around it, in a window half as large again.

        Returns:
            (2, 28, 28), 255 is full ink: its own ink, just shrunk or enlarged; that of others.
        """
        side = max(piece.mask.shape) * IMAGE_SIZE_PX / DIGIT_SIZE_PX
        top = round(piece.top + piece.height / 2 - side / 2)
        left = round(piece.centre_x - side / 2)
        side_px = max(round(side), 1)
        step = max(1, side_px // _FINEST_AROUND_PX)
        window = _Window(top, left, side_px, step)
        rows = slice(piece.top, piece.bottom)
        full_ink = _full_ink(self.ink.contrast[rows, piece.left : piece.right], piece.mask)
        own = _Window(top - piece.top, left - piece.left, side_px, step).crop(piece.mask)
        contrast, is_inked = window.crop(self.ink.contrast), window.crop(self.is_inked)
        others = np.where(is_inked & ~own, contrast, np.uint8(0))
        shown = (
            _shrink_to_digit(layer) for layer in (np.where(own, contrast, np.uint8(0)), others)
        )
        return np.stack([cv2.convertScaleAbs(layer, alpha=255 / full_ink) for layer in shown])

    def part_at_faint_ink(self, line: Line) -> Line:
        """Part the pieces of a line where only faint ink joins their strong ink."""
        parts = [part for piece in line.pieces for part in self._part(piece)]
        return Line(tuple(parts), line.height)

    def _part(self, piece: Piece) -> list[Piece]:
        """Give each region of strong ink the faint ink that is nearest to it."""
        rows = slice(piece.top, piece.bottom)
        contrast = self.ink.contrast[rows, piece.left : piece.right]
        is_strong = piece.mask & (contrast > _FAINT_BRIDGE * _full_ink(contrast, piece.mask))
        _, regions, stats, _ = cv2.connectedComponentsWithStats(is_strong.view(np.uint8))
        is_large = stats[:, cv2.CC_STAT_AREA] >= _LEAST_PART * is_strong.sum()
        is_large[0] = False  # all the rest
        if is_large.sum() < 2:
            return [piece]
        _, nearest = cv2.distanceTransformWithLabels(
            (~is_large[regions]).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5
        )
        return [piece.keep(nearest == n) for n in range(1, int(nearest.max()) + 1)]

    def _look_at(self, piece: Piece) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return a piece's contrast, and which pixels are its own: finer if it is small."""
        height, width = piece.mask.shape
        if height >= _COARSEST_DIGIT_PX or self.photo.pixels.shape == self.ink.paper.shape:
            rows = slice(piece.top, piece.bottom)
            return self.ink.contrast[rows, piece.left : piece.right], piece.mask
        fine = self.ink.finer_contrast(self.photo.pixels, piece.top, piece.left, height, width)
        own = cv2.resize(piece.mask.astype(np.float32), fine.shape[::-1])
        return fine, np.asarray(own > 0.25)


@dataclass(frozen=True)
class _Window:
    """Every `step`th pixel of a square of a layer; it may reach beyond the layer."""

    top: int
    left: int
    side: int
    step: int

    def crop(self, layer: NDArray[Scalar]) -> NDArray[Scalar]:
        """Cut it out; beyond the layer there is nothing."""
        count = len(range(0, self.side, self.step))
        cut = np.zeros((count, count), layer.dtype)
        rows, layer_rows = self._share(self.top, layer.shape[0])
        columns, layer_columns = self._share(self.left, layer.shape[1])
        cut[rows, columns] = layer[layer_rows, layer_columns]
        return cut

    def _share(self, first: int, size: int) -> tuple[slice, slice]:
        """Tell which of the window's pixels lie on the layer, and which of its pixels they are."""
        before = max(0, -(first // self.step))
        pixels = range(first + before * self.step, min(first + self.side, size), self.step)
        return slice(before, before + len(pixels)), slice(pixels.start, pixels.stop, self.step)


def _full_ink(contrast: NDArray[np.uint8], is_ink: NDArray[np.bool_]) -> float:
    """Return the contrast that strong ink has; 1 where there is none."""
    step = max(1, min(contrast.shape) // _FINEST_AROUND_PX)  # all of a large one would take time
    strengths = contrast[::step, ::step][is_ink[::step, ::step]]
    counts = np.bincount(strengths, minlength=256).cumsum()
    return max(float(np.searchsorted(counts, _FULL_INK * counts[-1])), 1.0)


def _shrink_to_digit(layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    method = cv2.INTER_AREA if len(layer) > IMAGE_SIZE_PX else cv2.INTER_LINEAR
    size = (IMAGE_SIZE_PX, IMAGE_SIZE_PX)
    return np.asarray(cv2.resize(layer, size, interpolation=method), dtype=np.uint8)


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
    return arrange_writing(grey, map_ink(shrink(grey.pixels, WORKING_SIDE_PX)))


def level_frame(writing: Writing) -> Writing | None:
    """Turn a photo so that the square, or the row of squares, that digits are in stands level.

    Returns:
        What is written in it then; None if there is none, or if it stands level already.
    """
    if writing.largest is None:
        return None
    frame = writing.largest
    slant_deg = measure_frame(frame)
    if slant_deg == 0:
        return None
    is_kept = _mark_writing(writing)
    within = np.s_[frame.top : frame.bottom, frame.left : frame.right]
    is_kept[within] = writing.ink.contrast[within] > writing.ink.threshold
    return arrange_writing(*turn_level(writing.photo, writing.ink, is_kept, slant_deg))


def level(writing: Writing) -> Writing | None:
    """Turn a photo so that lines of writing that run uphill or downhill run level.

    Returns:
        What is written in it then; None if its lines run level already.
    """
    tall = [
        piece
        for line in writing.lines
        for piece in line.pieces
        if piece.height >= _LEAST_SLANTED * line.height
    ]
    slant_deg = measure_slant(tall)
    if slant_deg == 0:
        return None
    is_kept = _mark_writing(writing)
    return arrange_writing(*turn_level(writing.photo, writing.ink, is_kept, slant_deg))


def _mark_writing(writing: Writing) -> NDArray[np.bool_]:
    """Tell which pixels of the ink map are what is written; (H, W)."""
    is_writing = np.zeros_like(writing.is_inked)
    for line in writing.lines:
        for piece in line.pieces:
            is_writing[piece.top : piece.bottom, piece.left : piece.right] |= piece.mask
    return is_writing


def look_again(photo: bytes | Path, writing: Writing) -> Iterator[Writing]:
    """Look at a photo in other ways, where the first look left a doubt.

    Args:
        photo: The bytes of an image file, or its path.
        writing: What was found in it at first.
    """
    if writing.ink.is_faint:
        yield find_writing(photo, darkest_channel=True)
    grey = writing.photo
    shrunk = shrink(grey.pixels, WORKING_SIDE_PX)
    if writing.ink.is_ambiguous:
        yield arrange_writing(grey, map_ink(shrunk, against_leaning=True))
    heavy = map_heavy_ink(shrunk)
    if heavy is not None:
        yield arrange_writing(grey, heavy)
    if len(writing.lines) > 1:
        yield arrange_writing(grey, writing.ink, may_be_torn=True)


def look_closer(writing: Writing) -> Iterator[Writing]:
    """Look at a photo that could hardly be read: into shadows with corners, and beside a thumb."""
    shrunk = shrink(writing.photo.pixels, WORKING_SIDE_PX)
    is_light_on_dark = writing.ink.is_light_on_dark
    shaded = map_shaded_ink(shrunk, is_light_on_dark=is_light_on_dark)
    if shaded is not None:
        yield arrange_writing(writing.photo, shaded)
    if not writing.ink.is_faint:  # what is wide and faint are shadows
        yield arrange_writing(
            writing.photo, map_wide_ink(shrunk, is_light_on_dark=is_light_on_dark)
        )


def look_at_sheets(photo: GreyPhoto) -> Iterator[Writing]:
    """Look at each sheet of paper in a photo alone, without what it lies on; likeliest first."""
    for sheet in single_out_sheets(photo):
        yield arrange_writing(sheet, map_ink(shrink(sheet.pixels, WORKING_SIDE_PX)))


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
        row = max(rows, key=lambda row: _overlap(row[-1], digit), default=None)
        if row is None or _overlap(row[-1], digit) < _SAME_LINE:
            rows.append([digit])
        else:
            row.append(digit)
    heights = [_line_height(row) for row in rows]
    for stroke in strokes:
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
    tallest = _TALLEST_STACK * heights[len(heights) // 2] if len(parts) > 2 else math.inf
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


def _line_height(row: Sequence[Piece]) -> float:
    heights = np.array([piece.height for piece in row])
    return float(np.median(heights[heights >= 0.5 * heights.max()]))


def _gap(piece: Piece, other: Piece) -> int:
    """Measure the gap between two boxes, the larger of across and down."""
    across = max(piece.left - other.right, other.left - piece.right)
    down = max(piece.top - other.bottom, other.top - piece.bottom)
    return max(across, down)
