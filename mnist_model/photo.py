"""A photo of a digit on anything to a 28x28 image as in MNIST. No model, no torch.

The way: decoded and upright (`decoding`) -> ink apart from paper (`ink`) -> here the strokes that
make up the digit -> drawn as MNIST draws (`rendering`).
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.decoding import GreyPhoto, decode_photo
from mnist_model.ink import InkMap, map_ink
from mnist_model.rendering import render_digit

NOTHING_WRITTEN = (
    "I see nothing written here. Please write a digit large and dark, and take the photo closer."
)

_SMALLEST_DIGIT = 0.02  # longer side of its ink, as a share of the photo's shorter side
_SMALLEST_DIGIT_PX = 6
_FRAME_MARGIN = 0.15  # of a side: where the lines of a square may run into the picture
_FRAME_COVERAGE = 0.75  # of a side: a line of a square is at least this long
_RIM = 0.1  # of a side: what lies in it wholly and touches the edge is cut off from elsewhere
_EDGE_CONTACT = 0.5  # of a side: what touches the edge of the picture for longer is no stroke
_PART_GAP = 0.12  # of a digit's longer side: strokes this near belong to it
_PART_AREA = 0.02  # of the main stroke's area: anything less is dirt
_PART_CONTRAST = 0.5  # of the main stroke's contrast


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
class FoundDigits:
    """What `find_digits` found."""

    digits: tuple[DigitImage, ...]  # in reading order
    reason: str | None  # a sentence for a person, if there is nothing to read


@dataclass(frozen=True, eq=False)
class _Strokes:
    """Connected pieces of ink, one entry per piece."""

    labels: NDArray[np.int32]  # (H, W), 0 is paper, n + 1 is piece n
    boxes: NDArray[np.int64]  # (N, 4): left, top, right, bottom; the last two exclusive
    areas: NDArray[np.int64]  # (N,) pixels
    masses: NDArray[np.float64]  # (N,) contrast summed over the pixels


def find_digits(photo: bytes | Path) -> FoundDigits:
    """Find the digits in a photo. For now that is one digit, the most prominent.

    Args:
        photo: The bytes of an image file, or its path.

    Raises:
        UnreadablePhotoError: Not an image, damaged, empty, or of a kind we do not open.
        PhotoTooLargeError: More than 100 megapixels.
    """
    grey = decode_photo(photo)
    ink = map_ink(grey.pixels)
    strokes = _find_strokes(ink)
    chosen = _choose_digit(strokes)
    if len(chosen) == 0:
        return FoundDigits(digits=(), reason=NOTHING_WRITTEN)
    return FoundDigits(digits=(_cut_out(grey, ink, strokes, chosen),), reason=None)


def _find_strokes(ink: InkMap) -> _Strokes:
    """Separate the ink into connected pieces, without the lines of a square around the digit."""
    mask = (ink.contrast > ink.threshold).astype(np.uint8)
    _erase_frame(mask)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    left, top, width, height, areas = stats[1:].astype(np.int64).T
    weights = ink.contrast.ravel().astype(np.float64)
    masses = np.bincount(labels.ravel(), weights=weights, minlength=count)[1:].astype(np.float64)
    boxes = np.stack((left, top, left + width, top + height), axis=1)
    return _Strokes(np.asarray(labels, dtype=np.int32), boxes, areas, masses)


def _erase_frame(mask: NDArray[np.uint8]) -> None:
    """Erase, in place, straight lines along the picture's edges together with all beyond them."""
    for view in (mask, mask[::-1], mask.T, mask.T[::-1]):
        margin = int(_FRAME_MARGIN * len(view))
        is_line = view[:margin].mean(axis=1) > _FRAME_COVERAGE
        if is_line.any():
            view[: np.flatnonzero(is_line)[-1] + 2] = 0


