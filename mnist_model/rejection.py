"""Tells digits from everything else: letters, scribbles, stains, pieces of digits, joined digits.

A network of its own, trained on made-up ink (`scripts/train_rejector.py`). It knows nothing of the
classifier, which may be any: one that has only ever seen digits is sure of anything. It sees
pixels and features. The convolutions that make these never change (`features.py`); all else is
what people can teach.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_model.checkpoint import Network, load_checkpoint
from mnist_model.features import load_features
from mnist_model.inference import FloatArray, NumpyMLP

REJECTOR_CHECKPOINT = Path(__file__).parent / "pretrained" / "rejector.safetensors"


class Rejector:
    """The network that tells digits from everything else. Holds no state that changes."""

    def __init__(self, network: Network, normalisation: tuple[float, float]) -> None:
        """Prepare the network.

        Args:
            network: The shape and weights of all of it but the convolutions.
            normalisation: Mean and standard deviation of pixels in [0, 1].

        Raises:
            CheckpointError: The weights do not fit the shape.
        """
        self.network = network
        self._layers = NumpyMLP(network.config, network.weights)
        self._normalisation = normalisation

    def log_probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Tell how probably each image is each digit, where it may be no digit at all.

        Args:
            images: (N, 28, 28) as in MNIST: 0 is paper, 255 is ink.

        Returns:
            Natural logarithms of the probabilities, (N, 10); what is missing to a sum of 1 is the
            probability that it is no digit.
        """
        mean, std = self._normalisation
        pixels = images.reshape(len(images), -1).astype(np.float32)  # (N, 784)
        inputs = (pixels / np.float32(255) - np.float32(mean)) / np.float32(std)
        return self._layers.log_probabilities(see(self.network, inputs))[:, :10]


def see(network: Network, inputs: FloatArray) -> FloatArray:
    """Return what a network sees of normalised pixels, (N, 784): these, and features if it can.

    Those that learned from people before there were features see pixels only, and still work.
    """
    if network.config.input_size == inputs.shape[1]:
        return inputs
    return np.concatenate((inputs, load_features().extract(inputs)), axis=1)


@cache
def load_rejector() -> Rejector:
    """Load the rejector that comes with the package, once.

    Raises:
        CheckpointError: The file is missing, damaged or foreign.
    """
    checkpoint = load_checkpoint(REJECTOR_CHECKPOINT)
    metadata = checkpoint.metadata
    return Rejector(Network(metadata.config, checkpoint.weights), metadata.normalisation)
