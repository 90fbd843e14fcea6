import math

import numpy as np
import pytest

from mnist_model.line_reading import CutLine
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
