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
    rows, columns, channels, outputs = kernel.shape
    down, across = rows // 2, columns // 2
    count, height, width, _ = x.shape
    # NumPy's own padding takes ten times as long.
    padded = np.zeros((count, height + 2 * down, width + 2 * across, channels), x.dtype)
    padded[:, down : down + height, across : across + width] = x
    # Only columns are laid side by side: a copy of all that each pixel sees takes longer than
    # another product for each of the kernel's rows.
    beside = [padded[:, :, column : column + width : stride] for column in range(columns)]
    seen = np.concatenate(beside, axis=3)
    width = seen.shape[2]
    result = np.zeros((count, -(-height // stride), width, outputs), x.dtype)
    for row, matrix in enumerate(kernel.reshape(rows, columns * channels, outputs)):
        # One large product is faster than one for each row of pixels.
        part = seen[:, row : row + height : stride].reshape(-1, columns * channels) @ matrix
        result += part.reshape(result.shape)
    result += bias
    return np.maximum(result, 0, out=result)


def pool(x: FloatArray, across: int = 2) -> FloatArray:
    """Keep the largest of every two rows, and of two columns unless `across` is 1.

    Args:
        x: (N, H, W, C); what is left of an odd height or width is lost.
        across: Columns that become one, 1 or 2.
    """
    _, height, width, _ = x.shape
    rows, columns = height // 2 * 2, width // across * across
    # Slices: NumPy's maximum over an axis of two takes four times as long.
    x = np.maximum(x[:, 0:rows:2, :columns], x[:, 1:rows:2, :columns])
    return x if across == 1 else np.maximum(x[:, :, ::2], x[:, :, 1::2])
