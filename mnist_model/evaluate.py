"""How good a model is: accuracy, confusion matrix, calibration. Only this reads the test split."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_model.config import CLASSES
from mnist_model.data import Split, load_test
from mnist_model.inference import log_softmax

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mnist_model.reader import Judgements

Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]  # (N, 28, 28) -> (N, 10)

CALIBRATION_BINS = 15  # Source: Guo et al., "On Calibration of Modern Neural Networks", 2017
_BATCH = 2_000  # images classified at once; bounds memory


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a model achieved on images that it did not learn from."""

    tested: int  # number of images
    accuracy: float  # fraction, 0 to 1
    confusion_matrix: NDArray[np.int64]  # (10, 10); [true, predicted]
    calibration_error: float  # expected calibration error, 0 to 1
    probabilities: NDArray[np.float32]  # (tested, 10)
    labels: NDArray[np.int64]  # (tested,)

    @property
    def class_accuracies(self) -> NDArray[np.float64]:
        """Accuracy within each true class, (10,); NaN where there was no image."""
        totals = self.confusion_matrix.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return np.asarray(self.confusion_matrix.diagonal() / totals, dtype=np.float64)


def evaluate_on_test(classify: Classify, data_dir: str | Path) -> Evaluation:
    """Measure a model on MNIST's 10,000 test images.

    Raises:
        DataError: The files are missing and cannot be downloaded, or are damaged.
    """
    test = load_test(data_dir)
    return summarise(np.concatenate([classify(part) for part in _batches(test)]), test.labels)


def judge_test(
    judge: "Callable[[NDArray[np.uint8]], Judgements]", data_dir: str | Path
) -> tuple[Evaluation, float]:
    """Measure a reader on MNIST's 10,000 test images.

    Args:
        judge: `Reader.judge`.
        data_dir: Where MNIST is or will be.

    Returns:
        What its classifier achieves, and the share of the images that it takes for no digit.

    Raises:
        DataError: The files are missing and cannot be downloaded, or are damaged.
    """
    test = load_test(data_dir)
    parts = [judge(part) for part in _batches(test)]
    evaluation = summarise(np.concatenate([part.by_classifier for part in parts]), test.labels)
    return evaluation, float(np.concatenate([part.is_refused for part in parts]).mean())


def _batches(split: Split) -> Iterator[NDArray[np.uint8]]:
    for start in range(0, len(split), _BATCH):
        yield split.images[start : start + _BATCH]


def evaluate_model(model: "nn.Module", loader: "Iterable[tuple[Tensor, Tensor]]") -> Evaluation:
    """Measure a torch model on a loader, batch by batch.

    Args:
        model: From pixels (B, 784) to log-probabilities (B, 10).
        loader: Batches of (images, labels): float32 (B, ...) that flatten to (B, 784), int64 (B,).
    """
    import torch  # noqa: PLC0415 - slow to import; all else here works without it

    device = next(model.parameters()).device
    model.eval()
    probabilities, labels = [], []
    with torch.no_grad():
        for images, batch_labels in loader:
            log_probabilities = model(images.flatten(1).to(device))  # (B, 10)
            probabilities.append(log_probabilities.exp().cpu().numpy())
            labels.append(batch_labels.numpy())
    return summarise(np.concatenate(probabilities), np.concatenate(labels))


def summarise(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Evaluation:
    """Compute all measures from probabilities (N, 10) and true labels (N,)."""
    predicted_labels = probabilities.argmax(axis=1)
    return Evaluation(
        tested=len(labels),
        accuracy=float((predicted_labels == labels).mean()),
        confusion_matrix=confusion_matrix(labels, predicted_labels),
        calibration_error=expected_calibration_error(probabilities, labels),
        probabilities=probabilities,
        labels=labels,
    )


def confusion_matrix(
    labels: NDArray[np.int64], predicted_labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Count how often each true label was predicted as each label, (10, 10)."""
    counts = np.bincount(labels * CLASSES + predicted_labels, minlength=CLASSES * CLASSES)
    return counts.reshape(CLASSES, CLASSES).astype(np.int64)


def expected_calibration_error(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], bins: int = CALIBRATION_BINS
) -> float:
    """Compute how far confidence and accuracy lie apart, on average over bins of confidence.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017, equation 3.
    """
    confidences = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, weights=is_right - confidences.astype(float), minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def fit_temperature(log_probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Find the number to divide log-probabilities by that makes the labels most likely.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017, section 4.2. Choose by
    validation, never by test.
    """
    candidates = np.geomspace(0.2, 5.0, num=321).astype(np.float32)  # steps of 1 %
    rows = np.arange(len(labels))
    losses = [-log_softmax(log_probabilities / t)[rows, labels].mean() for t in candidates]
    return float(candidates[int(np.argmin(losses))])
