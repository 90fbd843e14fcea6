"""Tells whole digits from parts of digits and from other ink, by what lies around them.

A small convolutional network that has seen what the reader's own segmentation makes of digits,
letters and scribbles (`scripts/train_wholeness.py`). It sees a candidate's ink and, beside it, the
ink of its neighbours: a stroke alone is a 1, the same stroke cut off an M is not.
"""

from functools import cache
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from mnist_model.errors import CheckpointError
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
        try:
            named = safetensors.numpy.load_file(path)
            weights = {name: array.astype(np.float32) for name, array in named.items()}
            self._convolutions = [
                (_as_matrix(weights[f"conv{n}.weight"]), weights[f"conv{n}.bias"], stride)
                for n, stride in enumerate(STRIDES, start=1)
            ]
            self._hidden = weights["hidden.weight"].T.copy(), weights["hidden.bias"]
            self._output = weights["output.weight"].T.copy(), weights["output.bias"]
        except (OSError, SafetensorError, KeyError) as error:
            raise CheckpointError(f"Cannot read the weights in {path}: {error}.") from error

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
        for matrix, bias, stride in self._convolutions:
            x = np.maximum(_patches(x, matrix.shape[0] // x.shape[3], stride) @ matrix + bias, 0)
        x = x.reshape(len(x), -1)  # (N, 7 * 7 * channels)
        matrix, bias = self._hidden
        x = np.maximum(x @ matrix + bias, 0)
        matrix, bias = self._output
        return log_softmax(x @ matrix + bias)  # (N, 11)


def _as_matrix(kernel: FloatArray) -> FloatArray:
    """Turn a kernel (out, in, k, k) into a matrix (k * k * in, out)."""
    return np.ascontiguousarray(kernel.transpose(2, 3, 1, 0).reshape(-1, len(kernel)))


def _patches(x: FloatArray, size: int, stride: int) -> FloatArray:
    """Lay out what each output pixel sees: (N, H, W, C) to (N, H', W', size * C).

    Args:
        x: Pixels; the border is padded so that the kernel's middle reaches it.
        size: Pixels of the kernel, its side squared.
        stride: Pixels between two output pixels.
    """
    side = round(size**0.5)
    margin = side // 2
    count, height, width, channels = x.shape
    padded = np.zeros((count, height + 2 * margin, width + 2 * margin, channels), x.dtype)
    padded[:, margin:-margin, margin:-margin] = x
    shifted = [
        padded[:, down : down + height : stride, across : across + width : stride]
        for down in range(side)
        for across in range(side)
    ]
    return np.concatenate(shifted, axis=3)


@cache
def load_wholeness() -> Wholeness:
    """Load the network that comes with the package, once."""
    return Wholeness(WHOLENESS_WEIGHTS)
