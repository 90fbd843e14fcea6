"""Ruled lines, squares and frames: found as long, thin and straight, and erased from the ink.

Strokes that cross a line stay whole: of a line only those pixels go where the ink is no thicker
than the line itself. A digit's own straight strokes are not lines: a line runs into the picture
from its edge, or is one of several that are parallel and alike, or one side of a square.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]  # (H, W), 1 is ink

_PIECE = 0.05  # of the picture's shorter side: straight this far, ink may be part of a line
_SHORTEST_PIECE_PX = 9
_BRIDGE = 0.02  # of the picture's shorter side: gaps this long are grain
_SHORTEST = 0.08  # of the picture's side along it: shorter segments are not looked at
_MOST_SEGMENTS = 200  # more are fur or cloth
_LINK = 0.4  # of the picture's side: segments this far apart go on as one line behind a digit
_COVERED = 0.5  # of a line's length is in its segments
_LONG = 0.85  # of the picture's side: a line that reaches only one edge is this long
_LONG_IN_RIM = 0.5  # of the picture's side: the same, if it runs beside another edge
_RIM = 0.15  # of the shorter side: this near, a line runs beside an edge
_CROOKED = 0.2  # times its thickness: so far a line strays from a gentle bow
_EVEN = 0.5  # of its thickness: a line is nowhere thinner; a 1 written along a ruling is
_BOW = 0.03  # of its length: the deepest bow that paper gives to a line
_LONG_AMONG_LIKE = 0.5  # of the longer side: so long are the lines of a ruling that ends inside
_ALIKE = 0.9  # parallel lines of one ruling overlap by this share of their length
_FEWEST_OF_RULING = 4  # lines; fewer tell no even step
_LEAST_STEP = 0.3  # of the widest step between two lines: what is nearer is one line twice
_IN_STEP = 0.15  # of a step: so far is a line from where the ruling has one
_FARTHEST_STEP = 2.5  # steps: perspective makes them uneven farther away
_PARALLEL = 0.04  # slopes of one ruling's neighbours differ by no more
_SQUARE = 0.15  # of a side: the sides of a square meet this exactly
_FEWEST_RUNGS = 2  # lines between two others; a box at the end of a row may have only one
_SHORTEST_SIDE = 0.25  # of the picture's side along it: a side of a frame that leaves the picture
_THICKER = 1.5  # times as thick, and a pixel, lines that belong together are at most
_FILLED = 0.9  # of its length, a segment has ink
_THICKEST = 0.12  # of the shorter side; a line is no thicker
_THICKNESSES_PX = (4, 6, 9, 14)  # at the working size: lines are looked for thin ones first
_SLIMMEST = 6  # times longer than thick is a line at least
_FRAMED = 0.7  # of the longer sides of the ink's box: so much a frame around all of it covers
_FRAMED_SHORT = 0.4  # of its shorter sides
_EDGE = 0.04  # of a side: what comes this near the picture's edge reaches it


@dataclass(frozen=True)
class _Segment:
    """A straight piece of a nearly horizontal line."""

    label: int
    left: int
    right: int  # exclusive
    top: int
    bottom: int  # exclusive
    thickness: float
    middle: float  # the row where it passes the column half-way
    slope: float

    def height_at(self, x: float) -> float:
        """Return the row where the segment, prolonged, passes a column."""
        return self.middle + self.slope * (x - (self.left + self.right) / 2)


@dataclass(frozen=True)
class _Line:
    """Segments, from left to right, that go on as one nearly horizontal line."""

    segments: tuple[_Segment, ...]
    reach: tuple[int, int]  # so far ink goes on, straight ahead, to the left and to the right

    @property
    def left(self) -> int:
        return self.segments[0].left

    @property
    def right(self) -> int:
        return self.segments[-1].right

    @property
    def length(self) -> int:
        return self.right - self.left

    @property
    def slope(self) -> float:
        return float(np.median([segment.slope for segment in self.segments]))

    @property
    def thickness(self) -> float:
        return max(segment.thickness for segment in self.segments)

    def joins(self, left: float, right: float, slack: float) -> bool:
        """Tell whether it runs from one column to another, or ends near them."""
        return (
            self.reach[0] - slack < left < self.left + slack
            and self.right - slack < right < self.reach[1] + slack
        )

    def height_at(self, x: float) -> float:
        """Return the row where its segment that is nearest to a column passes it."""
        nearest = min(self.segments, key=lambda one: max(one.left - x, x - one.right))
        return nearest.height_at(x)

    @property
    def middle(self) -> float:
        return sum(segment.middle for segment in self.segments) / len(self.segments)


@dataclass(frozen=True, eq=False)
class _Candidates:
    """What is thin, straight and long in a picture, nearly horizontal."""

    mask: Mask
    labels: NDArray[np.int32]  # (H, W), whose pixel is whose
    lines: list[_Line]
    found: list[_Line]  # thinner ones, which are lines for sure


def erase_lines(mask: Mask, faint: Mask | None = None) -> Mask:
    """Return the ink without the lines of rulings and squares.

    Args:
        mask: (H, W), 1 is ink.
        faint: The same with what is too faint for ink, if that is known: a faint line is in
            dashes in `mask`, and whole only here.
    """
    window = _may_have_lines(mask)
    if window is None:
        return mask
    faint = mask if faint is None else faint
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
    found_across: list[_Line] = []
    found_down: list[_Line] = []
    for thickest_px in (*(px for px in _THICKNESSES_PX if px < thickest), thickest):
        left = mask & (1 - lines)
        across = _find_candidates(left, thickest_px, found_across)
        down = _find_candidates(np.ascontiguousarray(left.T), thickest_px, found_down)
        chosen_across, chosen_down = _choose(across, down, longer), _choose(down, across, longer)
        found_across, found_down = found_across + chosen_across, found_down + chosen_down
        lines |= _line_pixels(across, chosen_across + _rest_of_ruling(across, found_across))
        lines |= _line_pixels(down, chosen_down + _rest_of_ruling(down, found_down)).T
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


def _may_have_lines(mask: Mask) -> tuple[slice, slice] | None:
    """Tell where lines may be: all over if ink comes near the picture's edge, or in a frame.

    It is cheap, for the many photos that have none: None.
    """
    height, width = mask.shape
    margin = max(2, round(_EDGE * min(height, width)))
    left, top, inner_width, inner_height = cv2.boundingRect(mask)
    right, bottom = left + inner_width, top + inner_height
    if min(left, top, width - right, height - bottom) < margin:
        return np.s_[:, :] if inner_width > 0 else None
    ink = mask[top:bottom, left:right]
    longer = max(inner_height, inner_width)
    reach = longer // 8  # frames slant
    reach_y, reach_x = min(reach, -(-inner_height // 2)), min(reach, -(-inner_width // 2))
    across = min(side.any(axis=0).mean() for side in (ink[:reach_y], ink[-reach_y:]))
    down = min(side.any(axis=1).mean() for side in (ink[:, :reach_x], ink[:, -reach_x:]))
    # The short sides of a slanted row of boxes are far from as high as all of it.
    if max(across, down) < _FRAMED or min(across, down) < _FRAMED_SHORT:
        return None
    room = math.ceil(2 * _EDGE * longer) + 2  # in the window, too, it does not come near the edge
    return np.s_[max(top - room, 0) : bottom + room, max(left - room, 0) : right + room]


def _find_candidates(mask: Mask, thickest_px: int, found: list[_Line]) -> _Candidates:
    height, width = mask.shape
    nothing = _Candidates(mask, np.zeros((0, 0), np.int32), [], found)
    if not _has_long_rows(mask):
        return nothing
    shorter = min(height, width)
    thick = _dilated(mask, 1, 3)  # lets a line climb from row to row
    pieces = _opened(thick, max(_SHORTEST_PIECE_PX, round(_PIECE * shorter)), 1)
    # Thick ink is no line, though it holds long rows.
    pieces &= 1 - _opened(pieces, 1, thickest_px + 2)
    gap = np.ones((1, max(3, round(_BRIDGE * shorter) | 1)), np.uint8)
    bridged = np.asarray(cv2.morphologyEx(pieces, cv2.MORPH_CLOSE, gap), dtype=np.uint8)
    labels, stats = label_pieces(bridged)
    is_long = stats[:, cv2.CC_STAT_WIDTH] >= _SHORTEST * width
    numbers = [int(label) for label in np.flatnonzero(is_long) if label > 0]
    if len(numbers) > _MOST_SEGMENTS:
        return nothing
    segments = [_fit_segment(mask, labels, stats[label], label) for label in numbers]
    chains = _link([segment for segment in segments if segment is not None], _LINK * width)
    lines = [_Line(chain, _reach(mask, chain)) for chain in chains]
    return _Candidates(mask, labels, lines, found)


def _fit_segment(
    mask: Mask, labels: NDArray[np.int32], box: NDArray[np.integer], label: int
) -> _Segment | None:
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
    return _Segment(label, left, left + length, top, top + tall, thickness, middle, slope)


def _reach(mask: Mask, chain: tuple[_Segment, ...]) -> tuple[int, int]:
    """Follow ink straight on from both ends of a line, through whatever touches it there."""
    width = mask.shape[1]
    left, right = chain[0].left, chain[-1].right
    while left > 0 and _is_inked(mask, chain[0], left - 1):
        left -= 1
    while right < width and _is_inked(mask, chain[-1], right):
        right += 1
    return left, right


def _is_inked(mask: Mask, segment: _Segment, column: int) -> bool:
    """Tell whether there is ink where a segment, prolonged, passes a column."""
    row = round(segment.height_at(column))
    return 0 <= row < len(mask) and bool(mask[row, column])


def _link(segments: list[_Segment], farthest_px: float) -> list[tuple[_Segment, ...]]:
    """Chain segments that go on in one another's direction."""
    chains: list[list[_Segment]] = []
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


