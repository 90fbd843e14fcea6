import io

import cv2
import numpy as np
import pytest
from drawing import blank_page, draw_digits, to_png
from PIL import Image

from mnist_model.data import load_train_and_validation
from mnist_model.ink import is_light_on_dark, map_ink
from mnist_model.ink_in_doubt import map_darkest_ink
from mnist_model.photo import find_writing
from mnist_model.reader import Reader
from mnist_model.rendering import (
    THICKEST_STROKE_PX,
    THINNEST_STROKE_PX,
    render_digit,
    stroke_width,
)
from mnist_model.segmentation import join


@pytest.fixture(scope="module")
def reader():
    return Reader.load()


def _page(label, **options):
    """A drawn digit as pixels, (H, W)."""
    return _page_of([label], **options)


def _page_of(labels, **options):
    with Image.open(io.BytesIO(draw_digits(labels, **options))) as image:
        return np.asarray(image.convert("L")).copy()


def _cut_outs(photo):
    """Every piece of ink that is taken for writing, drawn as MNIST would."""
    writing = find_writing(photo)
    return [writing.cut_out(join(line.pieces)) for line in writing.lines]


def _read(reader, pixels):
    return reader.read(to_png(np.clip(pixels, 0, 255).astype(np.uint8))).text


@pytest.mark.parametrize("label", [0, 2, 3, 4, 7])
def test_a_drawn_digit_is_read(reader, label):
    assert reader.read(draw_digits([label])).text == str(label)


