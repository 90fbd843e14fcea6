import numpy as np

from mnist_model.drawn import draw_digits


def test_drawn_digits_look_like_mnists():
    drawn = draw_digits(24, seed=0)
    assert drawn.images.shape == (24, 28, 28)
    assert drawn.images.dtype == np.uint8
    assert set(drawn.labels) == {1, 2, 4, 7, 9}
    rows, columns = drawn.images.any(axis=(0, 2)), drawn.images.any(axis=(0, 1))
    assert not rows[0]
    assert not columns[0]
    ink = drawn.images.mean(axis=(1, 2)) / 255
    assert ink.min() > 0.03
    assert ink.max() < 0.35


def test_the_same_seed_draws_the_same_digits_each_different():
    first, second, other = (draw_digits(12, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.images, second.images)
    assert not np.array_equal(first.images, other.images)
    assert not np.array_equal(first.images[0], first.images[6])
