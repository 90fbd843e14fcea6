import numpy as np
import pytest
import safetensors.numpy
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom

from mnist_model.convolution import pool
from mnist_model.errors import CheckpointError
from mnist_model.features import FEATURES_WEIGHTS, POOLED_AFTER, SIZE, Features, load_features


def _inputs(count: int) -> np.ndarray:
    return np.random.default_rng(3).uniform(-1, 1, (count, 784)).astype(np.float32)


def test_features_are_what_torch_computes():
    weights = safetensors.numpy.load_file(FEATURES_WEIGHTS)
    x = torch.from_numpy(_inputs(6)).view(6, 1, 28, 28)
    for number in range(1, 6):
        kernel, bias = (
            torch.from_numpy(weights[f"conv{number}.{part}"]).float()
            for part in ("weight", "bias")
        )
        x = F.relu(F.conv2d(x, kernel.permute(3, 2, 0, 1), bias, padding=1))
        if number in POOLED_AFTER:
            x = F.max_pool2d(x, 2)
    expected = x.permute(0, 2, 3, 1).flatten(1).numpy()
    assert expected.shape == (6, SIZE)
    np.testing.assert_allclose(load_features().extract(_inputs(6)), expected, atol=1e-4)


def test_an_image_has_the_same_features_in_any_company():
    inputs = _inputs(11)
    together = load_features().extract(inputs)
    alone = np.concatenate([load_features().extract(one[None]) for one in inputs])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert load_features().extract(inputs[:0]).shape == (0, SIZE)


def test_a_file_without_a_convolution_is_refused(tmp_path):
    weights = safetensors.numpy.load_file(FEATURES_WEIGHTS)
    del weights["conv4.bias"]
    path = tmp_path / "features.safetensors"
    path.write_bytes(safetensors.numpy.save(weights))
    with pytest.raises(CheckpointError, match=r"conv4\.bias"):
        Features(path)


def test_pooling_keeps_the_largest_and_loses_the_rest():
    x = np.arange(15, dtype=np.float32).reshape(1, 3, 5, 1)
    assert pool(x)[0, :, :, 0].tolist() == [[6, 8]]
    assert pool(x, across=1)[0, :, :, 0].tolist() == [[5, 6, 7, 8, 9]]
