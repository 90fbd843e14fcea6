"""Digits that are drawn as outlines only."""

import io

import cv2
import numpy as np
import pytest
from drawing import blank_page, draw_digits, to_png
from PIL import Image

from mnist_model.outlines import fill_outlines
from mnist_model.photo import find_writing
from mnist_model.reader import Reader


@pytest.fixture(scope="module")
def reader():
    return Reader.load()


def _page(labels, thickness_px=40):
    with Image.open(io.BytesIO(draw_digits(labels, thickness_px=thickness_px))) as image:
        return np.asarray(image.convert("L")).copy()


def _outlined(labels):
    is_ink = (_page(labels) < 128).astype(np.uint8)
    within = cv2.erode(is_ink, np.ones((9, 9), np.uint8))
    return to_png(np.where(is_ink > within, 30, 250).astype(np.uint8))


def _fill(photo):
    writing = find_writing(photo)
    return fill_outlines(writing.photo, writing.ink, writing.is_inked)


@pytest.mark.parametrize("labels", [[4], [7, 2], [3, 0, 4]])
def test_outlines_are_read(reader, labels):
    reading = reader.read(_outlined(labels))
    assert reading.text == "".join(map(str, labels))


def test_light_outlines_on_dark_are_read(reader):
    with Image.open(io.BytesIO(_outlined([4, 7]))) as image:
        negative = to_png(255 - np.asarray(image))
    assert reader.read(negative).text == "47"


def test_filled_as_if_by_hand():
    filled = _fill(_outlined([0]))
    assert filled is not None
    photo, ink = filled
    assert np.mean((photo.pixels < 128) == (_page([0]) < 128)) > 0.99
    assert np.count_nonzero(ink.contrast > ink.threshold) > 1.5 * np.count_nonzero(
        find_writing(_outlined([0])).is_inked
    )


@pytest.mark.parametrize("photo", [draw_digits([0]), draw_digits([4, 2, 0]), blank_page()])
def test_the_hole_of_a_digit_stays_paper(photo):
    assert _fill(photo) is None


def test_a_square_stays_empty():
    page = np.full((400, 400), 250, np.uint8)
    cv2.rectangle(page, (100, 100), (300, 300), 30, 8)
    assert _fill(to_png(page)) is None
