"""Tells lines of rulings, squares, tables and combs from a digit's own straight strokes.

A line runs into the picture from its edge, or is one of several that are parallel and alike, or
one side of a square, or joins two others, or is a tooth of a comb. No pixels are looked at. All is
told of nearly horizontal lines and of what crosses them; for the others, the picture is turned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_LONG = 0.85  # of the picture's side: a line that reaches only one edge is this long
_LONG_THROUGH = 0.5  # of it: the same, if ink goes straight on from edge to edge
_LONG_IN_RIM = 0.5  # of the picture's side: the same, if it runs beside another edge
_RIM = 0.15  # of the shorter side: this near, a line runs beside an edge
_LONG_AMONG_LIKE = 0.5  # of the longer side: so long are the lines of a ruling that ends inside
_ALIKE = 0.9  # parallel lines of one ruling overlap by this share of their length
_FEWEST_OF_RULING = 4  # lines; fewer tell no even step
_LEAST_STEP = 0.3  # of the widest step between two lines: what is nearer is one line twice
_IN_STEP = 0.15  # of a step: so far is a line from where the ruling has one
_FARTHEST_STEP = 2.5  # steps: perspective makes them uneven farther away
_PARALLEL = 0.04  # slopes of one ruling's neighbours differ by no more
_SQUARE = 0.15  # of a side: the sides of a square meet this exactly
_FEWEST_RUNGS = 2  # lines between two others; a box at the end of a row may have only one
_FEWEST_TEETH = 3  # lines that stand on another in even steps, from end to end: no underlined 1s
_MOST_HIDDEN = 0.4  # of a comb's teeth: so many digits hide
_MOST_OF_FORM = 40  # lines that run one way; more are of wood or cloth, and would take long
_TEETH_ALIKE = 0.25  # of their length: so much teeth differ
_SHORTEST_SIDE = 0.25  # of the picture's side along it: a side of a frame that leaves the picture
_THICKER = 1.5  # times as thick, and a pixel, lines that belong together are at most
EDGE = 0.04  # of a side: what comes this near the picture's edge reaches it


@dataclass(frozen=True)
class Segment:
    """A straight piece of a nearly horizontal line."""

    label: int  # whose pixels are its own
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
class StraightLine:
    """Segments, from left to right, that go on as one nearly horizontal line."""

    segments: tuple[Segment, ...]
    reach: tuple[int, int]  # so far ink goes on, straight ahead, to the left and to the right

    @cached_property
    def left(self) -> int:
        """The first column."""
        return self.segments[0].left

    @cached_property
    def right(self) -> int:
        """The first column beyond it."""
        return self.segments[-1].right

    @cached_property
    def length(self) -> int:
        """Columns from left to right."""
        return self.right - self.left

    @cached_property
    def middle(self) -> float:
        """The row where it is, on average."""
        return sum(segment.middle for segment in self.segments) / len(self.segments)

    @cached_property
    def slope(self) -> float:
        """Rows down for each column to the right."""
        return float(np.median([segment.slope for segment in self.segments]))

    @cached_property
    def thickness(self) -> float:
        """Rows from its upper to its lower side, where it is thickest."""
        return max(segment.thickness for segment in self.segments)

    def height_at(self, x: float) -> float:
        """Return the row where its segment that is nearest to a column passes it."""
        nearest = min(self.segments, key=lambda one: max(one.left - x, x - one.right))
        return nearest.height_at(x)

    def starts_at(self, x: float, slack: float) -> bool:
        """Tell whether it begins near a column, or ink goes on from it to there."""
        return self.reach[0] - slack < x < self.left + slack

    def ends_at(self, x: float, slack: float) -> bool:
        """Tell the same of its end."""
        return self.right - slack < x < self.reach[1] + slack


@dataclass(frozen=True)
class Candidates:
    """What runs straight in a picture, nearly horizontal."""

    height: int  # of the picture
    width: int
    lines: Sequence[StraightLine]
    found: Sequence[StraightLine]  # thinner ones that were found to be of no digit


def choose(
    across: Candidates, down: Candidates, picture_px: int
) -> tuple[Sequence[StraightLine], Sequence[StraightLine]]:
    """Keep what cannot be a digit's stroke.

    Args:
        across: What runs across.
        down: What runs down; its rows are the columns of `across`.
        picture_px: The longer side of the whole picture, if these are of a part of it.
    """
    outer_across = _choose_outer(across, down, picture_px)
    outer_down = _choose_outer(down, across, picture_px)
    return (
        _add_inner(across, outer_across, (*down.found, *outer_down)),
        _add_inner(down, outer_down, (*across.found, *outer_across)),
    )


def _add_inner(
    candidates: Candidates, outer: Sequence[StraightLine], ends: Sequence[StraightLine]
) -> Sequence[StraightLine]:
    """Add to some lines those that end at others, as in a table, and the teeth of combs."""
    standing = (*candidates.lines, *candidates.found)  # the other teeth may be thinner
    teeth = [tooth for rail in ends for tooth in _find_teeth(rail, standing)]
    return [
        line
        for line in candidates.lines
        if line in outer or line in teeth or _is_between(line, _no_thinner(line, ends))
    ]


def _choose_outer(
    candidates: Candidates, crossing: Candidates, picture_px: int
) -> Sequence[StraightLine]:
    """Keep the lines of rulings, and the sides of squares, frames, tables and combs."""
    shortest_ruling = _LONG_AMONG_LIKE * picture_px
    is_texture = max(len(candidates.lines), len(crossing.lines)) > _MOST_OF_FORM
    chosen = []
    for line in candidates.lines:
        # Of a texture there are too many to look at the thinner ones again, too.
        known_along, known_across = ((), ()) if is_texture else (candidates.found, crossing.found)
        along = _no_thinner(line, (*candidates.lines, *known_along))
        across = _no_thinner(line, (*crossing.lines, *known_across))
        if (
            _is_from_the_edge(line, candidates)
            or (line.length > shortest_ruling and len(_likes(line, candidates.lines, _ALIKE)) > 1)
            or _is_side_of_square(line, along, across)
            or (not is_texture and (_is_rail(line, along, across) or _find_teeth(line, across)))
            or _is_side_of_open_frame(line, candidates, crossing)
        ):
            chosen.append(line)
    return chosen


def _no_thinner(line: StraightLine, others: Sequence[StraightLine]) -> Sequence[StraightLine]:
    """Return the lines that this one may belong to: where others are thinner, it is of a digit."""
    return [other for other in others if line.thickness <= _THICKER * other.thickness + 1]


def rest_of_ruling(
    candidates: Candidates, ruling: Sequence[StraightLine]
) -> Sequence[StraightLine]:
    """Return the lines that go on where an evenly spaced ruling does, though digits cover them."""
    return [line for line in candidates.lines if _is_of_ruling(line, ruling)]


def _is_of_ruling(line: StraightLine, ruling: Sequence[StraightLine]) -> bool:
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


def _is_from_the_edge(line: StraightLine, candidates: Candidates) -> bool:
    height, width = candidates.height, candidates.width
    margin = max(2, EDGE * width)
    is_through = line.reach[0] < margin and line.reach[1] > width - margin
    if is_through and line.length > _LONG_THROUGH * width:
        return True
    rim = _RIM * min(height, width)
    is_beside_an_edge = not rim < line.middle < height - rim
    shortest = _LONG_IN_RIM if is_beside_an_edge else _LONG
    from_one_edge = line.left < margin or line.right > width - margin
    return from_one_edge and line.length > shortest * width


def _likes(
    line: StraightLine, lines: Sequence[StraightLine], share: float
) -> Sequence[StraightLine]:
    """Return the other lines that run beside this one and are about as long."""
    return [
        other
        for other in lines
        if other is not line
        and min(line.right, other.right) - max(line.left, other.left)
        > share * max(line.length, other.length)
    ]


def _is_side_of_square(
    line: StraightLine, lines: Sequence[StraightLine], crossing: Sequence[StraightLine]
) -> bool:
    """Tell whether the line and one like it are joined by two others at their ends."""
    for other in _likes(line, lines, 1 - 2 * _SQUARE):
        near, far = sorted((line.middle, other.middle))
        slack = _SQUARE * min(line.length, far - near) + line.thickness
        corners = [
            side.height_at(line.middle)
            for side in crossing
            if side.starts_at(near, slack) and side.ends_at(far, slack)
        ]
        if _runs_between(line, corners, slack):
            return True
    return False


def _runs_between(line: StraightLine, columns: Sequence[float], slack: float) -> bool:
    """Tell whether a line begins and ends at some of these columns."""
    return any(line.starts_at(x, slack) for x in columns) and any(
        line.ends_at(x, slack) for x in columns
    )


def _is_rail(
    line: StraightLine, lines: Sequence[StraightLine], crossing: Sequence[StraightLine]
) -> bool:
    """Tell whether the line and one like it are joined by several others, as a row of boxes is."""
    return any(
        _count_rungs(line, other, crossing) >= _FEWEST_RUNGS
        for other in _likes(line, lines, 1 - 2 * _SQUARE)
    )


def _count_rungs(line: StraightLine, other: StraightLine, crossing: Sequence[StraightLine]) -> int:
    rungs = 0
    for rung in crossing:
        near, far = sorted(rail.height_at(rung.middle) for rail in (line, other))
        slack = _SQUARE * (far - near)
        rungs += rung.starts_at(near, slack) and rung.ends_at(far, slack)
    return rungs


def _find_teeth(line: StraightLine, crossing: Sequence[StraightLine]) -> Sequence[StraightLine]:
    """Find the lines that stand on this one in even steps, from end to end, as a comb's teeth."""
    for is_below in (True, False):
        standing = [tooth for tooth in crossing if _stands_on(tooth, line, is_below=is_below)]
        if len(standing) < _FEWEST_TEETH:
            continue
        length = float(np.median([tooth.length for tooth in standing]))
        teeth = [tooth for tooth in standing if abs(tooth.length - length) < _TEETH_ALIKE * length]
        if _is_comb(line, teeth):
            return teeth
    return []