def _goes_on(segment: _Segment, following: _Segment, farthest_px: float) -> bool:
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


def _choose(candidates: _Candidates, crossing: _Candidates, picture_px: int) -> list[_Line]:
    """Keep what cannot be a digit's stroke."""
    outer = _choose_outer(candidates, crossing, picture_px)
    ends = crossing.found + _choose_outer(crossing, candidates, picture_px)
    return [
        line
        for line in candidates.lines
        if line in outer or _is_between(line, _no_thinner(line, ends))
    ]


def _choose_outer(candidates: _Candidates, crossing: _Candidates, picture_px: int) -> list[_Line]:
    """Keep the lines of rulings, and the sides of squares and frames."""
    height, width = candidates.mask.shape
    shortest_ruling = _LONG_AMONG_LIKE * picture_px
    chosen = []
    for line in candidates.lines:
        along = _no_thinner(line, candidates.lines + candidates.found)
        across = _no_thinner(line, crossing.lines + crossing.found)
        if (
            _is_from_the_edge(line, height, width)
            or (line.length > shortest_ruling and len(_likes(line, candidates.lines, _ALIKE)) > 1)
            or _is_side_of_square(line, along, across)
            or _is_rail(line, along, across)
            or _is_side_of_open_frame(line, candidates, crossing)
        ):
            chosen.append(line)
    return chosen


