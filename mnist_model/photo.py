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
from mnist_model.lines import erase_lines
from mnist_model.reasons import NOTHING_WRITTEN, TOO_MUCH
from mnist_model.rendering import render_digit
from mnist_model.segmentation import Piece

_SMALLEST_DIGIT = 0.02  # longer side of its ink, as a share of the photo's shorter side
_SMALLEST_DIGIT_PX = 6  # at the working size
_RIM = 0.1  # of the shorter side: what lies in it wholly and touches the edge is cut off
_EDGE_CONTACT = 0.5  # of a side: what touches the edge of the picture for longer is no stroke
_DIRT = 0.1  # of the heaviest piece's mass: lighter ones tell nothing about the writing
_THINNEST = 0.4  # of the main piece's width: thinner strokes are left of rulings
_WIDER_AT_EDGE = 1.5  # times as wide as those inside are the strokes that the edge cuts
_FRAME_RIM = 0.2  # of a frame's side: its lines lie within
_FRAME_SHARE = 0.85  # of a frame's ink lies there
_FRAME_FILL = 0.35  # of its box, a frame covers at most
_FRAME_CONTENT = 0.25  # of its height: something inside is as high
_STROKE_AREA = 0.01  # of the main piece's area: anything less is dirt
_STROKE_CONTRAST = 0.5  # of the main piece's contrast; weaker is print from behind, or a ruling
_DIGIT_HEIGHT = 0.35  # of the main piece's: lower pieces are strokes of others, or dirt
_STROKE_GAP = 0.3  # of the main piece's height: a stroke is this near to the digit it is part of
_SAME_LINE = 0.4  # of the lower of two digits' heights: digits of one line overlap by this
_MOST_DIGITS = 30
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


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Connected pieces of ink, one entry per piece."""

    labels: NDArray[np.int32]  # (H, W), 0 is paper, n + 1 is piece n
    boxes: NDArray[np.int64]  # (N, 4): left, top, right, bottom; the last two exclusive
    areas: NDArray[np.int64]  # (N,) pixels
    masses: NDArray[np.float64]  # (N,) contrast summed over the pixels

    def cut(self, number: int) -> Piece:
        left, top, right, bottom = (int(side) for side in self.boxes[number])
        return Piece(self.labels[top:bottom, left:right] == number + 1, left, top)


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
    pieces = _find_pieces(ink)
    digits, strokes = _choose_writing(pieces)
    if len(digits) == 0:
        return Writing(grey, ink, (), NOTHING_WRITTEN)
    if len(digits) > _MOST_DIGITS:
        return Writing(grey, ink, (), TOO_MUCH)
    return Writing(grey, ink, _arrange(pieces, digits, strokes), None)


def _find_pieces(ink: InkMap) -> _Pieces:
    """Separate the ink into connected pieces, without ruled lines."""
    mask = erase_lines((ink.contrast > ink.threshold).view(np.uint8))
    # OpenCV's own choice of algorithm takes three times as long.
    count, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        mask, connectivity=8, ltype=cv2.CV_32S, ccltype=cv2.CCL_BBDT
    )
    left, top, width, height, areas = stats[1:].astype(np.int64).T
    inked = np.flatnonzero(mask)
    weights = ink.contrast.ravel()[inked].astype(np.float64)
    masses = np.bincount(labels.ravel()[inked], weights=weights, minlength=count)[1:]
    boxes = np.stack((left, top, left + width, top + height), axis=1)
    return _Pieces(np.asarray(labels, np.int32), boxes, areas, masses.astype(np.float64))


def _choose_writing(pieces: _Pieces) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pieces as large as digits, and smaller ones that may be strokes of them."""
    height, width = pieces.labels.shape
    candidates = _candidates(pieces)
    nothing = np.empty(0, np.int64)
    if len(candidates) == 0:
        return nothing, nothing
    main = candidates[np.argmax(pieces.masses[candidates] * _centrality(pieces)[candidates])]
    sizes = (pieces.boxes[:, 2:] - pieces.boxes[:, :2]).max(axis=1)
    if sizes[main] < max(_SMALLEST_DIGIT * min(height, width), _SMALLEST_DIGIT_PX):
        return nothing, nothing
    contrasts = pieces.masses / pieces.areas
    is_ink = (pieces.areas >= _STROKE_AREA * pieces.areas[main]) & (
        contrasts >= _STROKE_CONTRAST * contrasts[main]
    )
    candidates = candidates[is_ink[candidates]]
    heights = pieces.boxes[:, 3] - pieces.boxes[:, 1]
    main_height = max(heights[main], sizes[main] // 2)
    is_digit = heights[candidates] >= _DIGIT_HEIGHT * main_height
    thinnest = _THINNEST * _depth(pieces, int(main))
    if is_digit.sum() <= _MOST_DIGITS:
        is_digit &= [_depth(pieces, int(number)) >= thinnest for number in candidates]
    return candidates[is_digit | (candidates == main)], candidates[
        ~is_digit & (candidates != main)
    ]


def _candidates(pieces: _Pieces) -> NDArray[np.int64]:
    """Return the pieces that may be writing: no frame, and not what the picture's edge cuts."""
    height, width = pieces.labels.shape
    left, top, right, bottom = pieces.boxes.T
    rim = _RIM * min(height, width)
    in_rim = (
        ((left == 0) & (right <= rim))
        | ((top == 0) & (bottom <= rim))
        | ((right == width) & (left >= width - rim))
        | ((bottom == height) & (top >= height - rim))
    )
    kept = np.flatnonzero(~in_rim & ~_is_along_an_edge(pieces))
    kept = kept[[not _is_frame(pieces, int(number)) for number in kept]]
    at_edge = (left == 0) | (top == 0) | (right == width) | (bottom == height)
    inside = kept[
        ~at_edge[kept] & (pieces.masses[kept] > _DIRT * pieces.masses[kept].max(initial=0))
    ]
    if len(inside) == 0:
        return kept
    # Of what is cut off by the edge, only strokes count, and no corners of shadows.
    largest = inside[np.argmax(pieces.masses[inside])]
    widest = _WIDER_AT_EDGE * _depth(pieces, int(largest))
    is_stroke = np.array([_depth(pieces, int(number)) <= widest for number in kept])
    return np.asarray(kept[~at_edge[kept] | is_stroke])


def _depth(pieces: _Pieces, number: int) -> float:
    """Measure half the width of a piece where it is widest, in pixels."""
    mask = np.pad(pieces.cut(number).mask.astype(np.uint8), 1)
    return float(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_3).max())


