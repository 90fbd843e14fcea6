"""How often a few examples are shown among tens of thousands of MNIST's."""

import numpy as np

from mnist_model.data import Split

LARGEST_SHARE = 0.15  # of an epoch may be shown examples
MOST_REPEATS = 30  # of one example in an epoch; each time it is deformed in another way


def count_per_label(examples: Split, beside: int) -> int:
    """Tell how often each label may be shown in an epoch with `beside` images of MNIST."""
    labels = max(1, len(np.unique(examples.labels)))
    return int(LARGEST_SHARE / (1 - LARGEST_SHARE) * beside / labels)


def oversample(
    examples: Split, *, per_label: int, most_repeats: int = MOST_REPEATS, seed: int
) -> Split:
    """Show each label equally often, however many examples it has.

    Args:
        examples: Of any labels.
        per_label: How often to show each label.
        most_repeats: How often to show one example; a label with too few is shown less.
        seed: Of the choice among the examples of a label that has too many.
    """
    random = np.random.default_rng(seed)
    shown = [np.empty(0, np.int64)]
    for label in np.unique(examples.labels):
        of_label = random.permutation(np.flatnonzero(examples.labels == label))
        # Goes round and round, or stops early.
        shown.append(np.resize(of_label, min(per_label, most_repeats * len(of_label))))
    indices = np.concatenate(shown)
    return Split(examples.images[indices], examples.labels[indices])
