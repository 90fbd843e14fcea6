import io
from collections import Counter
from datetime import UTC, datetime

import pytest
from PIL import Image

from bot.accuracy_painter import PillowAccuracyPainter, _short_count
from bot.services.accuracy import wilson_interval
from bot.services.ports import VersionAccuracy

BLUE, DARK = (47, 111, 222), (29, 37, 48)
PLOT = (142, 134, 1260, 656)  # left, top, right and bottom in the picture of versions


def version_of(version_id: int, right: int, judged: int, test_accuracy: float) -> VersionAccuracy:
    return VersionAccuracy(
        version_id=version_id,
        activated_at=datetime(2026, 3, version_id, tzinfo=UTC),
        is_active=False,
        test_accuracy=test_accuracy,
        right=right,
        judged=judged,
        interval=wilson_interval(right, judged) if judged else None,
    )


async def paint(*versions: VersionAccuracy) -> Image.Image:
    picture = await PillowAccuracyPainter().paint_versions(versions)
    return Image.open(io.BytesIO(picture)).convert("RGB")


def places_of(picture: Image.Image, colour: tuple[int, int, int]) -> list[tuple[int, int]]:
    """Return the (x, y) of the pixels with a colour in the plot."""
    left, top, right, bottom = PLOT
    return [
        (x, y)
        for x in range(left, right)
        for y in range(top, bottom)
        if picture.getpixel((x, y)) == colour
    ]


async def test_marks_stand_at_their_accuracies() -> None:
    picture = await paint(version_of(1, 300, 400, 0.9))
    # 75 % of 400 has an interval of 70.5 % to 79 %, so the axis goes from 70 % (y=640) to
    # 100 % (y=150).
    interval_y = [y for _, y in places_of(picture, BLUE)]
    low, high = wilson_interval(300, 400)
    assert min(interval_y) == pytest.approx(640 - (high - 0.7) / 0.3 * 490, abs=3)
    assert max(interval_y) == pytest.approx(640 - (low - 0.7) / 0.3 * 490, abs=3)
    diamond_y = [y for _, y in places_of(picture, DARK)]
    assert (min(diamond_y) + max(diamond_y)) / 2 == pytest.approx(640 - 0.2 / 0.3 * 490, abs=2)


async def test_version_that_nobody_has_judged_has_only_its_mnist_mark() -> None:
    picture = await paint(version_of(1, 0, 0, 0.99))
    assert places_of(picture, BLUE) == []
    assert places_of(picture, DARK) != []


@pytest.mark.parametrize(
    ("right", "judged", "y"),
    [(1, 1, 150), (0, 1, 640), (0, 500, 640), (500, 500, 150)],
)
async def test_extremes_stand_at_the_ends_of_the_axis(right: int, judged: int, y: int) -> None:
    picture = await paint(version_of(1, right, judged, 0.99))
    in_row = Counter(place_y for _, place_y in places_of(picture, BLUE))
    widest = [place_y for place_y, count in in_row.items() if count == max(in_row.values())]
    assert sum(widest) / len(widest) == pytest.approx(y, abs=2)


async def test_twelve_versions_stand_side_by_side() -> None:
    versions = [version_of(place, 80 + place, 100, 0.99) for place in range(1, 13)]
    picture = await paint(*versions)
    columns = sorted({x for x, _ in places_of(picture, DARK)})
    gaps = [b for a, b in zip(columns, columns[1:], strict=False) if b - a > 50]
    assert len(gaps) == 11
    assert picture.size == (1280, 960)


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (0, "0"),
        (9_999, "9999"),
        (10_000, "10k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (9_949_999, "9.9M"),
        (9_950_000, "10M"),
        (999_499_999, "999M"),
    ],
)
def test_counts_fit_a_cell(count: int, written: str) -> None:
    assert _short_count(count) == written


async def test_matrices_of_many_judgements_are_painted() -> None:
    mnist = [[1000 if read == true else 2 for read in range(10)] for true in range(10)]
    live = [[10**place] * 10 for place in range(11)]
    picture = await PillowAccuracyPainter().paint_matrices(mnist, live)
    assert Image.open(io.BytesIO(picture)).size == (840, 454)
