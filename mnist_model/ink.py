"""Ink apart from paper: evens out the light and tells how strongly each pixel is inked."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_GROUND_SIDE_PX = 64  # of the thumbnail that tells light ink from dark
_GROUND_WINDOW = 0.5  # of the thumbnail's shorter side, for the median
_PAPER_SIDE_PX = 1280  # of the thumbnail that the paper's brightness is taken from
_WIDEST_STROKE = 0.3  # of the shorter side; whatever is wider counts as paper or shadow
_FAINTEST_INK = 0.07  # contrast; below it lie paper grain and compression
_NOISE_FACTOR = 5.0  # ink stands out this many standard deviations of the paper
_BLUR_SIDE_PX = 640  # photos get one pixel of blur per this many pixels of longest side


@dataclass(frozen=True, eq=False)
class InkMap:
    """A photo as ink only."""

    contrast: NDArray[np.float32]  # (H, W); 0 is paper, towards 1 is full ink
    threshold: float  # above it, a pixel is more than paper's grain


def map_ink(grey: NDArray[np.uint8]) -> InkMap:
    """Tell ink from paper under uneven light, for dark ink on light and light ink on dark.

    Args:
        grey: (H, W), upright.
    """
    smooth = _smooth(grey)
    if is_light_on_dark(grey):
        inverse = 255 - smooth
        ground = _paper_brightness(inverse)
        # On a bright ground little room is left above it; grain must not count as much as ink.
        difference, full = ground - inverse, np.maximum(ground, 255 - ground)
    else:
        ground = _paper_brightness(smooth)
        difference, full = ground - smooth, np.maximum(ground, 1)
    contrast = np.asarray(difference / full, dtype=np.float32)  # (H, W)
    level, spread = _level_and_spread(contrast)
    return InkMap(
        np.clip(contrast - np.float32(level), 0, 1),
        threshold=max(_FAINTEST_INK, _NOISE_FACTOR * spread),
    )


def is_light_on_dark(grey: NDArray[np.uint8]) -> bool:
    """Tell whether the ink is lighter than its ground.

    Ink is the minority nearly everywhere, so a median over wide windows shows the ground, with the
    edges of shadows where they are. What differs from it leans to the ink's side.
    """
    small = _shrink(grey, _GROUND_SIDE_PX)
    size = max(3, round(_GROUND_WINDOW * min(small.shape)) | 1)
    ground = cv2.medianBlur(small, size).astype(np.float32)
    return float(((small - ground) ** 3).mean()) > 0


def _smooth(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Blur away sensor noise, the more the larger the photo."""
    sigma = max(grey.shape) / _BLUR_SIDE_PX
    if sigma < 0.3:  # a kernel of one pixel
        return grey
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), dtype=np.uint8)


def _paper_brightness(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Estimate the brightness that each pixel would have without ink, (H, W).

    A morphological closing fills what is dark and narrow. Slopes and edges of shadows, which are
    wide, it leaves as they are.
    """
    height, width = grey.shape
    small = _shrink(grey, _PAPER_SIDE_PX)
    size = max(3, round(_WIDEST_STROKE * min(small.shape)) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    closed = cv2.blur(closed, (3, 3)).astype(np.float32)
    return np.asarray(cv2.resize(closed, (width, height)), dtype=np.float32)


def _level_and_spread(contrast: NDArray[np.float32]) -> tuple[float, float]:
    """Measure the paper's own contrast, median and standard deviation, unmoved by the ink."""
    level = float(np.median(contrast))
    below = contrast[contrast <= level]
    return level, 1.4826 * float(np.median(level - below))


def _shrink(grey: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    height, width = grey.shape
    scale = side_px / max(height, width)
    if scale >= 1:
        return grey
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
