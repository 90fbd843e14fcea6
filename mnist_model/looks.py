"""What is read in one look at a photo, and how far that is to be believed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mnist_model.line_reading import DigitReading
from mnist_model.reasons import NOT_A_DIGIT, TOO_BLURRED
from mnist_model.writing import Writing

SUREST_REJECTED = 0.02  # certainty; of made-up validation photos of digits, 0.6 % have less
HARDLY_READ = 0.3  # certainty; below it, a photo is looked at closely, and no look is believed
SURE_IN_DOUBT = 0.6  # certainty that it takes if what seems to be written may be things
SURE_OF_ONES = 0.75  # the same if it is nothing but 1s, which edges look like, in one look only
# Of the photo's shorter side: a 1 that only another look shows, and lower, may be any speck.
LOWEST_ONE = 0.07
# A line of 1s beside other lines may as well be the edge of a sheet, or a joint between bricks;
# and so may each 1 more than a few in a line of nothing else be a bar, as a barcode's.
DOUBTED_ONES = 0.4
_MOST_ONES = 4


@dataclass(frozen=True, eq=False)
class Reading:
    """The answer to one photo."""

    digits: tuple[DigitReading, ...]  # in reading order
    text: str  # the digits; lines separated by one space; "" when rejected
    rejected: bool
    reason: str | None  # a sentence for a person; None unless rejected
    certainty: float = 0.0  # how surely all of it is digits, 0 to 1; low if rejected


@dataclass(frozen=True, eq=False)
class Look:
    """One way to see a photo, and what is read in it so."""

    reading: Reading
    writing: Writing

    @property
    def certainty(self) -> float:
        """How surely all of it is digits, 0 to 1."""
        return self.reading.certainty

    @property
    def is_credible(self) -> bool:
        """Tell whether it is to be believed where another look showed nothing.

        There mostly is nothing then, and any edge may look like a 1.
        """
        if not set(self.reading.text) <= set("1 "):
            return self.certainty > HARDLY_READ
        highest = max((digit.box.height for digit in self.reading.digits), default=0)
        shorter = min(self.writing.photo.width_px, self.writing.photo.height_px)
        return self.certainty > SURE_OF_ONES and highest > LOWEST_ONE * shorter

    def is_rearranged(self, other: "Look") -> bool:
        """Tell whether it shows another's digits in other lines, which are no better ones."""
        mine, others = self.reading.text, other.reading.text
        return mine != others and mine.replace(" ", "") == others.replace(" ", "")

    @property
    def line_count(self) -> int:
        """How many lines of digits it shows."""
        return len(self.reading.text.split())

    def adds_to(self, other: "Look") -> bool:
        """Tell whether its lines show all of another's digits, in their order, and more."""
        mine, others = (look.reading.text.replace(" ", "") for look in (self, other))
        rest = iter(mine)
        has_all = len(mine) > len(others) and all(digit in rest for digit in others)
        return has_all and self.line_count <= other.line_count

    def doubt_edges(self) -> "Look":
        """Be less certain of lines that may be edges or bars; of many, refuse all."""
        words = self.reading.text.split()
        doubts = _count_ones_beside(words) + _count_surplus_ones(words)
        certainty = self.certainty * DOUBTED_ONES**doubts
        if doubts and certainty < SUREST_REJECTED:
            return refuse(self.writing, certainty)
        return Look(replace(self.reading, certainty=certainty), self.writing)


def refuse(writing: Writing, certainty: float) -> Look:
    """Say why there is nothing to read."""
    doubt = TOO_BLURRED if writing.ink.is_blurred else NOT_A_DIGIT
    reason = writing.reason or doubt
    return Look(Reading((), "", True, reason, min(certainty, SUREST_REJECTED)), writing)


def agree(reading: Reading, others: Sequence[Reading]) -> Reading:
    """Choose what is read most often and most surely; it is as certain as `reading` was.

    Args:
        reading: Of the writing as it is; counts twice.
        others: Of the same writing, shown otherwise.
    """
    votes: dict[str, float] = {}
    for one in (reading, reading, *others):
        if not one.rejected:
            votes[one.text] = votes.get(one.text, 0.0) + one.certainty**2
    elected = max(votes, key=lambda text: votes[text])
    chosen = next(one for one in (reading, *others) if one.text == elected)
    return replace(chosen, certainty=reading.certainty)


def _count_ones_beside(words: Sequence[str]) -> int:
    """Count the lines of nothing but 1s, less one where there are no others."""
    lines_of_ones = sum(set(word) == {"1"} for word in words)
    return lines_of_ones - (0 < lines_of_ones == len(words))


def _count_surplus_ones(words: Sequence[str]) -> int:
    """Count the 1s that are too many in lines of nothing else."""
    return sum(max(len(word) - _MOST_ONES, 0) for word in words if set(word) == {"1"})