@pytest.mark.parametrize("shadow", [90, 120])
def test_the_darkest_ink_is_told_from_a_shadow(shadow):
    page = np.full((480, 640), 220, np.uint8)
    cv2.rectangle(page, (200, 140), (330, 250), shadow, -1)
    cv2.line(page, (260, 180), (380, 300), 40, 12)
    is_line = page == 40
    darkest = map_darkest_ink(page, map_ink(page))
    is_found = darkest.contrast > darkest.threshold
    inside = cv2.erode(is_line.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    around = cv2.dilate(is_line.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert is_found[inside].all()
    assert not is_found[~around].any()


def test_a_blank_page_has_no_darkest_ink():
    page = np.full((480, 640), 220, np.uint8)
    assert map_darkest_ink(page, map_ink(page)) is None


def test_of_hundreds_of_crumbs_beside_a_digit_few_are_looked_at():
    page = _page(7)
    free = cv2.erode((page > 128).astype(np.uint8), np.ones((31, 31), np.uint8))
    for top in range(15, page.shape[0] - 15, 24):
        for left in range(15, page.shape[1] - 15, 24):
            if free[top, left]:
                page[top : top + 15, left : left + 15] = 40
    (line,) = find_writing(to_png(page)).lines
    assert 10 < len(line.pieces) < 100


@pytest.mark.parametrize("label", [0, 2, 3, 4, 7])
class TestOrdinarySituations:
    def test_thick_marker(self, reader, label):
        assert _read(reader, _page(label, thickness_px=32)) == str(label)

    def test_thin_pencil(self, reader, label):
        page = _page(label, thickness_px=3).astype(float)
        assert _read(reader, 220 - 0.3 * (250 - page)) == str(label)

    def test_light_on_dark(self, reader, label):
        assert _read(reader, 255 - _page(label)) == str(label)

    def test_soft_shadow(self, reader, label):
        page = _page(label).astype(float)
        assert _read(reader, page * np.linspace(1, 0.25, page.shape[1])) == str(label)

    def test_hard_shadow(self, reader, label):
        page = _page(label).astype(float)
        page[:, page.shape[1] // 2 :] *= 0.5
        assert _read(reader, page) == str(label)

    def test_coloured_paper_and_ink(self, reader, label):
        share = (_page(label).astype(float)[..., None] - 30) / 220
        yellow, blue = np.array([250, 220, 90]), np.array([20, 40, 140])
        assert _read(reader, blue + share * (yellow - blue)) == str(label)

    def test_dark_and_grainy_photo(self, reader, label):
        page = _page(label) * 0.2
        grain = np.random.default_rng(0).normal(0, 2, page.shape)
        assert _read(reader, page + grain) == str(label)

    def test_taken_in_the_dark(self, reader, label):
        page = np.full((640, 640), 250, np.uint8)
        digit = _page(label, scale=24)
        page[100 : 100 + digit.shape[0], 80 : 80 + digit.shape[1]] = digit
        grain = np.random.default_rng(0).normal(0, 60, page.shape)
        seen = 10 + 0.3 * page + cv2.GaussianBlur(grain, (0, 0), 0.9)
        assert _read(reader, seen) == str(label)

    def test_pale_beside_a_thumb(self, reader, label):
        digit = 225 - 0.2 * (250 - _page(label, scale=7, thickness_px=6).astype(float))
        page = np.full((720, 720), 225, float)
        page[150 : 150 + digit.shape[0], 170 : 170 + digit.shape[1]] = digit
        cv2.ellipse(page, (560, 720), (60, 190), 0, 0, 360, 50, -1)
        assert _read(reader, page) == str(label)

    def test_in_crayon(self, reader, label):
        page = _page(label, scale=24, thickness_px=24)
        random = np.random.default_rng(0)
        grain = cv2.GaussianBlur(random.normal(0, 1, page.shape), (0, 0), 1.8)
        page[grain > 0] = 250
        assert _read(reader, cv2.GaussianBlur(page, (0, 0), 1)) == str(label)

    def test_pale_in_a_table_of_black_lines(self, reader, label):
        digit = 240 - 0.26 * (250 - _page(label, scale=10, thickness_px=9).astype(float))
        page = np.full((720, 720), 240, float)
        page[250 : 250 + digit.shape[0], 270 : 270 + digit.shape[1]] = digit
        for place in (10, 240, 470, 700):
            cv2.line(page, (place, 0), (place, 719), 10, 8)
            cv2.line(page, (0, place), (719, place), 10, 8)
        assert _read(reader, page) == str(label)

    def test_lines_of_a_square_along_the_edges(self, reader, label):
        page = _page(label)
        page[:6], page[:, -5:] = 20, 20
        assert _read(reader, page) == str(label)

    def test_small_in_a_corner(self, reader, label):
        small = _page(label, scale=5, thickness_px=4)
        page = np.full((960, 1280), 250, np.uint8)
        page[40 : 40 + small.shape[0], 60 : 60 + small.shape[1]] = small
        assert _read(reader, page) == str(label)


@pytest.mark.parametrize("level", [60, 120, 240, 255])
def test_blank_paper_is_rejected_with_a_reason(reader, level):
    reading = reader.read(to_png(np.full((400, 300), level, np.uint8)))
    assert (reading.rejected, reading.text, reading.digits) == (True, "", ())
    assert reading.reason is not None
    assert "nothing written" in reading.reason


def test_grain_and_light_alone_are_blank(reader):
    page = 200 * np.linspace(1, 0.6, 800)[:, None] * np.ones((1, 600))
    page += np.random.default_rng(0).normal(0, 4, page.shape)
    assert reader.read(to_png(page.astype(np.uint8))).rejected


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 3), (28, 28)])
def test_pictures_of_any_shape_are_survived(size):
    for level in (0, 128, 255):
        assert _cut_outs(to_png(np.full(size, level, np.uint8))) == []


@pytest.mark.parametrize("size", [(1, 2), (2, 60), (9, 7), (40, 40)])
def test_noise_of_any_shape_is_survived(size):
    noise = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    for digit in _cut_outs(to_png(noise)):
        assert digit.image.shape == (28, 28)


def test_the_box_is_in_pixels_of_the_full_upright_photo():
    page = np.full((1500, 2000), 240, np.uint8)  # larger than the working size
    cv2.rectangle(page, (600, 400), (679, 899), 20, cv2.FILLED)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(np.rot90(page)).save(buffer, "JPEG", exif=exif)
    (digit,) = _cut_outs(buffer.getvalue())
    box = digit.box
    assert (box.x, box.y) == (pytest.approx(600, abs=4), pytest.approx(400, abs=4))
    assert (box.width, box.height) == (pytest.approx(80, abs=8), pytest.approx(500, abs=8))


def test_loose_strokes_near_a_digit_belong_to_it():
    page = np.full((300, 300), 240, np.uint8)
    cv2.rectangle(page, (140, 100), (160, 220), 20, cv2.FILLED)
    cv2.rectangle(page, (140, 80), (200, 90), 20, cv2.FILLED)  # a loose bar above
    cv2.circle(page, (30, 30), 2, 20, cv2.FILLED)  # dirt
    (digit,) = _cut_outs(to_png(page))
    assert (digit.box.y, digit.box.height) == (
        pytest.approx(80, abs=2),
        pytest.approx(141, abs=3),
    )
    assert digit.box.x > 100


