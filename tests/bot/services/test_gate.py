"""The gate, at its limits."""

import pytest

from bot.services.gate import Verdict, judge
from bot.services.ports import ModelFigures


def figures(test_accuracy: float, held_out_right: int) -> ModelFigures:
    return ModelFigures(
        test_accuracy=test_accuracy,
        calibration_error=0.001,
        digits_refused=0.01,
        held_out_right=held_out_right,
        held_out_count=10,
        no_digits_refused=0,
        no_digits_count=0,
    )


@pytest.mark.parametrize(
    ("test_accuracy", "held_out_right", "verdict"),
    [
        (0.9954, 5, Verdict.NOT_BETTER),
        (0.9955, 5, Verdict.PROMOTED),
        (0.9954, 6, Verdict.PROMOTED),
        (0.9944, 6, Verdict.PROMOTED),  # loses just what is tolerated
        (0.9943, 10, Verdict.WORSE_ON_TEST),
        (0.9999, 4, Verdict.WORSE_ON_CORRECTIONS),
        (0.9944, 5, Verdict.NOT_BETTER),
        (0.9900, 4, Verdict.WORSE_ON_TEST),
    ],
)
def test_candidate_is_judged_by_both_figures(
    test_accuracy: float, held_out_right: int, verdict: Verdict
) -> None:
    assert judge(figures(0.9954, 5), figures(test_accuracy, held_out_right)) is verdict
