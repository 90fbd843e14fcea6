import numpy as np
import pytest

from mnist_model.data import Split
from mnist_model.mixing import LARGEST_SHARE, count_per_label, oversample


def _split(labels):
    """Make images that tell which example they are."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(len(labels))
    return Split(images, np.array(labels, np.int64))


def test_each_label_is_shown_equally_often():
    shown = oversample(_split([3, 3, 3, 5, 10, 10]), per_label=6, seed=0)
    assert np.bincount(shown.labels).tolist() == [0, 0, 0, 6, 0, 6, 0, 0, 0, 0, 6]
    # And so is each example of a label.
    assert np.bincount(shown.images[:, 0, 0]).tolist() == [2, 2, 2, 6, 3, 3]


def test_one_example_is_not_shown_for_ever():
    shown = oversample(_split([3, 5, 5]), per_label=100, most_repeats=4, seed=0)
    assert np.bincount(shown.images[:, 0, 0]).tolist() == [4, 4, 4]
    assert shown.labels.tolist() == [3] * 4 + [5] * 8


def test_of_too_many_examples_some_are_chosen_by_the_seed():
    split = _split([7] * 100)
    first, same, other = (oversample(split, per_label=20, seed=seed) for seed in (1, 1, 2))
    assert len(set(first.images[:, 0, 0])) == 20
    assert first.images.tolist() == same.images.tolist() != other.images.tolist()


def test_images_keep_their_labels():
    split = _split([3, 1, 3, 10])
    shown = oversample(split, per_label=5, seed=0)
    assert (split.labels[shown.images[:, 0, 0]] == shown.labels).all()


def test_nothing_is_made_of_nothing():
    assert len(oversample(_split([]), per_label=5, seed=0)) == 0
    assert count_per_label(_split([]), beside=100) > 0


@pytest.mark.parametrize("labels", [[4], [1, 7], list(range(11))])
def test_an_epoch_has_a_bounded_share_of_examples(labels):
    split = _split(np.resize(labels, 1100).tolist())
    per_label = count_per_label(split, beside=850)
    shown = oversample(split, per_label=per_label, seed=0)
    share = len(shown) / (850 + len(shown))
    assert LARGEST_SHARE - 0.02 < share <= LARGEST_SHARE
