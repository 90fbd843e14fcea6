"""Grey pictures in bytes, which most of the photo pipeline works on: OpenCV is fast on them."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (H, W)


def as_pixels(image: object) -> Pixels:
    """Return bytes where OpenCV promises any array; booleans become 0 and 1."""
    return np.asarray(image, dtype=np.uint8)
