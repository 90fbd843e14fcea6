from datetime import timedelta

from fixed_clock import FixedClock
from sqlalchemy import select
from stored_readings import add_reading, add_version

from bot.services.learning import Imported, LabelledImage, LearningService, is_held_out
from bot.services.ports import Doubt
from bot.services.readings import NOT_A_DIGIT
from bot.storage.database import SessionFactory
from bot.storage.models import (
    Correction,
    DigitPrediction,
    ModelState,
    Standing,
    TrainedCorrection,
    TrainingRun,
    TrainingState,
)


async def test_judged_digits_become_examples_without_telegrams_ids(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    async with session_factory.begin() as session:
        await add_version(session, 1, clock.now, ModelState.ACTIVE)
        await add_reading(session, 1, clock.now, (7, 1), (7, None), by=555)
        await add_reading(session, 1, clock.now, (0, None), (4, 4), by=777)
        await add_reading(session, 1, clock.now, (0, None), (0, None), (8, NOT_A_DIGIT), by=555)
    examples = await LearningService(session_factory, clock, max_per_person=50).list_examples()
    assert [(e.read_as, e.label, e.person) for e in examples] == [(7, 1, 1), (4, 4, 2), (8, 10, 1)]
    assert [e.image[0] for e in examples] == [0, 1, 2]


async def test_training_set_holds_the_newest_of_each_person(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    async with session_factory.begin() as session:
        await add_version(session, 1, clock.now, ModelState.ACTIVE)
        await add_reading(session, 1, clock.now, *[(7, 1)] * 3, by=555)
        others = await add_reading(session, 1, clock.now, (4, 4), by=777)
        clock.advance(timedelta(days=1))
        newest = await add_reading(session, 1, clock.now, *[(7, 1)] * 4, by=555)
    examples = await LearningService(session_factory, clock, max_per_person=4).collect()
    assert [example.id for example in examples] == others + newest


async def test_doubted_and_dropped_corrections_are_not_learned_from(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    async with session_factory.begin() as session:
        await add_version(session, 1, clock.now, ModelState.ACTIVE)
        ids = await add_reading(session, 1, clock.now, *[(7, 1)] * 4)
        for digit_id, standing in zip(ids, Standing, strict=True):
            (await session.get_one(Correction, digit_id)).standing = standing
    examples = await LearningService(session_factory, clock, max_per_person=50).collect()
    kept = [(ids[0], False), (ids[list(Standing).index(Standing.KEPT)], True)]
    assert [(example.id, example.is_vetted) for example in examples] == kept


async def test_run_records_what_it_has_learned_from_and_what_it_doubts(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    learning = LearningService(session_factory, clock, max_per_person=50)
    async with session_factory.begin() as session:
        await add_version(session, 1, clock.now, ModelState.ACTIVE)
        run = TrainingRun(
            recipe="refresh", state=TrainingState.RUNNING, update_id=1, started_at=clock.now
        )
        session.add(run)
        ids = await add_reading(session, 1, clock.now, *[(7, 1)] * 30)
    examples = await learning.collect()
    doubted, changed, deleted = [e.id for e in examples if not e.is_held_out][:3]
    async with session_factory.begin() as session:
        # Since the run began, one person has changed their mind, and another is gone.
        (await session.get_one(Correction, changed)).label = 7
        await session.delete(await session.get_one(DigitPrediction, deleted))
    async with session_factory.begin() as session:
        doubts = [Doubt(doubted, 1, 7), Doubt(changed, 1, 7)]
        await learning.record(session, run.id, examples, doubts)
    async with session_factory() as session:
        standings = {
            correction.digit_prediction_id: (correction.standing, correction.reread_as)
            for correction in await session.scalars(select(Correction))
        }
        trained = set(await session.scalars(select(TrainedCorrection.digit_prediction_id)))
    assert standings[doubted] == (Standing.QUARANTINED, 7)
    assert standings[changed] == (Standing.ACCEPTED, None)
    assert trained == {i for i in ids if not is_held_out(i)} - {doubted, changed, deleted}


async def test_imported_examples_are_learned_from_without_a_limit(
    session_factory: SessionFactory, clock: FixedClock
) -> None:
    learning = LearningService(session_factory, clock, max_per_person=1)
    images = [LabelledImage(bytes([i]) * 784, i, is_held_out=i == 3) for i in range(4)]
    assert await learning.bring_in(images) == Imported(added=4, relabelled=0, known=0)
    again = [*images[:3], LabelledImage(images[3].image, NOT_A_DIGIT, is_held_out=False)]
    assert await learning.bring_in(again) == Imported(added=0, relabelled=1, known=3)
    examples = await learning.collect()
    assert [(e.label, e.is_held_out, e.is_vetted) for e in examples] == [
        (0, False, True),
        (1, False, True),
        (2, False, True),
        (NOT_A_DIGIT, True, True),
    ]
    assert all(example.id < 0 for example in examples)


def test_about_a_fifth_is_held_out_and_stays_so() -> None:
    held_out = [prediction_id for prediction_id in range(10_000) if is_held_out(prediction_id)]
    assert 1900 < len(held_out) < 2100
    assert held_out[:5] == [0, 7, 8, 9, 10]  # Changing this would train on what was held out.
