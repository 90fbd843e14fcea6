"""How good the bot is: on MNIST's test images, and by what people say."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum, auto

from bot.errors import ModelError
from bot.services.ports import AccuracyPainter, Clock, VersionAccuracy
from bot.storage import accuracy, model_versions
from bot.storage.accuracy import Judgement
from bot.storage.database import SessionFactory
from bot.storage.models import NOT_A_DIGIT, ModelState, ModelVersion

_Z_95 = 1.959964  # two-sided 95 % quantile of the normal distribution


class Period(IntEnum):
    """How far back to look, in days."""

    WEEK = 7
    MONTH = 30
    ALL = 0


class AccuracyPicture(Enum):
    """What `/accuracy` can show."""

    MATRICES = auto()  # confusion matrices, on MNIST and by what people say
    VERSIONS = auto()  # the accuracy of each model version that has answered photos


_SHOWN_VERSIONS = 12
"""How many versions a picture has room for: the last ones."""


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
        live: What people said of all versions' answers, in each period.
        period: Which readings the picture is about.
        shown: What the picture shows.
        picture: PNG.
    """

    version_id: int
    recipe: str
    tested: int
    test_accuracy: float
    live: Mapping[Period, LiveAccuracy]
    period: Period
    shown: AccuracyPicture
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

    async def get_report(self, period: Period, shown: AccuracyPicture) -> AccuracyReport:
        """Return the figures as they stand now.

        Args:
            period: Which readings the picture is about.
            shown: What it shows.

        Raises:
            ModelError: No model version is active yet.
        """
        now = self._clock()
        since = [now - timedelta(days=days) if days else None for days in Period]
        async with self._session_factory() as session:
            active = await model_versions.get_active(session)
            versions = await accuracy.list_last_activated(session, _SHOWN_VERSIONS)
            judgements = await accuracy.count_judgements(session, since)
            predicted = [await accuracy.count_predictions(session, start) for start in since]
        if active is None:
            raise ModelError("no model version is active")
        matrices = [_matrix(judgements, place) for place in range(len(Period))]
        place = list(Period).index(period)
        if shown is AccuracyPicture.MATRICES:
            painting = self._painter.paint_matrices(active.confusion_matrix, matrices[place])
        else:
            painting = self._painter.paint_versions(
                [
                    _version_accuracy(version, version.activated_at, judgements, place)
                    for version in versions
                    if version.activated_at is not None
                ]
            )
        return AccuracyReport(
            version_id=active.id,
            recipe=active.recipe,
            tested=sum(map(sum, active.confusion_matrix)),
            test_accuracy=active.test_accuracy,
            live=dict(zip(Period, map(LiveAccuracy, predicted, matrices), strict=True)),
            period=period,
            shown=shown,
            picture=await painting,
        )


def _matrix(judgements: Sequence[Judgement], place: int) -> tuple[tuple[int, ...], ...]:
    """Return what was said of all versions' answers in the period at that place."""
    matrix = [[0] * 10 for _ in range(NOT_A_DIGIT + 1)]
    for judgement in judgements:
        matrix[judgement.said][judgement.read] += judgement.counts[place]
    return tuple(map(tuple, matrix))


def _version_accuracy(
    version: ModelVersion, activated_at: datetime, judgements: Sequence[Judgement], place: int
) -> VersionAccuracy:
    """Return how good a version is by what was said in the period at that place."""
    own = [judgement for judgement in judgements if judgement.model_version_id == version.id]
    judged = sum(judgement.counts[place] for judgement in own)
    right = sum(judgement.counts[place] for judgement in own if judgement.said == judgement.read)
    return VersionAccuracy(
        version_id=version.id,
        activated_at=activated_at,
        is_active=version.state is ModelState.ACTIVE,
        test_accuracy=version.test_accuracy,
        right=right,
        judged=judged,
        interval=wilson_interval(right, judged) if judged else None,
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