def _is_comb(rail: StraightLine, teeth: Sequence[StraightLine]) -> bool:
    """Tell whether lines that stand on a rail are parallel, and in even steps from end to end."""
    places = np.unique([tooth.middle for tooth in teeth])
    if len(places) < _FEWEST_TEETH or np.ptp([tooth.slope for tooth in teeth]) > 2 * _PARALLEL:
        return False
    steps = np.diff(places)
    gaps = np.array([places[0] - rail.reach[0], *steps, rail.reach[1] - places[-1]])
    gaps /= np.median(steps)
    counts = gaps.round()  # 2 where a digit hides a tooth
    hidden = counts.sum() + 1 - len(places)
    is_even = np.abs(gaps - counts).max() < _IN_STEP
    return bool(is_even and hidden <= _MOST_HIDDEN * (counts.sum() + 1))


def _stands_on(tooth: StraightLine, line: StraightLine, *, is_below: bool) -> bool:
    """Tell whether one line ends at another that crosses its direction."""
    end = tooth.reach[1] if is_below else tooth.reach[0]
    slack = _SQUARE / 2 * tooth.length + line.thickness
    return (
        line.reach[0] - slack < tooth.middle < line.reach[1] + slack
        and abs(end - line.height_at(tooth.middle)) < slack
    )