def _no_thinner(line: _Line, others: list[_Line]) -> list[_Line]:
    """Return the lines that this one may belong to: where others are thinner, it is of a digit."""
    return [other for other in others if line.thickness <= _THICKER * other.thickness + 1]


def _rest_of_ruling(candidates: _Candidates, ruling: list[_Line]) -> list[_Line]:
    """Return the lines that go on where an evenly spaced ruling does, though digits cover them."""
    return [line for line in candidates.lines if _is_of_ruling(line, ruling)]


def _is_of_ruling(line: _Line, ruling: list[_Line]) -> bool:
    """Tell whether a line lies in step with a ruling, runs as it does, and is as thin."""
    if line in ruling or len(ruling) < _FEWEST_OF_RULING:
        return False
    x = (line.left + line.right) / 2
    passing = sorted((other.height_at(x), other.slope) for other in ruling)
    heights = np.array([height for height, _ in passing])
    steps = np.diff(heights)
    steps = steps[steps > _LEAST_STEP * np.max(steps, initial=0)]  # others are of one line
    if len(steps) < _FEWEST_OF_RULING - 1:
        return False
    step = float(np.median(steps))
    nearest = int(np.abs(heights - line.height_at(x)).argmin())
    away = (line.height_at(x) - heights[nearest]) / step
    is_in_step = abs(away - round(away)) < _IN_STEP and abs(away) < _FARTHEST_STEP
    is_parallel = abs(line.slope - passing[nearest][1]) < _PARALLEL
    thickness = float(np.median([other.thickness for other in ruling]))
    return is_in_step and is_parallel and line.thickness <= _THICKER * thickness + 1


