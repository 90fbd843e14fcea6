"""Finds a sheet of paper that lies on something else: a page on a desk, a note on a wall.

What surrounds a sheet has edges, grain and shadows that look like ink. A sheet itself is even but
for what is written on it, differs in brightness from what it lies on, and its outline bends
outwards everywhere. So what is connected at one of many thresholds, of evenness or of brightness,
and is shaped like that, is a sheet.

Source: regions of many thresholds, Matas et al., "Robust wide-baseline stereo from maximally
stable extremal regions", BMVC (2002).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.decoding import GreyPhoto, shrink
from mnist_model.pixels import Pixels, as_pixels

_SIDE_PX = 240  # longer side of the thumbnail in which sheets are looked for; its pixels are meant
_FILL_SIDE_PX = 640  # longer side of what goes on beyond a sheet
_GRAIN_PX = 5  # a median over so many takes grain and rulings away
_LEAK_PX = 5  # through a gap so wide in its edge, a sheet is not joined to what it lies on
_EVEN = (3, 4, 5, 6, 8, 10, 13, 17, 22)  # of 255, changes from pixel to pixel that are still even
_BRIGHT = range(6, 255, 6)  # of 255
_SMALLEST = 0.03  # of the picture; what is smaller is no sheet
_LARGEST = 0.9  # of the picture; what is larger, or has a hull of
_LARGEST_HULL = 0.95  # so much of it, is the picture
_CONVEX = 0.93  # of its hull, a sheet fills at least
_BOXY = 0.72  # of the smallest box around it, turned as it is, a sheet fills at least
_STRAIGHT = 0.1  # times as wide as long; an outline that is not wider is a shadow's edge
_EDGE_PX = 7  # a sheet's edge is within
_FAINTEST_EDGE = 6  # of 255, that brightness changes by
_CLEAR_EDGE = 25  # the same where evenness does not tell: light that fades has outlines, too
_WEAKEST = 0.15  # of the outline may be harder to see
_LEAST_DIFFERENCE = 8  # of 255, from what is near the outline within to what is near it beyond
_CLEARANCE_PX = 13  # what is looked at to both sides is not of a line that may be its outline
_NEAR_PX = 4  # standard deviation of what is near
_ALIKE = 0.8  # of their union, two regions share that are one sheet
_MOST_SHEETS = 2
_INSET = 0.02  # of the square root of its area: a sheet's edge is no part of what is written on it
_SPUR_PX = 15  # what sticks out of a sheet and is narrower is none of it
_NEIGHBOURS = np.ones((3, 3), np.uint8)
_SPUR = np.ones((_SPUR_PX, _SPUR_PX), np.uint8)
_LEAK = np.ones((_LEAK_PX, _LEAK_PX), np.uint8)
_EDGE = np.ones((_EDGE_PX, _EDGE_PX), np.uint8)
_CLEARANCE = np.ones((_CLEARANCE_PX, _CLEARANCE_PX), np.uint8)


@dataclass(frozen=True, eq=False)
class _Region:
    mask: Pixels  # (H, W) of the thumbnail, 1 inside; holes are filled
    edge: float  # of 255, that brightness changes by at nearly all of its outline


def single_out_sheets(photo: GreyPhoto) -> Iterator[GreyPhoto]:
    """Show each sheet of paper in a photo as if it went on all around; the clearest first.

    Args:
        photo: Any; most show paper alone, and have no sheets.
    """
    if max(photo.pixels.shape) < _SIDE_PX:
        return  # it is a drawing, or cut out of a photo
    for sheet in _find_sheets(shrink(photo.pixels, _SIDE_PX)):
        mask = _without_rim(sheet.mask)
        if mask.any():
            yield _single_out(photo, mask)


def _find_sheets(small: Pixels) -> list[_Region]:
    smooth = as_pixels(cv2.medianBlur(small, _GRAIN_PX))
    change = _change_within(smooth, _NEIGHBOURS)
    edges = _change_within(smooth, _EDGE)
    found: list[_Region] = []
    for most in _EVEN:
        is_even = cv2.morphologyEx((change <= most).view(np.uint8), cv2.MORPH_OPEN, _LEAK)
        found += _list_regions(as_pixels(is_even), smooth, edges, _FAINTEST_EDGE)
    for least in _BRIGHT:
        is_bright = (smooth >= least).view(np.uint8)
        found += _list_regions(is_bright, smooth, edges, _CLEAR_EDGE)
        found += _list_regions(1 - is_bright, smooth, edges, _CLEAR_EDGE)
    sheets: list[_Region] = []
    for region in sorted(found, key=lambda region: -region.edge):
        if len(sheets) < _MOST_SHEETS and all(_overlap(region, one) < _ALIKE for one in sheets):
            sheets.append(region)
    return sheets


def _change_within(smooth: Pixels, window: Pixels) -> Pixels:
    """Tell for each place from how dark to how bright it is in a window around it."""
    return as_pixels(cv2.subtract(cv2.dilate(smooth, window), cv2.erode(smooth, window)))


def _list_regions(
    is_in: Pixels, smooth: Pixels, edges: Pixels, faintest_edge: float
) -> Iterator[_Region]:
    """Yield which connected regions of a mask are shaped like sheets and have an edge."""
    contours, tree = cv2.findContours(is_in, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for number, contour in enumerate(contours):
        is_hole = tree[0, number, 3] >= 0
        if is_hole or not _is_shaped_like_a_sheet(np.asarray(contour, np.int32), is_in.size):
            continue
        mask = np.zeros_like(is_in)
        cv2.drawContours(mask, [contour], -1, 1, cv2.FILLED)
        outline = _find_outline(mask)
        edge = float(np.quantile(edges[outline], _WEAKEST)) if outline.any() else 0.0
        if edge >= faintest_edge and _parts_two_kinds(mask, outline, smooth):
            yield _Region(mask, edge)


def _is_shaped_like_a_sheet(contour: NDArray[np.int32], picture_area: int) -> bool:
    area = cv2.contourArea(contour)
    if not _SMALLEST * picture_area < area < _LARGEST * picture_area:
        return False
    hull = cv2.contourArea(cv2.convexHull(contour))
    width, height = cv2.minAreaRect(contour)[1]
    is_convex = _CONVEX * hull < area and hull < _LARGEST_HULL * picture_area
    return is_convex and area > _BOXY * width * height


def _find_outline(mask: Pixels) -> NDArray[np.bool_]:
    """Return a region's outermost pixels, but not where the picture ends."""
    outline = np.zeros(mask.shape, np.bool_)
    middle = np.s_[_EDGE_PX:-_EDGE_PX, _EDGE_PX:-_EDGE_PX]
    outline[middle] = (mask - _shrunk(mask, _NEIGHBOURS))[middle]
    return outline


