"""Sheets of paper that lie on something else."""

import io

import cv2
import numpy as np
import pytest
from drawing import draw_digits, to_png
from PIL import Image

from mnist_model.decoding import GreyPhoto
from mnist_model.reader import Reader
from mnist_model.sheet import single_out_sheets

SIZE = (600, 800)
PAPER = 215


def _dark_desk():
    return np.full(SIZE, 50, np.uint8)


def _bright_desk():
    return np.full(SIZE, 250, np.uint8)


def _chequered_desk():
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.where((x // 25 + y // 25) % 2, 140, 80).astype(np.uint8)


def _wooden_desk():
    streaks = np.random.default_rng(0).uniform(60, 160, (12, 90))
    return cv2.resize(streaks, SIZE[::-1], interpolation=cv2.INTER_CUBIC).astype(np.uint8)


DESKS = [_dark_desk, _bright_desk, _chequered_desk, _wooden_desk]


def _lay_on(desk, page, turn_deg):
    """Lay a page on the middle of a desk; return the photo and where the sheet is."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, 1)
    turn[:, 2] += (SIZE[1] / 2 - width / 2, SIZE[0] / 2 - height / 2)
    is_sheet = cv2.warpAffine(np.ones_like(page), turn, SIZE[::-1]) > 0
    seen = cv2.warpAffine(page, turn, SIZE[::-1], flags=cv2.INTER_NEAREST)
    return np.where(is_sheet, seen, desk), is_sheet


def _single_out(pixels):
    height, width = pixels.shape
    return list(single_out_sheets(GreyPhoto(pixels, width, height)))


def _note_with_a_7(side_px):
    with Image.open(io.BytesIO(draw_digits([7]))) as image:
        page = np.asarray(image.convert("L"))
    return cv2.resize(page, (round(side_px * page.shape[1] / page.shape[0]), side_px))


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("turn_deg", [0, 12, -20])
def test_a_sheet_goes_on_beyond_its_edge(desk, turn_deg):
    photo, is_sheet = _lay_on(desk(), np.full((320, 420), PAPER, np.uint8), turn_deg)
    first = _single_out(photo)[0].pixels
    assert first.shape == photo.shape
    assert (first == PAPER).all()


def test_a_ruling_goes_on_beyond_the_sheet_too():
    page = np.full((320, 420), PAPER, np.uint8)
    page[60::60] = 120
    page[61::60] = 120
    photo, _ = _lay_on(_dark_desk(), page, 0)
    first = _single_out(photo)[0].pixels
    rows = np.flatnonzero(first[:, 400] < 150)
    assert len(rows) == 10
    assert (first[rows][:, (5, 795)] < 180).all()


@pytest.mark.parametrize("turn_deg", range(0, 180, 15))
def test_half_a_page_in_shadow_is_no_sheet(turn_deg):
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    across = (x - 400) * np.cos(np.radians(turn_deg)) + (y - 300) * np.sin(np.radians(turn_deg))
    assert _single_out(np.where(across > 0, 110, 220).astype(np.uint8)) == []


def test_a_printed_square_is_no_sheet():
    photo = np.full(SIZE, PAPER, np.uint8)
    cv2.rectangle(photo, (200, 150), (560, 450), 60, 6)
    assert _single_out(photo) == []


def test_a_slip_too_narrow_to_be_read_is_no_sheet():
    photo = _dark_desk()
    photo[100:500, 300:345] = PAPER
    assert _single_out(photo) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (239, 200), SIZE])
def test_paper_alone_has_no_sheets(shape):
    assert _single_out(np.full(shape, PAPER, np.uint8)) == []


@pytest.fixture(scope="module")
def reader():
    return Reader.load()


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("turn_deg", [8, -10])
def test_a_digit_on_a_note_is_read_and_found_in_the_photo(reader, desk, turn_deg):
    photo, is_sheet = _lay_on(desk(), _note_with_a_7(260), turn_deg)
    reading = reader.read(to_png(photo))
    assert reading.text == "7"
    box = reading.digits[0].box
    assert is_sheet[box.y : box.y + box.height, box.x : box.x + box.width].all()


@pytest.mark.parametrize("desk", DESKS)
def test_an_empty_sheet_is_rejected(reader, desk):
    photo, _ = _lay_on(desk(), np.full((320, 420), PAPER, np.uint8), 12)
    reading = reader.read(to_png(photo))
    assert reading.rejected
    assert reading.reason.endswith(".")
