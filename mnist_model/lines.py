"""Ruled lines, squares, tables and combs: found as long, thin and straight, and erased.

Strokes that cross a line stay whole: of a line only those pixels go where the ink is no thicker
than the line itself. What tells lines from a digit's own straight strokes is in `rulings`.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.pixels import as_pixels
from mnist_model.rulings import (
    EDGE,
    Candidates,
    Segment,
    StraightLine,
    choose,
    rest_of_ruling,
)

Mask = NDArray[np.uint8]  # (H, W), 1 is ink

_PIECE = 0.05  # of the picture's shorter side: straight this far, ink may be part of a line
_SHORTEST_PIECE_PX = 9
_BRIDGE = 0.02  # of the picture's shorter side: gaps this long are grain
_SHORTEST = 0.08  # of the picture's side along it: shorter segments are not looked at
_MOST_SEGMENTS = 200  # more are fur or cloth
_LINK = 0.4  # of the picture's side: segments this far apart go on as one line behind a digit
_COVERED = 0.5  # of a line's length is in its segments
_CROOKED = 0.2  # times its thickness: so far a line strays from a gentle bow
_EVEN = 0.5  # of its thickness: a line is nowhere thinner; a 1 written along a ruling is
_BOW = 0.03  # of its length: the deepest bow that paper gives to a line
_FILLED = 0.9  # of its length, a segment has ink
_THICKEST = 0.12  # of the shorter side; a line is no thicker
_THICKNESSES_PX = (4, 6, 9, 14)  # at the working size: lines are looked for thin ones first
_SLIMMEST = 6  # times longer than thick is a line at least
_FRAMED = 0.7  # of the longer sides of the ink's box: so much a frame around all of it covers
_FRAMED_SHORT = 0.4  # of its shorter sides
_UNDERLINED = 0.98  # of the lower side: so much a line covers on which all stands


def erase_lines(mask: Mask, faint: Mask | None = None) -> Mask:
    """Return the ink without the lines of rulings and squares.

    Args:
        mask: (H, W), 1 is ink.
        faint: The same with what is too faint for ink, if that is known: a faint line is in
            dashes in `mask`, and whole only here.

    Returns:
        (H, W); `mask` itself if it has no lines.
    """
    faint = mask if faint is None else faint
    if _is_near_the_edge(mask):
        mask = _erase_in(mask, faint, np.s_[:, :])
    window = _find_frame(mask)
    # In it, shorter lines are found, and beside them those that were found before.
    return mask if window is None else _erase_in(mask, faint, window)


def _erase_in(mask: Mask, faint: Mask, window: tuple[slice, slice]) -> Mask:
    """Return the ink without the lines in a window; the same array if there are none."""
    lines = _find_lines(faint[window], mask.shape)
    if not lines.any():
        return mask
    erased = mask.copy()
    erased[window] &= 1 - lines
    return erased


def _find_lines(mask: Mask, picture: tuple[int, ...]) -> Mask:
    """Find the pixels of lines in a window of a picture that is as large as `picture`."""
    lines = np.zeros_like(mask)
    if min(mask.shape) < 2 * _SHORTEST_PIECE_PX:
        return lines
    shorter, longer = sorted(picture)
    # Thin ones first: a pen's strokes, thicker than they, would tie them to one another.
    thickest = max(round(_THICKEST * shorter), _THICKNESSES_PX[0])
    found_across: list[StraightLine] = []
    found_down: list[StraightLine] = []
    for thickest_px in (*(px for px in _THICKNESSES_PX if px < thickest), thickest):
        left = mask & (1 - lines)
        turned = np.ascontiguousarray(left.T)
        across, owners_across = _find_candidates(left, thickest_px, found_across)
        down, owners_down = _find_candidates(turned, thickest_px, found_down)
        chosen_across, chosen_down = choose(across, down, longer)
        found_across, found_down = [*found_across, *chosen_across], [*found_down, *chosen_down]
        chosen_across = (*chosen_across, *rest_of_ruling(across, found_across))
        chosen_down = (*chosen_down, *rest_of_ruling(down, found_down))
        lines |= _line_pixels(left, owners_across, chosen_across)
        lines |= _line_pixels(turned, owners_down, chosen_down).T
    return lines


def label_pieces(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Number the connected pieces of ink from 1; paper is 0.

    Returns:
        The number of each pixel, (H, W), and for each number its left, top, width, height and
        area, (N, 5); for 0 they mean nothing.
    """
    # It takes time in proportion to the area; most of a photo is paper.
    left, top, width, height = cv2.boundingRect(mask)
    window = np.s_[top : top + height, left : left + width]
    inked = mask[window] if width else mask
    # OpenCV's own choice of algorithm takes three times as long.
    _, numbers, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        inked, connectivity=8, ltype=cv2.CV_32S, ccltype=cv2.CCL_BBDT
    )
    labels = np.zeros(mask.shape, np.int32)
    labels[window if width else ...] = numbers
    stats[1:, : cv2.CC_STAT_WIDTH] += (left, top)
    return labels, np.asarray(stats, dtype=np.int32)


