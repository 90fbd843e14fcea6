import cv2
import numpy as np
import pytest

from mnist_model.ink import map_ink
from mnist_model.ink_in_doubt import (
    map_ink_in_grain,
    map_ink_in_shadows,
    map_paler_ink,
    map_whole_strokes,
    measure_shadow,
)

NO_LINES = np.zeros((480, 640), np.bool_)


def _page():
    return np.full((480, 640), 225, np.uint8)


def _is_found(ink, seen):
    """Whether strokes of this brightness, and they alone, are ink; their blurred rims aside."""
    is_ink = ink.contrast > ink.threshold
    inside = cv2.erode(seen.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    around = cv2.dilate(seen.view(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return bool(is_ink[inside].all()) and not is_ink[~around].any()


def test_pale_ink_is_found_beside_what_the_edge_cuts():
    page = _page()
    cv2.line(page, (200, 100), (320, 240), 180, 10)
    seen = page == 180
    cv2.ellipse(page, (520, 480), (50, 160), 0, 0, 360, 40, -1)
    ink = map_ink(page)
    assert not _is_found(ink, seen)
    assert _is_found(map_paler_ink(ink, NO_LINES), seen)


def test_pale_ink_is_found_among_black_lines():
    page = _page()
    cv2.line(page, (350, 250), (440, 340), 180, 10)
    seen = page == 180
    for place in (100, 300, 500):
        cv2.line(page, (place, 60), (place, 420), 10, 6)
        cv2.line(page, (100, place - 100), (500, place - 100), 10, 6)
    ink = map_ink(page)
    assert not (ink.contrast > ink.threshold)[seen].any()
    paler = map_paler_ink(ink, page == 10)
    assert (paler.contrast > paler.threshold)[seen].all()


@pytest.mark.parametrize("brightness", [40, 180])
def test_ink_that_is_the_only_one_is_no_paler(brightness):
    page = _page()
    cv2.line(page, (200, 100), (320, 240), brightness, 10)
    assert map_paler_ink(map_ink(page), NO_LINES) is None


def test_strokes_of_crayon_are_filled_and_whole_ones_stay():
    page = _page()
    cv2.line(page, (200, 100), (320, 240), 60, 24)
    seen = page == 60
    assert map_whole_strokes(map_ink(page)) is None
    random = np.random.default_rng(0)
    grain = cv2.GaussianBlur(random.normal(0, 1, page.shape), (0, 0), 1.5)
    page[grain > 0.15] = 225
    ink, whole = map_ink(page), map_whole_strokes(map_ink(page))
    gaps, filled = ((one.contrast <= one.threshold)[seen].mean() for one in (ink, whole))
    assert filled < gaps / 2


def test_grain_is_smoothed_until_strokes_stand_out():
    page = _page() // 4
    cv2.line(page, (200, 100), (320, 240), 10, 16)
    seen = page == 10
    grain = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 20, page.shape), (0, 0), 0.8)
    dark = (page + grain).clip(0, 255).astype(np.uint8)
    assert map_ink(dark).is_grainy
    smooth = map_ink_in_grain(dark)
    is_ink = smooth.contrast > smooth.threshold
    assert is_ink[seen].mean() > 0.9
    assert is_ink[~seen].mean() < 0.02


def _with_bars(page, *, step, width_px, slope):
    """Lay the shadow of bars on a page."""
    rows, columns = np.indices(page.shape)
    is_shaded = (rows + slope * columns) % step < width_px
    return np.where(is_shaded, page * 0.5, page).astype(np.uint8)


@pytest.mark.parametrize(("step", "width_px"), [(160, 20), (30, 15)])
def test_bars_are_shadows_and_what_is_darker_is_ink(step, width_px):
    page = _page()
    cv2.line(page, (200, 100), (320, 380), 40, 10)
    seen = page == 40
    shaded = _with_bars(page, step=step, width_px=width_px, slope=0.3)
    ink = map_ink(shaded)
    assert not _is_found(ink, seen)
    assert _is_found(map_ink_in_shadows(shaded, measure_shadow(shaded, ink)), seen)


def test_rulings_and_strokes_are_no_shadows():
    page = _with_bars(_page(), step=60, width_px=3, slope=0)
    cv2.putText(page, "8", (280, 280), cv2.FONT_HERSHEY_SIMPLEX, 4, 60, 8)
    assert measure_shadow(page, map_ink(page)) is None
