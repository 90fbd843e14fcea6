"""A line of writing, cut in some way, as networks judge it, and the best way to read it then."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnist_model.rows import RowPicture, read_digits, tell_one_digit
from mnist_model.segmentation import Candidate, Piece, choose_chain, join
from mnist_model.writing import Box, DigitImage, Writing

MOST_LEFT_OUT = 0.2  # of a line's ink is dirt; more is a sign that it holds no digits
LEAST_TOLD = -5.0  # log-probability that a whole row tells; it may err as others do
ROW_SAY = 2.0  # how much that counts for which digit it is; for the cuts it counts once
SURE_ROW = math.log(0.7)  # log-probability of all its digits; above it, they are the reading
LEAST_IN_ROW = -3.0  # log-probability of a digit of such a row to be one, whatever others say
LEAST_LIKELY = math.log(1e-6)  # one piece that is surely no digit does not settle a long number


@dataclass(frozen=True, eq=False)
class DigitReading:
    """One digit of a photo, and what the model makes of it."""

    label: int  # 0 to 9
    confidence: float  # calibrated probability of `label`, 0 to 1
    box: Box  # where its ink is, in pixels of the upright photo
    probabilities: NDArray[np.float32]  # (10,), sums to 1
    image: NDArray[np.uint8]  # (28, 28), light ink on black: what the model saw


@dataclass(frozen=True, eq=False)
class LineReading:
    """One way to read a line."""

    digits: tuple[DigitReading, ...]
    scores: tuple[float, ...]  # log-probability of each to be one; more for much left out
    total: float  # log-probability of the whole line

    def outweigh(self, digits: tuple[DigitReading, ...]) -> "LineReading":
        """Take the digits of a network that is sure of the whole row.

        It sees nothing in letters and scribbles, so what looks odd by itself is doubted less.
        """
        scores = tuple(max(score, LEAST_IN_ROW) for score in self.scores)
        return replace(self, digits=digits, scores=scores)


@dataclass(frozen=True, eq=False)
class CutLine:
    """One way to cut a line, and what the networks make of it."""

    pieces: Sequence[Piece]  # from left to right
    candidates: Sequence[Candidate]
    cuts: Sequence[DigitImage]  # of each candidate
    probabilities: NDArray[np.float32]  # (N, 10) of each, if it is a digit
    scores: NDArray[np.float32]  # (N,): log-probability of each to be one
    chain_scores: NDArray[np.floating]  # the same, and what the whole row says of it
    skip_scores: NDArray[np.floating]  # (number of pieces,): log-probability of each to be none

    def weigh(self, row: RowPicture, told: NDArray[np.float32]) -> "CutLine":
        """Let a network that saw the whole row have its say.

        Args:
            row: What it saw.
            told: What it told, (T, 11).
        """
        # Each piece lies from half-way to the one before it to half-way to the next.
        between = [(left.right + right.left) / 2 for left, right in pairwise(self.pieces)]
        bounds = np.array([0, *row.steps_at(np.array(between)).clip(0, len(told)), len(told)])
        bounds = np.maximum.accumulate(bounds)
        firsts = np.array([c.first for c in self.candidates], np.int64)
        ends = np.array([c.end for c in self.candidates], np.int64)
        one, _ = tell_one_digit(told, bounds[firsts], bounds[ends])  # (N, 10)
        _, none = tell_one_digit(told, bounds[:-1], bounds[1:])  # (number of pieces,)
        one, none = np.maximum(one, LEAST_TOLD), np.maximum(none, LEAST_TOLD)
        weighed = self.probabilities * np.exp(ROW_SAY * one)
        probabilities = weighed / weighed.sum(axis=1, keepdims=True)
        likeliest = one[np.arange(len(one)), probabilities.argmax(axis=1)]
        return replace(
            self,
            probabilities=probabilities.astype(np.float32),
            chain_scores=self.scores + likeliest,
            skip_scores=self.skip_scores + none,
        )

    def choose(self) -> LineReading:
        """Choose the candidates that explain the line best."""
        if not self.candidates:
            return LineReading((), (), -math.inf)
        chain = choose_chain(self.pieces, self.candidates, self.chain_scores, self.skip_scores)
        digits = tuple(
            DigitReading(
                label=int(self.probabilities[index].argmax()),
                confidence=float(self.probabilities[index].max()),
                box=self.cuts[index].box,
                probabilities=self.probabilities[index],
                image=self.cuts[index].image,
            )
            for index in chain.chosen
        )
        likely = [float(self.scores[index]) for index in chain.chosen]
        if chain.left_out > MOST_LEFT_OUT:  # it counts for as many digits as it is large
            unread = len(digits) * chain.left_out / (1 - chain.left_out) if digits else 1
            likely += [LEAST_LIKELY] * max(1, round(unread))
        return LineReading(digits, tuple(likely), chain.total)


def read_whole_row(
    writing: Writing,
    pieces: Sequence[Piece],
    row: RowPicture,
    told: NDArray[np.float32],
    by_cuts: int,
) -> tuple[DigitReading, ...]:
    """Read a line as a network does that sees all of it at once, if it is sure of every digit.

    A digit alone is left to the other networks: they see it better, and people can teach them.
    So is a line in which it sees fewer digits than they do: mostly it overlooks a 1 there.

    Args:
        writing: What the line is part of.
        pieces: The line, cut as finely as there is reason to; they become the digits' ink.
        row: What the network saw.
        told: What it told, (T, 11).
        by_cuts: How many digits the other networks see in the best cuts.

    Returns:
        The digits from left to right; none if it is not sure, if a digit has no ink, or if
            there are fewer than two, or than `by_cuts`.
    """
    labels, bounds = read_digits(told)
    if len(labels) < max(2, by_cuts):
        return ()
    one, _ = tell_one_digit(told, bounds[:-1], bounds[1:])  # (D, 10)
    if one[np.arange(len(labels)), labels].sum() < SURE_ROW:
        return ()
    middles = row.steps_at(np.array([piece.centre_x for piece in pieces]))
    digit_of = np.searchsorted(bounds[1:-1], middles, side="right")  # (number of pieces,)
    if len(np.unique(digit_of)) < len(labels):
        return ()
    digits = []
    for number, (label, likely) in enumerate(zip(labels, np.exp(one), strict=True)):
        its = [piece for piece, owner in zip(pieces, digit_of, strict=True) if owner == number]
        cut = writing.cut_out(join(its))
        probabilities = likely / likely.sum()
        confidence = float(probabilities[label])
        digits.append(DigitReading(int(label), confidence, cut.box, probabilities, cut.image))
    return tuple(digits)
