"""Strokes of any size and thickness, drawn the way MNIST's digits are."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.config import IMAGE_SIZE_PX
from mnist_model.pixels import as_pixels

# Source: MNIST fits each digit into 20x20 and centres it by mass, http://yann.lecun.com/exdb/mnist/
DIGIT_SIZE_PX = 20
_SUPERSAMPLING = 8  # strokes are thickened and thinned at this many times the final size
THINNEST_STROKE_PX = 2.0  # of MNIST's strokes, most lie between these two
THICKEST_STROKE_PX = 3.6


def render_digit(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Draw a digit's ink as MNIST would: size, stroke width and place.

    Args:
        ink: (H, W), 0 is paper and 1 is ink; half-way is the stroke's edge. Not empty.

    Returns:
        (28, 28), light ink on black.
    """
    strokes = _crop(_enlarge(ink) > 0.5)
    width_px = stroke_width(strokes) / _SUPERSAMPLING
    wanted_px = min(max(width_px, THINNEST_STROKE_PX), THICKEST_STROKE_PX)
    change = (wanted_px - width_px) / 2 * _SUPERSAMPLING
    if abs(change) >= 1:
        strokes = _crop(_change_width(strokes, change))
    return _centre(_fit(strokes))


def stroke_width(strokes: NDArray[np.bool_]) -> float:
    """Estimate the mean stroke width in pixels: in a bar, mean depth is a quarter of its width."""
    padded = _pad(strokes, 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_5)
    return 4 * float(depth[padded > 0].mean()) - 1


def _enlarge(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring the longer side to the digit's size times the supersampling."""
    scale = DIGIT_SIZE_PX * _SUPERSAMPLING / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(ink, size, interpolation=method), dtype=np.float32)


def _change_width(strokes: NDArray[np.bool_], change: float) -> NDArray[np.bool_]:
    """Move the strokes' edges out by `change` pixels, or in where it is negative."""
    margin = int(abs(change)) + 2
    padded = _pad(strokes, margin)
    if change > 0:
        distance = cv2.distanceTransform(1 - padded, cv2.DIST_L2, cv2.DIST_MASK_5)
        return np.asarray(distance <= change)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_5)
    thinned = depth > -change
    # Strokes thinner than the average would vanish: keep the ridge of their depth.
    ridge = (depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))
    kept = cv2.dilate(ridge.astype(np.uint8), np.ones((_SUPERSAMPLING, _SUPERSAMPLING), np.uint8))
    return np.asarray(thinned | ((kept > 0) & (padded > 0)))


def _pad(strokes: NDArray[np.bool_], margin: int) -> NDArray[np.uint8]:
    # NumPy's own takes ten times as long.
    sides = margin, margin, margin, margin
    padded = cv2.copyMakeBorder(strokes.view(np.uint8), *sides, cv2.BORDER_CONSTANT)
    return np.asarray(padded, dtype=np.uint8)


def _crop(strokes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    rows, columns = np.flatnonzero(strokes.any(axis=1)), np.flatnonzero(strokes.any(axis=0))
    if len(rows) == 0:
        return np.ones((1, 1), np.bool_)
    return strokes[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fit(strokes: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Shrink so that the longer side is 20 pixels, with soft edges."""
    height, width = strokes.shape
    scale = DIGIT_SIZE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    full = strokes.astype(np.uint8) * np.uint8(255)
    return as_pixels(cv2.resize(full, size, interpolation=cv2.INTER_AREA))


def _centre(digit: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put the centre of mass in the middle of 28x28, as far as the digit stays inside."""
    height, width = digit.shape
    mass = digit.astype(np.float64)
    centre_y = (mass.sum(axis=1) @ np.arange(height)) / mass.sum()
    centre_x = (mass.sum(axis=0) @ np.arange(width)) / mass.sum()
    middle = (IMAGE_SIZE_PX - 1) / 2
    top = min(max(round(middle - centre_y), 0), IMAGE_SIZE_PX - height)
    left = min(max(round(middle - centre_x), 0), IMAGE_SIZE_PX - width)
    image = np.zeros((IMAGE_SIZE_PX, IMAGE_SIZE_PX), np.uint8)
    image[top : top + height, left : left + width] = digit
    return image
