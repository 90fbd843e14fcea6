"""Connected pieces of ink, and which of them are the writing in a photo.

Left out is what the edge of the picture cuts off, frames, dirt, punched holes, a pen that lies
beside the writing, and what is much fainter or thinner than it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.ink import InkMap, is_small
from mnist_model.lines import erase_lines, label_pieces
from mnist_model.segmentation import Piece

MOST_DIGITS = 30  # more is too much to read
_MOST_STROKES = 60  # loose ones; of more, which are crumbs, the largest count: all take time
_FAINT_LINE = 0.6  # of the threshold of ink: lines are looked for down to this contrast
_SMALLEST_DIGIT = 0.02  # longer side of its ink, as a share of the photo's shorter side
_SMALLEST_DIGIT_PX = 6  # at the working size
_RIM = 0.2  # of the shorter side: what lies in it wholly and touches the edge is cut off
_EDGE_CONTACT = 0.5  # of a side: what touches the edge of the picture for longer is no stroke
_DIRT = 0.1  # of the heaviest piece's mass: lighter ones tell nothing about the writing
_THINNEST = 0.2  # of the main piece's width: thinner strokes are another pen's
_THINNEST_LINE = 0.38  # of the thinnest digit's: what is straight and upright may be of a ruling
_SLENDER = 5  # times higher than wide
_SLENDER_BIT = 2.5  # times longer than wide is a bit of a line that the edge cuts
_SOLID_BIT = 0.4  # of its box, such a bit covers at least
_BESIDE = 0.5  # of the lower one's height: pieces on one line overlap by this
_WIDER_AT_EDGE = 1.5  # times as wide as those inside are the strokes that the edge cuts
_TALL_AT_EDGE = 0.7  # of the height of the largest piece inside: so high, and
_WIDE_AT_EDGE = 0.35  # so wide is what can be read though the edge cuts it
_FRAME_RIM = 0.2  # of a frame's side: its lines lie within
_FRAME_SHARE = 0.85  # of a frame's ink lies there
_FRAME_FILL = 0.35  # of its box, a frame covers at most
_FRAME_CONTENT = 0.25  # of its height: something inside is as high
_SQUARE = 1.5  # times longer than wide at most
_DOT_FILL = 0.7  # of its box, a dot covers at least; a circle covers 0.79
_ROUND = 1.25  # times longer than wide, a disc is at most,
_DISC_FILL = (0.93, 1.08)  # and of the ellipse in its box it covers so much
_DISC_DEPTH = 0.85  # of its radius, its middle is from its edge: a 0 has a hole, however small
_ROD = 6  # times longer than wide,
_ROD_FILL = 0.6  # of its box, turned as it lies, at least, and
_BAR = 2.5  # times longer than wide is what may be an edge, or part of a thing
_CUT_OUT = 0.05  # of a picture's side: a digit that ends so near to both edges fills it
_LONG_ROD = 1.4  # times as long as the rest is high: a pen, or a ruler
_ROD_ASIDE = 0.15  # of that height: what is nearer may be the slash of a %,
_BAR_ASIDE = 0.5  # and what lies flat, no lower than the rest begins, may be the bar of a 5
_FLAT = 0.35  # times higher than wide is a bar or an underline at most
_UNDERLINED = 0.8  # of the width of something lies above it
_FOOT = 0.05  # of its height: what is nearer, and longer by less, may be the foot of a torn 2
_STROKE_AREA = 0.03  # of the main piece's area: anything less is dirt
_STROKE_CONTRAST = 0.5  # of the main piece's contrast; weaker is print from behind, or a ruling
_DIGIT_HEIGHT = 0.35  # of the main piece's: lower pieces are strokes of others, or dirt


@dataclass(frozen=True, eq=False)
class Pieces:
    """Connected pieces of ink, one entry per piece."""

    labels: NDArray[np.int32]  # (H, W), 0 is paper, n + 1 is piece n
    boxes: NDArray[np.int64]  # (N, 4): left, top, right, bottom; the last two exclusive
    areas: NDArray[np.int64]  # (N,) pixels
    masses: NDArray[np.float64]  # (N,) contrast summed over the pixels
    largest: Piece | None  # of all ink, lines included, inside the picture; may be a frame

    def cut(self, number: int) -> Piece:
        """Return one of them alone."""
        left, top, right, bottom = (int(side) for side in self.boxes[number])
        return Piece(self.labels[top:bottom, left:right] == number + 1, left, top)


def find_pieces(ink: InkMap) -> Pieces:
    """Separate the ink into connected pieces, without ruled lines."""
    # Bytes are compared with whole numbers, which is ten times as fast.
    faint = (ink.contrast > int(_FAINT_LINE * ink.threshold)).view(np.uint8)
    inked = (ink.contrast > int(ink.threshold)).view(np.uint8)
    mask = erase_lines(inked, faint)
    labels, stats = label_pieces(mask)
    largest = _find_largest(*((labels, stats) if mask is inked else label_pieces(inked)))
    left, top, width, height, areas = stats[1:].astype(np.int64).T
    places = np.flatnonzero(mask.view(np.bool_))  # as bytes, it takes ten times as long
    weights = ink.contrast.ravel()[places].astype(np.float64)
    masses = np.bincount(labels.ravel()[places], weights=weights, minlength=len(stats))[1:]
    boxes = np.stack((left, top, left + width, top + height), axis=1)
    return Pieces(labels, boxes, areas, masses.astype(np.float64), largest)


def _find_largest(labels: NDArray[np.int32], stats: NDArray[np.int32]) -> Piece | None:
    """Return the piece in the largest box of those that do not touch the picture's edge."""
    left, top, width, height = stats[:, :4].T
    right, bottom = left + width, top + height
    is_inside = (left > 0) & (top > 0) & (right < labels.shape[1]) & (bottom < labels.shape[0])
    is_inside[0] = False  # paper
    if not is_inside.any():
        return None
    number = int(np.argmax(width * height * is_inside))
    window = labels[top[number] : bottom[number], left[number] : right[number]]
    return Piece(window == number, int(left[number]), int(top[number]))


