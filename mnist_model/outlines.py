"""Fills digits that are drawn as outlines only, as stickers and drawing apps have them.

What the ink of such a digit encloses is as narrow as a stroke, along all of it; in the loop of an
ordinary 0 it is nearly as wide as the digit. What lies within an outline's inner side, as in the
hole of a 0, stays paper.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.decoding import GreyPhoto
from mnist_model.ink import InkMap
from mnist_model.pixels import Pixels, as_pixels

_BROADEST = 0.3  # of its longer side; what is broader is no inside of a stroke
_SHORTEST_PX = 12  # of the ink map; a gap in a stroke is no longer


def fill_outlines(
    photo: GreyPhoto, ink: InkMap, is_inked: NDArray[np.bool_]
) -> tuple[GreyPhoto, InkMap] | None:
    """Fill what ink encloses and is as narrow as a stroke.

    Args:
        photo: Any.
        ink: Its ink map, (H, W).
        is_inked: (H, W), what of it is ink and no line.

    Returns:
        The photo and its ink, as if it had been filled by hand; None if nothing is to be filled.
    """
    insides = _find_insides(is_inked)
    if not insides.any():
        return None
    contrast = ink.contrast.copy()
    contrast[insides > 0] = np.median(ink.contrast[is_inked])
    size = photo.pixels.shape[::-1]
    in_photo = cv2.resize(insides, size, interpolation=cv2.INTER_NEAREST)
    in_photo = cv2.dilate(in_photo, np.ones((3, 3), np.uint8))  # no seam of paper may be left
    was_inked = cv2.resize(is_inked.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    pixels = photo.pixels.copy()
    pixels[in_photo > 0] = np.median(photo.pixels[was_inked > 0])
    return replace(photo, pixels=pixels), replace(ink, contrast=contrast)


def _find_insides(is_inked: NDArray[np.bool_]) -> Pixels:
    """Mark the paper within outlines with 1, (H, W)."""
    mask = as_pixels(is_inked)
    insides = np.zeros_like(mask)
    contours, tree = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return insides
    # Of a hole, the ink around it; of ink, the hole that it lies in.
    parents = np.asarray(tree[0, :, 3], np.int32)
    for hole in _list_holes(parents, -1):
        left, top, width, height = cv2.boundingRect(contours[hole])
        if max(width, height) < _SHORTEST_PX:
            continue
        window = np.s_[top : top + height, left : left + width]
        inside = np.zeros((height, width), np.uint8)
        for contour, shade in ((hole, 1), *((inner, 0) for inner in _list_holes(parents, hole))):
            cv2.drawContours(inside, contours, contour, shade, cv2.FILLED, offset=(-left, -top))
        inside &= 1 - mask[window]
        framed = cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
        depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_3)
        if 2 * depth.max() <= _BROADEST * max(width, height):
            insides[window] |= inside
    return insides


def _list_holes(parents: NDArray[np.int32], around: int) -> list[int]:
    """List the holes in the ink that lies directly in another hole, or in none (-1)."""
    ink = np.flatnonzero(parents == around)
    return [int(hole) for hole in np.flatnonzero(np.isin(parents, ink))]
