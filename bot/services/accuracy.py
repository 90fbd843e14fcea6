"""How good the bot is: on MNIST's test images, and by what people say."""

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from bot.errors import ModelError
from bot.services.ports import AccuracyPainter, Clock
from bot.storage import accuracy, model_versions
from bot.storage.database import SessionFactory
from bot.storage.models import NOT_A_DIGIT

_Z_95 = 1.959964  # two-sided 95 % quantile of the normal distribution


class Period(IntEnum):
    """How far back to look, in days."""

    WEEK = 7
    MONTH = 30
    ALL = 0


@dataclass(frozen=True)
class LiveAccuracy:
    """What people said of the digits that were read in a period.

    Attributes:
        predicted: How many digits were read.
        confusion_matrix: 11 rows, what people said (0-9, not a digit), of 10 columns, what was
            read; each entry counts digits.
    """

    predicted: int
    confusion_matrix: tuple[tuple[int, ...], ...]

    @property
    def judged(self) -> int:
        """How many digits people judged."""
        return sum(map(sum, self.confusion_matrix))

    @property
    def right(self) -> int:
        """How many of those were right."""
        return sum(self.confusion_matrix[label][label] for label in range(10))

    @property
    def accuracy(self) -> float:
        """The share of the judged digits that was right, 0-1; there must be some."""
        return self.right / self.judged

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the accuracy; there must be judged digits."""
        return wilson_interval(self.right, self.judged)

    @property
    def most_confused(self) -> tuple[int, int, int] | None:
        """What people said, what was read instead, and how often; None if all was right."""
        wrong = [
            (count, said, read)
            for said, row in enumerate(self.confusion_matrix)
            for read, count in enumerate(row)
            if said != read and count
        ]
        if not wrong:
            return None
        count, said, read = max(wrong, key=lambda item: item[0])
        return said, read, count


@dataclass(frozen=True)
class AccuracyReport:
    """What `/accuracy` shows.

    Attributes:
        version_id: The active model version.
        recipe: How it was trained.
        tested: How many MNIST test images it was tried on.
        test_accuracy: The share of them that it read right, 0-1.
        period: Which readings `live` is about.
        live: What people said.
        picture: PNG of both confusion matrices.
    """

    version_id: int
    recipe: str
    tested: int
    test_accuracy: float
    period: Period
    live: LiveAccuracy
    picture: bytes


class AccuracyService:
    """Counts how good the answers are."""

    def __init__(
        self, session_factory: SessionFactory, clock: Clock, painter: AccuracyPainter
    ) -> None:
        """Take what the service works with."""
        self._session_factory = session_factory
        self._clock = clock
        self._painter = painter

    async def get_report(self, period: Period) -> AccuracyReport:
        """Return the figures as they stand now.

        Args:
            period: Which readings to count what people said of.

        Raises:
            ModelError: No model version is active yet.
        """
        since = self._clock() - timedelta(days=period) if period else None
        async with self._session_factory() as session:
            version = await model_versions.get_active(session)
            predicted = await accuracy.count_predictions(session, since)
            judgements = await accuracy.count_judgements(session, since)
        if version is None:
            raise ModelError("no model version is active")
        matrix = [[0] * 10 for _ in range(NOT_A_DIGIT + 1)]
        for said, read, count in judgements:
            matrix[said][read] = count
        picture = await self._painter.paint_accuracy(version.confusion_matrix, matrix)
        return AccuracyReport(
            version_id=version.id,
            recipe=version.recipe,
            tested=sum(map(sum, version.confusion_matrix)),
            test_accuracy=version.test_accuracy,
            period=period,
            live=LiveAccuracy(predicted, tuple(map(tuple, matrix))),
            picture=picture,
        )


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share, both ends within 0-1.

    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
    Journal of the American Statistical Association 22 (1927), 209-212.

    Args:
        successes: How many went well.
        trials: How many there were, at least one.
    """
    share = successes / trials
    square = _Z_95**2 / trials
    centre = (share + square / 2) / (1 + square)
    half_width = (
        _Z_95 / (1 + square) * math.sqrt(share * (1 - share) / trials + square / (4 * trials))
    )
    return max(0.0, centre - half_width), min(1.0, centre + half_width)
