"""Made-up lines of digits, and much that is no digit, as the reader cuts them up. Seeded.

Every candidate that the reader's own segmentation finds comes with what it is: a digit, or none
(a part of one, two in one, a letter...); and every row with the digits in it. Training material
for `train_rejector.py`, `train_wholeness.py` and `train_rows.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import made_up_ink as ink
import numpy as np
from made_up_ink import Ink, Random
from numpy.typing import NDArray

from mnist_model.data import Split
from mnist_model.decoding import GreyPhoto
from mnist_model.ink import InkMap
from mnist_model.photo import arrange_writing
from mnist_model.segmentation import STEP_COSTS, Piece, cut_line, join, list_candidates
from mnist_model.writing import Line, Writing

NO_DIGIT = 10
UNSURE = -1  # to the eye it may be a digit or not: nothing to learn from
WHOLE = 0.92  # of a digit's ink is in a candidate, and of a candidate's ink in that digit
PART = 0.78  # the same, of what is surely not a whole digit
MOST_CANDIDATES = 10  # of one scene
IN_ROW = 0.85  # of its ink is in the row that a digit or letter is of
NUMBERS = 0.85  # of the scenes of rows; the others are as for candidates
SLIM = 0.42  # width by height; of stains and scribbles, slimmer ones may be a 1


@dataclass(frozen=True, eq=False)
class Scene:
    """Ink on transparent paper, and what it is."""

    kind: str
    owners: NDArray[np.float32]  # (N, H, W): each digit's or letter's own ink, 0 to 1
    labels: tuple[int, ...]  # of each owner: a digit, NO_DIGIT or UNSURE


@dataclass(frozen=True, eq=False)
class Example:
    """A candidate of the reader's, and what it is."""

    image: NDArray[np.uint8]  # (28, 28), as `Writing.cut_out` draws it
    around: NDArray[np.uint8]  # (2, 28, 28), as `Writing.look_around` shows it
    label: int  # 0 to 9, or NO_DIGIT
    kind: str


@dataclass(frozen=True, eq=False)
class Row:
    """A row of writing, and the digits in it."""

    pixels: NDArray[np.uint8]  # (32, W), as `Writing.show_row` shows it
    digits: tuple[int, ...]  # from left to right; none in a word


def make_rows(split: Split, scenes: int, random: Random) -> Iterator[Row]:
    """Draw so many scenes, most of them numbers; about one row each."""
    kinds = list(SCENES)
    for _ in range(scenes):
        is_number = random.random() < NUMBERS
        kind = "number" if is_number else kinds[random.integers(len(kinds))]
        scene = Scene(kind, *SCENES[kind][1](split, random))
        writing = photograph(scene, random)
        for line in writing.lines:
            digits = name_row(line, scene)
            if digits is not None:
                resized = replace(line, height=line.height / random.uniform(0.9, 1.1))
                yield Row(writing.show_row(resized).pixels, digits)


def name_row(line: Line, scene: Scene) -> tuple[int, ...] | None:
    """Tell the digits of a row from left to right; None if that is not clear."""
    row = join(line.pieces)
    ink = scene.owners > 0.4
    inside = ink[:, row.top : row.bottom, row.left : row.right] & row.mask
    shares = inside.sum(axis=(1, 2)) / np.maximum(ink.sum(axis=(1, 2)), 1)
    is_in_row = shares >= IN_ROW
    labels = np.array(scene.labels)
    if (~is_in_row & (shares > 1 - IN_ROW)).any() or UNSURE in labels[is_in_row]:
        return None
    columns = np.arange(ink.shape[2])
    middles = (ink.sum(axis=1) @ columns) / np.maximum(ink.sum(axis=(1, 2)), 1)
    order = np.argsort(middles)
    return tuple(int(labels[n]) for n in order if is_in_row[n] and labels[n] != NO_DIGIT)


