import cv2
import numpy as np
import pytest

from mnist_model.lines import erase_lines

SIZE = 300


def _strokes(*lines, thickness=14):
    mask = np.zeros((SIZE, SIZE), np.uint8)
    for line in lines:
        cv2.polylines(mask, [np.array(line)], False, 1, thickness)
    return mask


FOUR = [(110, 60), (90, 170), (210, 170)], [(180, 60), (180, 250)]
SEVEN = ([(90, 60), (210, 60), (130, 250)],)
ONE = ([(150, 50), (150, 250)],)


def _rule(mask, *, squared, slope=0.0, thickness=2):
    ruled = mask.copy()
    for place in range(20, SIZE + 60, 45):
        rise = round(slope * SIZE)
        cv2.line(ruled, (0, place), (SIZE, place - rise), 1, thickness)
        if squared:
            cv2.line(ruled, (place - rise, 0), (place, SIZE), 1, thickness)
    return ruled


@pytest.mark.parametrize("digit", [ONE, SEVEN, FOUR])
def test_a_digit_alone_keeps_its_straight_strokes(digit):
    mask = _strokes(*digit)
    assert (erase_lines(mask) == mask).all()


@pytest.mark.parametrize("digit", [ONE, SEVEN, FOUR])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("slope", [0.0, 0.05])
def test_rulings_go_and_strokes_stay(digit, squared, slope):
    mask = _strokes(*digit)
    erased = erase_lines(_rule(mask, squared=squared, slope=slope))
    assert erased[mask > 0].mean() > 0.97
    ruled = _rule(np.zeros_like(mask), squared=squared, slope=slope)
    beside = (ruled > 0) & (cv2.dilate(mask, np.ones((9, 9), np.uint8)) == 0)
    assert erased[beside].mean() < 0.1


def test_a_printed_square_goes():
    mask = _strokes(*FOUR)
    framed = mask.copy()
    cv2.rectangle(framed, (40, 30), (260, 280), 1, 3)
    erased = erase_lines(framed)
    assert erased[mask > 0].all()
    assert erased.sum() < 1.03 * mask.sum()


@pytest.mark.parametrize(
    "sides",
    [
        [(40, -9), (40, 280), (309, 280)],  # a corner
        [(40, -9), (40, 280), (260, 280), (260, -9)],  # three sides
        [(309, 30), (40, 30), (40, 270), (309, 270)],
    ],
)
def test_a_printed_square_that_leaves_the_picture_goes(sides):
    mask = _strokes(*FOUR)
    framed = mask.copy()
    cv2.polylines(framed, [np.array(sides)], False, 1, 3)
    erased = erase_lines(framed)
    assert erased[mask > 0].all()
    assert erased.sum() < 1.03 * mask.sum()


def test_a_line_too_faint_to_be_all_ink_goes():
    mask = _strokes(*FOUR)
    faint = mask.copy()
    cv2.line(faint, (30, 0), (34, SIZE), 1, 3)
    dashes = (np.arange(SIZE) % 12 < 5)[:, None].astype(np.uint8)
    inked = mask | (faint & dashes)
    assert erase_lines(inked, faint).sum() < 1.01 * mask.sum()
    assert erase_lines(inked).sum() > 1.03 * mask.sum()


def test_a_thick_line_from_edge_to_edge_goes_though_a_tail_touches_it_near_its_end():
    line = np.zeros((76, 309), np.uint8)
    line[:, 147:154] = 1
    tail = np.zeros_like(line)
    cv2.polylines(tail, [np.array([(200, 10), (205, 50), (185, 60), (150, 54)])], False, 1, 9)
    erased = erase_lines(line | tail)
    beside = (line > 0) & (cv2.dilate(tail, np.ones((9, 9), np.uint8)) == 0)
    assert erased[:50][beside[:50]].mean() < 0.05
    assert erased[tail & (1 - line) > 0].all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 80), (10, 10), (17, 300)])
def test_pictures_too_small_for_lines_stay_as_they_are(shape):
    mask = np.ones(shape, np.uint8)
    assert (erase_lines(mask) == mask).all()


@pytest.mark.parametrize("thickness", [1, 2, 3, 4, 5, 6, 7])
def test_rulings_of_any_thickness_go(thickness):
    mask = cv2.resize(_strokes(*SEVEN), (640, 640), interpolation=cv2.INTER_NEAREST)
    ruled = np.zeros_like(mask)
    for place in range(80, 640, 80):
        cv2.line(ruled, (0, place), (640, place + 12), 1, thickness)
    erased = erase_lines(mask | ruled)
    assert erased[mask > 0].mean() > 0.97
    beside = (ruled > 0) & (cv2.dilate(mask, np.ones((17, 17), np.uint8)) == 0)
    assert erased[beside].mean() < 0.02


def test_a_ruling_goes_on_both_sides_of_a_word_that_covers_much_of_it():
    word = _strokes(*([(x, 135), (x + 12, 185)] for x in range(75, 230, 22)))
    ruled = _rule(word, squared=False)  # one line is covered for half of the picture's width
    erased = erase_lines(ruled)
    assert erased[word > 0].mean() > 0.9
    assert erased[:, :60].sum() == 0
    assert erased[:, 250:].sum() == 0