def _choose_digit(strokes: _Strokes) -> NDArray[np.int64]:
    """Return the pieces that make up the most prominent digit; none if nothing is written."""
    height, width = strokes.labels.shape
    candidates = _candidates(strokes)
    sizes = _sizes(strokes.boxes)
    if len(candidates) == 0:
        return candidates
    main = candidates[np.argmax(strokes.masses[candidates] * _centrality(strokes)[candidates])]
    if sizes[main] < max(_SMALLEST_DIGIT * min(height, width), _SMALLEST_DIGIT_PX):
        return np.empty(0, np.int64)
    contrasts = strokes.masses / strokes.areas
    is_ink = (strokes.areas >= _PART_AREA * strokes.areas[main]) & (
        contrasts >= _PART_CONTRAST * contrasts[main]
    )
    candidates = candidates[is_ink[candidates]]
    is_near = _gaps(strokes.boxes[candidates], strokes.boxes[main]) <= _PART_GAP * sizes[main]
    return np.asarray(candidates[is_near])


def _candidates(strokes: _Strokes) -> NDArray[np.int64]:
    """Return the pieces that may belong to a digit: not those that the picture's edge cuts."""
    height, width = strokes.labels.shape
    left, top, right, bottom = strokes.boxes.T
    rim_x, rim_y = _RIM * width, _RIM * height
    in_rim = (
        ((left == 0) & (right <= rim_x))
        | ((top == 0) & (bottom <= rim_y))
        | ((right == width) & (left >= width - rim_x))
        | ((bottom == height) & (top >= height - rim_y))
    )
    return np.flatnonzero(~in_rim & ~_is_along_an_edge(strokes))


def _is_along_an_edge(strokes: _Strokes) -> NDArray[np.bool_]:
    """Tell which pieces follow the picture's edge, as shadows and tables do; (N,)."""
    count = len(strokes.areas)
    is_along = np.zeros(count, np.bool_)
    labels = strokes.labels
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        touching = np.bincount(edge, minlength=count + 1)[1:]
        is_along |= touching > _EDGE_CONTACT * len(edge)
    return is_along


def _centrality(strokes: _Strokes) -> NDArray[np.float64]:
    """Weigh pieces by their place: 1 in the middle of the picture, a quarter in a corner."""
    height, width = strokes.labels.shape
    left, top, right, bottom = strokes.boxes.T
    x = (left + right) / width - 1  # -1 to 1
    y = (top + bottom) / height - 1
    return np.asarray(1 - 0.375 * (x**2 + y**2))


def _gaps(boxes: NDArray[np.int64], box: NDArray[np.int64]) -> NDArray[np.int64]:
    """Measure the gap between each box and one other, the larger of across and down; (N,)."""
    across = np.maximum(boxes[:, 0] - box[2], box[0] - boxes[:, 2])
    down = np.maximum(boxes[:, 1] - box[3], box[1] - boxes[:, 3])
    return np.asarray(np.maximum(across, down))


def _sizes(boxes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the longer side of each box, (N,)."""
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0))


def _cut_out(
    grey: GreyPhoto, ink: InkMap, strokes: _Strokes, chosen: NDArray[np.int64]
) -> DigitImage:
    """Cut the chosen pieces out and draw them as MNIST does."""
    left, top = strokes.boxes[chosen, :2].min(axis=0)
    right, bottom = strokes.boxes[chosen, 2:].max(axis=0)
    window = np.s_[top:bottom, left:right]
    is_digit = np.isin(strokes.labels[window], chosen + 1)
    contrast = np.where(is_digit, ink.contrast[window], 0)  # (h, w)
    full_ink = float(np.percentile(contrast[is_digit], 90))
    strength = np.clip(contrast / full_ink, 0, 1).astype(np.float32)
    # The strokes' edge is where they are half as dark as inside; what lies beyond is blur.
    inner_left, inner_top, inner_width, inner_height = cv2.boundingRect(
        (strength > 0.5).astype(np.uint8)
    )
    height, width = grey.pixels.shape
    scale_x, scale_y = grey.width_px / width, grey.height_px / height
    box = Box(
        x=round((left + inner_left) * scale_x),
        y=round((top + inner_top) * scale_y),
        width=max(1, round(inner_width * scale_x)),
        height=max(1, round(inner_height * scale_y)),
    )
    return DigitImage(render_digit(strength), box)
