"""Pieces of ink to digits: where to cut what touches, what to join, and the best of all ways.

A line of writing is cut wherever a digit might end, more often than needed. Every few neighbouring
pieces together are a candidate; each gets a score from the networks, which see what was cut away,
and the chain of candidates with the best total is the reading.

Source: over-segmentation and dynamic programming, Casey and Lecolinet, "A survey of methods and
strategies in character segmentation", IEEE PAMI 18 (1996).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_SLIM = 0.7  # width by height; a slimmer piece is never two digits
_SEAM_HEIGHT_PX = 48  # cuts are sought in a piece shrunk to this height
# Of one pixel of ink, for each step to the side: between leaning digits cuts must wind, and
# through a joint they should not. The first suits most.
STEP_COSTS = (0.4, 0.2, 0.7)
_SEAM_INK = 0.6  # of the height: a cut goes through no more ink than this
_SEAM_GAP = 0.15  # of the height: cuts are this far apart, and from the ends
_MOST_BITS = 100  # of a line; twenty digits that touch have fewer, and all take time
_MOST_JOINED = 6  # bits in one digit, unless they are whole pieces again
_WIDEST_DIGIT = 1.7  # times the line's height; wider is no digit in one piece
_WIDEST_WHOLE = 2.6  # the same of one that was found in one piece or two, as a 5 with a long bar
_WIDEST_GAP = 0.3  # of the line's height, between strokes of one digit
_LOWEST_DIGIT = 0.4  # of the line's height
SKIP_SCORE = -9.0  # of a piece as large as a digit that is in no digit; in proportion if smaller


@dataclass(frozen=True, eq=False)
class Piece:
    """Some connected ink, in pixels of the ink map."""

    mask: NDArray[np.bool_]  # (H, W)
    left: int
    top: int
    origin: int = -1  # pieces cut from one have its number in common; -1 is uncut

    @property
    def right(self) -> int:
        """The first column beyond it."""
        return self.left + int(self.mask.shape[1])

    @property
    def bottom(self) -> int:
        """The first row beyond it."""
        return self.top + int(self.mask.shape[0])

    @property
    def height(self) -> int:
        """Rows from top to bottom."""
        return int(self.mask.shape[0])

    @property
    def centre_x(self) -> float:
        """Half-way between left and right."""
        return (self.left + self.right) / 2

    def keep(self, is_kept: NDArray[np.bool_], origin: int = -1) -> "Piece":
        """Return the part of it that `is_kept` (H, W) tells, which has some of its ink."""
        mask = self.mask & is_kept
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        window = mask[top : top + height, left : left + width]
        return Piece(window, self.left + left, self.top + top, origin)


@dataclass(frozen=True)
class Candidate:
    """Neighbouring pieces of a line that may be one digit: `first` up to, not with, `end`."""

    first: int
    end: int
    piece: Piece  # all of them as one
    is_found: bool  # it is one piece as found in the photo: nothing was cut or joined


def join(pieces: Sequence[Piece]) -> Piece:
    """Lay pieces together as one."""
    if len(pieces) == 1:
        return pieces[0]
    left, top = min(piece.left for piece in pieces), min(piece.top for piece in pieces)
    right, bottom = max(piece.right for piece in pieces), max(piece.bottom for piece in pieces)
    mask = np.zeros((bottom - top, right - left), np.bool_)
    for piece in pieces:
        rows = slice(piece.top - top, piece.bottom - top)
        mask[rows, piece.left - left : piece.right - left] |= piece.mask
    return Piece(mask, left, top)


@dataclass(frozen=True)
class Chain:
    """One way to read a line."""

    chosen: tuple[int, ...]  # of the candidates, from left to right
    total: float  # log-probability, with what it costs to leave pieces out
    left_out: float  # share of the line's ink that is in none of them


def cut_line(
    pieces: Sequence[Piece], line_height: float, step_cost: float = STEP_COSTS[0]
) -> list[Piece]:
    """Cut the wide pieces of a line, and sort all from left to right.

    Where that makes more bits than digits have, as of stripes, the pieces stay as they are.

    Args:
        pieces: Of the line.
        line_height: In pixels, as the pieces' sizes.
        step_cost: How straight cuts are to be; one of `STEP_COSTS`.
    """
    parts = []
    for number, piece in enumerate(pieces):
        is_wide = _may_be_several(piece, line_height)
        parts += _cut(piece, number, step_cost) if is_wide else [piece]
    found_or_cut = parts if len(parts) <= _MOST_BITS else pieces
    return sorted(found_or_cut, key=lambda part: part.centre_x)


def list_candidates(pieces: Sequence[Piece], line_height: float) -> list[Candidate]:
    """List all neighbouring pieces that may be one digit together."""
    candidates = []
    spans = _list_spans(pieces)
    for first in range(len(pieces)):
        right = pieces[first].right
        for end in range(first + 1, len(pieces) + 1):
            if pieces[end - 1].left - right > _WIDEST_GAP * line_height:
                break
            right = max(right, pieces[end - 1].right)
            width = right - pieces[first].left
            tops, bottoms = zip(
                *((part.top, part.bottom) for part in pieces[first:end]), strict=True
            )
            height = max(line_height, max(bottoms) - min(tops))
            if end > first + 1 and width > _WIDEST_WHOLE * line_height:
                break
            found = _count_found(pieces, spans, first, end)
            is_narrow = width <= _WIDEST_DIGIT * height
            is_joined = is_narrow and (found > 0 or end - first <= _MOST_JOINED)
            # As it was found anything may be a digit, and two together, as a 5 and its long bar.
            if not (end == first + 1 or found in (1, 2) or is_joined):
                continue
            piece = join(pieces[first:end])
            if piece.height >= _LOWEST_DIGIT * line_height:
                candidates.append(Candidate(first, end, piece, found == 1))
    return candidates


def _list_spans(pieces: Sequence[Piece]) -> dict[int, tuple[int, int]]:
    """Tell from which to which piece of a line the bits of each cut one go, by its number."""
    spans: dict[int, tuple[int, int]] = {}
    for number, piece in enumerate(pieces):
        first, _ = spans.get(piece.origin, (number, number))
        spans[piece.origin] = first, number
    spans.pop(-1, None)
    return spans


def _count_found(
    pieces: Sequence[Piece], spans: dict[int, tuple[int, int]], first: int, end: int
) -> int:
    """Count the pieces, as found in the photo, that some parts are; 0 if a bit is missing."""
    origins = [piece.origin for piece in pieces[first:end]]
    cut = set(origins) - {-1}
    if any(spans[origin][0] < first or spans[origin][1] >= end for origin in cut):
        return 0
    return origins.count(-1) + len(cut)


def score_skips(pieces: Sequence[Piece], line_height: float) -> NDArray[np.float64]:
    """Tell what it costs to leave each piece out, as a log-probability, (number of pieces,)."""
    sizes = np.array([max(piece.mask.shape) for piece in pieces]) / line_height
    return SKIP_SCORE * np.minimum(sizes, 1.0) ** 2


def choose_chain(
    pieces: Sequence[Piece],
    candidates: Sequence[Candidate],
    scores: NDArray[np.floating],
    skip_scores: NDArray[np.floating],
) -> Chain:
    """Find the candidates that explain the line best.

    Args:
        pieces: Of the line, from left to right.
        candidates: What may be digits.
        scores: How well each looks like one, log-probabilities, (number of candidates,).
        skip_scores: How well each piece looks like none of any, the same, (number of pieces,).
    """
    best = [0.0]
    came_from: list[int | None] = [None]
    for end in range(1, len(pieces) + 1):
        total, choice = best[end - 1] + float(skip_scores[end - 1]), None
        for index, candidate in enumerate(candidates):
            if candidate.end == end and best[candidate.first] + scores[index] > total:
                total, choice = float(best[candidate.first] + scores[index]), index
        best.append(total)
        came_from.append(choice)
    chain: list[int] = []
    areas = [int(piece.mask.sum()) for piece in pieces]
    left_out = 0
    end = len(pieces)
    while end > 0:
        step = came_from[end]
        if step is None:
            end -= 1
            left_out += areas[end]
        else:
            chain.append(step)
            end = candidates[step].first
    return Chain(tuple(chain[::-1]), best[-1], left_out / sum(areas))


def _may_be_several(piece: Piece, line_height: float) -> bool:
    height, width = piece.mask.shape
    is_wide = width > _SLIM * min(height, 1.2 * line_height)
    return bool(is_wide and height >= _LOWEST_DIGIT * line_height)


def _cut(piece: Piece, number: int, step_cost: float) -> list[Piece]:
    """Cut the line's `number`th piece along all paths down that cross little ink."""
    height, width = piece.mask.shape
    scale = _SEAM_HEIGHT_PX / height
    size = (max(1, round(width * scale)), _SEAM_HEIGHT_PX)
    small = cv2.resize(piece.mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    seams = _find_seams(np.asarray(small, dtype=np.float32), step_cost)
    if not seams:
        return [piece]
    rows = np.minimum((np.arange(height) * scale).astype(np.int64), _SEAM_HEIGHT_PX - 1)
    part_of = np.zeros((height, width), np.int64)
    for seam in seams:
        part_of += np.arange(width) >= (seam[rows] / scale)[:, None]
    shares = (part_of == part for part in range(len(seams) + 1))
    return [piece.keep(share, number) for share in shares if (piece.mask & share).any()]


def _find_seams(ink: NDArray[np.float32], step_cost: float) -> list[NDArray[np.int64]]:
    """Find paths from top to bottom; each is the column per row, (H,), of the first pixel beyond.

    Args:
        ink: (H, W), 0 to 1.
        step_cost: In pixels of ink, for each step to the side.
    """
    height, width = ink.shape
    gap = max(2, round(_SEAM_GAP * height))
    if width < 2 * gap + 2:
        return []
    costs, middles, steps = _path_costs(ink, step_cost)
    seams: list[NDArray[np.int64]] = []
    chosen: list[float] = []
    for column in np.argsort(costs, kind="stable"):
        if costs[column] > _SEAM_INK * height:
            break
        middle = float(middles[column])
        if gap <= middle <= width - gap and all(abs(middle - other) >= gap for other in chosen):
            seams.append(_trace(steps, int(column)))
            chosen.append(middle)
    return seams


def _path_costs(
    ink: NDArray[np.float32], step_cost: float
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.int64]]:
    """Find the cheapest path from the first row to each column of the last.

    Returns:
        The cost of each, (W,); its mean column, (W,); the step to each pixel, (H, W).
    """
    height, width = ink.shape
    columns = np.arange(width)
    costs, sums = ink[0].copy(), columns
    padded = np.full(width + 2, np.inf, np.float32)
    steps = np.zeros((height, width), np.int64)
    for row in range(1, height):
        padded[1:-1] = costs
        # (3, W): straight on, from the left, from the right
        ways = np.stack((padded[1:-1], padded[:-2] + step_cost, padded[2:] + step_cost))
        choice = ways.argmin(axis=0)
        steps[row] = np.array((0, -1, 1))[choice]
        costs = ways[choice, columns] + ink[row]
        sums = sums[columns + steps[row]] + columns
    return costs.astype(np.float32), sums / height, steps


def _trace(steps: NDArray[np.int64], column: int) -> NDArray[np.int64]:
    seam = np.empty(len(steps), np.int64)
    for row in range(len(steps) - 1, -1, -1):
        seam[row] = column
        column += int(steps[row, column])
    return seam