def make_examples(split: Split, scenes: int, random: Random) -> Iterator[Example]:
    """Cut up so many scenes; about six examples each."""
    kinds = list(SCENES)
    shares = np.array([SCENES[kind][0] for kind in kinds])
    for _ in range(scenes):
        kind = kinds[random.choice(len(kinds), p=shares / shares.sum())]
        scene = Scene(kind, *SCENES[kind][1](split, random))
        yield from cut_up(scene, random)


def cut_up(scene: Scene, random: Random) -> list[Example]:
    """Let the reader find its candidates in a scene, and tell what each is."""
    writing = photograph(scene, random)
    found = [
        (piece, label)
        for piece in list_pieces(writing, random)
        if (label := name(piece, scene)) != UNSURE
    ]
    wholes = [one for one in found if one[1] != NO_DIGIT]
    others = [one for one in found if one[1] == NO_DIGIT]
    order = random.permutation(len(others))[: max(MOST_CANDIDATES - len(wholes), 3)]
    return [
        Example(writing.cut_out(piece).image, writing.look_around(piece), label, scene.kind)
        for piece, label in wholes + [others[index] for index in order]
    ]


def list_pieces(writing: Writing, random: Random) -> list[Piece]:
    """List the reader's candidates of its first cuts, or of those that it tries in doubt."""
    step_cost = random.choice(STEP_COSTS, p=(0.6, 0.2, 0.2))
    is_parted = random.random() < 0.15
    found = []
    for line in writing.lines:
        pieces = writing.part_at_faint_ink(line).pieces if is_parted else line.pieces
        parts = cut_line(pieces, line.height, step_cost)
        found += [candidate.piece for candidate in list_candidates(parts, line.height)]
    return found


def name(piece: Piece, scene: Scene) -> int:
    """Tell what a candidate is, by whose ink it holds."""
    rows, columns = slice(piece.top, piece.bottom), slice(piece.left, piece.right)
    inside = ((scene.owners[:, rows, columns] > 0.4) & piece.mask).sum(axis=(1, 2))
    owner = int(inside.argmax())
    own = (scene.owners[owner] > 0.4).sum()
    share = inside[owner] / max(own, piece.mask.sum(), 1)
    label = scene.labels[owner]
    if label == NO_DIGIT:
        is_slim = (
            scene.kind in ("scribble", "blots", "lines")
            and piece.mask.shape[1] < SLIM * piece.height
        )
        return UNSURE if is_slim else NO_DIGIT
    if label == UNSURE:
        return UNSURE if share > PART else NO_DIGIT
    if share >= WHOLE:
        return label
    return NO_DIGIT if share < PART else UNSURE


def photograph(scene: Scene, random: Random) -> Writing:
    """See a scene as the reader does after it told ink from paper."""
    layer = scene.owners.max(axis=0)
    height, width = layer.shape
    pressure = cv2.resize(random.uniform(0.7, 1, (6, 6)).astype(np.float32), (width, height))
    layer = layer * pressure
    if random.random() < 0.2:
        np.maximum(layer, random.uniform(0.3, 0.9) * rule(layer.shape, random), out=layer)
    if random.random() < 0.1:
        layer = layer * (1 - streak(layer.shape, random))
    layer = cv2.GaussianBlur(layer, (0, 0), random.uniform(0.4, 1.4))
    layer = layer + random.normal(0, random.uniform(0, 0.06), layer.shape)
    contrast = (layer * random.uniform(90, 250)).clip(0, 255).astype(np.uint8)
    paper = np.full(contrast.shape, 255, np.uint8)
    threshold = random.uniform(0.22, 0.42) * float(contrast.max())
    seen = InkMap(
        contrast,
        threshold,
        paper,
        is_light_on_dark=False,
        level=0,
        faintest=threshold,
        is_faint=False,
    )
    return arrange_writing(GreyPhoto(paper, width_px=width, height_px=height), seen)