@pytest.mark.parametrize("thickness_px", [2, 6, 14, 40])
def test_rendered_digits_look_like_mnist(thickness_px):
    ink = (_page(3, thickness_px=thickness_px) < 128).astype(np.float32)
    rows, columns = ink.any(axis=1).nonzero()[0], ink.any(axis=0).nonzero()[0]
    image = render_digit(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    assert image.shape == (28, 28)
    assert image.max() > 200
    rows, columns = image.any(axis=1).nonzero()[0], image.any(axis=0).nonzero()[0]
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 == 20
    y, x = np.mgrid[:28, :28]
    assert (image * y).sum() / image.sum() == pytest.approx(13.5, abs=0.6)
    assert (image * x).sum() / image.sum() == pytest.approx(13.5, abs=0.6)
    enlarged = cv2.resize(image, (224, 224), interpolation=cv2.INTER_CUBIC) > 127
    width_px = stroke_width(enlarged) / 8
    assert THINNEST_STROKE_PX - 0.5 < width_px < THICKEST_STROKE_PX + 0.8


def test_stroke_width_of_a_bar_is_its_width():
    bar = np.zeros((200, 60), np.bool_)
    bar[10:190, 20:40] = True
    assert stroke_width(bar) == pytest.approx(20, abs=2)


@pytest.mark.parametrize("label", [0, 2, 7])
def test_light_ink_is_told_from_dark(label):
    page = _page(label)
    assert not is_light_on_dark(page)
    assert is_light_on_dark(255 - page)


def test_ink_map_of_a_clean_page():
    page = _page(4)
    ink = map_ink(page)
    assert ink.contrast.shape == page.shape
    assert ink.contrast[page == 250].max() < 128
    assert np.median(ink.contrast[page == 250]) == 0
    assert np.median(ink.contrast[page == 30]) / 255 == pytest.approx(1 - 30 / 250, abs=0.02)


def test_blank_page_has_no_digits():
    writing = find_writing(blank_page())
    assert writing.lines == ()
    assert writing.reason is not None


@pytest.mark.mnist
def test_a_printed_mnist_digit_keeps_its_label(reader, mnist_data_dir):
    _, validation = load_train_and_validation(mnist_data_dir)
    right = 0
    for image, label in zip(validation.images[:100], validation.labels[:100], strict=True):
        page = np.full((600, 800), 235, np.uint8)
        page[150:458, 200:508] -= (cv2.resize(image, (308, 308)) * 0.7).astype(np.uint8)
        right += reader.read(to_png(page)).text == str(label)
    assert right >= 97


def test_a_digit_at_the_edge_is_read_beside_others(reader):
    page = _page_of([2, 3, 0])
    right = int(np.flatnonzero((page < 128).any(axis=0))[-1])
    assert _read(reader, page[:, : right - 3]) == "230"
    assert _read(reader, page[:, : right - 115]) == "23"  # hardly anything of the last one


@pytest.mark.parametrize("label", [2, 3])
def test_a_thick_digit_cut_out_along_its_edge_is_read(reader, label):
    page = _page(label, thickness_px=40)
    rows, columns = (page < 200).any(axis=1).nonzero()[0], (page < 200).any(axis=0).nonzero()[0]
    assert _read(reader, page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]) == str(label)


@pytest.mark.parametrize("label", [0, 2, 3, 4])
@pytest.mark.parametrize("is_light_on_dark", [False, True])
def test_a_very_thick_digit_cut_out_with_hardly_any_margin_is_read(
    reader, label, is_light_on_dark
):
    page = _page(label, thickness_px=52)
    rows, columns = (page < 200).any(axis=1).nonzero()[0], (page < 200).any(axis=0).nonzero()[0]
    page = page[rows[0] - 4 : rows[-1] + 5, columns[0] - 4 : columns[-1] + 5]
    assert _read(reader, 255 - page if is_light_on_dark else page) == str(label)


