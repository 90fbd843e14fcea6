"""What the rejector sees of an image beside its pixels: the features of a convolutional network.

The convolutions have learned what strokes of digits and of other ink look like
(`scripts/train_rejector.py`) and stay as they are: what people say only teaches the layers after
them, which is quick and needs few examples.
"""

from functools import cache
from pathlib import Path

import numpy as np

from mnist_model.config import IMAGE_SIZE_PX
from mnist_model.convolution import NamedWeights, convolve, pool
from mnist_model.inference import FloatArray

FEATURES_WEIGHTS = Path(__file__).parent / "pretrained" / "features.safetensors"

SIZE = 864  # features of an image: 96 channels at 3x3 places
POOLED_AFTER = (2, 4, 5)  # these convolutions
_BATCH = 4  # more at a time would need more memory than caches hold


class Features:
    """The convolutions. Holds no state that changes."""

    def __init__(self, path: Path) -> None:
        """Load the weights.

        Raises:
            CheckpointError: The file is missing, damaged or foreign.
        """
        weights = NamedWeights(path)
        self._convolutions = [
            (weights[f"conv{n}.weight"], weights[f"conv{n}.bias"])
            for n in range(1, POOLED_AFTER[-1] + 1)
        ]

    def extract(self, inputs: FloatArray) -> FloatArray:
        """Compute the features, (N, SIZE), of normalised pixels, (N, 784)."""
        features = np.empty((len(inputs), SIZE), np.float32)
        for start in range(0, len(inputs), _BATCH):
            features[start : start + _BATCH] = self._forward(inputs[start : start + _BATCH])
        return features

    def _forward(self, inputs: FloatArray) -> FloatArray:
        x = inputs.reshape(-1, IMAGE_SIZE_PX, IMAGE_SIZE_PX, 1)
        for number, (kernel, bias) in enumerate(self._convolutions, start=1):
            x = convolve(x, kernel, bias)
            if number in POOLED_AFTER:
                x = pool(x)
        return x.reshape(len(x), -1)


@cache
def load_features() -> Features:
    """Load the convolutions that come with the package, once."""
    return Features(FEATURES_WEIGHTS)
