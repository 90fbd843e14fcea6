import pytest

from bot.errors import ModelError
from bot.services.accuracy import AccuracyService, wilson_interval
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


async def test_report_before_any_model_is_an_error(session_factory: SessionFactory) -> None:
    with pytest.raises(ModelError):
        await AccuracyService(session_factory).get_report()
