"""What is written in a photo: lines of pieces of ink, and each piece as networks see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.config import IMAGE_SIZE_PX
from mnist_model.decoding import GreyPhoto
from mnist_model.ink import InkMap
from mnist_model.pixels import as_pixels
from mnist_model.rendering import DIGIT_SIZE_PX, render_digit, stroke_width
from mnist_model.rows import DIGIT_PX, MARGIN_PX, STEP_PX, TALLEST_PX, RowPicture
from mnist_model.rows import HEIGHT_PX as ROW_HEIGHT_PX
from mnist_model.segmentation import Piece, join

_FULL_INK = 0.9  # of a piece's pixels are at most as strong as full ink
_FAINT_BRIDGE = 0.6  # of full ink: what is fainter may join two digits by blur alone
_LEAST_PART = 0.04  # of a piece's strong ink: smaller parts are no digits of their own
_FINEST_AROUND_PX = 112  # a window is looked at in no finer pixels than four to each shown
_THINNEST_SHOWN_PX = 1.3  # strokes that are thinner when shown would be faint, and unlike others
_COARSEST_DIGIT_PX = 60  # a digit lower than this at the working size is looked at again, finer

Scalar = TypeVar("Scalar", bound=np.generic)


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

    @property
    def is_lost_in_grain(self) -> bool:
        """Tell whether it is hardly darker than its ground is uneven, as things are."""
        pieces = [piece for line in self.lines for piece in line.pieces]
        windows = (
            self.ink.contrast[piece.top : piece.bottom, piece.left : piece.right][piece.mask]
            for piece in pieces
        )
        contrasts = np.concatenate([*windows, np.empty(0, np.uint8)])  # (N,) of all its pixels
        return contrasts.size > 0 and float(contrasts.mean()) < self.ink.grain

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
            Both are thicker than they are where its own would hardly be seen.
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
        layers = (
            np.where(own, contrast, np.uint8(0)),
            np.where(is_inked & ~own, contrast, np.uint8(0)),
        )
        shown = (_shrink_to_digit(layer) for layer in _thicken(layers, own))
        return np.stack([cv2.convertScaleAbs(layer, alpha=255 / full_ink) for layer in shown])

    def show_row(self, line: Line) -> RowPicture:
        """Show all ink of a line in one picture, as the network for rows sees it."""
        row = join(line.pieces)
        contrast = self.ink.contrast[row.top : row.bottom, row.left : row.right]
        own = np.where(row.mask, contrast, np.uint8(0))
        strength = cv2.convertScaleAbs(own, alpha=255 / _full_ink(contrast, row.mask))
        scale = min(DIGIT_PX / line.height, TALLEST_PX / row.height)
        size = [max(1, round(side * scale)) for side in strength.shape[::-1]]
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(strength, size, interpolation=method)
        above = (ROW_HEIGHT_PX - len(small)) // 2
        right = MARGIN_PX + size[0] % STEP_PX  # it is to be of whole steps
        frame = (above, ROW_HEIGHT_PX - len(small) - above), (MARGIN_PX, right)
        return RowPicture(np.pad(np.asarray(small, np.uint8), frame), row.left, scale)

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


def _thicken(
    layers: Sequence[NDArray[np.uint8]], own: NDArray[np.bool_]
) -> Sequence[NDArray[np.uint8]]:
    """Thicken layers of a window as far as a piece's strokes in it are too thin to be shown."""
    if not own.any():
        return layers
    least = _THINNEST_SHOWN_PX * len(own) / IMAGE_SIZE_PX
    missing = round(least - stroke_width(own))
    if missing < 1:
        return layers
    window = np.ones((1 + missing, 1 + missing), np.uint8)
    return [as_pixels(cv2.dilate(layer, window)) for layer in layers]


def _shrink_to_digit(layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    method = cv2.INTER_AREA if len(layer) > IMAGE_SIZE_PX else cv2.INTER_LINEAR
    size = (IMAGE_SIZE_PX, IMAGE_SIZE_PX)
    return as_pixels(cv2.resize(layer, size, interpolation=method))
