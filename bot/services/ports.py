"""What lies outside the process, as protocols, and the values that cross that border."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

Clock = Callable[[], datetime]
"""Returns the present instant, aware, in UTC."""


@dataclass(frozen=True)
class Box:
    """Where a digit stands, in pixels of the upright photo."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class ReadDigit:
    """One digit as the model read it."""

    label: int
    confidence: float  # calibrated, 0-1
    probabilities: tuple[float, ...]  # 10, one for each digit
    image: bytes  # 28x28 uint8, row by row, white ink on black
    box: Box


@dataclass(frozen=True)
class PhotoReading:
    """What the model made of one photo.

    Attributes:
        digits: In reading order; empty when the photo was rejected.
        rejection: Why nothing was read, as a sentence for the person; None otherwise.
        model_sha256: The checkpoint that did it.
        latency_ms: From the photo's bytes to this value.
    """

    digits: tuple[ReadDigit, ...]
    rejection: str | None
    model_sha256: str
    latency_ms: float


class DigitReader(Protocol):
    """Reads photos with the active model version."""

    async def read(self, photo: bytes) -> PhotoReading:
        """Read the digits in an image file's bytes.

        Raises:
            PhotoError: The bytes cannot be read as a photo.
        """
        ...

    async def use(self, checkpoint: Path) -> None:
        """Answer from now on with another checkpoint.

        Raises:
            ModelError: The file is damaged or is no checkpoint; the old one stays in use.
        """
        ...


@dataclass(frozen=True)
class HistoryItem:
    """The digits of one past reading."""

    images: tuple[bytes, ...]  # each 28x28 uint8, row by row
    labels: tuple[int, ...]
    is_wrong: bool  # A person has said that it should have been something else.


class ReadingPainter(Protocol):
    """Paints what was seen in photos."""

    async def paint_history(self, items: Sequence[HistoryItem]) -> bytes:
        """Return a PNG of the digits of past readings, each with what it was read as."""
        ...

    async def paint_image(self, image: bytes) -> bytes:
        """Return a PNG of a 28x28 image, enlarged."""
        ...

    async def paint(self, photo: bytes | None, digits: Sequence[ReadDigit]) -> bytes:
        """Return a PNG of the photo with its boxes, and of each digit as the model saw it.

        Args:
            photo: The image file's bytes; None when it is not to be had any more.
            digits: In reading order.
        """
        ...


@dataclass(frozen=True)
class VersionAccuracy:
    """How good one model version is.

    Attributes:
        version_id: Its number.
        activated_at: When it last became the active one.
        is_active: Whether it answers photos now.
        test_accuracy: The share of MNIST's test images that it read right, 0-1.
        right: How many of its digits people found right.
        judged: How many of its digits people judged.
        interval: The 95 % confidence interval of the share that is right, 0-1; None when nobody
            has judged one.
    """

    version_id: int
    activated_at: datetime
    is_active: bool
    test_accuracy: float
    right: int
    judged: int
    interval: tuple[float, float] | None


class AccuracyPainter(Protocol):
    """Paints how good the bot is."""

    async def paint_matrices(
        self, mnist: Sequence[Sequence[int]], live: Sequence[Sequence[int]]
    ) -> bytes:
        """Return a PNG of two confusion matrices side by side.

        Args:
            mnist: Counts on MNIST's test images, [true][read], 10 x 10.
            live: Counts by what people said, [said][read], 11 x 10; the last row is "no digit".
        """
        ...

    async def paint_versions(self, versions: Sequence[VersionAccuracy]) -> bytes:
        """Return a PNG of the accuracy of model versions, in the order given; at least one."""
        ...


@dataclass(frozen=True)
class CheckpointInfo:
    """What a checkpoint says of itself."""

    sha256: str
    recipe: str
    validation_accuracy: float  # 0-1
    test_accuracy: float  # 0-1
    confusion_matrix: list[list[int]]  # [true][predicted], on MNIST's test split


class ModelStore(Protocol):
    """Keeps checkpoints, named by their SHA-256."""

    async def put(self, checkpoint: Path) -> CheckpointInfo:
        """Store a checkpoint; storing it again changes nothing.

        Raises:
            ModelError: The file is damaged or is no checkpoint, or the store cannot be written.
        """
        ...

    async def fetch(self, sha256: str) -> Path:
        """Return a local path to a stored checkpoint whose bytes match the hash.

        Raises:
            ModelError: It is missing or damaged.
        """
        ...


@dataclass(frozen=True)
class Example:
    """One labelled image.

    Attributes:
        id: The digit prediction that it was; below 0, an imported example.
        image: 28x28 uint8, row by row, light ink on black.
        label: What a person said: 0-9 or NOT_A_DIGIT.
        is_held_out: Whether it must never be trained on.
        is_vetted: Whether somebody who may decide has decided that the label is right.
        read_as: What the model said; None for an imported one.
        person: Who said so, numbered from 1 in the order of their first example, since examples
            leave the database without Telegram's ids; None for an imported one.
    """

    id: int
    image: bytes
    label: int
    is_held_out: bool
    is_vetted: bool
    read_as: int | None
    person: int | None


@dataclass(frozen=True)
class TrainingOrder:
    """What a trainer is to do."""

    recipe: str
    active: Path  # the checkpoint that answers photos now: to go on from, or to compare with
    examples: Sequence[Example]


@dataclass(frozen=True)
class TrainingProgress:
    """How far a training run is."""

    epoch: int  # finished epochs
    epochs: int
    loss: float | None  # training loss of the last epoch
    validation_accuracy: float | None  # 0-1
    stage: str  # "starting", "vetting", "training", "evaluating" or "saving"
    elapsed_s: float  # of the epochs


@dataclass(frozen=True)
class ModelFigures:
    """What a model measures, whole reader and all."""

    test_accuracy: float  # 0-1, of MNIST's test images
    calibration_error: float  # 0-1, expected, on the same
    digits_refused: float  # share of the same that is taken for no digit
    held_out_right: int  # of the held-out examples
    held_out_count: int
    no_digits_refused: int  # of the held-out examples that are no digits
    no_digits_count: int


@dataclass(frozen=True)
class Doubt:
    """An example whose label a model that had not seen it was sure to be wrong."""

    example_id: int
    label: int
    read_as: int  # 0-9 or NOT_A_DIGIT


@dataclass(frozen=True)
class TrainedCheckpoint:
    """The last item of a training run that went well."""

    path: Path
    before: ModelFigures  # of the order's active checkpoint
    after: ModelFigures
    doubts: tuple[Doubt, ...]  # neither trained on nor counted
    curve: bytes | None  # PNG of the training curve


class Trainer(Protocol):
    """Trains models in a process of its own."""

    def train(self, order: TrainingOrder) -> AsyncGenerator[TrainingProgress | TrainedCheckpoint]:
        """Train; yield progress as it comes and the checkpoint at the end.

        Closing the iterator early ends the process.

        Raises:
            TrainingError: The process failed; the message says why.
            TrainingCancelledError: `cancel` ended it.
            TrainingInterruptedError: `stop` ended it.
        """
        ...

    async def cancel(self) -> None:
        """End the running process, if any."""
        ...

    async def stop(self) -> None:
        """End the running process, if any, and start no other; for when the bot stops."""
        ...
