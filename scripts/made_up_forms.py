"""Forms that are filled in: rows of boxes, tables and combs with a digit in each box."""

from collections.abc import Sequence

import cv2
import made_up_ink
import numpy as np
from made_up_ink import Ink, Random
from numpy.typing import NDArray

BOX_PX = 3 * made_up_ink.SIZE_PX // 2
DIGIT_SHARE = (0.55, 0.85)  # of a box's side; with what a hand strays, some touch its lines
STRAYING = 0.04  # of a box's side: standard deviation of a digit's place
LINE_PX = (2, 6)
TOOTH_SHARE = (0.6, 1.0)  # of a box's side, a comb's teeth are high
PRINT_STRENGTH = (0.5, 0.9)  # of the pen's ink
PAGE_SHARE = (0.6, 0.9)  # of the page's width, a form takes


def fill_in(images: Sequence[NDArray[np.uint8]], columns: int, random: Random) -> tuple[Ink, Ink]:
    """Write digits into boxes, row by row.

    Args:
        images: One (28, 28) image per box.
        columns: Boxes side by side.
        random: Where chance comes from.

    Returns:
        The pen's ink, and the lines of the boxes, of one shape.
    """
    rows = len(images) // columns
    written = np.zeros((rows * BOX_PX, columns * BOX_PX), np.float32)
    for number, image in enumerate(images):
        box = np.array(divmod(number, columns)) * BOX_PX
        digit = made_up_ink.crop(made_up_ink.enlarge_digit(image))
        scale = random.uniform(*DIGIT_SHARE) * BOX_PX / max(digit.shape)
        digit = cv2.resize(digit, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        room = BOX_PX - np.array(digit.shape)
        place = room / 2 + random.normal(0, STRAYING * BOX_PX, 2)
        top, left = (box + np.clip(place, 0, room)).astype(int)
        written[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return written, _rule_boxes(rows, columns, int(random.integers(*LINE_PX)))


def _rule_boxes(rows: int, columns: int, line_px: int) -> Ink:
    lines = np.zeros((rows * BOX_PX, columns * BOX_PX), np.float32)
    for row in range(rows + 1):
        _draw_line(lines, (0, row * BOX_PX), (columns * BOX_PX, row * BOX_PX), line_px)
    for column in range(columns + 1):
        _draw_line(lines, (column * BOX_PX, 0), (column * BOX_PX, rows * BOX_PX), line_px)
    return lines


def fill_in_comb(images: Sequence[NDArray[np.uint8]], random: Random) -> tuple[Ink, Ink]:
    """Write digits between the teeth of a comb; as `fill_in`."""
    written, _ = fill_in(images, len(images), random)
    lines = np.zeros_like(written)
    line_px = int(random.integers(*LINE_PX))
    top = round(BOX_PX * (1 - random.uniform(*TOOTH_SHARE)))
    _draw_line(lines, (0, BOX_PX), (len(images) * BOX_PX, BOX_PX), line_px)
    for tooth in range(len(images) + 1):
        _draw_line(lines, (tooth * BOX_PX, top), (tooth * BOX_PX, BOX_PX), line_px)
    return written, lines


def _draw_line(lines: Ink, start: tuple[int, int], end: tuple[int, int], line_px: int) -> None:
    """Draw a line, both ends of which may lie half beyond the edge."""
    height, width = lines.shape
    half = line_px // 2 + 1
    points = [
        (min(max(x, half), width - half), min(max(y, half), height - half))
        for x, y in (start, end)
    ]
    cv2.line(lines, *points, 1.0, line_px)


def lay_on_page(
    form: tuple[Ink, Ink], size_px: tuple[int, int], slant_deg: float, random: Random
) -> Ink:
    """Lay a form somewhere on an empty page, and return its ink, (H, W).

    Args:
        form: The pen's ink, and the lines.
        size_px: Width and height of the page.
        slant_deg: How far it is turned, counterclockwise.
        random: Where chance comes from.
    """
    written, lines = form
    ink = np.maximum(written, random.uniform(*PRINT_STRENGTH) * lines)
    height, width = ink.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), slant_deg, 1)
    cosine, sine = np.abs(turn[0, :2])
    turned = np.array((width * cosine + height * sine, width * sine + height * cosine))
    scale = random.uniform(*PAGE_SHARE) * float(np.min(np.array(size_px) / turned))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), slant_deg, scale)
    room = np.array(size_px) - scale * turned
    centre = scale * turned / 2 + room * random.uniform(0.1, 0.9, 2)
    turn[:, 2] += centre - (width / 2, height / 2)
    return np.asarray(cv2.warpAffine(ink, turn, size_px, flags=cv2.INTER_AREA), np.float32)
