"""The reader: a photo in, a reading out. NumPy only; loads in a fraction of a second.

reader = Reader.load()
reading = reader.read(Path("photo.jpg"))
print(reading.text, [digit.confidence for digit in reading.digits])
"""

import math
from collections.abc import Iterator, Sequence
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
from mnist_model.line_reading import (
    LEAST_LIKELY,
    CutLine,
    DigitReading,
    LineReading,
    read_whole_row,
)
from mnist_model.looking_again import (
    level,
    level_frame,
    look_again,
    look_at_sheets,
    look_at_thin_strokes,
    look_closer,
    look_into_shadows,
    measure_unread_ink,
    stretch,
)
from mnist_model.looks import (
    HARDLY_READ,
    SURE_IN_DOUBT,
    SUREST_REJECTED,
    Look,
    Reading,
    agree,
    refuse,
)
from mnist_model.photo import find_writing
from mnist_model.rejection import Rejector, load_rejector
from mnist_model.rows import load_row_network
from mnist_model.segmentation import (
    STEP_COSTS,
    Candidate,
    Piece,
    cut_line,
    list_candidates,
    score_skips,
)
from mnist_model.wholeness import load_wholeness
from mnist_model.writing import Box, Line, Writing

__all__ = ["Box", "DigitReading", "Reader", "Reading"]

HOPELESS = 1e-4  # probability of one whole digit; nothing below it is looked at further
LEAST_WHOLE = 0.025  # the same that counts: people can teach the other networks, but not this one
DOUBTFUL_READING = 0.5  # certainty; below it, a faint or ambiguous photo is looked at again
# Share of ink that is left out: above it, a reading may be part of a number that a shadow covers.
MUCH_UNREAD = 0.1
DOUBTFUL_NUMBER = 0.7  # certainty; below it, a number is looked at narrower and wider, too
# Log-probability of a whole line: below it, other cuts are tried.
DOUBTFUL_LINE = -1.0
# Certainty by the usual cuts: below it, a photo of many bits is text or scribble. Of made-up
# numbers of more bits than that, those that could be read had more than 0.04.
HOPELESS_PHOTO = 0.005
MOST_HOPELESS = 12


