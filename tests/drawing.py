"""Draws digits with a pen, for tests that need a photo and no download."""

import io
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

# Strokes on a 10 x 14 grid, as a hand writes them: corners of lines, (x, y) from the top left.
_STROKES: dict[int, list[list[tuple[float, float]]]] = {
    0: [[(5, 0), (2, 2), (1, 7), (2, 12), (5, 14), (8, 12), (9, 7), (8, 2), (5, 0)]],
    1: [[(5, 0), (5, 14)]],
    2: [[(1, 3), (3, 0), (7, 0), (9, 3), (8, 6), (1, 14), (9, 14)]],
    3: [[(1, 1), (5, 0), (8, 2), (7, 5), (4, 7), (8, 9), (8, 12), (5, 14), (1, 13)]],
    4: [[(2, 0), (1, 8), (9, 8)], [(8, 0), (8, 14)]],
    7: [[(1, 0), (9, 0), (4, 14)]],
}


def draw_digits(labels: Sequence[int], *, thickness_px: int = 14, scale: int = 16) -> bytes:
    """Return a PNG of a page with these digits in a row, dark ink on white paper."""
    page = np.full((20 * scale, (4 + 14 * len(labels)) * scale), 250, np.uint8)
    for place, label in enumerate(labels):
        for stroke in _STROKES[label]:
            points = (np.array(stroke) + (4 + 14 * place, 3)) * scale
            cv2.polylines(
                page, [points.astype(np.int32)], False, 30, thickness_px, lineType=cv2.LINE_AA
            )
    return to_png(page)


def blank_page(width_px: int = 400, height_px: int = 400) -> bytes:
    """Return a PNG of a page that nobody has written on."""
    return to_png(np.full((height_px, width_px), 240, np.uint8))


def to_png(pixels: np.ndarray) -> bytes:
    """Return pixels (H, W) or (H, W, 3), uint8, as a PNG file's bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


_ODD_STROKES: dict[int, list[tuple[float, float]]] = {
    1: [(2.5, 1), (6.5, 0), (6.5, 14)],  # a flag so flat that it looks like a 7
    7: [(1, 0), (9, 0), (3.5, 13), (9, 13)],  # a foot that makes it look like a 2
}


def draw_oddly(label: int, *, seed: int, scale: int = 16) -> bytes:
    """Return a PNG of a 1 or a 7 as one person writes it, every time a little differently."""
    random = np.random.default_rng(seed)
    corners = np.array(_ODD_STROKES[label]) + random.normal(0, 0.3, (len(_ODD_STROKES[label]), 2))
    page = np.full((22 * scale, 20 * scale), 245, np.uint8)
    points = ((corners + (5, 4)) * scale).astype(np.int32)
    cv2.polylines(page, [points], False, 40, int(random.integers(12, 20)), lineType=cv2.LINE_AA)
    return to_png(page)
