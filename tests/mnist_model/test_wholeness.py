import itertools

import cv2
import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from torch.nn.functional import conv2d, linear

from mnist_model.errors import CheckpointError
from mnist_model.wholeness import STRIDES, WHOLENESS_WEIGHTS, Wholeness, load_wholeness


def _by_torch(around):
    weights = {n: w.float() for n, w in safetensors.torch.load_file(WHOLENESS_WEIGHTS).items()}
    x = torch.from_numpy(around).float() / 255
    for number, stride in enumerate(STRIDES, start=1):
        kernel, bias = weights[f"conv{number}.weight"], weights[f"conv{number}.bias"]
        x = conv2d(x, kernel, bias, stride, kernel.shape[2] // 2).relu()
    x = x.permute(0, 2, 3, 1).flatten(1)
    x = linear(x, weights["hidden.weight"], weights["hidden.bias"]).relu()
    return linear(x, weights["output.weight"], weights["output.bias"]).log_softmax(1).numpy()


def test_it_computes_what_torch_does():
    around = np.random.default_rng(0).integers(0, 256, (40, 2, 28, 28), dtype=np.uint8)
    found = load_wholeness().probabilities(around)
    assert found.shape == (40,)
    assert found.max() > 100 * found.min()
    np.testing.assert_allclose(found, 1 - np.exp(_by_torch(around)[:, 10]), rtol=1e-2, atol=1e-5)


def _draw_m(pen, width, middle):
    """The left stem of an M, and all the rest of it."""
    stem, rest = np.zeros((2, 28, 28), np.uint8)
    cv2.line(stem, (13, 5), (13, 23), 255, pen)
    left = 13 + pen
    corners = [(left, 5), (left + width // 2, middle), (left + width, 5), (left + width, 23)]
    cv2.polylines(rest, [np.array(corners)], False, 255, pen)
    rest[stem > 0] = 0
    return stem, rest


def test_a_stroke_is_a_1_alone_and_none_as_part_of_an_m():
    shapes = itertools.product((2, 3), (8, 10, 12), (12, 15, 18))
    drawn = [_draw_m(pen, width, middle) for pen, width, middle in shapes]
    network = load_wholeness()
    alone = network.probabilities(np.array([(stem, np.zeros_like(stem)) for stem, _ in drawn]))
    in_an_m = network.probabilities(np.array(drawn))
    assert alone.min() > 0.9
    assert np.median(in_an_m) < alone.min() / 3


FOREIGN = safetensors.numpy.save({"conv1.weight": np.zeros((1, 1, 1, 1), np.float16)})


@pytest.mark.parametrize("content", [None, b"", b"no weights at all", FOREIGN])
def test_a_damaged_file_is_a_clear_error(tmp_path, content):
    path = tmp_path / "wholeness.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match="wholeness"):
        Wholeness(path)
