import numpy as np
import pytest

from mnist_model.segmentation import (
    Piece,
    choose_chain,
    cut_line,
    join,
    list_candidates,
)


def _bar(left, *, width=10, height=40, top=0):
    return Piece(np.ones((height, width), np.bool_), left, top)


def _touching():
    """Two rings that a thin bridge joins."""
    mask = np.zeros((40, 70), np.bool_)
    mask[:, :30], mask[:, 40:] = True, True
    mask[8:32, 8:22], mask[8:32, 48:62] = False, False
    mask[18:21, 30:40] = True
    return Piece(mask, 5, 3)


def test_joining_keeps_every_pixel_in_its_place():
    joined = join([_bar(0), _bar(20, top=10)])
    assert (joined.left, joined.top, joined.right, joined.bottom) == (0, 0, 30, 50)
    assert joined.mask.sum() == 800
    assert not joined.mask[:, 10:20].any()


def test_a_piece_is_cut_where_little_ink_is():
    piece = _touching()
    parts = cut_line([piece], line_height=40)
    assert sum(int(part.mask.sum()) for part in parts) == piece.mask.sum()
    assert any(abs(part.right - 40) <= 6 for part in parts)  # in the bridge
    assert all(part.origin == 0 for part in parts)


def test_a_slim_piece_is_not_cut():
    assert len(cut_line([_bar(0), _bar(30)], line_height=40)) == 2


def test_candidates_are_neighbours_that_are_near():
    near, far = [_bar(0), _bar(15)], [_bar(0), _bar(60)]
    assert [(c.first, c.end) for c in list_candidates(near, 40)] == [(0, 1), (0, 2), (1, 2)]
    assert [(c.first, c.end) for c in list_candidates(far, 40)] == [(0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("scores", "chain"),
    [([-0.1, -5.0, -0.1], [0, 2]), ([-4.0, -0.1, -4.0], [1])],
)
def test_the_chain_with_the_best_total_is_chosen(scores, chain):
    pieces = [_bar(0), _bar(15)]
    candidates = list_candidates(pieces, 40)
    assert choose_chain(pieces, candidates, np.array(scores), 40) == (chain, 0.0)


def test_dirt_is_left_out_and_told():
    pieces = [_bar(0), _bar(30, width=4, height=4)]
    candidates = list_candidates(pieces, 40)
    chain, left_out = choose_chain(pieces, candidates, np.array([-0.1] * len(candidates)), 40)
    assert [candidates[index].first for index in chain] == [0]
    assert left_out == pytest.approx(16 / 416)
