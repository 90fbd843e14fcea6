"""What the tests of the model share: made-up data that an MLP can learn, and one that has."""

from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from bars import draw_bars

from mnist_model.checkpoint import Checkpoint, CheckpointMetadata, Network
from mnist_model.config import MLPConfig
from mnist_model.data import Split
from mnist_model.extra import NO_DIGIT
from mnist_model.model import build_model
from mnist_model.recipes import Recipe
from mnist_model.rejector_training import REHEARSED, Rehearsal, rehearse, teach_rejector
from mnist_model.train import state_to_weights, train_recipe


@pytest.fixture
def small_split() -> Split:
    """120 images whose label can be learnt: a bar whose height tells the label, plus noise."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, size=120)
    images = random.integers(0, 60, size=(120, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 3 : 2 * label + 6, 5:23] = 255
    return Split(images, labels.astype(np.int64))


@pytest.fixture(scope="session")
def bar_mnist() -> Split:
    """3,000 bars."""
    labels = np.arange(3000) % 10
    return Split(draw_bars(labels), labels)


@pytest.fixture(scope="session")
def bar_start(bar_mnist: Split) -> Checkpoint:
    """A small classifier that knows bars, and a rejector that knows bars from noise."""
    recipe = Recipe(
        name="tiny",
        summary="For tests.",
        model=MLPConfig(hidden_sizes=(32,)),
        epochs=4,
        optimizer="adam",
        learning_rate=0.01,
    )
    trained = train_recipe(recipe, bar_mnist, bar_mnist, seed=0)
    config = MLPConfig(hidden_sizes=(16,), output_size=11)
    torch.manual_seed(0)
    rejector = Network(config, state_to_weights(build_model(config)))
    nothing_known = _rehearse_few(rejector, bar_mnist, 1)
    noise = np.random.default_rng(5).integers(0, 256, (300, 28, 28), dtype=np.uint8)
    lesson = bar_mnist.joined_with(Split(noise, np.full(300, NO_DIGIT)))
    for _ in range(8):
        rejector = teach_rejector(rejector, nothing_known, lesson)
    metadata = CheckpointMetadata(
        config=recipe.model,
        recipe="tiny",
        seed=0,
        epochs=4,
        test_accuracy=0.0,
        validation_accuracy=trained.validation_accuracy,
        confusion_matrix=(),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        temperature=trained.temperature,
    )
    return Checkpoint(metadata, trained.weights(), rejector)


@pytest.fixture(scope="session")
def bar_rehearsal(bar_start: Checkpoint, bar_mnist: Split) -> Rehearsal:
    """What the rejector of `bar_start` must not forget."""
    assert bar_start.rejector is not None
    return _rehearse_few(bar_start.rejector, bar_mnist, 300)


def _rehearse_few(rejector: Network, digits: Split, count: int) -> Rehearsal:
    torch.manual_seed(0)
    counts = dict.fromkeys(REHEARSED, count)
    return rehearse(rejector, digits, seed=0, counts=counts)
