"""Tells whole digits from parts of digits and from other ink, by what lies around them.

A small convolutional network that has seen what the reader's own segmentation makes of digits,
letters and scribbles (`scripts/train_wholeness.py`). It sees a candidate's ink and, beside it, the
ink of its neighbours: a stroke alone is a 1, the same stroke cut off an M is not.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_model.convolution import NamedWeights, convolve
from mnist_model.inference import FloatArray, log_softmax

WHOLENESS_WEIGHTS = Path(__file__).parent / "pretrained" / "wholeness.safetensors"

STRIDES = (2, 2, 1)  # of the convolutions
_BATCH = 32  # more at a time would need more memory than caches hold


class Wholeness:
    """The network. Holds no state that changes."""

    def __init__(self, path: Path) -> None:
        """Load the weights.

        Raises:
            CheckpointError: The file is missing, damaged or foreign.
        """
        weights = NamedWeights(path)
        self._convolutions = [
            (_as_kernel(weights[f"conv{n}.weight"]), weights[f"conv{n}.bias"], stride)
            for n, stride in enumerate(STRIDES, start=1)
        ]
        self._hidden = weights["hidden.weight"].T.copy(), weights["hidden.bias"]
        self._output = weights["output.weight"].T.copy(), weights["output.bias"]

    def probabilities(self, around: NDArray[np.uint8]) -> FloatArray:
        """Tell how probably each candidate is a digit, whole and alone; (N,).

        Args:
            around: (N, 2, 28, 28), as `Writing.look_around` shows it.
        """
        batches = [around[start : start + _BATCH] for start in range(0, len(around), _BATCH)]
        found = np.concatenate([self._forward(batch) for batch in batches])  # (N, 11)
        # It learned the ten digits apart, which made it better; which one it is, others tell.
        return np.asarray(np.exp(found[:, :10]).sum(axis=1), dtype=np.float32)

    def _forward(self, around: NDArray[np.uint8]) -> FloatArray:
        pixels = np.moveaxis(around, 1, 3).astype(np.float32)  # (N, 28, 28, 2)
        x: FloatArray = pixels / np.float32(255)
        for kernel, bias, stride in self._convolutions:
            x = convolve(x, kernel, bias, stride)
        x = x.reshape(len(x), -1)  # (N, 7 * 7 * channels)
        matrix, bias = self._hidden
        x = np.maximum(x @ matrix + bias, 0)
        matrix, bias = self._output
        return log_softmax(x @ matrix + bias)  # (N, 11)


def _as_kernel(weight: FloatArray) -> FloatArray:
    """Lay a kernel (out, in, k, k) out as (k, k, in, out)."""
    return np.ascontiguousarray(weight.transpose(2, 3, 1, 0))


@cache
def load_wholeness() -> Wholeness:
    """Load the network that comes with the package, once."""
    return Wholeness(WHOLENESS_WEIGHTS)
