"""Whole photos through the reader: numbers, lines on the paper, and nothing to read."""

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawing import draw_digits, to_png
from PIL import Image

from mnist_model.reader import Reader, Reading
from mnist_model.rejection import load_rejector


@pytest.fixture(scope="module")
def reader():
    return Reader.load()


def _page(labels, **options):
    with Image.open(io.BytesIO(draw_digits(labels, **options))) as image:
        return np.asarray(image.convert("L")).copy()


def _ink_box(page):
    rows, columns = np.nonzero(page < 128)
    return rows.min(), columns.min(), rows.max(), columns.max()


@pytest.mark.parametrize("labels", [[4, 7], [2, 0, 3], [7, 4, 1, 0, 2, 3]])
def test_a_number_is_read_in_order(reader, labels):
    reading = reader.read(draw_digits(labels))
    assert reading.text == "".join(map(str, labels))
    lefts = [digit.box.x for digit in reading.digits]
    assert lefts == sorted(lefts)


def test_lines_are_read_from_top_to_bottom(reader):
    page = np.vstack([_page([2, 7, 4]), _page([3, 0, 7])])
    assert reader.read(to_png(page)).text == "274 307"


def _turned(page, degrees):
    """A page turned on a larger one, so that nothing of it is lost."""
    page = cv2.copyMakeBorder(page, 400, 400, 100, 100, cv2.BORDER_CONSTANT, value=250)
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(page, turn, page.shape[::-1], borderValue=250)


@pytest.mark.parametrize("degrees", [-25, -9, 9, 25])
def test_a_slanted_number_is_read_in_order(reader, degrees):
    assert reader.read(to_png(_turned(_page([2, 0, 3, 7]), degrees))).text == "2037"


@pytest.mark.parametrize("degrees", [-20, 20])
def test_slanted_lines_are_read_from_top_to_bottom(reader, degrees):
    page = np.vstack([_page([2, 7, 4, 0, 3]), _page([3, 0, 7, 2, 4])])
    assert reader.read(to_png(_turned(page, degrees))).text == "27403 30724"


def test_boxes_of_slanted_digits_lie_around_their_ink(reader):
    page = _turned(_page([2, 0, 3, 7]), 20)
    boxes = [digit.box for digit in reader.read(to_png(page)).digits]
    ink = (page < 128).astype(np.uint8)
    strokes = cv2.connectedComponentsWithStats(ink)[2][1:]
    for box, (x, y, width, height, _) in zip(boxes, sorted(strokes.tolist()), strict=True):
        assert (box.x, box.y) == pytest.approx((x, y), abs=4)
        assert (box.width, box.height) == pytest.approx((width, height), abs=8)


def _boxed(labels, columns):
    """Digits in rows of boxes in the middle of a page."""
    rows = [_page(labels[first : first + columns]) for first in range(0, len(labels), columns)]
    page = np.vstack([row[:, 32:-32] for row in rows])
    height, width = rows[0].shape[0], page.shape[1] // columns
    page = cv2.copyMakeBorder(page, 100, 100, 100, 100, cv2.BORDER_CONSTANT, value=250)
    for row in range(len(rows)):
        for column in range(columns):
            left, top = 100 + column * width, 100 + row * height
            cv2.rectangle(page, (left, top), (left + width, top + height), 90, 4)
    return page


@pytest.mark.parametrize("degrees", [0, -3, 8, -14])
@pytest.mark.parametrize(
    ("labels", "columns", "text"),
    [([2, 0, 3, 7], 4, "2037"), ([4, 7, 1, 2, 0, 3], 3, "471 203"), ([3], 1, "3")],
)
def test_digits_in_boxes_are_read_in_order(reader, labels, columns, text, degrees):
    assert reader.read(to_png(_turned(_boxed(labels, columns), degrees))).text == text


def _darkened(page, shadow, depth):
    light = 1 - depth * cv2.GaussianBlur(shadow.astype(np.float32), (0, 0), 2)
    return to_png((page * light).astype(np.uint8))


def _in_a_phones_shadow(label, place, turn_deg):
    page = cv2.copyMakeBorder(_page([label]), 300, 300, 300, 300, cv2.BORDER_CONSTANT, value=250)
    shadow = np.zeros(page.shape, np.uint8)
    corners = cv2.boxPoints((place, (330, 480), turn_deg))
    cv2.fillPoly(shadow, [corners.astype(np.int32)], 1)
    return _darkened(page, shadow, 0.5)