def _is_near_the_edge(mask: Mask) -> bool:
    """Tell whether ink comes near the picture's edge, where lines may come from."""
    height, width = mask.shape
    margin = max(2, round(EDGE * min(height, width)))
    left, top, inner_width, inner_height = cv2.boundingRect(mask)
    right, bottom = left + inner_width, top + inner_height
    return inner_width > 0 and min(left, top, width - right, height - bottom) < margin


def _find_frame(mask: Mask) -> tuple[slice, slice] | None:
    """Find what may be a frame around all the ink, or a line below it.

    It is cheap, for the many photos that have none: None.
    """
    left, top, inner_width, inner_height = cv2.boundingRect(mask)
    if inner_width == 0:
        return None
    right, bottom = left + inner_width, top + inner_height
    ink = mask[top:bottom, left:right]
    longer = max(inner_height, inner_width)
    reach = longer // 8  # frames slant
    reach_y, reach_x = min(reach, -(-inner_height // 2)), min(reach, -(-inner_width // 2))
    across = min(side.any(axis=0).mean() for side in (ink[:reach_y], ink[-reach_y:]))
    down = min(side.any(axis=1).mean() for side in (ink[:, :reach_x], ink[:, -reach_x:]))
    # The short sides of a slanted row of boxes are far from as high as all of it.
    is_framed = max(across, down) > _FRAMED and min(across, down) > _FRAMED_SHORT
    if not is_framed and ink[-reach_y:].any(axis=0).mean() < _UNDERLINED:
        return None
    room = math.ceil(2 * EDGE * longer) + 2  # in the window, too, it does not come near the edge
    return np.s_[max(top - room, 0) : bottom + room, max(left - room, 0) : right + room]


def _find_candidates(
    mask: Mask, thickest_px: int, found: Sequence[StraightLine]
) -> tuple[Candidates, NDArray[np.int32]]:
    """Find what is straight, long and no thicker, and whose label each pixel has, (H, W)."""
    height, width = mask.shape
    nothing = Candidates(height, width, [], found), np.zeros((0, 0), np.int32)
    if not _has_long_rows(mask):
        return nothing
    shorter = min(height, width)
    thick = _dilated(mask, 1, 3)  # lets a line climb from row to row
    pieces = _opened(thick, max(_SHORTEST_PIECE_PX, round(_PIECE * shorter)), 1)
    # Thick ink is no line, though it holds long rows.
    pieces &= 1 - _opened(pieces, 1, thickest_px + 2)
    gap = np.ones((1, max(3, round(_BRIDGE * shorter) | 1)), np.uint8)
    bridged = as_pixels(cv2.morphologyEx(pieces, cv2.MORPH_CLOSE, gap))
    labels, stats = label_pieces(bridged)
    is_long = stats[:, cv2.CC_STAT_WIDTH] >= _SHORTEST * width
    numbers = [int(label) for label in np.flatnonzero(is_long) if label > 0]
    if len(numbers) > _MOST_SEGMENTS:
        return nothing
    segments = [_fit_segment(mask, labels, stats[label], label) for label in numbers]
    chains = _link([segment for segment in segments if segment is not None], _LINK * width)
    lines = [StraightLine(chain, _reach(mask, chain)) for chain in chains]
    return Candidates(height, width, lines, found), labels


def _fit_segment(
    mask: Mask, labels: NDArray[np.int32], box: NDArray[np.integer], label: int
) -> Segment | None:
    """Measure what may be a segment; None if it has too many gaps or is not straight."""
    left, top, length, tall = (int(side) for side in box[:4])
    window = np.s_[top : top + tall, left : left + length]
    ink = ((labels[window] == label) & (mask[window] > 0)).astype(np.int64)
    filled = ink.sum(axis=0)  # (length,)
    columns = np.flatnonzero(filled)
    if len(columns) < max(_FILLED * length, 3):
        return None
    thickness = float(np.median(filled[columns]))
    middles = (np.arange(tall) @ ink)[columns] / filled[columns]
    curve = np.polyfit(columns, middles, 2)  # paper is seldom flat
    strays = np.percentile(np.abs(middles - np.polyval(curve, columns)), 85)
    depth = abs(curve[0]) * (length / 2) ** 2
    if (
        length < _SLIMMEST * thickness
        or np.percentile(filled[columns], 15) < _EVEN * thickness
        or strays > 0.7 + _CROOKED * thickness
        or depth > 1 + _BOW * length
    ):
        return None
    middle = top + float(np.polyval(curve, length / 2))
    slope = float(curve[1] + curve[0] * length)  # in the middle
    return Segment(label, left, left + length, top, top + tall, thickness, middle, slope)


def _reach(mask: Mask, chain: tuple[Segment, ...]) -> tuple[int, int]:
    """Follow ink straight on from both ends of a line, through whatever touches it there."""
    width = mask.shape[1]
    left, right = chain[0].left, chain[-1].right
    while left > 0 and _is_inked(mask, chain[0], left - 1):
        left -= 1
    while right < width and _is_inked(mask, chain[-1], right):
        right += 1
    return left, right


def _is_inked(mask: Mask, segment: Segment, column: int) -> bool:
    """Tell whether there is ink where a segment, prolonged, passes a column."""
    row = round(segment.height_at(column))
    return 0 <= row < len(mask) and bool(mask[row, column])


def _link(segments: list[Segment], farthest_px: float) -> list[tuple[Segment, ...]]:
    """Chain segments that go on in one another's direction."""
    chains: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda segment: segment.left):
        for chain in chains:
            if _goes_on(chain[-1], segment, farthest_px):
                chain.append(segment)
                break
        else:
            chains.append([segment])
    return [
        tuple(chain)
        for chain in chains
        if sum(part.right - part.left for part in chain)
        >= _COVERED * (chain[-1].right - chain[0].left)
    ]


def _goes_on(segment: Segment, following: Segment, farthest_px: float) -> bool:
    gap = following.left - segment.right
    if gap > farthest_px or following.right <= segment.right:
        return False
    thinner, thicker = sorted((segment.thickness, following.thickness))
    x = (segment.right + following.left) / 2
    offset = abs(segment.height_at(x) - following.height_at(x))
    return thicker <= 2 * thinner + 1 and offset <= 2 + 0.5 * thicker + 0.04 * max(gap, 0)


def _has_long_rows(mask: Mask) -> bool:
    """Tell whether any line could be there: cheap, for the many photos that have none.

    Sixteen rows count as one, since lines slant.
    """
    rows = -(-mask.shape[0] // 16)
    padded = np.zeros((rows * 16, mask.shape[1]), np.uint8)
    padded[: len(mask)] = mask
    has_ink = padded.reshape(rows, 16, -1).max(axis=1)  # (rows, W)
    return bool((has_ink.sum(axis=1, dtype=np.int64) >= _SHORTEST * mask.shape[1]).any())


def _line_pixels(mask: Mask, labels: NDArray[np.int32], lines: Sequence[StraightLine]) -> Mask:
    """Return the pixels of some lines, less the strokes that cross them."""
    result = np.zeros_like(mask)
    for segment in (segment for line in lines for segment in line.segments):
        reach = int(segment.thickness / 2) + 2
        tallest = round(1.6 * segment.thickness) + 2  # a stroke that crosses is taller here
        above = max(segment.top - reach - tallest, 0)
        window = np.s_[above : segment.bottom + reach + tallest, segment.left : segment.right]
        tall = _opened(np.ascontiguousarray(mask[window]), 1, tallest)
        is_line = (labels[window] == segment.label).astype(np.uint8)
        near = _dilated(is_line, 5, 2 * reach + 1)
        result[window] |= mask[window] & near & (1 - tall)
    return result


def _opened(mask: Mask, width_px: int, height_px: int) -> Mask:
    kernel = np.ones((height_px, width_px), np.uint8)
    opened = cv2.morphologyEx(
        mask, cv2.MORPH_OPEN, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return np.asarray(opened, dtype=np.uint8)


def _dilated(mask: Mask, width_px: int, height_px: int) -> Mask:
    return as_pixels(cv2.dilate(mask, np.ones((height_px, width_px), np.uint8)))
