"""Other ways to look at a photo, where the first left a doubt or hardly anything was read."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.decoding import GreyPhoto, shrink
from mnist_model.ink import WORKING_SIDE_PX, map_ink
from mnist_model.ink_in_doubt import (
    map_darkest_ink,
    map_heavy_ink,
    map_ink_in_grain,
    map_ink_in_shadows,
    map_paler_ink,
    map_shaded_ink,
    map_thin_ink,
    map_whole_strokes,
    map_wide_ink,
    measure_shadow,
)
from mnist_model.outlines import fill_outlines
from mnist_model.photo import arrange_writing, find_writing
from mnist_model.pixels import as_pixels
from mnist_model.sheet import single_out_sheets
from mnist_model.slant import measure_frame, measure_slant, turn_level
from mnist_model.writing import Writing

_STRETCHES = (0.8, 0.88, 1.12, 1.25)  # times as wide
_LEAST_SLANTED = 0.5  # of its line's height: lower pieces tell nothing of how it runs


def level_frame(writing: Writing) -> Writing | None:
    """Turn a photo so that the square, or the row of squares, that digits are in stands level.

    Returns:
        What is written in it then; None if there is none, or if it stands level already.
    """
    if writing.largest is None:
        return None
    frame = writing.largest
    slant_deg = measure_frame(frame)
    if slant_deg == 0:
        return None
    is_kept = _mark_writing(writing)
    within = np.s_[frame.top : frame.bottom, frame.left : frame.right]
    is_kept[within] = writing.ink.contrast[within] > writing.ink.threshold
    return arrange_writing(*turn_level(writing.photo, writing.ink, is_kept, slant_deg))


def level(writing: Writing) -> Writing | None:
    """Turn a photo so that lines of writing that run uphill or downhill run level.

    Returns:
        What is written in it then; None if its lines run level already.
    """
    tall = [
        piece
        for line in writing.lines
        for piece in line.pieces
        if piece.height >= _LEAST_SLANTED * line.height
    ]
    slant_deg = measure_slant(tall)
    if slant_deg == 0:
        return None
    is_kept = _mark_writing(writing)
    return arrange_writing(*turn_level(writing.photo, writing.ink, is_kept, slant_deg))


def stretch(writing: Writing) -> Iterator[Writing]:
    """Show the same ink narrower and wider, where other cuts part it and digits look otherwise."""
    photo, ink = writing.photo, writing.ink
    for times in _STRETCHES:
        stretched_ink = replace(
            ink, contrast=_stretch(ink.contrast, times), paper=_stretch(ink.paper, times)
        )
        stretched_photo = replace(photo, pixels=_stretch(photo.pixels, times))
        yield arrange_writing(stretched_photo, stretched_ink)


def _stretch(pixels: NDArray[np.uint8], times: float) -> NDArray[np.uint8]:
    size = max(1, round(times * pixels.shape[1])), pixels.shape[0]
    return as_pixels(cv2.resize(pixels, size))


def _mark_writing(writing: Writing) -> NDArray[np.bool_]:
    """Tell which pixels of the ink map are what is written; (H, W)."""
    is_writing = np.zeros_like(writing.is_inked)
    for line in writing.lines:
        for piece in line.pieces:
            is_writing[piece.top : piece.bottom, piece.left : piece.right] |= piece.mask
    return is_writing


def measure_unread_ink(writing: Writing) -> float:
    """Return the share of all ink, by its contrast, that is no part of what is written."""
    contrast = writing.ink.contrast
    everything = int(contrast[writing.is_inked].sum(dtype=np.int64))
    written = int(contrast[_mark_writing(writing)].sum(dtype=np.int64))
    return 1 - written / max(everything, 1)


def look_again(photo: bytes | Path, writing: Writing) -> Iterator[Writing]:
    """Look at a photo in other ways, where the first look left a doubt.

    Args:
        photo: The bytes of an image file, or its path.
        writing: What was found in it at first.
    """
    if writing.ink.is_faint:
        yield find_writing(photo, shade="darkest")
    grey = writing.photo
    shrunk = shrink(grey.pixels, WORKING_SIDE_PX)
    if writing.ink.is_ambiguous:
        yield arrange_writing(grey, map_ink(shrunk, against_leaning=True))
    if writing.ink.is_grainy:
        yield arrange_writing(grey, map_ink_in_grain(shrunk))
    heavy = map_heavy_ink(shrunk)
    if heavy is not None:
        yield arrange_writing(grey, heavy)
    if len(writing.lines) > 1:
        yield arrange_writing(grey, writing.ink, may_be_torn=True)


def look_closer(writing: Writing) -> Iterator[Writing]:
    """Look at a photo that could hardly be read.

    Into shadows with corners, at what is darker than they are, beside a thumb, at what is paler
    than lines and than what the picture's edge cuts, at strokes of crayon, and at outlines.
    """
    shrunk = shrink(writing.photo.pixels, WORKING_SIDE_PX)
    is_light_on_dark = writing.ink.is_light_on_dark
    shaded = map_shaded_ink(shrunk, is_light_on_dark=is_light_on_dark)
    if shaded is not None:
        yield arrange_writing(writing.photo, shaded)
    darkest = map_darkest_ink(shrunk, writing.ink)
    if darkest is not None:
        yield arrange_writing(writing.photo, darkest)
    if not writing.ink.is_faint:  # what is wide and faint are shadows
        wide = map_wide_ink(shrunk, is_light_on_dark=is_light_on_dark)
        no_lines = np.zeros_like(writing.is_inked)
        yield arrange_writing(writing.photo, map_paler_ink(wide, no_lines) or wide)
    is_line = (writing.ink.contrast > writing.ink.threshold) & ~writing.is_inked
    paler = map_paler_ink(writing.ink, is_line)
    if paler is not None:
        yield arrange_writing(writing.photo, paler)
    whole = map_whole_strokes(writing.ink)
    if whole is not None:
        yield arrange_writing(writing.photo, whole)
    filled = fill_outlines(writing.photo, writing.ink, writing.is_inked)
    if filled is not None:
        yield arrange_writing(*filled)


def look_into_shadows(photo: bytes | Path, writing: Writing) -> Iterator[Writing]:
    """Look at a photo as if shadows no wider than strokes lay on it, as of a window's bars.

    At what is darker than they are, and at colours, which they have none of.

    Args:
        photo: The bytes of an image file, or its path.
        writing: What was found in it at first.
    """
    shrunk = shrink(writing.photo.pixels, WORKING_SIDE_PX)
    shadow = measure_shadow(shrunk, writing.ink)
    if shadow is not None:
        yield arrange_writing(writing.photo, map_ink_in_shadows(shrunk, shadow))
        yield find_writing(photo, shade="paleness")


def look_at_thin_strokes(writing: Writing) -> Writing:
    """Look at a photo for thin strokes alone, without what is wider: shadows, stamps, a thumb."""
    shrunk = shrink(writing.photo.pixels, WORKING_SIDE_PX)
    thin = map_thin_ink(shrunk, is_light_on_dark=writing.ink.is_light_on_dark)
    return arrange_writing(writing.photo, thin)


def look_at_sheets(photo: GreyPhoto) -> Iterator[Writing]:
    """Look at each sheet of paper in a photo alone, without what it lies on; likeliest first."""
    for sheet in single_out_sheets(photo):
        yield arrange_writing(sheet, map_ink(shrink(sheet.pixels, WORKING_SIDE_PX)))
