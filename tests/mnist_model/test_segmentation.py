import numpy as np
import pytest

from mnist_model.segmentation import (
    SKIP_SCORE,
    STEP_COSTS,
    Piece,
    choose_chain,
    cut_line,
    join,
    list_candidates,
    score_skips,
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


def test_cheap_steps_lead_a_cut_between_leaning_strokes():
    mask = np.zeros((48, 60), np.bool_)
    for row in range(48):
        mask[row, 30 - row // 2 : 36 - row // 2] = True  # two strokes lean, side by side,
        mask[row, 42 - row // 2 : 48 - row // 2] = True
    mask[24, 18:36] = True  # and a hair joins them
    gentle, stiff = (
        cut_line([Piece(mask, 0, 0)], line_height=48, step_cost=cost)
        for cost in (min(STEP_COSTS), 10.0)
    )
    heights = sorted(part.height for part in gentle if part.mask.sum() > 100)
    assert heights == [48, 48]
    assert sum(int(part.mask.sum()) for part in stiff) == mask.sum()
    assert all(part.height < 48 for part in stiff)


def test_a_slim_piece_is_not_cut():
    assert len(cut_line([_bar(0), _bar(30)], line_height=40)) == 2


def test_stripes_are_not_cut_into_more_bits_than_digits_have():
    leaning = np.zeros((40, 400), np.bool_)
    for column in range(400):
        leaning[column // 11 : column // 11 + 4, column] = True
    stripes = [Piece(leaning, 0, 10 * number) for number in range(20)]
    assert len(cut_line(stripes[:1], line_height=40)) > 10
    assert len(cut_line(stripes, line_height=40)) == 20


def test_candidates_are_neighbours_that_are_near():
    near, far = [_bar(0), _bar(15)], [_bar(0), _bar(60)]
    assert [(c.first, c.end) for c in list_candidates(near, 40)] == [(0, 1), (0, 2), (1, 2)]
    assert [(c.first, c.end) for c in list_candidates(far, 40)] == [(0, 1), (1, 2)]


def test_two_pieces_are_tried_as_one_digit_into_however_many_bits_they_were_cut():
    pieces = cut_line([_touching(), Piece(_touching().mask, 76, 3)], line_height=40)
    assert len(pieces) > 6
    joined = list_candidates(pieces, line_height=80)
    assert any(candidate.end - candidate.first == len(pieces) for candidate in joined)


@pytest.mark.parametrize(
    ("scores", "chain"),
    [([-0.1, -5.0, -0.1], (0, 2)), ([-4.0, -0.1, -4.0], (1,))],
)
def test_the_chain_with_the_best_total_is_chosen(scores, chain):
    pieces = [_bar(0), _bar(15)]
    candidates = list_candidates(pieces, 40)
    found = choose_chain(pieces, candidates, np.array(scores), score_skips(pieces, 40))
    assert found.chosen == chain
    assert found.total == pytest.approx(sum(scores[index] for index in chain))
    assert found.left_out == 0.0


def test_dirt_is_left_out_and_told():
    pieces = [_bar(0), _bar(30, width=4, height=4)]
    candidates = list_candidates(pieces, 40)
    scores = np.array([-0.1] * len(candidates))
    chain = choose_chain(pieces, candidates, scores, score_skips(pieces, 40))
    assert [candidates[index].first for index in chain.chosen] == [0]
    assert chain.left_out == pytest.approx(16 / 416)
    assert chain.total == pytest.approx(-0.1 + SKIP_SCORE * 0.1**2)
