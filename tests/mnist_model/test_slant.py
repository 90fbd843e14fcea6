import cv2
import numpy as np
import pytest

from mnist_model.decoding import GreyPhoto
from mnist_model.ink import map_ink
from mnist_model.segmentation import Piece
from mnist_model.slant import measure_slant, turn_level


def _digits(*centres, height=40):
    mask = np.ones((height, height // 2), np.bool_)
    return [Piece(mask, round(x) - height // 4, round(y) - height // 2) for x, y in centres]


@pytest.mark.parametrize("slant", [-30, -12, 12, 30])
def test_the_slope_of_a_line_is_measured(slant):
    x = np.arange(5) * 45.0
    digits = _digits(*zip(x, 300 + x * np.tan(np.radians(slant)), strict=True))
    assert measure_slant(digits) == pytest.approx(slant, abs=2)


def test_lines_below_one_another_do_not_hide_their_slope():
    x = np.arange(6) * 45.0
    down = x * np.tan(np.radians(15))
    digits = _digits(*zip(x, 100 + down, strict=True), *zip(x, 160 + down, strict=True))
    assert measure_slant(digits[::-1]) == pytest.approx(15, abs=2)


@pytest.mark.parametrize(
    "centres",
    [[], [(50, 50)], [(50, 50), (50, 120)], [(50, 50), (95, 55)], [(50, 50), (95, 52), (140, 48)]],
    ids=["none", "one", "two rows", "two, one a little lower", "level"],
)
def test_what_runs_level_has_no_slant(centres):
    assert measure_slant(_digits(*centres)) == 0


@pytest.mark.parametrize("slant", [-20, 20])
def test_turned_level_and_back_nothing_moves(slant):
    page = np.full((300, 400), 240, np.uint8)
    cv2.circle(page, (90, 200), 6, 20, -1)
    ink = map_ink(page)
    photo, turned = turn_level(
        GreyPhoto(page, width_px=800, height_px=600), ink, ink.contrast > ink.threshold, slant
    )
    rows, columns = np.nonzero(turned.contrast > turned.threshold)
    assert abs(len(rows) - np.count_nonzero(ink.contrast > ink.threshold)) < 12
    place = np.array([2 * columns.mean(), 2 * rows.mean(), 1])  # in full size, twice as large
    assert photo.to_upright @ place == pytest.approx((180, 400), abs=3)
    assert photo.pixels.shape == turned.contrast.shape == turned.paper.shape
