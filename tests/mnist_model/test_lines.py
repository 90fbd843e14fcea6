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