@dataclass(frozen=True, eq=False)
class Judgements:
    """What a reader makes of N images that are cut out already."""

    by_classifier: NDArray[np.float32]  # (N, 10); calibrated, as if each were a digit
    probabilities: NDArray[np.float32]  # (N, 10); by both networks, as if each were a digit
    no_digit: NDArray[np.float32]  # (N,); probability that it is none, by the rejector
    is_refused: NDArray[np.bool_]  # (N,)


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
        self._wholeness = load_wholeness()
        self._row_network = load_row_network()
        self.rejector = (
            load_rejector()
            if checkpoint.rejector is None
            else Rejector(checkpoint.rejector, checkpoint.metadata.normalisation)
        )

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
            PhotoTooLargeError: Too many pixels.
        """
        look = self._choose_look(photo)
        if len(look.reading.digits) < 2 or look.certainty > DOUBTFUL_NUMBER:
            return look.reading
        others = [self._read_once(other).doubt_edges() for other in stretch(look.writing)]
        return agree(look.reading, [other.reading for other in others])

    def _choose_look(self, photo: bytes | Path) -> Look:
        """Look at a photo in other ways as long as that leaves a doubt."""
        writing = find_writing(photo)
        first = self._look_at(writing)
        if first.certainty > DOUBTFUL_READING:
            return self._look_for_thinner(first)
        again = [self._look_at(other) for other in look_again(photo, writing)]
        again = [look for look in again if not look.is_rearranged(first)]
        if first.reading.rejected:
            again = [look for look in again if look.reading.rejected or look.is_credible]
        best = max((first, *again), key=lambda look: look.certainty)
        if best.certainty > HARDLY_READ:
            return best
        closer = [self._look_at(other) for other in look_closer(writing)]
        others = (
            *look_into_shadows(photo, writing),
            look_at_thin_strokes(writing),
            *look_at_sheets(writing.photo),
        )
        likely = [look for look in map(self._look_at, others) if look.certainty > DOUBTFUL_READING]
        credible = [look for look in (*closer, *likely) if look.is_credible]
        best = max((best, *credible), key=lambda look: look.certainty)
        fuller = [look for look in likely if look.is_credible and look.adds_to(best)]
        return max(fuller, key=lambda look: look.certainty, default=best)

    def _look_for_thinner(self, first: Look) -> Look:
        """Look for what a shadow may hide of a sure reading, where that leaves much ink out."""
        if measure_unread_ink(first.writing) < MUCH_UNREAD:
            return first
        thinner = self._look_at(look_at_thin_strokes(first.writing))
        if thinner.line_count > first.line_count:  # such as the rims of punched holes
            return first
        is_surer = thinner.certainty > first.certainty
        is_fuller = thinner.certainty > DOUBTFUL_READING and thinner.adds_to(first)
        return thinner if is_surer or is_fuller else first

    def _look_at(self, writing: Writing) -> Look:
        """Read it as it stands best, and doubt what may be edges."""
        return self._look_level(writing).doubt_edges()

    def _look_level(self, writing: Writing) -> Look:
        """Read it as it is, and turned so that a frame around it stands level."""
        framed = level_frame(writing)
        if framed is None:
            return self._look_along_lines(writing)
        look = self._read_once(framed)
        if look.certainty > DOUBTFUL_READING:
            return look
        other = self._look_along_lines(writing)
        # Turned, a digit may be lost with the lines; or, not turned, lines may be left.
        has_all = look.reading.rejected or len(other.reading.digits) >= len(look.reading.digits)
        return other if has_all and other.certainty > look.certainty else look

    def _look_along_lines(self, writing: Writing) -> Look:
        """Read it as it is, and turned so that its lines run level; the surer reading counts."""
        look = self._read_once(writing)
        levelled = level(writing)
        if levelled is None:
            return look
        other = self._read_once(levelled)
        # What was rejected is mostly nothing to read, which turned level may look like 11.
        least = HARDLY_READ if look.reading.rejected else look.certainty
        return other if other.certainty > least else look

    def _read_once(self, writing: Writing) -> Look:
        cuts = [self._judge_cuts(writing, line, STEP_COSTS[0]) for line in writing.lines]
        lines = [cut.choose() for cut in cuts]
        if not _is_text(cuts, lines):
            lines = [
                line if line.total > DOUBTFUL_LINE else self._read_closely(writing, its, cut)
                for its, cut, line in zip(writing.lines, cuts, lines, strict=True)
            ]
        certainty = _certainty(lines)
        is_thing = certainty < SURE_IN_DOUBT and writing.is_lost_in_grain
        if is_thing or certainty < SUREST_REJECTED:
            return refuse(writing, certainty)
        digits = tuple(digit for line in lines for digit in line.digits)
        words = ("".join(str(digit.label) for digit in line.digits) for line in lines)
        reading = Reading(digits, " ".join(filter(None, words)), False, None, certainty)
        return Look(reading, writing)

    def _read_closely(self, writing: Writing, line: Line, first: CutLine) -> LineReading:
        """Cut a line into digits in other ways than the `first`, which left a doubt."""
        tries = [first]
        for one in self._list_other_cuts(writing, line, first):
            tries.append(one)
            reading = one.choose()
            if reading.total > DOUBTFUL_LINE:
                return reading
        # Which of the cuts are good, a network can tell that sees the whole row.
        row = writing.show_row(line)
        told = self._row_network.log_probabilities(row.pixels)
        best = max((one.weigh(row, told).choose() for one in tries), key=lambda one: one.total)
        finest = max((one.pieces for one in tries), key=len)
        whole = read_whole_row(writing, finest, row, told, by_cuts=len(best.digits))
        return best.outweigh(whole) if whole else best

    def _list_other_cuts(self, writing: Writing, line: Line, first: CutLine) -> Iterator[CutLine]:
        """Cut a line in all ways but the `first`."""
        if len(first.pieces) > len(line.pieces):  # there is something to cut
            for step_cost in STEP_COSTS[1:]:
                yield self._judge_cuts(writing, line, step_cost)
        parted = writing.part_at_faint_ink(line)
        if len(parted.pieces) > len(line.pieces):
            yield self._judge_cuts(writing, parted, STEP_COSTS[0])

    def _judge_cuts(self, writing: Writing, line: Line, step_cost: float) -> CutLine:
        pieces = cut_line(line.pieces, line.height, step_cost)
        return self._judge_pieces(writing, pieces, line.height)

    def _judge_pieces(
        self, writing: Writing, pieces: Sequence[Piece], line_height: float
    ) -> CutLine:
        """Let all networks judge all ways to join a line's pieces to digits."""
        skip_scores = score_skips(pieces, line_height)
        candidates, whole = self._list_hopeful(writing, list_candidates(pieces, line_height))
        if not candidates:
            return CutLine(
                pieces, (), (), np.empty((0, 10), np.float32), whole, whole, skip_scores
            )
        cuts = [writing.cut_out(candidate.piece) for candidate in candidates]
        images = np.stack([cut.image for cut in cuts])  # (N, 28, 28)
        by_classifier, by_rejector = self.classify(images), self._reject(images)
        scores = _score(by_classifier, by_rejector, whole)
        probabilities = _combine(by_classifier, by_rejector)
        return CutLine(pieces, candidates, cuts, probabilities, scores, scores, skip_scores)

    def _list_hopeful(
        self, writing: Writing, candidates: Sequence[Candidate]
    ) -> tuple[list[Candidate], NDArray[np.float32]]:
        """Leave out cut and joined candidates that are surely no whole digit; all take time.

        Returns:
            The others, and how probably each is a digit, whole and alone, (N,).
        """
        if not candidates:
            return [], np.empty(0, np.float32)
        around = np.stack([writing.look_around(candidate.piece) for candidate in candidates])
        whole = self._wholeness.probabilities(around)
        is_found = np.array([candidate.is_found for candidate in candidates])
        is_hopeful = (whole > HOPELESS) | is_found
        kept = [one for one, is_kept in zip(candidates, is_hopeful, strict=True) if is_kept]
        return kept, whole[is_hopeful]

    def _reject(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.exp(self.rejector.log_probabilities(images))  # (N, 10)

    def judge(self, images: NDArray[np.uint8]) -> Judgements:
        """Judge images that are cut out already, each as if it were all of a photo's writing.

        Args:
            images: (N, 28, 28) as in MNIST: 0 is paper, 255 is ink.
        """
        by_classifier = self.classify(images)
        by_rejector = self._reject(images)
        alone = np.stack((images, np.zeros_like(images)), axis=1)  # (N, 2, 28, 28)
        whole = self._wholeness.probabilities(alone)
        scores = _score(by_classifier, by_rejector, whole)
        certainties = np.exp(np.maximum(scores, LEAST_LIKELY))  # (N,)
        return Judgements(
            by_classifier,
            _combine(by_classifier, by_rejector),
            1 - by_rejector.sum(axis=1),
            certainties < SUREST_REJECTED,
        )

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


def _is_text(cuts: Sequence[CutLine], lines: Sequence[LineReading]) -> bool:
    """Tell whether a photo shows so much, and so little like digits, that more cuts are in vain.

    Args:
        cuts: The usual cuts of its lines.
        lines: The best reading of each.
    """
    bits = sum(len(cut.pieces) for cut in cuts)
    return bits > MOST_HOPELESS and _certainty(lines) < HOPELESS_PHOTO


def _certainty(lines: Sequence[LineReading]) -> float:
    """Average the log-probabilities of all digits to one probability; none is 0."""
    scores = [score for line in lines for score in line.scores]
    if not scores:
        return 0.0
    return math.exp(sum(max(score, LEAST_LIKELY) for score in scores) / len(scores))


def _combine(
    by_classifier: NDArray[np.float32], by_rejector: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Combine two networks' probabilities of the ten digits, (N, 10), if each is one.

    Both have a full say: the classifier is better at MNIST's digits, and the rejector has seen
    printed ones and other hands.
    """
    both = by_classifier * np.maximum(by_rejector, 1e-3)
    result: NDArray[np.float32] = both / both.sum(axis=1, keepdims=True)
    return result


def _score(
    by_classifier: NDArray[np.float32],
    by_rejector: NDArray[np.float32],
    whole: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the log-probability of a whole digit, and the same one to both, for each of N.

    Args:
        by_classifier: Probabilities of the ten digits, (N, 10); each row sums to 1.
        by_rejector: (N, 10); what is missing to 1 is the probability that it is no digit.
        whole: Probability that it is one whole digit, (N,).
    """
    doubting = np.sqrt(by_classifier)  # the classifier is too sure of what it never saw
    doubting /= doubting.sum(axis=1, keepdims=True)
    agreed = (doubting * by_rejector).sum(axis=1)  # (N,)
    result: NDArray[np.float32] = np.log(agreed * np.maximum(whole, LEAST_WHOLE) + 1e-9)
    return result
