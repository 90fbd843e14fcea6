"""Adapter: paints the pictures of `/accuracy`: confusion matrices, and model versions."""

import asyncio
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageColor, ImageDraw, ImageFont

from bot.services.ports import VersionAccuracy

_CELL, _MARGIN, _HEADER, _GAP = 34, 54, 64, 36  # pixels
_PAPER, _TEXT, _SOFT = "#ffffff", "#1d2530", "#7b8798"
_RIGHT, _WRONG, _NONE = "#2f6fde", "#d6483b", "#f2f4f8"

# Of the picture of versions, in pixels: it shall be readable on a phone without being opened.
_WIDTH, _HEIGHT = 1280, 960
_PLOT_LEFT, _PLOT_RIGHT, _PLOT_TOP, _PLOT_BOTTOM = 140, 1260, 150, 640
_WIDEST_COLUMN = 240
_ROWS = (700, 746, 812, 868, 924)  # baselines of what stands below the plot
_LARGEST, _LARGE, _SMALL = 46, 34, 25
_DOT, _SHIFT = 13, 20

_FLOORS = (0.98, 0.95, 0.9, 0.8, 0.7, 0.5, 0.0)
_STEPS = {0.98: 0.005, 0.95: 0.01, 0.9: 0.02, 0.8: 0.05, 0.7: 0.05, 0.5: 0.1, 0.0: 0.2}
"""Where the accuracy axis may begin, and how far apart its lines are then."""

Matrix = Sequence[Sequence[int]]


class PillowAccuracyPainter:
    """An `AccuracyPainter` for the services."""

    async def paint_matrices(self, mnist: Matrix, live: Matrix) -> bytes:
        """Return a PNG of two confusion matrices side by side.

        Args:
            mnist: Counts on MNIST's test images, [true][read], 10 x 10.
            live: Counts by what people said, [said][read], 11 x 10; the last row is "no digit".
        """
        return await asyncio.to_thread(_paint_matrices, mnist, live)

    async def paint_versions(self, versions: Sequence[VersionAccuracy]) -> bytes:
        """Return a PNG of the accuracy of model versions, in the order given; at least one."""
        return await asyncio.to_thread(_paint_versions, versions)