def rule(shape: tuple[int, ...], random: Random) -> Ink:
    """Draw a few straight lines through all of a scene."""
    lines = np.zeros(shape, np.float32)
    height, width = shape
    for _ in range(random.integers(1, 4)):
        start, end = random.uniform(0.02, 0.98) + random.normal(0, 0.02, 2)
        thickness = int(random.integers(1, 4))
        if random.random() < 0.5:
            ends = (0, int(start * height)), (width, int(end * height))
        else:
            ends = (int(start * width), 0), (int(end * width), height)
        cv2.line(lines, *ends, 1.0, thickness, cv2.LINE_AA)
    return lines


def streak(shape: tuple[int, ...], random: Random) -> Ink:
    """Draw the edge of a shadow, where strokes look interrupted."""
    height, width = shape
    streak = np.zeros(shape, np.float32)
    ends = (random.uniform(-0.5, 1.5, (2, 2)) * (width, height)).astype(int)
    cv2.line(streak, *map(tuple, ends.tolist()), 1.0, int(random.integers(1, 5)), cv2.LINE_AA)
    return streak


def lay_out(
    drawings: list[Ink],
    random: Random,
    *,
    gap: tuple[float, float],
    between_strokes: bool = False,
) -> NDArray[np.float32]:
    """Write drawings side by side on a page, each as an owner.

    Args:
        drawings: From left to right.
        random: Where chance comes from.
        gap: The least and the most, in shares of a height.
        between_strokes: Measure gaps from stroke to stroke, instead of from box to box.
    """
    size = random.uniform(28, 110)  # pixels of the ink map
    slope, baseline = random.normal(0, 0.06), random.uniform(0, 0.06)
    left, placed = 0.0, []
    for drawing in drawings:
        scale = size * random.uniform(0.88, 1.12) / max(drawing.shape[0], 0.7 * drawing.shape[1])
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(drawing, None, fx=scale, fy=scale, interpolation=method)
        top = slope * left + random.normal(0, baseline) * size - len(small) / 2
        if placed:
            before_left, before_top, before = placed[-1]
            reach = before.shape[1]
            if between_strokes:
                reach = distance_to_touch(before, small, round(top - before_top))
            left = before_left + max(3, reach + random.uniform(*gap) * size)
        placed.append((left, top, small))
    highest = min(top for _, top, _ in placed)
    margin = random.uniform(0.15, 1.0, 4) * size + 3  # above, below, left, right
    height = int(max(top + len(d) for _, top, d in placed) - highest + margin[0] + margin[1]) + 2
    width = int(max(at + d.shape[1] for at, _, d in placed) + margin[2] + margin[3]) + 2
    owners = np.zeros((len(placed), height, width), np.float32)
    for owner, (at, top, drawing) in zip(owners, placed, strict=True):
        y, x = int(top - highest + margin[0]), int(at + margin[2])
        owner[y : y + len(drawing), x : x + drawing.shape[1]] = drawing
    is_marker = random.random() < 0.15
    change = (random.uniform(0.03, 0.07) if is_marker else random.normal(0, 0.02)) * size
    return np.stack([thickened(owner, change) for owner in owners])


def distance_to_touch(left: Ink, right: Ink, down_px: int) -> int:
    """Measure how far beyond the left edge of one drawing another touches its strokes.

    Args:
        left: One drawing.
        right: The other, whose upper edge is `down_px` lower.
        down_px: May be negative.
    """
    first, end = max(0, down_px), min(len(left), down_px + len(right))
    reach = left.shape[1] // 2  # at least: it stays the left one
    if end <= first:
        return reach
    left, right = left[first:end] > 0.4, right[first - down_px : end - down_px] > 0.4
    last = left.shape[1] - left[:, ::-1].argmax(axis=1)  # (rows,): the first column beyond
    touching = (last - right.argmax(axis=1))[left.any(axis=1) & right.any(axis=1)]
    return max(reach, int(touching.max(initial=0)))


