"""Scores the reader on folders of photos with labels: `mnist evaluate --photos DIR...`.

A folder has a `labels.csv` with the columns path and label, and perhaps kind. A label is what is
written, lines separated by one space; empty or "none" means that nothing is to be read.
"""

import csv
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_model.errors import DataError, PhotoError
from mnist_model.evaluate import expected_calibration_error
from mnist_model.reader import Reader, Reading

LOST_SHARE = 0.01  # of the photos with digits: at the threshold that loses so many, see Scores


@dataclass(frozen=True)
class LabelledPhoto:
    """One line of `labels.csv`."""

    path: Path
    label: str  # "" = nothing to read
    kind: str  # "" if the file has no such column


@dataclass(frozen=True, eq=False)
class ScoredPhoto:
    """A photo and what the reader made of it."""

    photo: LabelledPhoto
    reading: Reading | None  # None if the file could not be opened
    said: str  # the digits, or the reason, or the error
    seconds: float

    @property
    def is_right(self) -> bool:
        """Tell whether exactly the label was read; for no digits, whether it was rejected."""
        return self.reading is not None and self.reading.text == self.photo.label

    @property
    def certainty(self) -> float:
        """How surely there is something to read, 0 to 1."""
        return 0.0 if self.reading is None else self.reading.certainty


@dataclass(frozen=True)
class Scores:
    """How good the reader is on some photos. A share is NaN where there is nothing to measure."""

    photos: int
    exact: float  # share of photos with digits whose reading is exactly the label
    digit_accuracy: float  # 1 - (digits to insert, delete or change) / digits written
    rejected: float  # share of photos without digits that were rejected
    lost: float  # share of photos with digits that were rejected
    auroc: float  # of the certainty: digits against no digits
    rejected_at_lost: float  # share rejected where LOST_SHARE of the digits are lost
    calibration_error: float  # of the digits of readings with as many digits as the label
    milliseconds: float  # median per photo, opened and read

    def describe(self) -> str:
        """Tell all of it in words, a line each; what could not be measured is left out."""
        lines = [
            ("Numbers read exactly", self.exact, "{:.2%}"),
            ("Digits right", self.digit_accuracy, "{:.2%}"),
            ("Photos of digits rejected", self.lost, "{:.2%}"),
            ("Photos without digits rejected", self.rejected, "{:.2%}"),
            ("AUROC of digits against none", self.auroc, "{:.4f}"),
            (f"Rejected where {LOST_SHARE:.0%} are lost", self.rejected_at_lost, "{:.2%}"),
            ("Expected calibration error", self.calibration_error, "{:.2%}"),
            ("Milliseconds per photo (median)", self.milliseconds, "{:.1f}"),
        ]
        described = [
            f"{name}: {form.format(value)}" for name, value, form in lines if not math.isnan(value)
        ]
        return "\n".join([f"Photos: {self.photos}", *described])


def load_labels(folder: Path) -> list[LabelledPhoto]:
    """Read a folder's `labels.csv`.

    Raises:
        DataError: It is missing, or has no columns path and label.
    """
    path = folder / "labels.csv"
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [
            LabelledPhoto(
                folder / row["path"],
                "" if row["label"] in ("", "none") else row["label"],
                row.get("kind") or "",
            )
            for row in rows
        ]
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}.") from error
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no table with the columns path and label.") from error


def read_photos(reader: Reader, photos: Iterable[LabelledPhoto]) -> list[ScoredPhoto]:
    """Read every photo; one that cannot be opened counts as wrong."""
    return [_read(reader, photo) for photo in photos]


def _read(reader: Reader, photo: LabelledPhoto) -> ScoredPhoto:
    started = time.perf_counter()
    try:
        reading = reader.read(photo.path)
    except PhotoError as error:
        return ScoredPhoto(photo, None, str(error), time.perf_counter() - started)
    seconds = time.perf_counter() - started
    return ScoredPhoto(photo, reading, reading.text or reading.reason or "", seconds)


