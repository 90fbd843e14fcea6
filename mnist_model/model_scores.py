"""How good a model is, in the figures that decide whether it replaces another."""

from dataclasses import dataclass
from pathlib import Path

from mnist_model.evaluate import Evaluation, judge_test
from mnist_model.extra import ExtraExamples
from mnist_model.reader import Reader


@dataclass(frozen=True)
class ModelScores:
    """What a model achieves on MNIST's test split and on examples that nobody learned from."""

    test_accuracy: float  # fraction of the 10,000 test images
    calibration_error: float  # expected calibration error on them, 0 to 1
    digits_refused: float  # share of them that the reader would take for no digit
    held_out_right: int  # examples: digits read right, and what is no digit refused
    held_out_count: int
    no_digits_refused: int  # of the held-out examples that are no digit
    no_digits_count: int


def score_model(
    reader: Reader, held_out: ExtraExamples | None, data_dir: str | Path
) -> tuple[ModelScores, Evaluation]:
    """Measure a model; return with the scores all about MNIST's test split.

    Raises:
        DataError: MNIST is missing and cannot be downloaded, or is damaged.
    """
    evaluation, digits_refused = judge_test(reader.judge, data_dir)
    right = no_digits_refused = no_digits = 0
    if held_out is not None and len(held_out):
        judgements = reader.judge(held_out.images)
        read_as = judgements.probabilities.argmax(axis=1)
        is_read = held_out.is_digit & ~judgements.is_refused & (read_as == held_out.labels)
        no_digits = int((~held_out.is_digit).sum())
        no_digits_refused = int((~held_out.is_digit & judgements.is_refused).sum())
        right = int(is_read.sum()) + no_digits_refused
    scores = ModelScores(
        test_accuracy=evaluation.accuracy,
        calibration_error=evaluation.calibration_error,
        digits_refused=digits_refused,
        held_out_right=right,
        held_out_count=len(held_out) if held_out is not None else 0,
        no_digits_refused=no_digits_refused,
        no_digits_count=no_digits,
    )
    return scores, evaluation
