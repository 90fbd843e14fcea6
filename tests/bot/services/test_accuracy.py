from collections.abc import Sequence
from datetime import timedelta

import pytest
from fixed_clock import FixedClock
from stored_readings import add_reading, add_version

from bot.errors import ModelError
from bot.services.accuracy import (
    AccuracyPicture,
    AccuracyService,
    LiveAccuracy,
    Period,
    wilson_interval,
)
from bot.services.ports import VersionAccuracy
from bot.storage.database import SessionFactory
from bot.storage.models import NOT_A_DIGIT, ModelState, Standing


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


class RememberingPainter:
    """A painter that keeps what it was to paint."""

    def __init__(self) -> None:
        self.live: Sequence[Sequence[int]] = ()
        self.versions: Sequence[VersionAccuracy] = ()

    async def paint_matrices(
        self, mnist: Sequence[Sequence[int]], live: Sequence[Sequence[int]]
    ) -> bytes:
        self.live = live
        return b"matrices"

    async def paint_versions(self, versions: Sequence[VersionAccuracy]) -> bytes:
        self.versions = versions
        return b"versions"


@pytest.fixture
def painter() -> RememberingPainter:
    return RememberingPainter()


@pytest.fixture
def service(
    session_factory: SessionFactory, clock: FixedClock, painter: RememberingPainter
) -> AccuracyService:
    return AccuracyService(session_factory, clock, painter)


async def test_report_before_any_model_is_an_error(service: AccuracyService) -> None:
    with pytest.raises(ModelError):
        await service.get_report(Period.ALL, AccuracyPicture.MATRICES)


@pytest.fixture
async def history(session_factory: SessionFactory, clock: FixedClock) -> None:
    """Version 1, then 2, which was rolled back, so that 1 is active again; 3 never was.

    Readings are 40 days, 20 days and a minute old.
    """
    async with session_factory.begin() as session:
        day = timedelta(days=1)
        await add_version(session, 1, clock.now - 10 * day, ModelState.ACTIVE)
        await add_version(session, 2, clock.now - 30 * day, ModelState.REJECTED)
        await add_version(session, 3, None, ModelState.CANDIDATE)
        await add_reading(session, 1, clock.now - 40 * day, (7, 7), (4, 9), (5, None))
        await add_reading(session, 2, clock.now - 20 * day, (7, 1), (2, 2))
        await add_reading(session, 2, clock.now - 15 * day)  # nothing found in the photo
        await add_reading(session, 1, clock.now - day / 1440, (3, 3), (8, NOT_A_DIGIT), (6, None))


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("period", "entries"),
    [
        (Period.WEEK, [(3, 3, 1), (10, 8, 1)]),
        (Period.MONTH, [(3, 3, 1), (10, 8, 1), (1, 7, 1), (2, 2, 1)]),
        (Period.ALL, [(3, 3, 1), (10, 8, 1), (1, 7, 1), (2, 2, 1), (7, 7, 1), (9, 4, 1)]),
    ],
)
async def test_matrix_is_of_the_period(
    service: AccuracyService,
    painter: RememberingPainter,
    period: Period,
    entries: list[tuple[int, int, int]],
) -> None:
    report = await service.get_report(period, AccuracyPicture.MATRICES)
    assert painter.live == matrix_of(*entries)
    assert report.picture == b"matrices"
    assert (report.version_id, report.tested) == (1, 10)


@pytest.mark.usefixtures("history")
async def test_report_counts_every_period(service: AccuracyService) -> None:
    report = await service.get_report(Period.ALL, AccuracyPicture.MATRICES)
    counts = {
        period: (live.predicted, live.judged, live.right) for period, live in report.live.items()
    }
    assert counts == {Period.WEEK: (3, 2, 1), Period.MONTH: (5, 4, 2), Period.ALL: (8, 6, 3)}


@pytest.mark.usefixtures("history")
async def test_versions_stand_in_the_order_in_which_they_last_became_active(
    service: AccuracyService, painter: RememberingPainter
) -> None:
    report = await service.get_report(Period.ALL, AccuracyPicture.VERSIONS)
    assert report.picture == b"versions"
    seen = [(v.version_id, v.is_active, v.right, v.judged) for v in painter.versions]
    assert seen == [(2, False, 1, 2), (1, True, 2, 4)]
    assert painter.versions[1].interval == pytest.approx((0.15004, 0.84996), abs=1e-5)

    await service.get_report(Period.WEEK, AccuracyPicture.VERSIONS)
    assert [(v.right, v.judged) for v in painter.versions] == [(0, 0), (1, 2)]
    assert painter.versions[0].interval is None


async def test_only_the_last_twelve_versions_are_shown(
    service: AccuracyService,
    painter: RememberingPainter,
    session_factory: SessionFactory,
    clock: FixedClock,
) -> None:
    async with session_factory.begin() as session:
        for version_id in range(1, 16):
            state = ModelState.ACTIVE if version_id == 15 else ModelState.RETIRED
            await add_version(session, version_id, clock.now, state)
            clock.advance(timedelta(days=1))
    await service.get_report(Period.ALL, AccuracyPicture.VERSIONS)
    assert [version.version_id for version in painter.versions] == list(range(4, 16))


@pytest.mark.usefixtures("history")
async def test_corrections_that_an_admin_has_dropped_do_not_count(
    service: AccuracyService, session_factory: SessionFactory, clock: FixedClock
) -> None:
    async with session_factory.begin() as session:
        await add_reading(session, 1, clock.now, (1, 7), standing=Standing.DROPPED)
        clock.advance(timedelta(seconds=1))
        await add_reading(session, 1, clock.now, (1, 4), standing=Standing.QUARANTINED)
    report = await service.get_report(Period.WEEK, AccuracyPicture.MATRICES)
    live = report.live[Period.WEEK]
    assert (live.predicted, live.judged, live.right) == (5, 3, 1)


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
