"""What the tests of the model share: a made-up data set that an MLP can learn."""

import numpy as np
import pytest

from mnist_model.data import Split


@pytest.fixture
def small_split() -> Split:
    """120 images whose label can be learnt: a bar whose height tells the label, plus noise."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, size=120)
    images = random.integers(0, 60, size=(120, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 3 : 2 * label + 6, 5:23] = 255
    return Split(images, labels.astype(np.int64))
