import itertools

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from torch.nn.functional import conv2d, max_pool2d

from mnist_model.errors import CheckpointError
from mnist_model.rows import (
    HEIGHT_PX,
    NOTHING,
    ROWS_WEIGHTS,
    RowNetwork,
    RowPicture,
    load_row_network,
    read_digits,
    tell_one_digit,
)


def _by_torch(pixels):
    weights = {n: w.float() for n, w in safetensors.torch.load_file(ROWS_WEIGHTS).items()}
    x = torch.from_numpy(pixels).float()[None, None] / 255
    for number in range(1, 6):
        kernel = weights[f"conv{number}.weight"].permute(3, 2, 0, 1)  # (outputs, inputs, h, w)
        if number == 5:
            x = x.permute(0, 2, 1, 3).flatten(1, 2)[:, :, None]
        padding = kernel.shape[2] // 2, kernel.shape[3] // 2
        x = conv2d(x, kernel, weights[f"conv{number}.bias"], padding=padding).relu()
        if number < 4:
            x = max_pool2d(x, (2, 2) if number == 1 else (2, 1))
    scores = x[0, :, 0].T @ weights["output.weight"] + weights["output.bias"]
    return scores.log_softmax(1).numpy()


def test_it_computes_what_torch_does():
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT_PX, 90), dtype=np.uint8)
    found = load_row_network().log_probabilities(pixels)
    assert found.shape == (45, 11)
    np.testing.assert_allclose(np.exp(found), np.exp(_by_torch(pixels)), rtol=1e-2, atol=1e-5)


def test_stretches_hold_one_digit_as_all_ways_to_tell_it_say():
    rng = np.random.default_rng(1)
    told = np.log(rng.dirichlet(np.ones(11), 5)).astype(np.float32)
    firsts, ends = np.array([0, 1, 2, 3]), np.array([5, 4, 4, 3])
    one, none = tell_one_digit(told, firsts, ends)
    for row, (first, end) in enumerate(zip(firsts, ends, strict=True)):
        likely = dict.fromkeys(range(11), 0.0)
        for way in itertools.product(range(11), repeat=end - first):
            digits = [c for before, c in zip((NOTHING, *way), way, strict=False) if c != before]
            digits = [c for c in digits if c != NOTHING]
            if len(digits) < 2:
                key = digits[0] if digits else NOTHING
                likely[key] += float(np.exp(told[range(first, end), way].sum()))
        np.testing.assert_allclose(np.exp(none[row]), likely[NOTHING], rtol=1e-4)
        expected = [likely[digit] for digit in range(10)]
        np.testing.assert_allclose(np.exp(one[row]), expected, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize(
    ("classes", "digits", "bounds"),
    [
        ([10, 10], [], [0, 2]),
        ([3], [3], [0, 1]),
        ([10, 3, 3, 10, 10, 3, 10], [3, 3], [0, 4, 7]),
        ([1, 2, 10, 2, 0], [1, 2, 2, 0], [0, 1, 3, 4, 5]),
    ],
)
def test_digits_part_half_way_between_where_they_are_told(classes, digits, bounds):
    told = np.log(np.eye(11, dtype=np.float32)[classes] + 0.01).reshape(-1, 11)
    found, parts = read_digits(told)
    assert (found.tolist(), parts.tolist()) == (digits, bounds)


def test_a_column_of_the_ink_map_has_a_step():
    row = RowPicture(np.zeros((HEIGHT_PX, 60), np.uint8), left=100, scale=0.5)
    assert row.steps_at(np.array([100.0, 120.0, 140.0])).tolist() == [2, 7, 12]


FOREIGN = safetensors.numpy.save({"conv1.weight": np.zeros((1, 1, 1, 1), np.float16)})


@pytest.mark.parametrize("content", [None, b"", b"no weights at all", FOREIGN])
def test_a_damaged_file_is_a_clear_error(tmp_path, content):
    path = tmp_path / "rows.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match="rows"):
        RowNetwork(path)
