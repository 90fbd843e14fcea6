"""Signs that people write beside digits: brackets and equals signs."""

import cv2
import numpy as np
from made_up_ink import Ink, Random
from numpy.typing import NDArray

PEN_SHARE = (0.05, 0.09)  # of a digit's height, a line is thick
GAP_SHARE = (0.12, 0.35)  # of it, between digit and sign; all below are shares of it, too
BRACKET_HEIGHT = (1.1, 1.5)
BRACKET_BEND = (0.13, 0.25)  # of the bracket's own height
EQUALS_LENGTH = (0.35, 0.6)
EQUALS_GAP = (0.18, 0.35)
STRAYING = 0.03  # standard deviation of where a line ends


def add_sign(name: str, ink: Ink, random: Random) -> Ink:
    """Write a sign beside the only digit on a page.

    Args:
        name: "in_brackets", "before_bracket" or "after_equals", which is where the digit stands.
        ink: The page's, (H, W), from 0 to 1.
        random: Where chance comes from.
    """
    left, top, width, height = cv2.boundingRect((ink > 0.3).astype(np.uint8))
    middle = top + height / 2
    thick_px = max(1, round(random.uniform(*PEN_SHARE) * height))
    gap = random.uniform(*GAP_SHARE) * height
    if name == "after_equals":
        lines = _equals(left - gap, middle, height, random)
    else:
        lines = [_bracket(left + width + gap, middle, height, random)]
        if name == "in_brackets":
            lines.append(_bracket(left - gap, middle, -height, random))
    signed = ink.copy()
    for line in lines:
        cv2.polylines(signed, [line.round().astype(np.int32)], False, 1.0, thick_px, cv2.LINE_AA)
    return signed


def _bracket(x: float, middle: float, size: float, random: Random) -> NDArray[np.float64]:
    """Return the points of a bracket whose ends are at `x`; it opens to the left if `size` > 0."""
    height = random.uniform(*BRACKET_HEIGHT) * size
    along = np.linspace(-1, 1, 40)
    bent = random.uniform(*BRACKET_BEND) * height * (1 - along**2)
    leaning = random.normal(0, STRAYING) * height * along
    return np.stack((x + bent + leaning, middle + along * abs(height) / 2), axis=1)


def _equals(x: float, middle: float, size: float, random: Random) -> list[NDArray[np.float64]]:
    """Return the ends of both bars of an equals sign that ends at `x`."""
    length = random.uniform(*EQUALS_LENGTH) * size
    half_gap = random.uniform(*EQUALS_GAP) * size / 2
    return [
        np.array([(x - length, middle + down), (x, middle + down)])
        + random.normal(0, STRAYING * size, (2, 2))
        for down in (-half_gap, half_gap)
    ]