def score(scored: Sequence[ScoredPhoto]) -> Scores:
    """Sum up readings in figures."""
    digits = [one for one in scored if one.photo.label]
    others = [one for one in scored if not one.photo.label]
    certain = np.array([one.certainty for one in digits])
    uncertain = np.array([one.certainty for one in others])
    return Scores(
        photos=len(scored),
        exact=_mean([one.is_right for one in digits]),
        digit_accuracy=_digit_accuracy(digits),
        rejected=_mean([one.is_right for one in others]),
        lost=_mean([one.reading is None or one.reading.rejected for one in digits]),
        auroc=measure_auroc(certain, uncertain),
        rejected_at_lost=rejected_at(certain, uncertain, LOST_SHARE),
        calibration_error=_calibration_error(digits),
        milliseconds=1000 * float(np.median([one.seconds for one in scored])) if scored else 0.0,
    )


@dataclass(frozen=True)
class KindScores:
    """How good the reader is on the photos of one kind."""

    right: int  # photos whose reading is exactly the label
    photos: int
    digit_accuracy: float  # as in Scores; NaN for photos without digits

    def describe(self) -> str:
        """Tell it in words; whole numbers and their digits apart, where they differ."""
        share = self.right / self.photos
        described = f"{self.right} of {self.photos} ({share:.1%})"
        if math.isnan(self.digit_accuracy) or round(self.digit_accuracy - share, 4) == 0:
            return described
        return f"{described}, {self.digit_accuracy:.1%} of the digits"


def score_kinds(scored: Sequence[ScoredPhoto]) -> dict[str, KindScores]:
    """Sum up the photos of each kind."""
    kinds: dict[str, list[ScoredPhoto]] = {}
    for one in scored:
        kinds.setdefault(one.photo.kind, []).append(one)
    return {
        kind: KindScores(sum(one.is_right for one in ones), len(ones), _digit_accuracy(ones))
        for kind, ones in kinds.items()
    }


def measure_auroc(positives: NDArray[np.floating], negatives: NDArray[np.floating]) -> float:
    """Return how often a positive scores above a negative; ties count half."""
    if not len(positives) or not len(negatives):
        return float("nan")
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    not_above = np.searchsorted(ordered, positives, side="right")
    return float((below + not_above).mean() / 2 / len(negatives))


def rejected_at(
    positives: NDArray[np.floating], negatives: NDArray[np.floating], lost_share: float
) -> float:
    """Return the share of negatives below the threshold that loses so many positives."""
    if not len(positives) or not len(negatives):
        return float("nan")
    threshold = np.sort(positives)[int(lost_share * len(positives))]
    return float((negatives < threshold).mean())


def edit_distance(said: str, written: str) -> int:
    """Count the characters to insert, delete or change to turn one text into the other.

    Source: Levenshtein's distance by Wagner and Fischer, Journal of the ACM 21 (1974).
    """
    distances = list(range(len(written) + 1))
    for row, character in enumerate(said, start=1):
        diagonal, distances[0] = distances[0], row
        for column, other in enumerate(written, start=1):
            diagonal, distances[column] = (
                distances[column],
                min(
                    distances[column] + 1,
                    distances[column - 1] + 1,
                    diagonal + (character != other),
                ),
            )
    return distances[-1]


def _digit_accuracy(photos: Sequence[ScoredPhoto]) -> float:
    written = sum(len(one.photo.label.replace(" ", "")) for one in photos)
    mistakes = sum(_mistakes(one) for one in photos if one.photo.label)
    return 1 - mistakes / written if written else float("nan")


def _mistakes(one: ScoredPhoto) -> int:
    written = one.photo.label.replace(" ", "")
    said = one.reading.text.replace(" ", "") if one.reading else ""
    return min(edit_distance(said, written), len(written))


def _calibration_error(digits: Sequence[ScoredPhoto]) -> float:
    """Compare confidences with how often they are right, digit by digit."""
    probabilities, labels = [], []
    for one in digits:
        written = one.photo.label.replace(" ", "")
        if one.reading is not None and len(one.reading.digits) == len(written):
            probabilities += [digit.probabilities for digit in one.reading.digits]
            labels += [int(character) for character in written]
    if not labels:
        return float("nan")
    return expected_calibration_error(np.stack(probabilities), np.array(labels))


def _mean(values: Sequence[bool]) -> float:
    return float(np.mean(values)) if values else float("nan")