def thickened(layer: Ink, change_px: float) -> Ink:
    """Write with a thicker pen, or a thinner one where `change_px` is negative."""
    if abs(change_px) < 0.7:
        return layer
    if change_px > 0:
        return np.asarray(cv2.dilate(layer, ink.disc(change_px)), np.float32)
    thinner = cv2.erode(layer, ink.disc(min(-change_px, 1.0)))
    # Strokes that are thin already do not vanish.
    return np.asarray(thinner if thinner.sum() > 0.4 * layer.sum() else layer, np.float32)


def draw_digit(split: Split, random: Random) -> tuple[Ink, int]:
    """Draw a digit of some hand, or a printed one."""
    draw = random.random()
    if draw < 0.74:
        index = random.integers(len(split))
        drawing, label = ink.enlarge_digit(split.images[index]), int(split.labels[index])
    elif draw < 0.82:
        label = int(random.choice((1, 1, 1, 4, 7, 9, 9)))
        drawing = ink.draw_european_digit(label, random)
    else:
        label = int(random.integers(10))
        drawing = ink.draw_font_digit(label, random)
    return (drawing if random.random() < 0.4 else ink.deform(drawing, random)), label


def number(split: Split, random: Random) -> tuple[NDArray[np.float32], tuple[int, ...]]:
    """Write one to six digits; more than half the time they touch."""
    digits, labels = zip(
        *(draw_digit(split, random) for _ in range(random.integers(1, 7))), strict=True
    )
    if random.random() < 0.3:
        page = lay_out(list(digits), random, gap=(-0.06, 0.02), between_strokes=True)
    else:
        gap = (-0.14, 0.02) if random.random() < 0.4 else (0.02, 0.5)
        page = lay_out(list(digits), random, gap=gap)
    return page, tuple(labels)


def single(split: Split, random: Random) -> tuple[NDArray[np.float32], tuple[int, ...]]:
    """Write one digit."""
    drawing, label = draw_digit(split, random)
    return lay_out([drawing], random, gap=(0, 0)), (label,)


def letters(split: Split, random: Random) -> tuple[NDArray[np.float32], tuple[int, ...]]:  # noqa: ARG001
    """Write one to five letters, one by one."""
    chosen = random.choice(list(ink.ALL_LETTERS), size=random.integers(1, 6))
    drawings = [ink.deform(ink.draw_text(letter, random), random) for letter in chosen]
    labels = tuple(UNSURE if letter in ink.DIGIT_LIKE else NO_DIGIT for letter in chosen)
    gap = (-0.14, 0.02) if random.random() < 0.4 else (0.02, 0.4)
    return lay_out(drawings, random, gap=gap), labels


def no_digit(
    draw: Callable[[Random], Ink],
) -> Callable[[Split, Random], tuple[NDArray[np.float32], tuple[int, ...]]]:
    """Make a scene of one drawing that is no digit."""

    def make(split: Split, random: Random) -> tuple[NDArray[np.float32], tuple[int, ...]]:  # noqa: ARG001
        drawing = ink.deform(draw(random), random)
        return lay_out([drawing], random, gap=(0, 0)), (NO_DIGIT,)

    return make


# How often, and how.
SCENES: dict[str, tuple[float, Callable[..., tuple[NDArray[np.float32], tuple[int, ...]]]]] = {
    "number": (0.42, number),
    "single": (0.20, single),
    "letters": (0.14, letters),
    "word": (0.06, no_digit(ink.draw_word)),
    "sign": (0.06, no_digit(ink.draw_sign)),
    "scribble": (0.07, no_digit(ink.draw_scribble)),
    "shape": (0.06, no_digit(ink.draw_shape)),
    "blots": (0.07, no_digit(ink.draw_blots)),
    "lines": (0.03, no_digit(ink.draw_lines)),
}
