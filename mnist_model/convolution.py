"""Convolutions in NumPy, and the weights of networks that are made of them; no torch."""

from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from mnist_model.errors import CheckpointError
from mnist_model.inference import FloatArray


class NamedWeights(dict[str, FloatArray]):
    """A file of named arrays, which may be in half precision."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            CheckpointError: The file is missing or damaged.
        """
        try:
            named: dict[str, NDArray[np.floating]] = safetensors.numpy.load_file(path)
        except (OSError, SafetensorError) as error:
            raise CheckpointError(f"Cannot read the weights in {path}: {error}.") from error
        super().__init__((name, array.astype(np.float32)) for name, array in named.items())
        self._path = path

    def __missing__(self, name: str) -> FloatArray:
        """Refuse a file that lacks what is asked for."""
        raise CheckpointError(f"There are no weights named {name!r} in {self._path}.")


def convolve(x: FloatArray, kernel: FloatArray, bias: FloatArray, stride: int = 1) -> FloatArray:
    """Convolve and rectify: (N, H, W, C) by (h, w, C, D) to (N, H', W', D).

    Args:
        x: Pixels; the border is padded so that the kernel's middle reaches it.
        kernel: Of odd height and width.
        bias: (D,).
        stride: Pixels between two output pixels.
    """
    rows, columns, _, outputs = kernel.shape
    down, across = rows // 2, columns // 2
    count, height, width, channels = x.shape
    # NumPy's own padding takes ten times as long.
    padded = np.zeros((count, height + 2 * down, width + 2 * across, channels), x.dtype)
    padded[:, down : down + height, across : across + width] = x
    seen = [
        padded[:, row : row + height : stride, column : column + width : stride]
        for row in range(rows)
        for column in range(columns)
    ]
    result: FloatArray = np.concatenate(seen, axis=3) @ kernel.reshape(-1, outputs) + bias
    return np.maximum(result, 0)


def pool(x: FloatArray, across: int = 2) -> FloatArray:
    """Keep the largest of every two rows and `across` columns, (N, H, W, C); a rest is lost."""
    count, height, width, channels = x.shape
    rows, columns = height // 2, width // across
    whole = x[:, : rows * 2, : columns * across]
    parts = whole.reshape(count, rows, 2, columns, across, channels)
    result: FloatArray = parts.max(axis=(2, 4))
    return result