@pytest.mark.parametrize("light", [0.4, 2.5])
@pytest.mark.parametrize("share", [0.3, 0.4, 0.6])
def test_half_a_picture_in_shadow_is_no_digit(reader, light, share):
    page = np.full((480, 360), 90.0)
    y, x = np.mgrid[:480, :360]
    page[x + 0.1 * y < share * 400] *= light
    page += np.random.default_rng(0).normal(0, 2, page.shape)
    assert _read(reader, page) == ""


def _bar_on(page_px, *, above_edge_px):
    """A bar that leans and ends above the lower edge of a square page, or beyond it."""
    page = np.full((480, 480), 220, np.uint8)
    foot = 480 - above_edge_px
    corners = [[248, 240], [298, 240], [250, foot], [200, foot]]
    cv2.fillPoly(page, [np.array(corners)], 60, cv2.LINE_AA)
    return cv2.resize(page, (page_px, page_px), interpolation=cv2.INTER_AREA)


def test_a_thick_0_whose_hole_is_nearly_filled_is_no_punched_hole():
    page = np.pad(_page(4, thickness_px=32), ((0, 0), (0, 300)), constant_values=250)
    height, width = page.shape
    cv2.ellipse(page, (width - 180, height // 2), (80, 90), 0, 0, 360, 30, -1)
    cv2.ellipse(page, (width - 180, height // 2), (14, 24), 0, 0, 360, 250, -1)
    (line,) = find_writing(to_png(page)).lines
    assert len(line.pieces) == 2


def test_thin_digits_are_read_beside_a_pages_punched_holes(reader):
    page = np.full((480, 640), 250, np.uint8)
    digits = _page_of([3, 4, 7], thickness_px=2, scale=6)
    page[160 : 160 + len(digits), 180 : 180 + digits.shape[1]] = digits
    for y in (80, 240, 400):
        cv2.circle(page, (50, y), 16, 40, -1, cv2.LINE_AA)
    assert _read(reader, page) == "347"


def test_joints_between_bricks_are_no_1s(reader):
    wall = 95 + np.random.default_rng(0).normal(0, 3, (800, 620))
    for row, top in enumerate(range(0, 800, 80)):
        cv2.line(wall, (0, top), (620, top), 200, 16)
        for left in range(100 * (row % 2), 620, 200):
            cv2.line(wall, (left, top), (left, top + 80), 200, 16)
    assert _read(reader, wall) == ""


def test_a_1_below_another_digit_is_read_but_may_be_an_edge(reader):
    one, seven = (
        reader.read(to_png(np.vstack((_page(4), _page(label, thickness_px=16)))))
        for label in (1, 7)
    )
    assert (one.text, seven.text) == ("4 1", "4 7")
    assert one.certainty < 0.5 < seven.certainty


def test_a_1_in_a_table_is_no_pen_beside_the_crossings_of_lines(reader):
    page = np.full((640, 640), 235, np.uint8)
    for place in (40, 230, 420, 610):
        cv2.line(page, (place, 0), (place - 14, 639), 20, 8)
        cv2.line(page, (0, place), (639, place + 14), 20, 8)
    cv2.line(page, (330, 270), (318, 370), 40, 8)
    assert _read(reader, page) == "1"


def test_a_bar_that_leaves_the_picture_is_no_1(reader):
    leaving, standing = _bar_on(480, above_edge_px=-10), _bar_on(480, above_edge_px=40)
    assert [_read(reader, np.rot90(leaving, turn)) for turn in range(4)] == [""] * 4
    assert _read(reader, standing) == "1"


@pytest.mark.parametrize(("unevenness", "is_lost"), [(0, False), (10, False), (30, True)])
def test_what_is_hardly_darker_than_its_ground_is_uneven_is_told(unevenness, is_lost):
    ground = cv2.GaussianBlur(np.random.default_rng(0).normal(size=(480, 640)), (0, 0), 4)
    page = 150 + unevenness * ground / ground.std()
    cv2.line(page, (320, 150), (300, 330), 0, 26, cv2.LINE_AA)
    assert find_writing(to_png(page.clip(0, 255).astype(np.uint8))).is_lost_in_grain == is_lost


def test_a_1_that_a_picture_was_cut_out_around_may_touch_its_edge(reader):
    assert _read(reader, _bar_on(480, above_edge_px=-10)[232:, 180:320]) == "1"


def test_a_1_may_touch_the_edge_of_a_square_that_was_cut_out(reader):
    assert _read(reader, _bar_on(100, above_edge_px=-10)) == "1"


def test_a_digit_at_the_edge_may_have_a_knot(reader):
    page = _page_of([2, 3, 0])
    left = int(np.flatnonzero((page < 128).any(axis=0))[0])
    cv2.circle(page, (208, 96), 14, 30, -1, cv2.LINE_AA)  # where the strokes of the 2 bend
    assert _read(reader, page[:, left + 3 :]) == "230"


@pytest.mark.parametrize(("bridge", "parts"), [(150, 2), (40, 1)])
def test_strong_ink_is_parted_where_faint_ink_joins_it(bridge, parts):
    page = np.full((400, 600), 240, np.uint8)
    cv2.line(page, (200, 200), (400, 200), bridge, 14)
    for x in (200, 400):
        cv2.ellipse(page, (x, 200), (50, 90), 0, 0, 360, 30, 16)
    writing = find_writing(to_png(page))
    (line,) = writing.lines
    assert len(line.pieces) == 1
    parted = writing.part_at_faint_ink(line)
    assert len(parted.pieces) == parts
    assert np.array_equal(join(parted.pieces).mask, line.pieces[0].mask)


def _touching(left, right, *, overlap_px, lean=0.0):
    """A page with two digits that lean and reach into each other's place."""
    height, width = 320, 288
    slant = np.array([[1, lean, -lean * height / 2], [0, 1, 0]], np.float32)
    page = np.full((height, 2 * width - overlap_px), 250, np.uint8)
    for label, place in ((left, slice(width)), (right, slice(-width, None))):
        digit = np.asarray(Image.open(io.BytesIO(draw_digits([label], thickness_px=20))))
        digit = cv2.warpAffine(digit, slant, (width, height), borderValue=250)
        page[:, place] = np.minimum(page[:, place], digit)
    return page


@pytest.mark.parametrize(
    ("left", "right", "overlap_px", "lean"),
    [(3, 2, 180, 0.0), (4, 7, 165, -0.5), (4, 3, 165, -0.5), (7, 3, 165, 0.5)],
)
def test_touching_digits_that_the_usual_cuts_miss_are_read(reader, left, right, overlap_px, lean):
    page = _touching(left, right, overlap_px=overlap_px, lean=lean)
    assert _read(reader, page) == f"{left}{right}"


def test_a_thin_1_between_digits_of_any_thickness_is_read(reader):
    one = np.full((320, 200), 250, np.uint8)
    cv2.line(one, (105, 60), (95, 250), 30, 9)
    zero, two = _page(0, thickness_px=16), _page(2, thickness_px=40)
    assert _read(reader, np.hstack((zero, one, two))) == "012"


@pytest.mark.parametrize(
    ("tall", "bar"),
    [(1.0, [(150, 118), (270, 58)]), (0.6, [(205, 148), (345, 144)])],
    ids=["above", "beside"],
)
def test_a_5_is_read_whose_bar_lies_far_off(reader, tall, bar):
    page = np.full((400, 400), 245, np.uint8)
    curve = np.array([(145, 0), (138, 55), (190, 45), (222, 80), (205, 125), (150, 135)])
    curve = (curve * (1, tall) + (0, 150)).astype(np.int32)
    for stroke in (curve, np.array(bar)):
        cv2.polylines(page, [stroke], False, 40, 10, lineType=cv2.LINE_AA)
    assert _read(reader, page) == "5"


def test_a_broken_5_is_joined_beside_a_higher_7(reader):
    page = np.full((400, 500), 245, np.uint8)
    upper = [(230, 100), (150, 100), (145, 180)]
    lower = [(145, 204), (200, 188), (238, 225), (212, 275), (140, 288)]
    for stroke in (upper, lower, [(300, 70), (410, 70), (345, 305)]):
        cv2.polylines(page, [np.array(stroke)], False, 40, 14, lineType=cv2.LINE_AA)
    assert _read(reader, page) == "57"


def test_half_of_a_broken_1_begins_no_line_of_its_own(reader):
    one = np.full((320, 160), 250, np.uint8)
    cv2.line(one, (112, 40), (84, 152), 30, 12, cv2.LINE_AA)
    cv2.line(one, (72, 172), (50, 275), 30, 12, cv2.LINE_AA)
    page = np.hstack((_page(2), one, _page(4), _page(7)))
    assert _read(reader, page) == "2147"


@pytest.mark.parametrize("labels", [(2, 0), (7, 4)])
def test_digits_that_only_a_smear_joins_are_read(reader, labels):
    page = _touching(*labels, overlap_px=110)
    is_between = cv2.morphologyEx((page < 128).view(np.uint8), cv2.MORPH_CLOSE, np.ones((61, 61)))
    middle = slice(page.shape[1] // 2 - 45, page.shape[1] // 2 + 45)
    smear = np.where(is_between[:, middle], np.uint8(130), np.uint8(255))
    page[:, middle] = np.minimum(page[:, middle], smear)
    assert _read(reader, page) == "".join(map(str, labels))


def test_a_corner_in_shadow_does_not_turn_ink_and_paper_around(reader):
    page = _page(2).astype(np.float32)
    y, x = np.mgrid[: page.shape[0], : page.shape[1]]
    lit = x + y < 0.55 * (page.shape[0] + page.shape[1]) / 2
    assert _read(reader, np.where(lit, page, 0.4 * page)) == "2"


@pytest.mark.photos
def test_digits_in_newspaper_squares_are_read(reader, photos_dir):
    lines = (photos_dir / "sudoku_dev" / "cells.csv").read_text().splitlines()[1:]
    right = 0
    for line in lines:
        name, _, _, label, *box = line.split(",")
        x0, y0, x1, y1 = map(int, box)
        margin_x, margin_y = 0.05 * (x1 - x0), 0.05 * (y1 - y0)
        with Image.open(photos_dir / "sudoku_dev" / name) as photo:
            inner = (x0 + margin_x, y0 + margin_y, x1 - margin_x, y1 - margin_y)
            cell = np.asarray(photo.convert("L").crop(tuple(map(round, inner))))
        right += reader.read(to_png(cell)).text == label
    assert right / len(lines) >= 0.93


@pytest.mark.parametrize("turn_deg", range(0, 360, 20))
def test_a_shadows_edge_that_leaves_the_picture_is_no_ink(turn_deg):
    y, x = np.mgrid[:480, :640] - np.array([240, 320])[:, None, None]
    along = x * np.cos(np.radians(turn_deg)) + y * np.sin(np.radians(turn_deg))
    page = np.where(along > 60, 220, 110).astype(np.uint8)
    ink = map_ink(page)
    dark_ink = ink if not ink.is_light_on_dark else map_ink(page, against_leaning=True)
    # One pixel along the edge is all that is left of it.
    assert (dark_ink.contrast > dark_ink.threshold).sum() <= 640


@pytest.mark.parametrize("turn_deg", range(0, 360, 30))
def test_a_digit_that_a_shadows_edge_crosses_is_read(reader, turn_deg):
    page = _page(2).astype(np.float32)
    y, x = np.nonzero(page < 128)
    across = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    rows, columns = np.mgrid[: page.shape[0], : page.shape[1]]
    along = (columns - x.mean()) * across[0] + (rows - y.mean()) * across[1]
    assert _read(reader, np.where(along > 0, page, 0.45 * page)) == "2"


@pytest.mark.parametrize("label", [2, 3, 4, 7])
def test_a_thin_digit_across_the_shadows_of_fingers_is_read(reader, label):
    page = _page(label, thickness_px=3).astype(np.float32)
    height, width = page.shape
    is_shadow = np.zeros(page.shape, np.uint8)
    for start in (0.35, 0.55, 0.75):
        tip = round((start + 0.15) * width), round(0.35 * height)
        cv2.line(is_shadow, (round(start * width), height), tip, 1, width // 12)
    assert _read(reader, np.where(is_shadow > 0, 0.5 * page, page)) == str(label)


def test_a_thin_number_beside_a_stamp_is_read(reader):
    page = np.pad(_page_of([2, 4, 7], thickness_px=3), ((160, 0), (0, 0)), constant_values=250)
    page[30:170, -150:-40] = 90
    assert _read(reader, page) == "247"


@pytest.mark.parametrize("thickness_px", [1, 3, 6, 12, 24])
def test_strokes_of_any_thickness_are_shown_clearly(thickness_px):
    writing = find_writing(to_png(_page(7, thickness_px=thickness_px)))
    (piece,) = (join(line.pieces) for line in writing.lines)
    own, others = writing.look_around(piece)
    assert np.quantile(own.max(axis=1)[6:-6], 0.1) > 150  # in every row
    assert not others.any()