@pytest.mark.parametrize("turn_deg", [5, 30, 60])
@pytest.mark.parametrize("place", [(420, 330), (250, 420)])
def test_a_phones_shadow_is_no_ink(reader, turn_deg, place):
    assert reader.read(_in_a_phones_shadow(3, place, turn_deg)).text == "3"


@pytest.mark.parametrize("thickness_px", [6, 12])
@pytest.mark.parametrize(("labels", "text"), [([4, 7, 2], "472"), ([0, 3, 7], "037")])
def test_a_digit_that_a_shadow_from_the_edge_runs_into_is_read(reader, labels, text, thickness_px):
    page = _page(labels, thickness_px=thickness_px)
    height, width = page.shape
    middle = width // len(labels) // 2
    page = cv2.copyMakeBorder(page, 100, 100, 100, 100, cv2.BORDER_CONSTANT, value=250)
    shadow = np.zeros_like(page)
    shadow[100 + height // 2 :, 100 + middle - 30 : 100 + middle + 30] = 1
    assert reader.read(_darkened(page, shadow, 0.6)).text == text


def test_a_digit_half_in_a_phones_shadow_is_read_with_the_others(reader):
    page = _page([4, 7, 2], thickness_px=4)
    page = cv2.copyMakeBorder(page, 200, 200, 200, 200, cv2.BORDER_CONSTANT, value=250)
    shadow = np.zeros_like(page)
    corners = cv2.boxPoints(((170, 396), (200, 380), 30))
    cv2.fillPoly(shadow, [corners.astype(np.int32)], 1)
    assert reader.read(_darkened(page, shadow, 0.5)).text == "472"


def test_rims_of_punched_holes_add_nothing_to_a_number(reader):
    page = _page([2, 0, 3], thickness_px=6)
    page = cv2.copyMakeBorder(page, 300, 300, 300, 100, cv2.BORDER_CONSTANT, value=250)
    for y in (150, page.shape[0] - 150):
        cv2.circle(page, (120, y), 40, 110, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(page, (120, y), 40, 30, 5, cv2.LINE_AA)
    assert reader.read(to_png(page)).text == "203"


def test_a_1_that_only_another_look_shows_must_be_surer_than_other_digits(reader, monkeypatch):
    one, three = (_in_a_phones_shadow(label, (420, 330), turn_deg=5) for label in (1, 3))
    assert (reader.read(one).text, reader.read(three).text) == ("1", "3")
    monkeypatch.setattr("mnist_model.looks.SURE_OF_ONES", 1.0)
    assert (reader.read(one).text, reader.read(three).text) == ("", "3")


def test_what_is_hardly_darker_than_its_ground_must_be_surer(reader, monkeypatch):
    page = _page([3], thickness_px=24)  # thin strokes would be looked at alone
    page = cv2.copyMakeBorder(page, 100, 100, 200, 200, cv2.BORDER_CONSTANT, value=250)
    ground = cv2.GaussianBlur(np.random.default_rng(0).normal(size=page.shape), (0, 0), 4)
    even, uneven = (to_png(_lit(0.6 * page + step * ground / ground.std())) for step in (15, 25))
    assert (reader.read(even).text, reader.read(uneven).text) == ("3", "3")
    monkeypatch.setattr("mnist_model.reader.SURE_IN_DOUBT", 1.0)
    assert (reader.read(even).text, reader.read(uneven).text) == ("3", "")


def _lit(page):
    return page.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("step", [50, 90])
def test_squared_paper_does_not_disturb(reader, step):
    page = _page([4])
    for place in range(step // 2, max(page.shape), step):
        page[place : place + 2] = np.minimum(page[place : place + 2], 130)
        page[:, place : place + 2] = np.minimum(page[:, place : place + 2], 130)
    assert reader.read(to_png(page)).text == "4"


@pytest.mark.parametrize("corner", [(40, 40), (40, 250), (460, 90)])
def test_a_pen_beside_a_digit_is_no_1(reader, corner):
    digit = cv2.resize(_page([4]), None, fx=0.5, fy=0.5)
    page = cv2.copyMakeBorder(digit, 180, 180, 300, 200, cv2.BORDER_CONSTANT, value=250)
    end = (corner[0] + 130, corner[1] + 230)
    cv2.line(page, corner, end, 60, 18, cv2.LINE_AA)
    assert reader.read(to_png(page)).text == "4"


def test_a_tall_1_is_part_of_its_number(reader):
    page = cv2.copyMakeBorder(_page([7]), 150, 50, 200, 50, cv2.BORDER_CONSTANT, value=250)
    top, left, bottom, _ = _ink_box(page)
    cv2.line(page, (left - 60, bottom - round(1.3 * (bottom - top))), (left - 60, bottom), 30, 10)
    assert reader.read(to_png(page)).text == "17"


@pytest.mark.parametrize("labels", [[2], [7], [2, 7, 4]])
@pytest.mark.parametrize("gaps", [[12], [40], [20, 60]], ids=["near", "far", "double"])
def test_an_underline_is_no_stroke_of_the_number(reader, labels, gaps):
    page = cv2.copyMakeBorder(_page(labels), 50, 0, 60, 60, cv2.BORDER_CONSTANT, value=250)
    _, left, bottom, right = _ink_box(page)
    page = cv2.copyMakeBorder(page[:bottom], 0, 100, 0, 0, cv2.BORDER_CONSTANT, value=250)
    for place in (bottom + gap for gap in gaps):
        cv2.line(page, (left - 20, place), (right + 30, place + 8), 30, 8, cv2.LINE_AA)
    assert reader.read(to_png(page)).text == "".join(map(str, labels))


def test_an_underlined_1_that_is_one_stroke_is_read(reader):
    page = np.full((400, 400), 250, np.uint8)
    cv2.line(page, (210, 80), (195, 240), 30, 12, cv2.LINE_AA)
    for place in (270, 300):
        cv2.line(page, (130, place), (270, place + 5), 30, 10, cv2.LINE_AA)
    assert reader.read(to_png(page)).text == "1"


def test_a_line_between_two_numbers_is_none_of_their_strokes(reader):
    page = np.vstack([_page([2, 7, 4]), _page([3, 0, 7])])
    _, left, bottom, right = _ink_box(page[: len(page) // 2])
    cv2.line(page, (left, bottom + 30), (right, bottom + 30), 30, 8, cv2.LINE_AA)
    assert reader.read(to_png(page)).text == "274 307"


def test_the_bar_of_a_torn_5_is_a_stroke_of_it(reader):
    torn = np.full_like(_page([7]), 250)
    cv2.line(torn, (80, 60), (215, 55), 30, 12)
    cv2.line(torn, (105, 80), (100, 140), 30, 12)
    cv2.ellipse(torn, (130, 190), (60, 58), 0, -120, 130, 30, 12)
    assert reader.read(to_png(np.vstack([_page([7]), torn]))).text == "7 5"


def test_the_bar_of_a_torn_7_underlines_nothing_above(reader):
    torn = np.full_like(_page([4]), 250)
    cv2.line(torn, (80, 60), (225, 58), 30, 14)
    cv2.line(torn, (212, 82), (140, 255), 30, 14)
    assert reader.read(to_png(np.vstack([_page([4]), torn]))).text == "4 7"


def _bracket(page, tips, *, bulge, height=None):
    """Draw half an ellipse beside the digits, bent to the right by `bulge`."""
    top, _, bottom, _ = _ink_box(page)
    height = height or round(1.3 * (bottom - top))
    centre = (tips, (top + bottom) // 2)
    page = page.copy()
    start, end = (-75, 75) if bulge > 0 else (105, 255)
    cv2.ellipse(page, centre, (abs(bulge), height // 2), 0, start, end, 30, 12, cv2.LINE_AA)
    return page


@pytest.mark.parametrize("labels", [[7], [1], [2, 0, 3], [1, 7, 1]])
@pytest.mark.parametrize("opening", [True, False], ids=["around", "after"])
def test_brackets_are_no_1s(reader, labels, opening):
    page = cv2.copyMakeBorder(_page(labels), 60, 60, 120, 120, cv2.BORDER_CONSTANT, value=250)
    _, left, _, right = _ink_box(page)
    bracketed = _bracket(page, right + 20, bulge=60)
    if opening:
        bracketed = _bracket(bracketed, left - 20, bulge=-60)
    assert reader.read(to_png(bracketed)).text == "".join(map(str, labels))


@pytest.mark.parametrize(("bulge", "height"), [(60, 220), (15, 300)], ids=["low", "straight"])
def test_a_1_that_is_low_or_hardly_bent_is_no_bracket(reader, bulge, height):
    page = cv2.copyMakeBorder(_page([7]), 60, 60, 20, 120, cv2.BORDER_CONSTANT, value=250)
    _, _, _, right = _ink_box(page)
    assert reader.read(to_png(_bracket(page, right + 30, bulge=bulge, height=height))).text == "71"


@pytest.mark.parametrize("labels", [[4], [2, 0, 3]])
@pytest.mark.parametrize("side", [-1, 1], ids=["before", "after"])
def test_an_equals_sign_beside_a_number_is_left_out(reader, labels, side):
    page = cv2.copyMakeBorder(_page(labels), 0, 0, 150, 150, cv2.BORDER_CONSTANT, value=250)
    top, left, bottom, right = _ink_box(page)
    start = left - 120 if side < 0 else right + 40
    for place in ((top + bottom) // 2 - 20, (top + bottom) // 2 + 20):
        cv2.line(page, (start, place), (start + 80, place + 4), 30, 12, cv2.LINE_AA)
    assert reader.read(to_png(page)).text == "".join(map(str, labels))


def test_yellow_ink_is_seen_by_its_colour(reader):
    ink = 1 - (_page([3]).astype(float)[..., None] - 30) / 220
    page = 250 * (1 - ink) + np.array([250, 232, 60]) * ink
    assert reader.read(to_png(page.astype(np.uint8))).text == "3"


def _in_bars_shadow(colour, is_shaded):
    ink = _page((2,)) < 128
    page = np.full((*ink.shape, 3), 235, np.uint8)
    page[ink] = colour
    shadow = is_shaded(*np.indices(ink.shape) / len(page))
    page[shadow] = page[shadow] * 0.45
    return to_png(page)


@pytest.mark.parametrize(("step", "width"), [(0.3, 0.06), (0.1, 0.05)])
def test_coloured_ink_is_seen_in_the_shadow_of_bars_and_blinds(reader, step, width):
    def is_shaded(y, x):
        return (y + 0.3 * x) % step < width

    assert reader.read(_in_bars_shadow((90, 110, 230), is_shaded)).text == "2"


def test_black_ink_is_seen_in_the_shadow_of_blinds(reader):
    def is_shaded(y, x):
        return (y + 0.3 * x) % 0.1 < 0.05

    assert reader.read(_in_bars_shadow((40, 40, 40), is_shaded)).text == "2"


def test_a_shadow_in_the_corner_is_no_digit(reader):
    page = np.pad(_page([2]), 100, constant_values=250).astype(float)
    cv2.fillPoly(page, [np.array([(0, 380), (0, page.shape[0]), (150, page.shape[0])])], 110)
    assert reader.read(to_png(page.astype(np.uint8))).text == "2"


@pytest.mark.parametrize("text", ["hello", "X", "M", "AKM"])
def test_letters_are_rejected_with_a_reason(reader, text):
    page = np.full((300, 150 + 150 * len(text)), 245, np.uint8)
    page = cv2.putText(page, text, (60, 210), cv2.FONT_HERSHEY_SIMPLEX, 5, 30, 12)
    reading = reader.read(to_png(page))
    assert (reading.rejected, reading.text) == (True, "")
    assert reading.reason is not None
    assert "does not look like a digit" in reading.reason


def test_a_page_of_text_is_too_much(reader):
    page = np.full((960, 1280), 245, np.uint8)
    for top in range(80, 920, 60):
        page = cv2.putText(page, "AKM text and more of it", (40, top), 0, 1.5, 30, 3)
    reading = reader.read(to_png(page))
    assert reading.rejected
    assert reading.reason is not None
    assert "too much" in reading.reason


def test_a_number_in_doubt_is_read_narrower_and_wider_and_lies_where_it_lay(reader, monkeypatch):
    page = to_png(_turned(_page([2, 0, 3, 7]), 9))
    once = reader.read(page)
    monkeypatch.setattr("mnist_model.reader.DOUBTFUL_NUMBER", 1.0)
    monkeypatch.setattr("mnist_model.reader.DOUBTFUL_READING", 0.0)
    looks = []
    monkeypatch.setattr("mnist_model.looking_again._STRETCHES", (0.8, 1.25))
    read_once = Reader._read_once

    def note(self, writing):
        look = read_once(self, writing)
        looks.append(look.reading)
        return look

    monkeypatch.setattr(Reader, "_read_once", note)
    assert reader.read(page).text == "2037"
    assert [look.text for look in looks] == ["2037"] * 4  # as it is, and turned level three times
    for look in looks:
        for digit, known in zip(look.digits, once.digits, strict=True):
            for side in ("x", "y", "width", "height"):
                assert getattr(digit.box, side) == pytest.approx(getattr(known.box, side), abs=9)


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ([("172", 0.6), ("172", 0.5), ("", 0.0), ("72", 0.4)], "172"),
        ([("172", 0.6), ("", 0.0), ("72", 0.4), ("", 0.0)], "12"),
        ([("", 0.0)] * 4, "12"),
    ],
)
def test_of_a_number_in_doubt_what_most_looks_show_counts(reader, monkeypatch, others, text):
    (digit, *_) = reader.read(draw_digits([2])).digits
    read_once = Reader._read_once
    texts = iter([("12", 0.5), *others])

    def read(self, writing):
        text, certainty = next(texts)
        digits, reason = (digit,) * len(text), None if text else "doubt"
        reading = Reading(digits, text, not text, reason, certainty)
        return replace(read_once(self, writing), reading=reading)

    monkeypatch.setattr(Reader, "_read_once", read)
    monkeypatch.setattr("mnist_model.reader.DOUBTFUL_READING", 0.0)
    reading = reader.read(draw_digits([2, 7]))
    assert (reading.text, reading.certainty, len(reading.digits)) == (text, 0.5, len(text))


def test_text_is_not_cut_in_every_way(reader, monkeypatch):
    page = np.full((300, 900), 245, np.uint8)
    text = to_png(cv2.putText(page, "A letter to read", (40, 140), 0, 2.2, 30, 5))
    cut_closely = []
    monkeypatch.setattr(Reader, "_read_closely", lambda *line: cut_closely.append(line))
    assert reader.read(text).rejected
    assert cut_closely == []


def _scribble(seed):
    page = np.full((300, 300), 245, np.uint8)
    points = np.random.default_rng(seed).integers(40, 260, (9, 2)).astype(np.int32)
    return to_png(cv2.polylines(page, [points], False, 30, 9))


def test_certainty_tells_digits_from_scribbles(reader):
    scribbles = [reader.read(_scribble(seed)) for seed in range(20)]
    digits = [reader.read(draw_digits([label])) for label in (0, 2, 3, 4, 7)]
    assert sum(reading.rejected for reading in scribbles) >= 18
    surest_scribble = max(reading.certainty for reading in scribbles)
    assert surest_scribble < 0.5 * min(reading.certainty for reading in digits)


def test_the_rejector_gives_log_probabilities():
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    found = load_rejector().log_probabilities(images)
    assert found.shape == (5, 10)
    assert (np.exp(found).sum(axis=1) <= 1 + 1e-5).all()


def test_a_black_photo_is_too_dark(reader):
    reading = reader.read(to_png(np.full((400, 300), 4, np.uint8)))
    assert reading.reason is not None
    assert "too dark" in reading.reason


def test_a_smear_that_is_no_digit_is_too_blurred(reader):
    smear = np.full((400, 500), 240, np.uint8)
    cv2.line(smear, (80, 200), (420, 200), 60, 40)
    reading = reader.read(to_png(cv2.GaussianBlur(smear, (0, 0), 30)))
    assert reading.reason is not None
    assert "too blurred" in reading.reason


@pytest.mark.parametrize("shape", [(1, 1), (60, 1), (1, 60), (3, 900), (900, 3)])
@pytest.mark.parametrize("kind", ["blank", "noise", "stroke"])
def test_pictures_of_any_shape_get_an_answer(reader, shape, kind):
    page = np.full(shape, 240, np.uint8)
    if kind == "noise":
        page = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    if kind == "stroke":
        page[shape[0] // 3 : 1 + shape[0] // 2, shape[1] // 3 : 1 + shape[1] // 2] = 10
    reading = reader.read(to_png(page))
    assert reading.rejected == (not reading.digits)
    assert bool(reading.reason) == reading.rejected


@pytest.mark.parametrize(("reach", "height"), [(60, 600), (100, 300), (100, 600), (160, 300)])
def test_a_thumb_that_holds_the_paper_is_no_ink(reader, reach, height):
    page = cv2.copyMakeBorder(_page([2]), 300, 300, 200, 211, cv2.BORDER_CONSTANT, value=250)
    thumb = np.zeros(page.shape, np.uint8)
    cv2.line(thumb, (0, height), (reach, height - 20), 1, 110)
    roundness = np.minimum(cv2.distanceTransform(thumb, cv2.DIST_L2, 5) / 55, 1)
    page = np.where(thumb > 0, 120 - 30 * roundness, page).astype(np.uint8)
    assert reader.read(to_png(page)).text == "2"