def _parts_two_kinds(mask: Pixels, outline: NDArray[np.bool_], smooth: Pixels) -> bool:
    """Tell whether a region lies on something of another brightness.

    A shadow does not: its outline is one straight line. Nor does a square of a printed form: it
    is as bright beyond as within.
    """
    width, height = cv2.minAreaRect(np.argwhere(outline).astype(np.float32))[1]
    if min(width, height) <= _STRAIGHT * max(width, height):
        return False
    within = _brightness_near(_shrunk(mask, _CLEARANCE), smooth)
    beyond = _brightness_near(as_pixels(1 - cv2.dilate(mask, _CLEARANCE)), smooth)
    return bool(np.median(np.abs(within - beyond)[outline]) >= _LEAST_DIFFERENCE)


def _shrunk(mask: Pixels, kernel: Pixels) -> Pixels:
    """Take a rim off a mask, but not where the picture ends."""
    return as_pixels(cv2.erode(mask, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1))


def _brightness_near(mask: Pixels, smooth: Pixels) -> NDArray[np.float32]:
    """Tell for each place how bright it is nearby within a mask, (H, W)."""
    weights = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _NEAR_PX)
    sums = cv2.GaussianBlur((mask * smooth).astype(np.float32), (0, 0), _NEAR_PX)
    return np.asarray(sums / np.maximum(weights, 1e-6), dtype=np.float32)


def _overlap(region: _Region, other: _Region) -> float:
    both = np.count_nonzero(region.mask & other.mask)
    return both / np.count_nonzero(region.mask | other.mask)


def _without_rim(mask: Pixels) -> Pixels:
    """Take a sheet's edge off, and what sticks out of it; nothing may be left."""
    smooth = as_pixels(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _SPUR))
    inset = 1 + round(_INSET * float(np.sqrt(mask.sum())))
    return _shrunk(smooth, np.ones((2 * inset + 1, 2 * inset + 1), np.uint8))


def _single_out(photo: GreyPhoto, mask: Pixels) -> GreyPhoto:
    """Let what lies within a mask, its rulings too, go on beyond as it is at the nearest place."""
    grey = shrink(photo.pixels, _FILL_SIDE_PX)
    is_sheet = cv2.resize(mask.astype(np.float32), grey.shape[::-1]) > 0.5
    _, nearest = cv2.distanceTransformWithLabels(
        (~is_sheet).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    brightness = np.zeros(int(nearest.max()) + 1, np.uint8)  # of each pixel of the sheet
    brightness[nearest[is_sheet]] = as_pixels(cv2.blur(grey, (3, 3)))[is_sheet]
    size = photo.pixels.shape[::-1]
    beyond = cv2.resize(brightness[nearest], size)
    is_kept = cv2.resize(is_sheet.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    pixels = np.where(is_kept, photo.pixels, beyond)
    return GreyPhoto(as_pixels(pixels), photo.width_px, photo.height_px)