def choose_writing(pieces: Pieces) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pieces as large as digits, and smaller ones that may be strokes of them."""
    height, width = pieces.labels.shape
    candidates = _without_rods(pieces, _without_discs(pieces, _candidates(pieces)))
    nothing = np.empty(0, np.int64)
    if len(candidates) == 0:
        return nothing, nothing
    main = candidates[np.argmax(pieces.masses[candidates] * _centrality(pieces)[candidates])]
    sizes = (pieces.boxes[:, 2:] - pieces.boxes[:, :2]).max(axis=1)
    if sizes[main] < max(_SMALLEST_DIGIT * min(height, width), _SMALLEST_DIGIT_PX):
        return nothing, nothing
    contrasts = pieces.masses / pieces.areas
    is_ink = (pieces.areas >= _STROKE_AREA * pieces.areas[main]) & (
        contrasts >= _STROKE_CONTRAST * contrasts[main]
    )
    candidates = candidates[is_ink[candidates]]
    heights = pieces.boxes[:, 3] - pieces.boxes[:, 1]
    main_height = max(heights[main], sizes[main] // 2)
    is_digit = heights[candidates] >= _DIGIT_HEIGHT * main_height
    if 1 < is_digit.sum() <= MOST_DIGITS:
        is_digit[is_digit] = ~_is_of_another_pen(pieces, candidates[is_digit], int(main))
    is_digit |= candidates == main
    strokes = candidates[~is_digit]
    largest = np.argsort(-pieces.areas[strokes], kind="stable")[:_MOST_STROKES]
    return candidates[is_digit], strokes[np.sort(largest)]


def _is_of_another_pen(pieces: Pieces, numbers: NDArray[np.int64], main: int) -> NDArray[np.bool_]:
    """Tell which of some pieces are much thinner than the rest of the writing; (n,)."""
    width, height = (pieces.boxes[numbers, 2:] - pieces.boxes[numbers, :2]).T
    is_slender = height > _SLENDER * width
    depths = np.array([_depth(pieces, int(number)) for number in numbers])
    main_depth = _depth(pieces, main)
    is_thin = depths < _THINNEST * main_depth
    # Pens do not press evenly: a 1 is to be as thick as the thinnest digit beside it.
    thinnest_digit = depths[~is_slender & ~is_thin].min(initial=main_depth)
    return np.asarray(is_thin | (is_slender & (depths < _THINNEST_LINE * thinnest_digit)))


def _candidates(pieces: Pieces) -> NDArray[np.int64]:
    """Return the pieces that may be writing: no frame, and not what the picture's edge cuts."""
    height, width = pieces.labels.shape
    left, top, right, bottom = pieces.boxes.T
    rim = _RIM * min(height, width)
    in_rim = (
        ((left == 0) & (right <= rim))
        | ((top == 0) & (bottom <= rim))
        | ((right == width) & (left >= width - rim))
        | ((bottom == height) & (top >= height - rim))
    )
    kept = np.flatnonzero(~_is_along_an_edge(pieces) & ~_is_cut_line(pieces))
    kept = kept[[not _is_frame(pieces, int(number)) for number in kept]]
    at_edge = (left == 0) | (top == 0) | (right == width) | (bottom == height)
    inside = kept[
        ~at_edge[kept] & (pieces.masses[kept] > _DIRT * pieces.masses[kept].max(initial=0))
    ]
    if len(inside) == 0:
        return _without_bars(pieces, kept[~in_rim[kept]])
    if not at_edge[kept].any():
        return np.asarray(kept)
    # Of what the edge cuts off only strokes beside the writing count, and no corners of shadows.
    largest = inside[np.argmax(pieces.masses[inside])]
    widest = _WIDER_AT_EDGE * _mean_depth(pieces, int(largest))
    is_stroke = np.array([_mean_depth(pieces, int(number)) <= widest for number in kept])
    largest_height = bottom[largest] - top[largest]
    tall = inside[(bottom - top)[inside] > _TALL_AT_EDGE * largest_height]
    shared = np.minimum.outer(bottom[kept], bottom[tall]) - np.maximum.outer(top[kept], top[tall])
    lower = np.minimum.outer((bottom - top)[kept], (bottom - top)[tall])
    is_beside = (shared > _BESIDE * lower).any(axis=1)
    # In the rim, it takes as much of a digit as can be read.
    is_whole = (bottom - top > _TALL_AT_EDGE * largest_height) & (
        right - left > _WIDE_AT_EDGE * largest_height
    )
    is_writing = is_stroke & is_beside & (is_whole | ~in_rim)[kept]
    return np.asarray(kept[~at_edge[kept] | is_writing])


