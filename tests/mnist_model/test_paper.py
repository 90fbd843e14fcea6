import cv2
import numpy as np
import pytest

from mnist_model.paper import (
    paper_beside_thin_strokes,
    paper_brightness,
    paper_in_shadows,
    paper_under_wide_things,
)

SIZE = (480, 640)


def _half_in_shadow(turn_deg):
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    turn = np.radians(turn_deg)
    across = (x - 320) * np.cos(turn) + (y - 240) * np.sin(turn)
    return np.where(across > 0, 110, 220).astype(np.uint8)


def _write_on(paper):
    """The paper with a 7 on it, and where that is."""
    digit = np.zeros(SIZE, np.uint8)
    cv2.polylines(digit, [np.array([(240, 140), (400, 140), (300, 340)])], False, 1, 24)
    return np.where(digit > 0, paper // 2, paper), digit


@pytest.mark.parametrize("turn_deg", range(0, 180, 15))
def test_bare_paper_is_as_it_is(turn_deg):
    paper = _half_in_shadow(turn_deg)
    # But for corners: an edge that leaves the picture at a slant is narrow there.
    assert (paper_brightness(paper) == paper).mean() > 0.995


@pytest.mark.parametrize("turn_deg", range(0, 180, 15))
def test_a_shadows_edge_goes_on_under_the_stroke_that_crosses_it(turn_deg):
    paper = _half_in_shadow(turn_deg)
    photo, digit = _write_on(paper)
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


def _in_a_phones_shadow(turn_deg):
    paper = np.full(SIZE, 220, np.uint8)
    corners = cv2.boxPoints(((320, 330), (230, 260), turn_deg))
    cv2.fillPoly(paper, [corners.astype(np.int32)], 110)
    return paper


def _like_ink(paper, photo):
    """What seems to be a stroke, and not just an edge that is some pixels off."""
    is_dark = (paper > photo.astype(int) + 30).astype(np.uint8)
    return cv2.morphologyEx(is_dark, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8)) > 0


@pytest.mark.parametrize("turn_deg", range(0, 90, 15))
def test_the_corners_of_a_shadow_are_paper(turn_deg):
    paper = _in_a_phones_shadow(turn_deg)
    photo, digit = _write_on(paper)
    found = paper_in_shadows(photo)
    is_bare = cv2.dilate(digit, np.ones((15, 15), np.uint8)) == 0
    assert _like_ink(paper_brightness(photo), photo)[is_bare].any()
    assert not _like_ink(found, photo)[is_bare].any()
    is_inked = digit > 0
    assert (found[is_inked] > photo[is_inked] + 30).mean() > 0.97


@pytest.mark.parametrize("turn_deg", [0, 90])
def test_a_shadow_without_corners_is_not_looked_into(turn_deg):
    assert paper_in_shadows(_half_in_shadow(turn_deg)) is None


def test_what_is_wider_than_strokes_is_filled_too():
    photo = np.full(SIZE, 200, np.uint8)
    cv2.line(photo, (250, 120), (300, 300), 60, 8)
    cv2.line(photo, (0, 400), (90, 380), 120, 100)  # a thumb
    thumb = np.s_[370:400, 20:100]
    assert (paper_under_wide_things(photo)[thumb] > 190).all()


@pytest.mark.parametrize("turn_deg", range(0, 180, 20))
def test_the_shadow_of_a_finger_is_paper_beside_thin_strokes(turn_deg):
    along = np.array([np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))]) * 120
    ends = [tuple(int(side) for side in (320, 240) + sign * along) for sign in (-1, 1)]
    paper = np.full(SIZE, 220, np.uint8)
    cv2.line(paper, *ends, 110, 30)
    strokes = np.zeros(SIZE, np.uint8)
    cv2.polylines(strokes, [np.array([(240, 140), (400, 140), (300, 340)])], False, 1, 4)
    photo = np.where(strokes > 0, paper // 2, paper)
    is_bare = cv2.dilate(strokes, np.ones((5, 5), np.uint8)) == 0
    assert _like_ink(paper_brightness(photo), photo)[is_bare].any()
    found = paper_beside_thin_strokes(photo)
    assert not _like_ink(found, photo)[is_bare].any()
    assert (found == paper)[strokes > 0].mean() > 0.97


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (5, 7)])
def test_pictures_of_any_shape_may_have_no_shadows(shape):
    assert paper_in_shadows(np.full(shape, 99, np.uint8)) is None
