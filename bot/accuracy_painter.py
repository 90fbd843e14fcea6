"""Adapter: paints confusion matrices, as a picture to send."""

import asyncio
import io
import math
from collections.abc import Sequence

from PIL import Image, ImageColor, ImageDraw, ImageFont

_CELL, _MARGIN, _HEADER, _GAP = 34, 54, 64, 36  # pixels
_PAPER, _TEXT, _SOFT = "#ffffff", "#1d2530", "#7b8798"
_RIGHT, _WRONG, _NONE = "#2f6fde", "#d6483b", "#f2f4f8"

Matrix = Sequence[Sequence[int]]


class PillowAccuracyPainter:
    """An `AccuracyPainter` for the services."""

    async def paint_accuracy(self, mnist: Matrix, live: Matrix) -> bytes:
        """Return a PNG of two confusion matrices side by side.

        Args:
            mnist: Counts on MNIST's test images, [true][read], 10 x 10.
            live: Counts by what people said, [said][read], 11 x 10; the last row is "no digit".
        """
        return await asyncio.to_thread(_paint, mnist, live)


def _paint(mnist: Matrix, live: Matrix) -> bytes:
    side = _MARGIN + 10 * _CELL
    canvas = Image.new("RGB", (2 * side + _GAP + 16, _HEADER + 11 * _CELL + 16), _PAPER)
    draw = ImageDraw.Draw(canvas)
    _draw_matrix(draw, 0, "MNIST test", "true", mnist)
    _draw_matrix(draw, side + _GAP, "Real photos", "said", live)
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG")
    return buffer.getvalue()


def _draw_matrix(
    draw: ImageDraw.ImageDraw, left: int, title: str, row_name: str, matrix: Matrix
) -> None:
    x, y = left + _MARGIN, _HEADER
    draw.text((x, 8), title, _TEXT, _font(20))
    draw.text((x + 10 * _CELL, 40), "read as", _SOFT, _font(13), anchor="rs")
    draw.text((x - 12, 40), row_name, _SOFT, _font(13), anchor="rs")
    for label in range(10):
        centre = x + label * _CELL + _CELL // 2
        draw.text((centre, y - 6), str(label), _SOFT, _font(14), anchor="ms")
    for row, counts in enumerate(matrix):
        top = y + row * _CELL
        name = str(row) if row < 10 else "none"
        draw.text((x - 12, top + _CELL // 2), name, _SOFT, _font(14), anchor="rm")
        for column, count in enumerate(counts):
            corner = (x + column * _CELL, top)
            _draw_cell(draw, corner, count, sum(counts), is_right=row == column)


def _draw_cell(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], count: int, total: int, *, is_right: bool
) -> None:
    x, y = corner
    # The square root lets a handful of mistakes among a thousand be seen.
    strength = math.sqrt(count / total) if count else 0.0
    colour = _blend(_NONE, _RIGHT if is_right else _WRONG, strength)
    draw.rectangle((x + 1, y + 1, x + _CELL - 2, y + _CELL - 2), colour)
    if count:
        ink = _PAPER if strength > 0.5 else _TEXT
        text = str(count) if count < 10_000 else f"{count // 1000}k"
        centre = (x + _CELL // 2, y + _CELL // 2)
        draw.text(centre, text, ink, _font(13 if len(text) < 4 else 11), anchor="mm")


def _blend(low: str, high: str, share: float) -> tuple[int, ...]:
    pairs = zip(ImageColor.getrgb(low), ImageColor.getrgb(high), strict=True)
    return tuple(round(a + (b - a) * share) for a, b in pairs)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
