"""The gate: whether a trained model may answer photos in the place of the active one."""

from enum import StrEnum

from bot.services.ports import ModelFigures

TOLERATED_LOSS = 0.001
"""Of MNIST test accuracy: 10 of its 10,000 images, about one standard error."""


class Verdict(StrEnum):
    """What became of a candidate, and why."""

    PROMOTED = "promoted"
    WORSE_ON_TEST = "worse on test"
    WORSE_ON_CORRECTIONS = "worse on corrections"
    NOT_BETTER = "not better"
    OUTRUN = "outrun"  # Meanwhile another model became active, to which nobody compared it.


def judge(before: ModelFigures, after: ModelFigures) -> Verdict:
    """Compare a candidate with the active model, both measured on the same images.

    It must not lose more than a tolerated share on MNIST test, nor read fewer held-out
    corrections right, and it must be better on at least one of the two.
    """
    # Both are whole counts of images divided by their number, which floats cannot tell exactly.
    gain = round(after.test_accuracy - before.test_accuracy, 6)
    if gain < -TOLERATED_LOSS:
        return Verdict.WORSE_ON_TEST
    if after.held_out_right < before.held_out_right:
        return Verdict.WORSE_ON_CORRECTIONS
    is_better = gain > 0 or after.held_out_right > before.held_out_right
    return Verdict.PROMOTED if is_better else Verdict.NOT_BETTER
