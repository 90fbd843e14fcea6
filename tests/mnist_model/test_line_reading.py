import math

import numpy as np
import pytest

from mnist_model.decoding import GreyPhoto
from mnist_model.ink import map_ink
from mnist_model.line_reading import (
    LEAST_IN_ROW,
    LEAST_LIKELY,
    CutLine,
    LineReading,
    read_whole_row,
)
from mnist_model.photo import arrange_writing
from mnist_model.rows import HEIGHT_PX, NOTHING, RowPicture
from mnist_model.segmentation import Piece, list_candidates, score_skips
from mnist_model.writing import Box, DigitImage

ROW = RowPicture(np.zeros((HEIGHT_PX, 48), np.uint8), left=0, scale=1.0)  # 24 steps


def _cut_line(scores):
    """Two pieces; they are candidates each, and together, and as digits any is as probable."""
    pieces = [Piece(np.ones((20, 18), np.bool_), left, 0) for left in (0, 20)]
    candidates = list_candidates(pieces, 20)
    assert [(one.first, one.end) for one in candidates] == [(0, 1), (0, 2), (1, 2)]
    cut = DigitImage(np.zeros((28, 28), np.uint8), Box(0, 0, 1, 1))
    even = np.full((3, 10), 0.1, np.float32)
    scores = np.array(scores, np.float32)
    return CutLine(pieces, candidates, [cut] * 3, even, scores, scores, score_skips(pieces, 20))


def _told(digits):
    """What a network tells that sees a digit at some steps, and nothing at all others."""
    told = np.full((24, 11), 0.001, np.float32)
    told[:, NOTHING] = 0.99
    for step, digit in digits.items():
        told[step, [NOTHING, digit]] = 0.001, 0.99
    return np.log(told)


@pytest.mark.parametrize(
    ("digits", "labels"), [({7: 3, 17: 8}, [3, 8]), ({12: 5}, [5]), ({6: 1, 17: 1}, [1, 1])]
)
def test_the_row_says_how_many_digits_there_are_and_which(digits, labels):
    reading = _cut_line([-1.0, -1.5, -1.0]).weigh(ROW, _told(digits)).choose()
    assert [digit.label for digit in reading.digits] == labels


def test_what_the_row_says_does_not_settle_what_is_sure():
    reading = _cut_line([-0.1, -30.0, -0.1]).weigh(ROW, _told({12: 5})).choose()
    assert len(reading.digits) == 2


def test_the_certainty_is_that_of_the_cuts():
    reading = _cut_line([-1.0, -1.5, -2.0]).weigh(ROW, _told({7: 3, 17: 8})).choose()
    assert reading.scores == (-1.0, -2.0)


def test_a_line_without_candidates_has_no_digits():
    nothing = np.empty(0, np.float32)
    pieces = [Piece(np.ones((2, 2), np.bool_), 0, 0)]
    no_digits = np.empty((0, 10), np.float32)
    line = CutLine(pieces, (), (), no_digits, nothing, nothing, score_skips(pieces, 20))
    reading = line.weigh(ROW, _told({})).choose()
    assert (reading.digits, reading.total) == ((), -math.inf)


def _three_strokes():
    """A photo of three strokes, what is written in it, and its row; 20 pixels between two."""
    photo = np.full((120, 160), 230, np.uint8)
    for x in (50, 70, 90):
        photo[40:80, x : x + 5] = 40
    writing = arrange_writing(GreyPhoto(photo, 160, 120), map_ink(photo))
    (line,) = writing.lines
    return writing, line.pieces, writing.show_row(line)


def test_a_row_that_is_told_surely_is_read_so():
    writing, pieces, row = _three_strokes()
    steps = [int(step) for step in row.steps_at(np.array([p.centre_x for p in pieces]))]
    told = _told({steps[0]: 4, steps[2]: 7})
    first, second = read_whole_row(writing, pieces, row, told, 2)
    assert (first.label, second.label) == (4, 7)
    assert min(first.confidence, second.confidence) > 0.9
    assert first.probabilities.sum() == pytest.approx(1)
    assert first.box.x == pytest.approx(50, abs=1)
    assert second.box.x + second.box.width == pytest.approx(95, abs=1)
    widths = sorted((first.box.width, second.box.width))  # the stroke between is of one of them
    assert widths == [pytest.approx(5, abs=1), pytest.approx(25, abs=1)]


def test_a_row_in_which_cuts_show_more_digits_is_not():
    writing, pieces, row = _three_strokes()
    told = _told({4: 4, 12: 7})
    assert len(read_whole_row(writing, pieces, row, told, by_cuts=2)) == 2
    assert read_whole_row(writing, pieces, row, told, by_cuts=3) == ()


def test_a_row_that_is_told_with_doubt_is_not():
    writing, pieces, row = _three_strokes()
    told = _told({4: 4, 12: 7})
    told[12] = np.log(np.full(11, 1 / 11))
    assert read_whole_row(writing, pieces, row, told, 2) == ()


@pytest.mark.parametrize("digits", [{}, {8: 7}])
def test_a_digit_alone_is_left_to_the_other_networks(digits):
    writing, pieces, row = _three_strokes()
    assert read_whole_row(writing, pieces, row, _told(digits), 1) == ()


def test_a_row_has_digits_where_there_is_ink():
    writing, pieces, row = _three_strokes()
    told = _told({4: 4, 6: 4, 8: 4, 10: 4, 12: 4})
    assert read_whole_row(writing, pieces, row, told, 2) == ()


def test_what_looks_odd_by_itself_is_doubted_less_in_a_row_that_is_told_surely():
    writing, pieces, row = _three_strokes()
    whole = read_whole_row(writing, pieces, row, _told({4: 4, 12: 7}), by_cuts=1)
    by_cuts = LineReading(whole[:1], (-0.1, LEAST_LIKELY), -20.0)
    reading = by_cuts.outweigh(whole)
    assert reading.digits == whole
    assert reading.scores == (-0.1, LEAST_IN_ROW)
    assert reading.total == by_cuts.total
