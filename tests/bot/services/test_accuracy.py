import pytest
from fixed_clock import FixedClock

from bot.accuracy_painter import PillowAccuracyPainter
from bot.errors import ModelError
from bot.services.accuracy import AccuracyService, LiveAccuracy, Period, wilson_interval
from bot.storage.database import SessionFactory


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Worked by hand from the formula with z = 1.959964.
        (2, 3, 0.2077, 0.9385),
        (81, 263, 0.2553, 0.3662),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
    ],
)
def test_wilson_interval(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=1e-4)


async def test_report_before_any_model_is_an_error(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    with pytest.raises(ModelError):
        await AccuracyService(session_factory, clock, PillowAccuracyPainter()).get_report(
            Period.ALL
        )


def matrix_of(*entries: tuple[int, int, int]) -> tuple[tuple[int, ...], ...]:
    """Return a matrix with (said, read, count) entries, and zeros elsewhere."""
    matrix = [[0] * 10 for _ in range(11)]
    for said, read, count in entries:
        matrix[said][read] = count
    return tuple(map(tuple, matrix))


def test_live_accuracy_counts_what_is_right_and_names_what_is_not() -> None:
    live = LiveAccuracy(20, matrix_of((7, 7, 8), (1, 7, 2), (10, 4, 3), (4, 4, 1)))
    assert (live.judged, live.right) == (14, 9)
    assert live.accuracy == pytest.approx(9 / 14)
    assert live.most_confused == (10, 4, 3)


def test_nothing_is_confused_where_all_is_right() -> None:
    assert LiveAccuracy(1, matrix_of((7, 7, 1))).most_confused is None
