import numpy as np
import torch
from bars import draw_bars

from mnist_model.data import Split
from mnist_model.extra import NO_DIGIT
from mnist_model.features import SIZE
from mnist_model.rejection import Rejector, load_rejector
from mnist_model.rejector_training import rehearse, teach_rejector


def _no_digit(network, images):
    """Return the probability that images are no digit, (N,)."""
    rejector = Rejector(network, (0.5, 0.5))
    return 1 - np.exp(rejector.log_probabilities(images)).sum(axis=1)


def _crosses(count, *, seed):
    """Draw what is no digit and looks like two."""
    labels = np.full(count, 4)
    return np.maximum(draw_bars(labels, seed=seed), draw_bars(labels, upright=True))


def test_no_digits_are_learned_and_digits_not_forgotten(bar_start, bar_rehearsal):
    crosses, digits = _crosses(40, seed=8), draw_bars(np.arange(100) % 10, seed=9)
    lesson = Split(_crosses(200, seed=1), np.full(200, NO_DIGIT))
    taught = bar_start.rejector
    for _ in range(8):  # a lesson among so few images is a dozen steps
        taught = teach_rejector(taught, bar_rehearsal, lesson)
    assert _no_digit(bar_start.rejector, crosses).mean() < 0.5
    assert _no_digit(taught, crosses).mean() > 0.9
    before, after = (_no_digit(network, digits) for network in (bar_start.rejector, taught))
    assert after.mean() < before.mean() + 0.05


def test_digits_that_were_refused_are_learned(bar_start, bar_rehearsal):
    labels = np.tile([2, 9], 100)
    lesson = Split(draw_bars(labels, upright=True, seed=1), labels)
    taught = teach_rejector(bar_start.rejector, bar_rehearsal, lesson)
    fresh = draw_bars(labels, upright=True, seed=2)
    read_as = Rejector(taught, (0.5, 0.5)).log_probabilities(fresh).argmax(axis=1)
    assert (read_as == labels).mean() > 0.95


def test_the_seed_makes_the_rehearsal(bar_start, bar_mnist):
    def make(seed):
        torch.manual_seed(seed)
        counts = {"digits": 5, "overlays": 6, "pieces": 7}
        return rehearse(bar_start.rejector, bar_mnist, seed=seed, counts=counts)

    first, same, other = make(1), make(1), make(2)
    assert first.inputs.shape == (18, 784)
    assert len(first) == 18
    assert first.log_probabilities.shape == (18, 11)
    assert torch.equal(first.inputs, same.inputs)
    assert not torch.equal(first.inputs, other.inputs)


def _frames(count, *, seed):
    """Draw squares around a stroke, here and there."""
    random = np.random.default_rng(seed)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 5:23, 5:23] = 255
    images[:, 7:21, 7:21] = 0
    images[:, 13:15, 7:21] = 255
    return np.stack([np.roll(image, random.integers(-2, 3, 2), (0, 1)) for image in images])


def test_a_network_of_features_is_taught_after_its_convolutions(bar_mnist):
    shipped = load_rejector().network
    counts = {"digits": 200, "overlays": 50, "pieces": 50}
    rehearsal = rehearse(shipped, bar_mnist, seed=0, counts=counts)
    assert rehearsal.inputs.shape == (300, 784 + SIZE)
    lesson = Split(_frames(100, seed=1), np.full(100, 4))
    taught = shipped
    for _ in range(8):  # a lesson among so few images is a dozen steps
        taught = teach_rejector(taught, rehearsal, lesson)
    fresh = _frames(50, seed=2)

    def read_as_4(network):
        found = Rejector(network, (0.5, 0.5)).log_probabilities(fresh)
        return np.exp(found[:, 4]).mean()

    assert read_as_4(shipped) < 0.1
    assert read_as_4(taught) > 0.9
