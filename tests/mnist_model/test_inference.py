from dataclasses import replace

import numpy as np
import pytest
import torch

from mnist_model.config import MLPConfig
from mnist_model.errors import CheckpointError
from mnist_model.inference import NumpyMLP, log_softmax
from mnist_model.model import build_model

ACTIVATIONS = ["relu", "leaky_relu", "elu", "tanh", "gelu", "silu"]


def _with_lived_in_statistics(model):
    """Run some batches, so that batch normalisation has something to fold."""
    for _ in range(5):
        model(torch.randn(32, 784) * 2 + 1)
    return model.eval()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_numpy_computes_what_torch_computes(activation, batch_norm):
    torch.manual_seed(1)
    config = MLPConfig(
        hidden_sizes=(32, 24), activation=activation, batch_norm=batch_norm, dropout=0.1
    )
    model = _with_lived_in_statistics(build_model(config))
    weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    inputs = torch.randn(16, 784) * 3
    with torch.no_grad():
        expected = model(inputs).numpy()
    actual = NumpyMLP(config, weights).log_probabilities(inputs.numpy())
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


def test_views_are_the_mean_over_five_places():
    torch.manual_seed(1)
    config = MLPConfig(hidden_sizes=(16,))
    weights = {name: tensor.numpy() for name, tensor in build_model(config).state_dict().items()}
    image = np.full((1, 28, 28), -1, np.float32)
    image[:, 6:22, 10:14] = np.linspace(0, 1, 16)[:, None]
    places = [(0, 0), (-2, 0), (2, 0), (0, -2), (0, 2)]
    moved = np.concatenate([np.roll(image, place, axis=(1, 2)) for place in places])
    alone = NumpyMLP(config, weights).log_probabilities(moved.reshape(5, 784))
    seen = NumpyMLP(replace(config, view_shift_px=2), weights).log_probabilities(
        np.repeat(image.reshape(1, 784), 3, axis=0)
    )
    expected = np.tile(log_softmax(alone.mean(axis=0, keepdims=True)), (3, 1))
    np.testing.assert_allclose(seen, expected, rtol=1e-5)


def test_what_is_sure_is_not_looked_at_again():
    config = MLPConfig(input_size=784, hidden_sizes=(), view_shift_px=1)
    weights = {
        "output.weight": np.eye(10, 784, 405, dtype=np.float32),
        "output.bias": np.zeros(10),
    }
    images = np.zeros((2, 784), np.float32)
    images[0, 405 + 3], images[1, 405 + 3] = 20, 2  # surely a 3, and perhaps
    seen = NumpyMLP(config, weights).log_probabilities(images)
    alone = NumpyMLP(replace(config, view_shift_px=0), weights).log_probabilities(images)
    np.testing.assert_array_equal(seen[0], alone[0])
    assert seen[1, 3] < alone[1, 3]


@pytest.mark.parametrize("view_shift_px", [0, 1])
def test_no_images_have_no_log_probabilities(view_shift_px):
    config = MLPConfig(hidden_sizes=(4,), view_shift_px=view_shift_px)
    weights = {name: tensor.numpy() for name, tensor in build_model(config).state_dict().items()}
    network = NumpyMLP(config, weights)
    assert network.log_probabilities(np.empty((0, 784), np.float32)).shape == (0, 10)


def test_log_softmax_survives_large_scores():
    result = log_softmax(np.array([[1000.0, 0.0], [-1000.0, -1000.0]], np.float32))
    np.testing.assert_allclose(result, [[0, -1000], [-np.log(2), -np.log(2)]], rtol=1e-6)


def test_missing_and_misshapen_weights_are_told():
    config = MLPConfig(hidden_sizes=(4,))
    weights = {n: t.numpy() for n, t in build_model(config).state_dict().items()}
    with pytest.raises(CheckpointError, match=r"output\.bias"):
        NumpyMLP(config, {n: a for n, a in weights.items() if n != "output.bias"})
    with pytest.raises(CheckpointError, match="linear1"):
        NumpyMLP(config, weights | {"linear1.weight": np.zeros((4, 7), np.float32)})
