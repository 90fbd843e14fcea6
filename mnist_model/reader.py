"""The reader: a photo in, a reading out. NumPy only; loads in a fraction of a second.

reader = Reader.load()
reading = reader.read(Path("photo.jpg"))
print(reading.text, [digit.confidence for digit in reading.digits])
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_model.checkpoint import (
    PRETRAINED_CHECKPOINT,
    Checkpoint,
    CheckpointMetadata,
    load_checkpoint,
)
from mnist_model.inference import NumpyMLP, log_softmax
from mnist_model.photo import Box, find_digits

__all__ = ["Box", "DigitReading", "Reader", "Reading"]


@dataclass(frozen=True, eq=False)
class DigitReading:
    """One digit of a photo, and what the model makes of it."""

    label: int  # 0 to 9
    confidence: float  # calibrated probability of `label`, 0 to 1
    box: Box  # where its ink is, in pixels of the upright photo
    probabilities: NDArray[np.float32]  # (10,), sums to 1
    image: NDArray[np.uint8]  # (28, 28), light ink on black: what the model saw


@dataclass(frozen=True, eq=False)
class Reading:
    """The answer to one photo."""

    digits: tuple[DigitReading, ...]  # in reading order
    text: str  # the digits; lines separated by one space; "" when rejected
    rejected: bool
    reason: str | None  # a sentence for a person; None unless rejected


class Reader:
    """A checkpoint and the photo pipeline, ready to read.

    Holds no state that changes, so threads may share one.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Prepare the network of `checkpoint`; see `load` for files.

        Raises:
            CheckpointError: The weights do not fit the checkpoint's own description.
        """
        self.metadata: CheckpointMetadata = checkpoint.metadata
        self._network = NumpyMLP(checkpoint.metadata.config, checkpoint.weights)

    @classmethod
    def load(cls, checkpoint: Path | None = None) -> "Reader":
        """Load a checkpoint file; None is the one shipped with the package.

        Raises:
            CheckpointError: The file is missing, damaged or foreign.
        """
        return cls(load_checkpoint(checkpoint or PRETRAINED_CHECKPOINT))

    def read(self, photo: bytes | Path) -> Reading:
        """Read the digits in a photo.

        Args:
            photo: The bytes of an image file, or its path.

        Raises:
            UnreadablePhotoError: Not an image, damaged, empty, or of a kind we do not open.
            PhotoTooLargeError: More than 100 megapixels.
        """
        found = find_digits(photo)
        if not found.digits:
            return Reading(digits=(), text="", rejected=True, reason=found.reason)
        images = np.stack([digit.image for digit in found.digits])  # (N, 28, 28)
        probabilities = self.classify(images)  # (N, 10)
        digits = tuple(
            DigitReading(
                label=int(row.argmax()),
                confidence=float(row.max()),
                box=digit.box,
                probabilities=row,
                image=digit.image,
            )
            for digit, row in zip(found.digits, probabilities, strict=True)
        )
        text = "".join(str(digit.label) for digit in digits)
        return Reading(digits=digits, text=text, rejected=False, reason=None)

    def classify(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Tell how probable each digit is for each image.

        Args:
            images: (N, 28, 28) as in MNIST: 0 is paper, 255 is ink.

        Returns:
            Calibrated probabilities, (N, 10); each row sums to 1.
        """
        mean, std = self.metadata.normalisation
        pixels = images.reshape(-1, self.metadata.config.input_size).astype(np.float32)  # (N, 784)
        inputs = (pixels / np.float32(255) - np.float32(mean)) / np.float32(std)
        log_probabilities = self._network.log_probabilities(inputs)  # (N, 10)
        return np.exp(log_softmax(log_probabilities / np.float32(self.metadata.temperature)))
