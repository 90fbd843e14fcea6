"""Makes of extra examples what training needs: who is trusted, how often each is shown."""

from dataclasses import dataclass

import numpy as np
import torch

from mnist_model.checkpoint import Checkpoint, Network
from mnist_model.data import Split
from mnist_model.extra import ExtraExamples
from mnist_model.mixing import count_per_label, oversample
from mnist_model.reader import Reader
from mnist_model.rejector_training import rehearse, teach_rejector
from mnist_model.vetting import Quarantined, vet


@dataclass(frozen=True, eq=False)
class Lesson:
    """What there is to learn beside MNIST."""

    digits: Split  # to be shown in each epoch, beside MNIST
    rejector: Network  # has learned already
    trained: int  # examples behind both
    held_out: ExtraExamples  # to judge by
    quarantined: tuple[Quarantined, ...]  # neither learned from nor judged by


def prepare_lesson(
    examples: ExtraExamples, start: Checkpoint, mnist: Split, *, seed: int
) -> Lesson:
    """Vet examples, teach the rejector, and choose what to show the classifier.

    Args:
        examples: All there are.
        start: The weights to go on from; their rejector is taught, or the shipped one.
        mnist: The training split.
        seed: Of all choices.
    """
    rejector = Reader(start).rejector.network
    torch.manual_seed(seed)
    rehearsal = rehearse(rejector, mnist, seed=seed)
    quarantined = vet(examples, start, rehearsal, mnist, seed=seed)
    trusted = examples.where(~np.isin(examples.ids, [one.id for one in quarantined]))
    taught = trusted.where(~trusted.held_out)
    digits = taught.where(taught.is_digit)
    if len(taught):
        shown = _show(taught, len(rehearsal), seed)
        torch.manual_seed(seed)
        rejector = teach_rejector(rejector, rehearsal, shown)
    return Lesson(
        digits=_show(digits, len(mnist), seed),
        rejector=rejector,
        trained=len(taught),
        held_out=trusted.where(trusted.held_out),
        quarantined=quarantined,
    )


def _show(examples: ExtraExamples, beside: int, seed: int) -> Split:
    split = examples.as_split()
    return oversample(split, per_label=count_per_label(split, beside), seed=seed)
