"""Corrections of numbers, which the chat's own tests cannot draw for certain."""

from datetime import timedelta
from pathlib import Path

import pytest
from fixed_clock import FixedClock
from scripted_reader import ScriptedReader
from sqlalchemy import select

from bot.errors import NotYourReadingError, UnknownReadingError, WrongDigitCountError
from bot.model_store import FsspecModelStore
from bot.reading_painter import PillowReadingPainter
from bot.services.actor import Actor
from bot.services.corrections import CorrectionService
from bot.services.model_versions import ModelVersionService
from bot.services.readings import NOT_A_DIGIT, ReadingService, ReadingView, SentPhoto
from bot.storage.database import SessionFactory
from bot.storage.models import Correction
from mnist_model.checkpoint import PRETRAINED_CHECKPOINT

SENDER = Actor(1, is_admin=False)
STRANGER = Actor(2, is_admin=False)
ADMIN = Actor(3, is_admin=True)


@pytest.fixture
async def reading(
    session_factory: SessionFactory, clock: FixedClock, tmp_path: Path
) -> ReadingView:
    """A photo of 472 by person 1, in message 10 and answered in message 11."""
    reader = ScriptedReader([4, 7, 2])
    store = FsspecModelStore(tmp_path.as_uri(), cache_dir=tmp_path)
    models = ModelVersionService(session_factory, clock, store, reader)
    await models.load_active(PRETRAINED_CHECKPOINT)
    readings = ReadingService(session_factory, clock, reader, PillowReadingPainter())
    sent = SentPhoto(update_id=1, chat_id=1, user_id=1, message_id=10, file_id="f")
    reading = await readings.read_photo(sent, b"")
    await readings.set_answer(reading.id, 11)
    return reading


@pytest.fixture
def corrections(session_factory: SessionFactory, clock: FixedClock) -> CorrectionService:
    return CorrectionService(session_factory, clock)


def labels_of(reading: ReadingView) -> list[int | None]:
    return [digit.corrected_label for digit in reading.digits]


async def test_confirming_judges_every_digit(
    corrections: CorrectionService, reading: ReadingView
) -> None:
    confirmed = await corrections.confirm(SENDER, reading.id)
    assert labels_of(confirmed) == [4, 7, 2]
    assert confirmed.is_judged


async def test_correcting_one_digit_leaves_the_others_open(
    corrections: CorrectionService, reading: ReadingView
) -> None:
    corrected = await corrections.correct_digit(SENDER, reading.id, 1, 1)
    assert labels_of(corrected) == [None, 1, None]
    assert not corrected.is_judged


async def test_the_rest_is_right_keeps_what_was_corrected(
    corrections: CorrectionService, reading: ReadingView
) -> None:
    await corrections.correct_digit(SENDER, reading.id, 1, 1)
    assert labels_of(await corrections.confirm(SENDER, reading.id)) == [4, 1, 2]


async def test_confirming_a_judged_reading_takes_its_corrections_back(
    corrections: CorrectionService, reading: ReadingView
) -> None:
    await corrections.correct_message(SENDER, 1, 11, [9, 9, NOT_A_DIGIT])
    assert labels_of(await corrections.confirm(SENDER, reading.id)) == [4, 7, 2]


@pytest.mark.parametrize("message_id", [10, 11])
async def test_typed_number_corrects_all_digits(
    corrections: CorrectionService, reading: ReadingView, message_id: int
) -> None:
    corrected = await corrections.correct_message(SENDER, 1, message_id, [4, 1, 2])
    assert labels_of(corrected) == [4, 1, 2]


async def test_typed_number_of_another_length_is_refused(
    corrections: CorrectionService, reading: ReadingView
) -> None:
    with pytest.raises(WrongDigitCountError) as caught:
        await corrections.correct_message(SENDER, 1, 11, [4, 1])
    assert caught.value.expected == 3


async def test_changed_correction_is_one_row_that_keeps_its_first_instant(
    corrections: CorrectionService,
    reading: ReadingView,
    session_factory: SessionFactory,
    clock: FixedClock,
) -> None:
    first = clock.now
    await corrections.correct_digit(SENDER, reading.id, 0, 9)
    clock.advance(timedelta(hours=1))
    await corrections.correct_digit(ADMIN, reading.id, 0, 1)
    async with session_factory() as session:
        correction = (await session.scalars(select(Correction))).one()
    assert (correction.label, correction.user_id) == (1, ADMIN.user_id)
    assert (correction.created_at, correction.updated_at) == (first, clock.now)


async def test_stranger_is_refused_everywhere(
    corrections: CorrectionService, reading: ReadingView, session_factory: SessionFactory
) -> None:
    with pytest.raises(NotYourReadingError):
        await corrections.confirm(STRANGER, reading.id)
    with pytest.raises(NotYourReadingError):
        await corrections.correct_digit(STRANGER, reading.id, 0, 1)
    with pytest.raises(NotYourReadingError):
        await corrections.correct_message(STRANGER, 1, 11, [4, 1, 2])
    with pytest.raises(NotYourReadingError):
        await corrections.get_reading(STRANGER, reading.id)
    async with session_factory() as session:
        assert (await session.scalars(select(Correction))).all() == []


@pytest.mark.parametrize(("reading_id", "position"), [(999, 0), (1, 3)])
async def test_digit_that_is_not_there_is_refused(
    corrections: CorrectionService, reading: ReadingView, reading_id: int, position: int
) -> None:
    with pytest.raises(UnknownReadingError):
        await corrections.correct_digit(SENDER, reading_id, position, 1)