def _is_between(line: StraightLine, crossing: Sequence[StraightLine]) -> bool:
    """Tell whether the line ends, on both sides, at others that are none of a digit's strokes."""
    slack = _SQUARE / 2 * line.length
    ends = [
        other
        for other in crossing
        if other.reach[0] - slack < line.middle < other.reach[1] + slack
    ]
    slack += max((other.thickness / 2 for other in ends), default=0.0)
    return _runs_between(line, [other.height_at(line.middle) for other in ends], slack)


def _is_side_of_open_frame(
    line: StraightLine, candidates: Candidates, crossing: Candidates
) -> bool:
    """Tell whether the line is one of two or three sides of a frame that leaves the picture."""
    height, width = candidates.height, candidates.width
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


def _leaves(line: StraightLine, side_px: int) -> bool:
    """Tell whether a line ends at the edge of a picture that is `side_px` long along it."""
    margin = max(2, round(EDGE * side_px))
    return line.left < margin or line.right > side_px - margin


def _meets(line: StraightLine, end: int, side: StraightLine) -> bool:
    """Tell whether a line ends where one across ends, too."""
    slack = _SQUARE / 2 * min(line.length, side.length)
    at_side = abs(side.middle - end) < slack
    return at_side and min(abs(side.left - line.middle), abs(side.right - line.middle)) < slack
