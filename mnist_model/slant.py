"""Finds out how much lines of writing run uphill or downhill, and turns a photo level.

A person writes at a slant, or holds the camera askew. The digits are then turned, too, and rows
that run into each other's height are hard to tell apart.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.decoding import GreyPhoto
from mnist_model.ink import InkMap
from mnist_model.pixels import as_pixels
from mnist_model.segmentation import Piece

_STEEPEST = 0.7  # down by across, between neighbours on one line; steeper ones are of two
_FARTHEST = 3.0  # times the usual height apart, at most, are neighbours
_LEAST_DEG = 5.0  # of slant: less does no harm
_LEAST_DEG_OF_TWO = 8.0  # the same where there are but two digits, one of which may stand lower
_LEAST_DEG_OF_FRAME = 1.0  # the same of a square around digits
_FRAME_FILL = 0.5  # of a square, its own lines and the digits that touch them cover at most
_FRAME_RIM = 0.08  # of its shorter side: its lines lie within
_FRAME_SHARE = 0.9  # of each side has ink

Matrix = NDArray[np.float64]  # (2, 3): where a pixel's place (x, y, 1) goes


def measure_slant(digits: Sequence[Piece]) -> float:
    """Measure the slope of lines of writing, in degrees; above 0 they run downhill.

    Args:
        digits: What is as large as digits, of all lines in any order.

    Returns:
        The median slope from a digit to its neighbour on the right; 0 if that is too little to
        matter, or if nothing has a neighbour.
    """
    centres = np.array([(d.centre_x, d.top + d.height / 2) for d in digits]).reshape(-1, 2)
    farthest = _FARTHEST * np.median([d.height for d in digits]) if digits else 0.0
    slopes = []
    for centre in centres:
        across, down = (centres - centre).T
        distances = np.hypot(across, down)
        is_beside = (across > 0) & (np.abs(down) < _STEEPEST * across) & (distances < farthest)
        if is_beside.any():
            nearest = np.flatnonzero(is_beside)[distances[is_beside].argmin()]
            slopes.append(float(np.degrees(np.arctan2(down[nearest], across[nearest]))))
    if not slopes:
        return 0.0
    slant = float(np.median(slopes))
    return slant if abs(slant) > (_LEAST_DEG if len(slopes) > 1 else _LEAST_DEG_OF_TWO) else 0.0


def measure_frame(piece: Piece) -> float:
    """Measure how a square, or a row of them, is turned that was drawn around digits.

    Args:
        piece: The largest of all, which digits may touch.

    Returns:
        Degrees as `measure_slant`; 0 if the piece is no such thing, or is hardly turned.
    """
    mask = piece.mask.view(np.uint8)
    # Of all its pixels, the outline's corners will do, in a tenth of the time.
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    centre, (width, height), degrees = cv2.minAreaRect(np.concatenate(outlines))
    quarters = round(degrees / 90)  # which of its sides is the width is up to OpenCV
    degrees -= 90 * quarters
    width, height = (height, width) if quarters % 2 else (width, height)
    is_turned = abs(degrees) > _LEAST_DEG_OF_FRAME
    if not is_turned or cv2.countNonZero(mask) > _FRAME_FILL * width * height:
        return 0.0
    size = round(width) + 1, round(height) + 1
    matrix = cv2.getRotationMatrix2D(centre, degrees, 1)
    matrix[:, 2] += np.subtract(size, 1) / 2 - np.array(centre)
    level = cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_NEAREST)
    reach = max(2, round(_FRAME_RIM * min(size)))
    sides = (level[:reach], level[-reach:], level[:, :reach].T, level[:, -reach:].T)
    is_frame = all(side.any(axis=0).mean() > _FRAME_SHARE for side in sides)
    return float(degrees) if is_frame else 0.0


def turn_level(
    photo: GreyPhoto, ink: InkMap, is_writing: NDArray[np.bool_], slant_deg: float
) -> tuple[GreyPhoto, InkMap]:
    """Turn a photo and its ink so that its lines of writing run level.

    Args:
        photo: The photo.
        ink: Its ink, (H, W).
        is_writing: (H, W); all other ink is left out, since where the picture ends, by which some
            of it can be told, is not to be seen any more.
        slant_deg: As `measure_slant` says.
    """
    near_writing = cv2.dilate(is_writing.view(np.uint8), np.ones((3, 3), np.uint8))
    contrast = np.where(near_writing > 0, ink.contrast, np.uint8(0))
    turned_ink = replace(
        ink,
        contrast=_turn(contrast, slant_deg, cv2.BORDER_CONSTANT),
        paper=_turn(ink.paper, slant_deg, cv2.BORDER_REPLICATE),
    )
    matrix, (width, height) = _turning((photo.width_px, photo.height_px), slant_deg)
    turned_photo = GreyPhoto(
        _turn(photo.pixels, slant_deg, cv2.BORDER_REPLICATE),
        width_px=width,
        height_px=height,
        to_upright=np.asarray(cv2.invertAffineTransform(matrix), np.float64),
    )
    return turned_photo, turned_ink


def _turn(image: NDArray[np.uint8], degrees: float, border: int) -> NDArray[np.uint8]:
    matrix, size = _turning(image.shape[::-1], degrees)
    return as_pixels(cv2.warpAffine(image, matrix, size, borderMode=border))


def _turning(size: Sequence[int], degrees: float) -> tuple[Matrix, tuple[int, int]]:
    """Return how to turn a picture of some width and height counterclockwise, and its new size."""
    width, height = size
    matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1), np.float64)
    cosine, sine = np.abs(matrix[0, :2])
    turned_width = round(width * cosine + height * sine)
    turned_height = round(width * sine + height * cosine)
    matrix[:, 2] += (turned_width - width) / 2, (turned_height - height) / 2
    return matrix, (turned_width, turned_height)
