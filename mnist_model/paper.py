"""Tells how bright the paper is under the ink: by closings along lines of all directions."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.decoding import shrink
from mnist_model.lines import label_pieces
from mnist_model.pixels import Pixels, as_pixels

_SIDE_PX = 320  # longer side; paper needs no finer pixels than this, except where it is bare
_THUMBNAIL_PX = 160  # longer side; the width of strokes is measured at this size
_WIDEST_STROKE = 0.3  # of the shorter side; whatever is wider counts as paper or shadow
_SHORTEST_LINE = 0.12  # of the shorter side: lines are at least so long
_PEN_REACH_PX = 12  # of the photo at its working size; hardly any shadow is so narrow
_REACH = 2.5  # times the widest stroke: lines are so long, to find paper beside it
_FAINTEST = 18  # of 255; what is less dark than its surroundings is no stroke
_BARE = 4  # of 255; where closing brightens less, the paper is bare
_EVEN = 8  # of 255, of its paper: from pixel to pixel, what is even changes by no more
_BARE_SHARE = 0.3  # of an even region is bare paper, and all of it is paper then
_LEAST_EVEN = 0.002  # of the picture: smaller even regions tell nothing
_LEAST_SHADOW = 0.001  # of the picture: what else is paper matters if it is more than this
_MOST_SHADOW = 0.3  # of the picture: more is no corner of a shadow
# Steps down and right. A line beside a shadow's edge sees what lies on its own side only.
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))


def paper_brightness(grey: Pixels) -> Pixels:
    """Estimate the brightness that each pixel would have without ink, (H, W).

    A closing along a line fills what is dark and narrow in that direction. Slopes and edges of
    shadows, which are wide, it leaves as they are; where a stroke crosses such an edge, the lines
    that run along the edge still find the right side's paper. So of all directions the brightest
    counts.

    Source: closing by lines, Soille, "Morphological Image Analysis" (2003), chapters 3 and 11.

    Args:
        grey: (H, W), dark ink on lighter paper.
    """
    small = shrink(grey, _SIDE_PX)
    return _bare_as_it_is(grey, small, _close_strokes(small))


def paper_under_wide_things(grey: Pixels) -> Pixels:
    """Estimate the same beside what is wider than strokes, as a thumb that holds the paper.

    All of it is filled, so that it can be told from strokes; shadows' edges may be less exact.

    Args:
        grey: (H, W), dark ink on lighter paper.
    """
    small = shrink(grey, _SIDE_PX)
    return _bare_as_it_is(grey, small, _close(small, _WIDEST_STROKE * min(small.shape)))


def paper_beside_thin_strokes(grey: Pixels) -> Pixels:
    """Estimate the same beside strokes of pens only: all that is wider counts as paper.

    So do shadows of fingers, leaves and window bars, even where they are narrow.

    Args:
        grey: (H, W), dark ink on lighter paper.
    """
    return _close(grey, _PEN_REACH_PX)


def paper_in_shadows(grey: Pixels) -> Pixels | None:
    """Estimate the same where shadows have corners, as a phone's has, and narrow parts.

    No line through such a corner stays in the shadow, so a closing fills it like ink. But it goes
    on evenly from where the paper is bare, and ink does not. Around what is even, paper is as
    bright as the nearest of it.

    Args:
        grey: (H, W), dark ink on lighter paper.

    Returns:
        (H, W); None if no shadow has corners, or nearly all seems to be one.
    """
    small = shrink(grey, _SIDE_PX)
    closed = _close_strokes(small)
    is_paper = _goes_on_evenly(small, closed)
    if not is_paper.any():
        return None
    _, nearest = cv2.distanceTransformWithLabels(
        (~is_paper).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    brightness = np.zeros(int(nearest.max()) + 1, np.uint8)
    brightness[nearest[is_paper]] = small[is_paper]
    paper = as_pixels(cv2.min(closed, cv2.blur(brightness[nearest], (3, 3))))
    is_darker = (cv2.subtract(closed, paper) > _FAINTEST).view(np.uint8)
    # Along the edges of any shadow it is a little darker.
    corners = cv2.morphologyEx(is_darker, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    if not _LEAST_SHADOW < float(corners.mean()) < _MOST_SHADOW:
        return None
    return _bare_as_it_is(grey, small, paper)


def _close_strokes(small: Pixels) -> Pixels:
    """Close along lines that are long enough for the widest stroke."""
    shorter = min(small.shape)
    length = max(_REACH * _stroke_width(small), _SHORTEST_LINE * shorter)
    return _close(small, min(length, _WIDEST_STROKE * shorter))


def _bare_as_it_is(grey: Pixels, small: Pixels, paper: Pixels) -> Pixels:
    """Enlarge paper where there is ink; elsewhere the edges of shadows would be too soft."""
    is_inked = (cv2.subtract(paper, small) > _BARE).view(np.uint8)
    near_ink = cv2.dilate(is_inked, np.ones((7, 7), np.uint8))
    size = grey.shape[::-1]
    near_ink = cv2.resize(near_ink, size, interpolation=cv2.INTER_NEAREST)
    return as_pixels(cv2.copyTo(cv2.resize(paper, size), near_ink, grey.copy()))


def _goes_on_evenly(small: Pixels, closed: Pixels) -> NDArray[np.bool_]:
    """Tell which pixels are of an even region that is bare paper at least in part; (H, W)."""
    window = np.ones((3, 3), np.uint8)
    steps = cv2.subtract(cv2.dilate(small, window), cv2.erode(small, window))
    full = cv2.max(closed, np.ones_like(closed))
    is_even = (cv2.divide(steps, full, scale=255) <= _EVEN).view(np.uint8)
    count, regions = cv2.connectedComponents(is_even, connectivity=4)
    is_bare = (cv2.subtract(closed, small) <= _BARE).ravel()
    areas = np.bincount(regions.ravel(), minlength=count)
    bare_areas = np.bincount(regions.ravel(), weights=is_bare, minlength=count)
    is_paper = (bare_areas > _BARE_SHARE * areas) & (areas > _LEAST_EVEN * small.size)
    is_paper[0] = False  # all that is uneven
    return np.asarray(is_paper[regions])


def _stroke_width(grey: Pixels) -> float:
    """Estimate the width of the widest stroke, in pixels; 0 if there is none."""
    small = shrink(grey, _THUMBNAIL_PX)
    paper = _close(small, _WIDEST_STROKE * min(small.shape), _DIRECTIONS[:4])
    full = np.maximum(paper, np.ones_like(paper))
    darkness = cv2.divide(cv2.subtract(paper, small), full, scale=255)
    is_ink = (darkness > max(_FAINTEST, int(darkness.max()) // 2)).view(np.uint8)
    labels, stats = label_pieces(is_ink)
    left, top, width, height = stats[:, :4].T
    # What the edge of the picture cuts may be the corner of a shadow.
    rows, columns = small.shape
    is_inside = (left > 0) & (top > 0) & (left + width < columns) & (top + height < rows)
    if is_inside[1:].any():
        is_ink &= is_inside.astype(np.uint8)[labels]
    framed = cv2.copyMakeBorder(is_ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_3)
    return 2 * float(depth.max() * max(grey.shape) / max(small.shape))


def _close(
    grey: Pixels, length_px: float, directions: Sequence[tuple[int, int]] = _DIRECTIONS
) -> Pixels:
    """Close along lines of some directions, and keep the brightest for each pixel."""
    brightest = grey
    for down, right in directions:
        count = max(2, round(length_px / np.hypot(down, right)))  # pixels of the line
        # Room for both steps: a shadow's edge that leaves the picture at a slant goes on beyond.
        reach_y, reach_x = down * (count - 1), abs(right) * (count - 1)
        padded = cv2.copyMakeBorder(grey, reach_y, reach_y, reach_x, reach_x, cv2.BORDER_REPLICATE)
        dilated = _running(cv2.max, as_pixels(padded), down, right, count)
        closed = _running(cv2.min, dilated, down, right, count)
        brightest = np.maximum(brightest, closed)
    return brightest


def _running(
    extreme: Callable[..., object], image: Pixels, down: int, right: int, count: int
) -> Pixels:
    """Take the maximum or minimum over each line of `count` pixels; the result is smaller.

    By doubling: the extreme over 2n pixels is that of two over n. OpenCV's `max` and `min` take a
    seventh of NumPy's time where rows have gaps between them.
    """
    reach = 1
    while reach < count:
        step = min(reach, count - reach)
        height, width = image.shape[0] - down * step, image.shape[1] - abs(right) * step
        near, far = max(-right * step, 0), max(right * step, 0)
        image = as_pixels(
            extreme(image[:height, near : near + width], image[down * step :, far : far + width])
        )
        reach += step
    return image
