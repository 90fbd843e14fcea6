"""How many pixels are how bright, or how strongly inked: paper and ink are told by that."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.pixels import Pixels

HEAVY_INK = 0.25  # of the picture: less cannot move the median far
_LARGE_PX = 320  # longest side; of a larger picture, every fourth pixel will do
_TWO_KINDS = 0.85  # of the variance lies between two kinds of pixels; of grain, 0.64
_STRONGEST_INK = 0.03  # of the inked pixels are as strong as the strongest ink


def count_pixels(
    contrast: Pixels, is_counted: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Count the pixels of each contrast, (256,); of a large picture, a fourth of them."""
    step = 1 + (max(contrast.shape) > _LARGE_PX)
    mask = None if is_counted is None else is_counted[::step, ::step].astype(np.uint8)
    counts = cv2.calcHist([contrast[::step, ::step].copy()], [0], mask, [256], [0, 256])
    return np.asarray(counts, dtype=np.float32).ravel()


def measure_ground(histogram: NDArray[np.float32]) -> tuple[int, float]:
    """Measure the paper's own contrast, median and standard deviation, unmoved by the ink.

    Args:
        histogram: Number of pixels of each contrast, (256,).
    """
    counts = np.cumsum(_without_heavy_ink(histogram), dtype=np.float64)
    level = int(np.searchsorted(counts, counts[-1] / 2))
    below = int(np.searchsorted(counts, counts[level] / 2))
    return level, 1.4826 * (level - below)


def tell_two_kinds(histogram: NDArray[np.float32], share: float = _TWO_KINDS) -> int | None:
    """Return the last value of the lower of two kinds of pixels; None if there is but one kind.

    Args:
        histogram: Number of pixels of each value, (256,).
        share: Of the variance is between two kinds, at least.

    Source: Otsu, "A threshold selection method from gray-level histograms", IEEE SMC 9 (1979).
    """
    values = np.arange(256)
    shares = np.cumsum(histogram, dtype=np.float64) / histogram.sum()
    moments = np.cumsum(histogram * values, dtype=np.float64) / histogram.sum()
    mean = moments[-1]
    between = (mean * shares - moments) ** 2 / np.maximum(shares * (1 - shares), 1e-9)
    variance = float((histogram * (values - mean) ** 2).sum() / histogram.sum())
    best = int(between.argmax())
    return best if between[best] > share * variance else None


def find_strongest(histogram: NDArray[np.float32], faintest: float) -> float:
    """Return the contrast that the strongest of all inked pixels have."""
    inked = histogram.copy()
    inked[: int(faintest) + 1] = 0
    counts = np.cumsum(inked, dtype=np.float64)
    if counts[-1] == 0:
        return 0.0
    return float(np.searchsorted(counts, (1 - _STRONGEST_INK) * counts[-1]))


def _without_heavy_ink(histogram: NDArray[np.float32]) -> NDArray[np.float32]:
    """Leave ink out where it covers so much of a picture that the median would lie beside it."""
    threshold = tell_two_kinds(histogram)
    if threshold is None or histogram[threshold + 1 :].sum() < HEAVY_INK * histogram.sum():
        return histogram
    return np.where(np.arange(256) <= threshold, histogram, 0)
