import cv2
import numpy as np
import pytest

from mnist_model.paper import paper_brightness

SIZE = (480, 640)


def _half_in_shadow(turn_deg):
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    turn = np.radians(turn_deg)
    across = (x - 320) * np.cos(turn) + (y - 240) * np.sin(turn)
    return np.where(across > 0, 110, 220).astype(np.uint8)


@pytest.mark.parametrize("turn_deg", range(0, 180, 15))
def test_bare_paper_is_as_it_is(turn_deg):
    paper = _half_in_shadow(turn_deg)
    # But for corners: an edge that leaves the picture at a slant is narrow there.
    assert (paper_brightness(paper) == paper).mean() > 0.995


@pytest.mark.parametrize("turn_deg", range(0, 180, 15))
def test_a_shadows_edge_goes_on_under_the_stroke_that_crosses_it(turn_deg):
    paper = _half_in_shadow(turn_deg)
    digit = np.zeros(SIZE, np.uint8)
    cv2.polylines(digit, [np.array([(240, 140), (400, 140), (300, 340)])], False, 1, 24)
    photo = np.where(digit > 0, paper // 2, paper)
    found = paper_brightness(photo)
    is_inked = digit > 0
    assert (found[is_inked] > photo[is_inked] + 30).mean() > 0.97  # no gap where it crosses
    near = cv2.dilate(digit, np.ones((15, 15), np.uint8)) > 0
    assert (np.abs(found.astype(int) - paper) < 12)[~near].mean() > 0.99


@pytest.mark.parametrize("thickness", [3, 20, 90])
def test_strokes_of_any_width_are_filled(thickness):
    photo = np.full(SIZE, 200, np.uint8)
    cv2.line(photo, (250, 120), (390, 360), 60, thickness)
    assert (paper_brightness(photo) > 190).mean() > 0.999


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (5, 7)])
def test_pictures_of_any_shape_have_paper(shape):
    assert paper_brightness(np.full(shape, 99, np.uint8)).shape == shape