def test_a_thin_stroke_out_of_step_with_the_ruling_stays():
    seven = _strokes([(100, 87), (200, 87), (150, 245)], thickness=2)
    erased = erase_lines(_rule(seven, squared=False))
    assert erased[86:90, 105:195].any(axis=0).all()


def _in_boxes(rows, columns, *, thickness=3, side=90):
    """A table in the middle of a picture, with a 7, a 4 and a 1 in turn, and what is a digit's."""
    digits = np.zeros((480, 640), np.uint8)
    table = np.zeros_like(digits)
    for number in range(rows * columns):
        top, left = 60 + side * (number // columns), 50 + side * (number % columns)
        strokes = cv2.resize(_strokes(*(SEVEN, FOUR, ONE)[number % 3]), (side, side))
        digits[top : top + side, left : left + side] |= strokes
        cv2.rectangle(table, (left, top), (left + side, top + side), 1, thickness)
    return digits, table


def _largest_rest(erased, digits):
    """The longer side of what is left of the lines; where they cross, dots stay."""
    rest = erased * (cv2.dilate(digits, np.ones((5, 5), np.uint8)) == 0)
    _, _, stats, _ = cv2.connectedComponentsWithStats(rest)
    return stats[1:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_AREA].max(initial=0)


@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (1, 5), (2, 2), (3, 4)])
@pytest.mark.parametrize("thickness", [2, 5])
def test_boxes_inside_the_picture_go(rows, columns, thickness):
    digits, table = _in_boxes(rows, columns, thickness=thickness)
    erased = erase_lines(digits | table)
    assert erased[digits > 0].mean() > 0.98
    assert _largest_rest(erased, digits) <= 3 * thickness


def test_a_line_between_boxes_goes_though_a_digit_touches_it():
    digits, table = _in_boxes(1, 4)
    cv2.line(digits, (140, 80), (120, 140), 1, 6)  # along a part of it
    erased = erase_lines(digits | table)
    assert erased[100:145, 139:142].mean() < 0.25
    assert erased[digits > 0].mean() > 0.95


def test_a_1_in_a_box_stays_though_it_is_as_high():
    digits, table = _in_boxes(1, 4)
    cv2.line(digits, (365, 64), (365, 147), 1, 9)  # thicker than the lines
    erased = erase_lines(digits | table)
    assert erased[70:140, 362:368].all()


def test_strokes_from_one_ruling_to_the_next_stay():
    mask = np.zeros((480, 640), np.uint8)
    for x in (200, 260, 320):
        cv2.line(mask, (x, 160), (x, 240), 1, 10)
    ruled = mask.copy()
    for place in range(40, 480, 40):
        cv2.line(ruled, (0, place), (640, place), 1, 2)
    assert erase_lines(ruled)[mask > 0].mean() > 0.97


def _on_comb(boxes, height=55, bottom=150, hidden=()):
    """Digits on a comb, and the comb; the teeth of `hidden` are covered by a digit."""
    digits, _ = _in_boxes(1, boxes)
    digits = np.roll(digits, bottom - 150, axis=0)
    comb = np.zeros_like(digits)
    cv2.line(comb, (50, bottom), (50 + 90 * boxes, bottom), 1, 3)
    for number in range(boxes + 1):
        x = 50 + 90 * number
        cv2.line(comb, (x, bottom - height), (x, bottom), 1, 3)
        if number in hidden:
            cv2.line(digits, (x - 4, bottom - height - 10), (x + 4, bottom - 8), 1, 16)
    return digits, comb


@pytest.mark.parametrize("boxes", [2, 3, 5])
def test_a_comb_goes_with_its_teeth(boxes):
    digits, comb = _on_comb(boxes)
    erased = erase_lines(digits | comb)
    assert erased[digits > 0].mean() > 0.98
    assert _largest_rest(erased, digits) <= 9


def test_a_comb_goes_though_a_digit_hides_one_of_its_teeth():
    digits, comb = _on_comb(5, hidden=[2])
    erased = erase_lines(digits | comb)
    assert erased[digits > 0].mean() > 0.98
    assert _largest_rest(erased, digits) <= 12


def test_a_comb_goes_though_it_ends_near_the_edge():
    digits, comb = _on_comb(5, height=40, bottom=150)
    erased = erase_lines((digits | comb)[:, 40:])
    assert _largest_rest(erased, digits[:, 40:]) <= 9


@pytest.mark.parametrize(
    "places",
    [
        (100, 160, 270, 300, 420),  # in uneven steps
        (100, 180, 260, 340, 420),  # in even steps, but the line goes on
        (200, 250, 300),
    ],
)
def test_1s_on_an_underline_are_no_comb(places):
    ones = np.zeros((480, 640), np.uint8)
    for x in places:
        cv2.line(ones, (x, 95), (x, 150), 1, 3)
    underlined = ones.copy()
    cv2.line(underlined, (80, 150), (440, 150), 1, 3)
    assert erase_lines(underlined)[ones > 0].mean() > 0.97
