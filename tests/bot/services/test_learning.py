import csv
from pathlib import Path

import pytest
from fixed_clock import FixedClock
from PIL import Image
from sqlalchemy.ext.asyncio import AsyncSession

from bot.example_files import COLUMNS, write_examples
from bot.services.learning import Example, LearningService, is_held_out
from bot.services.readings import NOT_A_DIGIT
from bot.storage.database import SessionFactory
from bot.storage.models import Correction, DigitPrediction, ModelState, ModelVersion, Reading


def prediction(
    position: int, label: int, said: int | None, by: int, now: object
) -> DigitPrediction:
    """A digit prediction, judged by a person unless `said` is None."""
    digit = DigitPrediction(
        position=position,
        label=label,
        confidence=0.9,
        probabilities=bytes(40),
        image=bytes([position]) * 784,
        box_x=0,
        box_y=0,
        box_width=1,
        box_height=1,
    )
    if said is not None:
        digit.correction = Correction(
            label=said,
            predicted_label=label,
            model_version_id=1,
            user_id=by,
            created_at=now,
            updated_at=now,
        )
    return digit


async def add_reading(
    session: AsyncSession, clock: FixedClock, *judged: tuple[int, int | None, int]
) -> None:
    """Store a reading of (read, said, by) digits."""
    version = ModelVersion(
        sha256="0" * 64,
        recipe="best",
        validation_accuracy=0.9,
        test_accuracy=0.9,
        confusion_matrix=[],
        state=ModelState.ACTIVE,
        created_at=clock.now,
    )
    session.add(version)
    await session.flush()
    digits = [
        prediction(position, read, said, by, clock.now)
        for position, (read, said, by) in enumerate(judged)
    ]
    session.add(
        Reading(
            update_id=1,
            chat_id=1,
            user_id=1,
            message_id=1,
            file_id="f",
            model_version_id=version.id,
            latency_ms=1.0,
            created_at=clock.now,
            digits=digits,
        )
    )


async def test_judged_digits_become_examples_without_telegrams_ids(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    async with session_factory.begin() as session:
        await add_reading(
            session, clock, (7, 1, 555), (7, None, 0), (4, 4, 777), (8, NOT_A_DIGIT, 555)
        )
    examples = await LearningService(session_factory).list_examples()
    assert [(e.read_as, e.label, e.person) for e in examples] == [(7, 1, 1), (4, 4, 2), (8, 10, 1)]
    assert [e.image[0] for e in examples] == [0, 2, 3]


def test_about_a_fifth_is_held_out_and_stays_so() -> None:
    held_out = [prediction_id for prediction_id in range(10_000) if is_held_out(prediction_id)]
    assert 1900 < len(held_out) < 2100
    assert held_out[:5] == [0, 7, 8, 9, 10]  # Changing this would train on what was held out.


@pytest.mark.parametrize(("label", "written"), [(0, "0"), (9, "9"), (NOT_A_DIGIT, "none")])
def test_examples_are_written_as_pictures_with_labels(
    tmp_path: Path, label: int, written: str
) -> None:
    image = bytes(range(256)) * 3 + bytes(16)
    write_examples(tmp_path / "new", [Example(17, image, label, 3, 2, is_held_out=True)])
    with (tmp_path / "new" / "labels.csv").open(newline="") as file:
        header, row = list(csv.reader(file))
    assert header == list(COLUMNS)
    assert row == ["17.png", written, "3", "2", "yes"]
    with Image.open(tmp_path / "new" / "17.png") as picture:
        assert (picture.mode, picture.size, picture.tobytes()) == ("L", (28, 28), image)