def _is_from_the_edge(line: _Line, height: int, width: int) -> bool:
    margin = max(2, _EDGE * width)
    edges = int(line.left < margin) + int(line.right > width - margin)
    rim = _RIM * min(height, width)
    is_beside_an_edge = not rim < line.middle < height - rim
    shortest = _LONG_IN_RIM if is_beside_an_edge else _LONG
    return edges == 2 or (edges == 1 and line.length > shortest * width)


def _likes(line: _Line, lines: list[_Line], share: float) -> list[_Line]:
    """Return the other lines that run beside this one and are about as long."""
    return [
        other
        for other in lines
        if other is not line
        and min(line.right, other.right) - max(line.left, other.left)
        > share * max(line.length, other.length)
    ]


def _is_side_of_square(line: _Line, lines: list[_Line], crossing: list[_Line]) -> bool:
    """Tell whether the line and one like it are joined by two others at their ends."""
    for other in _likes(line, lines, 1 - 2 * _SQUARE):
        near, far = sorted((line.middle, other.middle))
        slack = _SQUARE * max(line.length, far - near)
        ends = [side.middle for side in crossing if side.joins(near, far, slack)]
        if any(abs(end - line.left) < slack for end in ends) and any(
            abs(end - line.right) < slack for end in ends
        ):
            return True
    return False


def _is_rail(line: _Line, lines: list[_Line], crossing: list[_Line]) -> bool:
    """Tell whether the line and one like it are joined by several others, as a row of boxes is."""
    return any(
        _count_rungs(line, other, crossing) >= _FEWEST_RUNGS
        for other in _likes(line, lines, 1 - 2 * _SQUARE)
    )


def _count_rungs(line: _Line, other: _Line, crossing: list[_Line]) -> int:
    rungs = 0
    for rung in crossing:
        near, far = sorted(rail.height_at(rung.middle) for rail in (line, other))
        rungs += rung.joins(near, far, _SQUARE * (far - near))
    return rungs


def _is_between(line: _Line, crossing: list[_Line]) -> bool:
    """Tell whether the line ends, on both sides, at others that are none of a digit's strokes."""
    slack = _SQUARE / 2 * line.length
    ends = [
        other
        for other in crossing
        if other.reach[0] - slack < line.middle < other.reach[1] + slack
    ]
    slack += max((other.thickness / 2 for other in ends), default=0.0)
    places = [other.height_at(line.middle) for other in ends]
    return any(line.joins(near, far, slack) for near in places for far in places)


def _is_side_of_open_frame(line: _Line, candidates: _Candidates, crossing: _Candidates) -> bool:
    """Tell whether the line is one of two or three sides of a frame that leaves the picture."""
    height, width = candidates.mask.shape
    if line.length < _SHORTEST_SIDE * width:
        return False
    corners = [
        side
        for side in crossing.lines
        for end in (line.left, line.right)
        if _meets(line, end, side)
    ]
    leaving = [side for side in corners if _leaves(side, height)]
    if not _leaves(line, width):
        return len(leaving) > 1
    others = [
        other
        for side in corners
        for other in candidates.lines
        if other is not line and _leaves(other, width)
        if any(_meets(side, end, other) for end in (side.left, side.right))
    ]
    return bool(leaving or others)


def _leaves(line: _Line, side_px: int) -> bool:
    """Tell whether a line ends at the edge of a picture that is `side_px` long along it."""
    margin = max(2, round(_EDGE * side_px))
    return line.left < margin or line.right > side_px - margin


def _meets(line: _Line, end: int, side: _Line) -> bool:
    """Tell whether a line ends where one across ends, too."""
    slack = _SQUARE / 2 * min(line.length, side.length)
    at_side = abs(side.middle - end) < slack
    return at_side and min(abs(side.left - line.middle), abs(side.right - line.middle)) < slack


def _line_pixels(candidates: _Candidates, lines: list[_Line]) -> Mask:
    """Return the pixels of some lines, less the strokes that cross them."""
    mask, labels = candidates.mask, candidates.labels
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
    return np.asarray(cv2.dilate(mask, np.ones((height_px, width_px), np.uint8)), dtype=np.uint8)
