"""Ink apart from paper where that is hard: other maps of a photo of which hardly any is read."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.histograms import HEAVY_INK, count_pixels, find_strongest, tell_two_kinds
from mnist_model.ink import (
    INK_SHARE,
    InkMap,
    is_small,
    map_ink,
    measure_ink,
    smooth_grain,
)
from mnist_model.lines import label_pieces
from mnist_model.paper import (
    paper_beside_thin_strokes,
    paper_brightness,
    paper_in_shadows,
    paper_under_wide_things,
)
from mnist_model.pixels import Pixels, as_pixels

_SMOOTHINGS_PX = (2, 4)  # standard deviations; the first that leaves no grain will do
_PALER = 0.8  # of the threshold that all ink asks for; above it, strokes are whole
_GRAIN_PX = 5  # gaps so wide in a stroke are of its grain
_BROKEN = 1.02  # times as much ink once these are filled; of whole strokes, it is hardly more
_WIDE_PX = 5  # what is wider may be a shadow; most strokes are narrower
_SHADOWED = 0.03  # of a photo is wide ink, if shadows of bars or leaves lie on it
_STRIPED = 20  # contrast of bare paper: half of it is darker than the rest, as behind blinds
_TWO_KINDS_OF_GROUND = 0.6  # of the variance; ink is a third kind
_SHADOW = 0.25  # of the border: what takes more of it is a shadow, or what it leaves in light
_TWO_KINDS_OF_INK = 0.65  # of the variance of what is inked; edges are of neither kind


def map_ink_in_grain(grey: Pixels) -> InkMap:
    """Tell ink from paper in a photo that was taken in the dark, or of rough paper.

    Smoothed until the paper is even, strokes are whole, if wider than they were.

    Args:
        grey: As for `map_ink`.
    """
    for deviation_px in _SMOOTHINGS_PX:
        ink = map_ink(as_pixels(cv2.GaussianBlur(grey, (0, 0), deviation_px)))
        if not ink.is_grainy:
            break
    return ink


def map_heavy_ink(grey: Pixels) -> InkMap | None:
    """Tell ink from paper where ink covers much of a picture, as in one cut out around a digit.

    There the ground may be the minority around each pixel, and too little of it lies beside a
    stroke for closings to find. But the border is ground, and all of it is equally bright.

    Returns:
        None unless there are two kinds of pixels, and that which is rarer along the border
            covers much of the picture.
    """
    threshold = tell_two_kinds(count_pixels(grey))
    if threshold is None:
        return None
    is_light = grey > threshold
    border = np.concatenate((is_light[0], is_light[-1], is_light[:, 0], is_light[:, -1]))
    is_light_on_dark = bool(border.mean() < 1 / 2)
    is_ground = is_light != is_light_on_dark
    ink_along_border = min(border.mean(), 1 - border.mean())
    if ink_along_border > _SHADOW or is_ground.mean() > 1 - HEAVY_INK:
        return None
    smooth = smooth_grain(grey, is_light_on_dark=is_light_on_dark)
    paper = np.full_like(smooth, int(np.median(smooth[is_ground])))
    return measure_ink(smooth, paper, is_light_on_dark=is_light_on_dark)


def map_shaded_ink(grey: Pixels, *, is_light_on_dark: bool) -> InkMap | None:
    """Tell ink from paper where shadows have corners or narrow parts; None if none has.

    Args:
        grey: As for `map_ink`.
        is_light_on_dark: As that told.
    """
    smooth = smooth_grain(grey, is_light_on_dark=is_light_on_dark)
    paper = paper_in_shadows(smooth)
    if paper is None:
        return None
    return measure_ink(smooth, paper, is_light_on_dark=is_light_on_dark)


def map_wide_ink(grey: Pixels, *, is_light_on_dark: bool) -> InkMap:
    """Tell all that is dark from paper, what is wider than any stroke, too, as a thumb.

    Args:
        grey: As for `map_ink`.
        is_light_on_dark: As that told.
    """
    return _map_ink_on(paper_under_wide_things, grey, is_light_on_dark=is_light_on_dark)


def map_thin_ink(grey: Pixels, *, is_light_on_dark: bool) -> InkMap:
    """Tell strokes of thin pens from all that is wider, as shadows, stamps and stickers.

    Args:
        grey: As for `map_ink`.
        is_light_on_dark: As that told.
    """
    return _map_ink_on(paper_beside_thin_strokes, grey, is_light_on_dark=is_light_on_dark)


def map_darkest_ink(grey: Pixels, ink: InkMap) -> InkMap | None:
    """Tell the darkest ink from ink that is lighter, as shadows are.

    Args:
        grey: As for `map_ink`.
        ink: What that told.

    Returns:
        None unless the ink is of two kinds.
    """
    smooth = smooth_grain(grey, is_light_on_dark=ink.is_light_on_dark)
    inked = smooth[ink.contrast > ink.threshold]  # (N,)
    if inked.size == 0:
        return None
    threshold = tell_two_kinds(count_pixels(inked[:, None]), _TWO_KINDS_OF_INK)
    if threshold is None:
        return None
    lighter = np.full_like(ink.paper, int(np.median(inked[inked > threshold])))
    paper = as_pixels(cv2.min(ink.paper, lighter))
    return measure_ink(smooth, paper, is_light_on_dark=ink.is_light_on_dark)


def map_paler_ink(ink: InkMap, is_line: NDArray[np.bool_]) -> InkMap | None:
    """Tell paper from ink beside which something else is darker or larger, as lines or a thumb.

    Args:
        ink: What `map_ink` told, by the darkest ink.
        is_line: (H, W), what of it is of lines.

    Returns:
        By the darkest ink that is not of lines, and without what the picture's edge cuts; None if
            neither makes a difference.
    """
    numbers, _ = label_pieces((ink.contrast > ink.threshold).view(np.uint8))
    cut = _mark(numbers, _list_cut(numbers, is_line))
    others = cut | _mark(numbers, numbers[is_line])
    strongest = find_strongest(count_pixels(ink.contrast, others == 0), ink.faintest)
    threshold = max(ink.faintest, INK_SHARE * strongest)
    most_is_cut = 2 * np.count_nonzero(numbers * cut) > np.count_nonzero(numbers)
    if threshold > _PALER * ink.threshold and not most_is_cut:
        return None
    numbers, _ = label_pieces((ink.contrast > threshold).view(np.uint8))
    cut = _mark(numbers, _list_cut(numbers, is_line))  # with its soft shadow
    return replace(ink, contrast=ink.contrast * (1 - cut), threshold=threshold)


def map_whole_strokes(ink: InkMap) -> InkMap | None:
    """Fill the grain in strokes of crayon and chalk.

    Args:
        ink: What `map_ink` told.

    Returns:
        None if its strokes are whole.
    """
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_GRAIN_PX, _GRAIN_PX))
    contrast = as_pixels(cv2.morphologyEx(ink.contrast, cv2.MORPH_CLOSE, disc))
    areas = [np.count_nonzero(seen > ink.threshold) for seen in (ink.contrast, contrast)]
    is_whole = is_small(contrast.shape) or areas[1] <= _BROKEN * areas[0]
    return None if is_whole else replace(ink, contrast=contrast)


def measure_shadow(grey: Pixels, ink: InkMap) -> int | None:
    """Measure how bright paper is in shadows of narrow things, as of a window's bars or blinds.

    Args:
        grey: As for `map_ink`.
        ink: What that told.

    Returns:
        From 0 to 255; None if neither wide ink nor paper of two kinds tells of such shadows.
    """
    window = np.ones((_WIDE_PX, _WIDE_PX), np.uint8)
    is_wide = cv2.erode((ink.contrast > ink.threshold).view(np.uint8), window) > 0
    has_wide = is_wide.mean() > _SHADOWED
    if has_wide and not ink.is_light_on_dark:
        return int(np.median(grey[is_wide]))
    if not has_wide and ink.level < _STRIPED:
        return None
    threshold = tell_two_kinds(count_pixels(grey), _TWO_KINDS_OF_GROUND)
    return None if threshold is None else int(np.median(grey[grey <= threshold]))


def map_ink_in_shadows(grey: Pixels, shadow: int) -> InkMap:
    """Tell ink from shadows that are no wider than strokes may be.

    Args:
        grey: As for `map_ink`.
        shadow: How bright paper is in them, as `measure_shadow` tells.
    """
    smooth = smooth_grain(grey, is_light_on_dark=False)
    paper = as_pixels(cv2.min(paper_brightness(smooth), np.full_like(smooth, shadow)))
    return measure_ink(smooth, paper, is_light_on_dark=False)


def _map_ink_on(
    estimate_paper: Callable[[Pixels], Pixels], grey: Pixels, *, is_light_on_dark: bool
) -> InkMap:
    smooth = smooth_grain(grey, is_light_on_dark=is_light_on_dark)
    return measure_ink(smooth, estimate_paper(smooth), is_light_on_dark=is_light_on_dark)


def _list_cut(numbers: NDArray[np.int32], is_line: NDArray[np.bool_]) -> NDArray[np.int32]:
    """List the pieces that the picture's edge cuts, but for lines, which are erased elsewhere."""
    edges = np.concatenate((numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]))
    return np.setdiff1d(edges, numbers[is_line])


def _mark(numbers: NDArray[np.int32], chosen: NDArray[np.int32]) -> Pixels:
    """Mark some pieces, and their blur, with 1, (H, W)."""
    is_chosen = np.zeros(int(numbers.max()) + 1, np.bool_)
    is_chosen[chosen] = True
    is_chosen[0] = False  # paper
    return as_pixels(cv2.dilate(is_chosen[numbers].view(np.uint8), np.ones((7, 7), np.uint8)))
