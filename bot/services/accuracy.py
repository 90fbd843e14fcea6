"""How good the bot is: on MNIST's test images, and by what people say."""

import math
from dataclasses import dataclass

from bot.errors import ModelError
from bot.storage import accuracy, model_versions
from bot.storage.database import SessionFactory

_Z_95 = 1.959964  # two-sided 95 % quantile of the normal distribution


@dataclass(frozen=True)
class LiveAccuracy:
    """How many of the digits that people judged were right."""

    judged: int
    right: int
    low: float  # 95 % Wilson interval, 0-1
    high: float

    @property
    def accuracy(self) -> float:
        """The share that was right, 0-1."""
        return self.right / self.judged


@dataclass(frozen=True)
class AccuracyReport:
    """What `/accuracy` shows.

    Attributes:
        version_id: The active model version.
        recipe: How it was trained.
        tested: How many MNIST test images it was tried on.
        test_accuracy: The share of them that it read right, 0-1.
        live: What people said; None while nobody has judged any digit.
    """

    version_id: int
    recipe: str
    tested: int
    test_accuracy: float
    live: LiveAccuracy | None


class AccuracyService:
    """Counts how good the answers are."""

    def __init__(self, session_factory: SessionFactory) -> None:
        """Take what the service works with."""
        self._session_factory = session_factory

    async def get_report(self) -> AccuracyReport:
        """Return the figures as they stand now.

        Raises:
            ModelError: No model version is active yet.
        """
        async with self._session_factory() as session:
            version = await model_versions.get_active(session)
            judged, right = await accuracy.count_corrections(session)
        if version is None:
            raise ModelError("no model version is active")
        low, high = wilson_interval(right, judged) if judged else (0.0, 1.0)
        return AccuracyReport(
            version_id=version.id,
            recipe=version.recipe,
            tested=sum(map(sum, version.confusion_matrix)),
            test_accuracy=version.test_accuracy,
            live=LiveAccuracy(judged, right, low, high) if judged else None,
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
