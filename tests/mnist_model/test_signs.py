import numpy as np
import pytest

from mnist_model.segmentation import Piece
from mnist_model.signs import without_brackets


def _bars(height, count):
    return [Piece(np.ones((height, 1), np.bool_), 5 * place, 0) for place in range(count)]


@pytest.mark.parametrize("height", range(1, 12))
@pytest.mark.parametrize("count", [1, 2, 3])
def test_straight_pieces_of_any_height_are_no_brackets(height, count):
    assert len(without_brackets(_bars(height, count))) == count
