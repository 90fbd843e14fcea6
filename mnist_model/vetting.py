"""Finds the extra examples whose labels contradict what MNIST and the other examples teach.

Each example is judged by a model that has not seen it: one that went on for a moment from the
weights that training starts from, with MNIST and the other half of the examples.
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from mnist_model.checkpoint import Checkpoint
from mnist_model.data import Split
from mnist_model.extra import NO_DIGIT, ExtraExamples
from mnist_model.mixing import oversample
from mnist_model.reader import Judgements, Reader
from mnist_model.recipes import Recipe
from mnist_model.rejector_training import Rehearsal, teach_rejector
from mnist_model.train import train_recipe

SURE = 0.9  # of something else than the label, or more
UNLIKELY = 0.05  # the digit that an example is said to be, or less
# That an example said to be no digit is none, or less: more, since the rejector doubts many of
# MNIST's digits a little, and whatever it takes for a digit by mistake at least as much.
UNLIKELY_NO_DIGIT = 0.2
SAMPLE = 10_000  # of MNIST's images, for each judge
# How often a label of the examples may be shown, as a share of the images of MNIST beside it. A
# label has a tenth of those. Where the examples call 1s 7, and there are 25 1s of MNIST's for
# each, a judge still holds a common 1 for one; a way of writing that MNIST lacks it learns anyway.
SHARE_PER_LABEL = 0.004
MOST_REPEATS = 8
MOST_ROUNDS = 3
RECIPE = Recipe(
    name="vetting",
    summary="A moment's training, to judge examples by.",
    epochs=1,
    batch_size=256,
    optimizer="adamw",
    learning_rate=0.0003,
    schedule="one_cycle",
    half_precision=True,
)
_REPORTED_BY = 200  # images of MNIST; what `train_recipe` reports of them is not used


@dataclass(frozen=True)
class Quarantined:
    """An example that is neither learned from nor counted, until somebody has decided."""

    id: int
    label: int  # what was said: 0 to 9, or NO_DIGIT
    read_as: int  # what the judge says: 0 to 9, or NO_DIGIT
    probability: float  # of `read_as`, as the judge sees it


def vet(
    examples: ExtraExamples,
    start: Checkpoint,
    rehearsal: Rehearsal,
    mnist: Split,
    *,
    seed: int,
    recipe: Recipe = RECIPE,
) -> tuple[Quarantined, ...]:
    """List the examples to be put in quarantine, by id.

    What one round finds teaches nobody in the next, so that a few honest examples are not drowned
    by many wrong ones.

    Args:
        examples: Those that are held out are judged like the rest, but teach no judge. Those that
            somebody has vetted are never found.
        start: The weights that training starts from.
        rehearsal: Of its rejector.
        mnist: The training split.
        seed: Of the judges' training.
        recipe: Of the judges' training; the shape of the model is that of `start`.
    """
    school = _School(start, rehearsal, mnist, replace(recipe, model=start.metadata.config), seed)
    found: tuple[Quarantined, ...] = ()
    for _ in range(MOST_ROUNDS):
        earlier = {one.id for one in found}
        trusted = examples.where(~np.isin(examples.ids, list(earlier)))
        found = _judge_folds(examples, trusted, school)
        if {one.id for one in found} == earlier:
            break
    return found


@dataclass(frozen=True, eq=False)
class _School:
    """What judges learn from, beside the examples."""

    start: Checkpoint
    rehearsal: Rehearsal
    mnist: Split
    recipe: Recipe
    seed: int

    def train_judge(self, taught: ExtraExamples) -> Reader:
        """Go on from `start` for a moment, with some of the examples."""
        if len(taught) == 0:
            return Reader(self.start)
        random = np.random.default_rng(self.seed)
        sample = random.choice(len(self.mnist), min(SAMPLE, len(self.mnist)), replace=False)
        known = Split(self.mnist.images[sample], self.mnist.labels[sample])
        digits = taught.where(taught.is_digit)
        trained = train_recipe(
            self.recipe,
            known.joined_with(self._show(digits, len(known))),
            Split(known.images[:_REPORTED_BY], known.labels[:_REPORTED_BY]),
            seed=self.seed,
            start_from=self.start.weights,
        )
        torch.manual_seed(self.seed)
        rejector = teach_rejector(
            Reader(self.start).rejector.network,
            self.rehearsal,
            self._show(taught, len(self.rehearsal)),
        )
        return Reader(Checkpoint(self.start.metadata, trained.weights(), rejector))

    def _show(self, examples: ExtraExamples, beside: int) -> Split:
        return oversample(
            examples.as_split(),
            per_label=round(SHARE_PER_LABEL * beside),
            most_repeats=MOST_REPEATS,
            seed=self.seed,
        )


def _judge_folds(
    examples: ExtraExamples, trusted: ExtraExamples, school: _School
) -> tuple[Quarantined, ...]:
    """Judge each half of the examples by what the other half's `trusted` ones teach."""
    found: list[Quarantined] = []
    for fold in (0, 1):
        judged = examples.where((_folds(examples) == fold) & ~examples.vetted)
        is_other = (_folds(trusted) != fold) | trusted.vetted
        if len(judged):
            judge = school.train_judge(trusted.where(is_other & ~trusted.held_out))
            found += list_implausible(judged, judge.judge(judged.images))
    return tuple(sorted(found, key=lambda one: one.id))


def _folds(examples: ExtraExamples) -> NDArray[np.int64]:
    """Put each example in one of two folds, by hash, so that it stays there; (N,)."""
    digests = (hashlib.sha256(f"fold of {id_}".encode()).digest() for id_ in examples.ids)
    return np.array([digest[0] % 2 for digest in digests], np.int64)


def list_implausible(examples: ExtraExamples, judgements: Judgements) -> list[Quarantined]:
    """List the examples whose label the judge holds for unlikely, being sure of another.

    Of what is said to be a digit, the question is which. The rejector's doubt does not count
    against a label that would be read: strange digits are what is to be learned.
    """
    found = []
    for row, (id_, label) in enumerate(zip(examples.ids, examples.labels, strict=True)):
        digits, no_digit = judgements.probabilities[row], judgements.no_digit[row]
        read_as = int(digits.argmax())
        likely = no_digit if label == NO_DIGIT else digits[label]
        probability = digits[read_as]
        if label != NO_DIGIT and no_digit >= SURE:
            read_as, probability = NO_DIGIT, no_digit
        unlikely = UNLIKELY_NO_DIGIT if label == NO_DIGIT else UNLIKELY
        if likely < unlikely and probability >= SURE:
            found.append(Quarantined(int(id_), int(label), read_as, float(probability)))
    return found