def _paint_matrices(mnist: Matrix, live: Matrix) -> bytes:
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
    draw.text((x, 4), title, _TEXT, _font(24))
    draw.text((x + 10 * _CELL, 26), "read as", _SOFT, _font(17), anchor="rs")
    draw.text((x - 12, 58), row_name, _SOFT, _font(17), anchor="rs")
    for label in range(10):
        centre = x + label * _CELL + _CELL // 2
        draw.text((centre, y - 6), str(label), _SOFT, _font(19), anchor="ms")
    for row, counts in enumerate(matrix):
        top = y + row * _CELL
        name = str(row) if row < 10 else "none"
        draw.text((x - 12, top + _CELL // 2), name, _SOFT, _font(19), anchor="rm")
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
        text = _short_count(count)
        centre = (x + _CELL // 2, y + _CELL // 2)
        draw.text(centre, text, ink, _font({1: 18, 2: 18, 3: 16}.get(len(text), 13)), anchor="mm")


def _paint_versions(versions: Sequence[VersionAccuracy]) -> bytes:
    canvas = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    draw = ImageDraw.Draw(canvas)
    axis = _Axis.over(versions)
    width = min((_PLOT_RIGHT - _PLOT_LEFT) / len(versions), _WIDEST_COLUMN)
    first = (_PLOT_LEFT + _PLOT_RIGHT - width * (len(versions) - 1)) / 2
    size = _LARGE if width > 4 * _LARGE else _SMALL
    columns = [(first + place * width, version) for place, version in enumerate(versions)]
    for x, version in columns:
        if version.is_active:
            half = width / 2 - 4
            draw.rounded_rectangle((x - half, _PLOT_TOP - 14, x + half, _HEIGHT - 16), 16, _NONE)
    _draw_axis(draw, axis)
    _draw_legend(draw)
    tested = [(x + _SHIFT, axis.y(version.test_accuracy)) for x, version in columns]
    judged = [
        (x - _SHIFT, axis.y(version.right / version.judged))
        for x, version in columns
        if version.judged
    ]
    draw.line(tested, _blend(_PAPER, _SOFT, 0.4), 4, joint="curve")
    draw.line(judged, _blend(_PAPER, _RIGHT, 0.4), 4, joint="curve")
    for x, version in columns:
        _draw_version(draw, axis, version, x, size)
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(frozen=True)
class _Axis:
    """The axis of accuracies, from `floor` to 1."""

    floor: float

    @classmethod
    def over(cls, versions: Sequence[VersionAccuracy]) -> "_Axis":
        """Return the shortest axis on which everything of these versions can be seen."""
        shown = [version.test_accuracy for version in versions]
        shown += [version.interval[0] for version in versions if version.interval]
        return cls(next(floor for floor in _FLOORS if floor <= min(shown)))

    @property
    def ticks(self) -> list[float]:
        """The accuracies at which lines are drawn."""
        step = _STEPS[self.floor]
        return [1 - place * step for place in range(round((1 - self.floor) / step) + 1)]

    def y(self, accuracy: float) -> float:
        """Return where an accuracy stands."""
        return _PLOT_BOTTOM - (accuracy - self.floor) / (1 - self.floor) * (
            _PLOT_BOTTOM - _PLOT_TOP
        )


def _draw_axis(draw: ImageDraw.ImageDraw, axis: _Axis) -> None:
    decimals = 1 if _STEPS[axis.floor] < 0.01 else 0
    for accuracy in axis.ticks:
        y = axis.y(accuracy)
        draw.line((_PLOT_LEFT, y, _PLOT_RIGHT, y), "#dde3ec", 2)
        text = f"{accuracy:.{decimals}%}"
        draw.text((_PLOT_LEFT - 16, y), text, _SOFT, _font(_LARGE), anchor="rm")
    for baseline, name in zip(_ROWS[2:], ("photos", "judged", "MNIST"), strict=True):
        draw.text((_PLOT_LEFT - 16, baseline), name, _SOFT, _font(_LARGE), anchor="rs")


def _draw_legend(draw: ImageDraw.ImageDraw) -> None:
    draw.text((_PLOT_LEFT, 10), "Accuracy by model", _TEXT, _font(_LARGEST))
    x, y = _PLOT_LEFT + 13, 96
    _draw_dot(draw, x, y, (y - 27, y + 27))
    text = "real photos (95% interval)"
    draw.text((x + 30, y), text, _SOFT, _font(_LARGE), anchor="lm")
    diamond_x = x + 90 + draw.textlength(text, _font(_LARGE))
    _draw_diamond(draw, diamond_x, y)
    draw.text((diamond_x + 28, y), "MNIST test", _SOFT, _font(_LARGE), anchor="lm")


def _draw_version(
    draw: ImageDraw.ImageDraw, axis: _Axis, version: VersionAccuracy, x: float, size: int
) -> None:
    """Draw the marks of a version, and its figures below the plot."""
    _draw_diamond(draw, x + _SHIFT, axis.y(version.test_accuracy))
    photos, judged = "-", "none"
    if version.interval is not None:
        accuracy = version.right / version.judged
        low, high = version.interval
        _draw_dot(draw, x - _SHIFT, axis.y(accuracy), (axis.y(high), axis.y(low)))
        photos, judged = f"{accuracy:.1%}", _short_count(version.judged)
    date = f"{version.activated_at:%b} {version.activated_at.day}"
    texts = (f"#{version.version_id}", date, photos, judged, f"{version.test_accuracy:.2%}")
    colours = (_RIGHT if version.is_active else _TEXT, _SOFT, _RIGHT, _SOFT, _TEXT)
    for baseline, text, colour in zip(_ROWS, texts, colours, strict=True):
        draw.text((x, baseline), text, colour, _font(size), anchor="ms")


def _draw_dot(
    draw: ImageDraw.ImageDraw, x: float, y: float, interval: tuple[float, float]
) -> None:
    """Draw an accuracy with its interval (top, bottom), clear of the lines behind it."""
    draw.circle((x, y), _DOT, _PAPER)
    draw.line((x, interval[0], x, interval[1]), _RIGHT, 4)
    for end in interval:
        draw.line((x - 8, end, x + 8, end), _RIGHT, 4)
    draw.circle((x, y), _DOT - 3, _RIGHT)


def _draw_diamond(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    reach = _DOT + 2
    corners = [(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)]
    draw.polygon(corners, _TEXT, _PAPER, 3)


def _short_count(count: int) -> str:
    """Write a count below a billion in at most four characters."""
    if count < 10_000:
        return str(count)
    if count < 999_500:
        return f"{count / 1e3:.0f}k"
    return f"{count / 1e6:.1f}M" if count < 9_950_000 else f"{count / 1e6:.0f}M"


def _blend(low: str, high: str, share: float) -> tuple[int, ...]:
    pairs = zip(ImageColor.getrgb(low), ImageColor.getrgb(high), strict=True)
    return tuple(round(a + (b - a) * share) for a, b in pairs)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