def _without_bars(pieces: Pieces, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave out bars that leave the picture through one side or a corner; all touch its edge.

    They are of things, or of shadows. A 1 that a picture was cut out around reaches from side to
    side, and in a small picture, as of a square of a form, it may touch one.
    """
    height, width = shape = pieces.labels.shape
    if is_small(shape):
        return numbers
    left, top, right, bottom = pieces.boxes[numbers].T
    beside, above = _CUT_OUT * width, _CUT_OUT * height
    is_across = (left <= beside) & (right >= width - beside)
    is_upright = (top <= above) & (bottom >= height - above)
    is_bar = [_rod_length(pieces, int(number), _BAR) > 0 for number in numbers]
    return np.asarray(numbers[is_across | is_upright | ~np.array(is_bar, np.bool_)])


def _without_discs(pieces: Pieces, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave out full discs beside other ink: no digit is one, but a punched hole of a page is.

    Beside so much ink in one place, that of a thin pen would look like dirt.
    """
    width, height = (pieces.boxes[numbers, 2:] - pieces.boxes[numbers, :2]).T
    is_heavy = pieces.masses[numbers] > _DIRT * pieces.masses[numbers].max(initial=0)
    is_round = np.maximum(width, height) <= _ROUND * np.minimum(width, height)
    fill = pieces.areas[numbers] / (np.pi / 4 * width * height)
    is_full = (fill > _DISC_FILL[0]) & (fill < _DISC_FILL[1])
    may_be_disc = is_heavy & is_round & is_full
    least_depths = _DISC_DEPTH * np.minimum(width, height) / 2
    discs = [
        number
        for number, least in zip(numbers[may_be_disc], least_depths[may_be_disc], strict=True)
        if _depth(pieces, int(number)) > least
    ]
    others = np.setdiff1d(numbers, discs)
    return np.asarray(others if len(others) > 0 else numbers)


def _without_rods(pieces: Pieces, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave out what is straight and no 1: a pen that lies beside the writing, an underline."""
    heavy = numbers[pieces.masses[numbers] > _DIRT * pieces.masses[numbers].max(initial=0)]
    if len(heavy) < 2:
        return numbers
    lengths = {int(number): _rod_length(pieces, int(number)) for number in heavy}
    rods = [number for number, length in lengths.items() if length > 0]
    flat = [rod for rod in rods if _is_flat(pieces, rod)]
    others = np.setdiff1d(heavy, rods)
    others = others[~_is_dot(pieces, others)]
    above = np.setdiff1d(heavy, flat)  # a 1 is a rod, too
    left_out = [
        rod
        for rod in rods
        if (rod in flat and _is_underline(pieces, rod, above))
        or (len(others) > 0 and _is_pen(pieces, rod, lengths[rod], others))
    ]
    return np.setdiff1d(numbers, left_out)


def _is_dot(pieces: Pieces, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which of some pieces are as wide as high, and full: no digit, but a crossing of lines.

    Erased lines leave those where two cross.
    """
    width, height = (pieces.boxes[numbers, 2:] - pieces.boxes[numbers, :2]).T
    is_square = np.maximum(width, height) < _SQUARE * np.minimum(width, height)
    return np.asarray(is_square & (pieces.areas[numbers] > _DOT_FILL * width * height))


def _is_pen(pieces: Pieces, rod: int, length: float, others: NDArray[np.int64]) -> bool:
    """Tell whether a rod is too long to be a 1 of the writing, and lies apart from it."""
    _, tops, _, bottoms = pieces.boxes[others].T
    highest = (bottoms - tops).max()
    if length <= _LONG_ROD * highest:
        return False
    _, top, _, _ = pieces.boxes[rod]
    may_be_bar = _is_flat(pieces, rod) and top < tops.max()
    aside = _BAR_ASIDE if may_be_bar else _ROD_ASIDE
    return bool(_distance(pieces, rod, others) > aside * highest)


def _is_flat(pieces: Pieces, rod: int) -> bool:
    """Tell whether a rod lies rather than stands."""
    left, top, right, bottom = pieces.boxes[rod]
    return bool(bottom - top <= _FLAT * (right - left))


def _is_underline(pieces: Pieces, rod: int, others: NDArray[np.int64]) -> bool:
    """Tell whether a flat rod lies under something, and nearer to it than to what is below."""
    left, top, right, bottom = pieces.boxes[rod]
    lefts, tops, rights, bottoms = pieces.boxes[others].T
    shared = np.minimum(right, rights) - np.maximum(left, lefts)
    middle = (top + bottom) / 2
    is_above = (bottoms < middle) & (shared > _UNDERLINED * (rights - lefts))
    if not is_above.any():
        return False
    gap = middle - bottoms[is_above].max()
    gap_below = (tops[(tops > middle) & (shared > 0)] - middle).min(initial=np.inf)
    highest = (bottoms - tops)[is_above].max()
    beyond = min(lefts[is_above].min() - left, right - rights[is_above].max())
    may_be_foot = beyond < _FOOT * highest and (
        _distance(pieces, rod, others[is_above]) < _FOOT * highest
    )
    return bool(gap < min(gap_below, highest) and not may_be_foot)


def _rod_length(pieces: Pieces, number: int, slenderness: float = _ROD) -> float:
    """Measure the length of a piece that is straight and slender, in pixels; 0 if it is not."""
    points = cv2.findNonZero(pieces.cut(number).mask.view(np.uint8))
    _, sides, _ = cv2.minAreaRect(points)
    width, length = sorted(side + 1 for side in sides)  # from the middle of pixels to their edge
    is_filled = pieces.areas[number] > _ROD_FILL * length * width
    return length if length > slenderness * width and is_filled else 0.0


def _distance(pieces: Pieces, number: int, others: NDArray[np.int64]) -> float:
    """Measure how far a piece is from the nearest of others, in pixels."""
    is_outside = (pieces.labels != number + 1).view(np.uint8)
    distances = cv2.distanceTransform(is_outside, cv2.DIST_L2, cv2.DIST_MASK_3)
    return float(distances[np.isin(pieces.labels, others + 1)].min())


def _mean_depth(pieces: Pieces, number: int) -> float:
    """Measure how far from its edge a piece's pixels are; a knot of strokes counts little."""
    depth, framed = _depths(pieces, number)
    return cv2.mean(depth, framed)[0]


def _depth(pieces: Pieces, number: int) -> float:
    """Measure half the width of a piece where it is widest, in pixels."""
    return float(_depths(pieces, number)[0].max())


def _depths(pieces: Pieces, number: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return each pixel's distance from the edge of its piece, and which pixels are ink."""
    mask = pieces.cut(number).mask.view(np.uint8)
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_3)
    return np.asarray(depth, np.float32), np.asarray(framed, np.uint8)


def _is_frame(pieces: Pieces, number: int) -> bool:
    """Tell whether a piece is a ring along its own box, with other ink inside."""
    left, top, right, bottom = pieces.boxes[number]
    height, width = bottom - top, right - left
    if pieces.areas[number] > _FRAME_FILL * height * width:
        return False
    rim_x, rim_y = round(_FRAME_RIM * width), round(_FRAME_RIM * height)
    within = (
        (pieces.boxes[:, 0] > left)
        & (pieces.boxes[:, 1] > top)
        & (pieces.boxes[:, 2] < right)
        & (pieces.boxes[:, 3] < bottom)
        & (pieces.boxes[:, 3] - pieces.boxes[:, 1] > _FRAME_CONTENT * height)
    )
    if not within.any():
        return False
    inner = pieces.labels[top + rim_y : bottom - rim_y, left + rim_x : right - rim_x]
    outside = pieces.areas[number] - np.count_nonzero(inner == number + 1)
    return bool(outside > _FRAME_SHARE * pieces.areas[number])


def _is_cut_line(pieces: Pieces) -> NDArray[np.bool_]:
    """Tell which pieces are bits of a line that leaves the picture near one of its sides; (N,)."""
    is_bit = np.zeros(len(pieces.areas), np.bool_)
    for axis in (0, 1):  # lines downwards, lines across
        across, along = pieces.labels.shape[1 - axis], pieces.labels.shape[axis]
        start, end = pieces.boxes[:, axis], pieces.boxes[:, axis + 2]
        first, last = pieces.boxes[:, 1 - axis], pieces.boxes[:, 3 - axis]
        is_slender = last - first > _SLENDER_BIT * (end - start)
        middle = (start + end) / 2
        is_beside = np.minimum(middle, across - middle) < _RIM * across
        is_through = (first == 0) & (last == along)
        is_cut = (first == 0) | (last == along)
        is_bit |= is_slender & (is_through | (is_cut & is_beside))
    boxed = np.prod(pieces.boxes[:, 2:] - pieces.boxes[:, :2], axis=1)
    return np.asarray(is_bit & (pieces.areas > _SOLID_BIT * boxed))


def _is_along_an_edge(pieces: Pieces) -> NDArray[np.bool_]:
    """Tell which pieces follow the picture's edge, as shadows and tables do; (N,)."""
    count = len(pieces.areas)
    is_along = np.zeros(count, np.bool_)
    labels = pieces.labels
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        touching = np.bincount(edge, minlength=count + 1)[1:]
        is_along |= touching > _EDGE_CONTACT * len(edge)
    return is_along


def _centrality(pieces: Pieces) -> NDArray[np.float64]:
    """Weigh pieces by their place: 1 in the middle of the picture, a quarter in a corner."""
    height, width = pieces.labels.shape
    left, top, right, bottom = pieces.boxes.T
    x = (left + right) / width - 1  # -1 to 1
    y = (top + bottom) / height - 1
    return np.asarray(1 - 0.375 * (x**2 + y**2))