def _is_frame(pieces: _Pieces, number: int) -> bool:
    """Tell whether a piece is a ring along its own box, with other ink inside."""
    left, top, right, bottom = pieces.boxes[number]
    height, width = bottom - top, right - left
    if pieces.areas[number] > _FRAME_FILL * height * width:
        return False
    rim_x, rim_y = round(_FRAME_RIM * width), round(_FRAME_RIM * height)
    within = (
        (pieces.boxes[:, 0] > left)
        & (pieces.boxes[:, 1] > top)
        & (pieces.boxes[:, 2] < right)
        & (pieces.boxes[:, 3] < bottom)
        & (pieces.boxes[:, 3] - pieces.boxes[:, 1] > _FRAME_CONTENT * height)
    )
    if not within.any():
        return False
    inner = pieces.labels[top + rim_y : bottom - rim_y, left + rim_x : right - rim_x]
    outside = pieces.areas[number] - np.count_nonzero(inner == number + 1)
    return bool(outside > _FRAME_SHARE * pieces.areas[number])


def _is_along_an_edge(pieces: _Pieces) -> NDArray[np.bool_]:
    """Tell which pieces follow the picture's edge, as shadows and tables do; (N,)."""
    count = len(pieces.areas)
    is_along = np.zeros(count, np.bool_)
    labels = pieces.labels
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        touching = np.bincount(edge, minlength=count + 1)[1:]
        is_along |= touching > _EDGE_CONTACT * len(edge)
    return is_along


def _centrality(pieces: _Pieces) -> NDArray[np.float64]:
    """Weigh pieces by their place: 1 in the middle of the picture, a quarter in a corner."""
    height, width = pieces.labels.shape
    left, top, right, bottom = pieces.boxes.T
    x = (left + right) / width - 1  # -1 to 1
    y = (top + bottom) / height - 1
    return np.asarray(1 - 0.375 * (x**2 + y**2))


def _arrange(
    pieces: _Pieces, digits: NDArray[np.int64], strokes: NDArray[np.int64]
) -> tuple[Line, ...]:
    """Sort digits into lines from top to bottom, each with the loose strokes near it."""
    rows: list[list[Piece]] = []
    for digit in sorted((pieces.cut(number) for number in digits), key=lambda d: d.centre_x):
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
