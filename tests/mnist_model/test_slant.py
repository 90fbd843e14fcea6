import cv2
import numpy as np
import pytest

from mnist_model.decoding import GreyPhoto
from mnist_model.ink import map_ink
from mnist_model.segmentation import Piece
from mnist_model.slant import measure_frame, measure_slant, turn_level


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


def _drawn(corners, slant):
    """A piece with lines from corner to corner, turned."""
    turn = cv2.getRotationMatrix2D((200, 200), -slant, 1)
    points = np.array(corners, np.float64) @ turn[:, :2].T + turn[:, 2]
    mask = np.zeros((400, 400), np.uint8)
    cv2.polylines(mask, [points.round().astype(np.int32)], True, 1, 4)
    return mask


SQUARE = [(120, 130), (280, 130), (280, 270), (120, 270)]


@pytest.mark.parametrize("slant", [-40, -14, -3, 3, 14, 40])
@pytest.mark.parametrize("wide", [1.0, 0.4])
def test_a_turned_frame_is_measured(slant, wide):
    corners = [(x, 200 + wide * (y - 200)) for x, y in SQUARE]
    mask = _drawn(corners, slant) | _drawn([(190, 175), (205, 190), (200, 225)], slant)
    assert measure_frame(Piece(mask > 0, 0, 0)) == pytest.approx(slant, abs=1)


@pytest.mark.parametrize(
    "mask",
    [
        _drawn(SQUARE, 0),
        _drawn([(200, 100), (260, 200), (200, 300), (140, 200)], 10),
        _drawn([(120, 130), (280, 130), (200, 270)], 14),
        cv2.circle(np.zeros((400, 400), np.uint8), (200, 200), 90, 1, 5),
        cv2.line(np.zeros((400, 400), np.uint8), (150, 90), (220, 300), 1, 9),
        np.ones((60, 40), np.uint8),
        np.ones((1, 1), np.uint8),
    ],
    ids=["level", "lozenge on its tip", "triangle", "0", "1", "blot", "dot"],
)
def test_what_is_no_turned_frame_is_none(mask):
    assert measure_frame(Piece(mask > 0, 0, 0)) == 0
