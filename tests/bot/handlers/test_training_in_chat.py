"""Admins train in the chat: one run at a time, judged by the gate, told to the end."""

import asyncio
import re
from dataclasses import replace

import pytest
from drawing import draw_digits
from fixed_clock import FixedClock
from scripted_trainer import FIGURES, PROGRESS, ScriptedTrainer
from sqlalchemy import select

from bot import texts
from bot.app import DigitBotProgram
from bot.playground import ADMIN_ID, USER_ID, Playground
from bot.services.ports import ModelFigures, TrainingProgress
from bot.storage.database import SessionFactory
from bot.storage.models import ModelState, ModelVersion, Reading, TrainingRun, TrainingState

pytestmark = pytest.mark.usefixtures("program")


async def ask(playground: Playground, text: str, user_id: int = USER_ID) -> str:
    """Send a text, and return that of the bot's answer."""
    return (await playground.answer(await playground.send_text(user_id, text)))["text"]


async def press(playground: Playground, message: dict, data: str) -> dict:
    """Press an admin's button, and return what the press is answered with."""
    query = await playground.press(ADMIN_ID, message["message_id"], data)
    return await playground.answer_to_press(query)


async def find_card(playground: Playground, command: dict) -> dict:
    """Wait for the picture that ends a training run."""
    return await playground.answer(command, lambda message: "photo" in message)


async def states_in(session_factory: SessionFactory) -> list[ModelState]:
    async with session_factory() as session:
        query = select(ModelVersion.state).order_by(ModelVersion.id)
        return list(await session.scalars(query))


async def read_by(playground: Playground, session_factory: SessionFactory) -> int:
    """Send a photo, and return the model version that has read it."""
    await playground.answer(await playground.send_photo(USER_ID, draw_digits([7])))
    async with session_factory() as session:
        query = select(Reading.model_version_id).order_by(Reading.id.desc()).limit(1)
        return (await session.scalars(query)).one()


async def test_train_is_for_admins(
    playground: Playground, session_factory: SessionFactory
) -> None:
    assert await ask(playground, "/train") == texts.ADMINS_ONLY
    async with session_factory() as session:
        assert (await session.scalars(select(TrainingRun))).all() == []


async def test_better_model_is_promoted_and_its_card_compares_it(
    playground: Playground, session_factory: SessionFactory, trainer: ScriptedTrainer
) -> None:
    trainer.after = replace(FIGURES, held_out_right=5)
    command = await playground.send_text(ADMIN_ID, "/train")
    progress = await playground.answer(command)
    assert "epoch 1 of 2" in progress["text"]
    assert "about 3 s left" in progress["text"]
    trainer.may_end.set()
    card = await find_card(playground, command)
    assert playground.message(ADMIN_ID, progress["message_id"])["text"].startswith("✅")
    assert "Model 2 is better, and answers from now on" in card["caption"]
    assert "model 1   model 2" in card["caption"]
    assert re.search(r"Corrections +3/5 +5/5", card["caption"])
    assert card["photo"]
    assert await states_in(session_factory) == [ModelState.RETIRED, ModelState.ACTIVE]
    assert await read_by(playground, session_factory) == 2
    assert "Model 1" in await ask(playground, "/rollback", ADMIN_ID)
    assert await read_by(playground, session_factory) == 1


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (replace(FIGURES, test_accuracy=0.9769, held_out_right=5), "more than 0.1 points"),
        (replace(FIGURES, test_accuracy=0.99, held_out_right=2), "fewer of the held-out"),
        (FIGURES, "is better neither"),
    ],
)
async def test_model_that_is_not_better_is_rejected(
    playground: Playground,
    session_factory: SessionFactory,
    trainer: ScriptedTrainer,
    after: ModelFigures,
    reason: str,
) -> None:
    trainer.after = after
    trainer.may_end.set()
    card = await find_card(playground, await playground.send_text(ADMIN_ID, "/train"))
    assert "Model 2 was rejected" in card["caption"]
    assert reason in card["caption"]
    assert await states_in(session_factory) == [ModelState.ACTIVE, ModelState.REJECTED]
    assert await read_by(playground, session_factory) == 1
    assert "Model 2" in await ask(playground, "/promote 2", ADMIN_ID)
    assert await read_by(playground, session_factory) == 2


async def test_model_promoted_during_a_run_is_not_replaced_by_its_candidate(
    playground: Playground, session_factory: SessionFactory, trainer: ScriptedTrainer
) -> None:
    trainer.may_end.set()
    await find_card(playground, await playground.send_text(ADMIN_ID, "/train"))
    trainer.may_end.clear()
    trainer.after = replace(FIGURES, held_out_right=5)
    command = await playground.send_text(ADMIN_ID, "/train")
    await playground.answer(command)
    await ask(playground, "/promote 2", ADMIN_ID)
    trainer.may_end.set()
    card = await find_card(playground, command)
    assert "Model 3 waits as a candidate" in card["caption"]
    expected = [ModelState.RETIRED, ModelState.ACTIVE, ModelState.CANDIDATE]
    assert await states_in(session_factory) == expected


async def test_training_learns_from_what_people_said(
    playground: Playground, trainer: ScriptedTrainer
) -> None:
    trainer.may_end.set()
    answer = await playground.answer(await playground.send_photo(USER_ID, draw_digits([7, 7])))
    await playground.answer(
        await playground.send_text(USER_ID, "71", reply_to=answer["message_id"])
    )
    await find_card(playground, await playground.send_text(ADMIN_ID, "/train"))
    (order,) = trainer.orders
    assert order.recipe == "refresh"
    assert order.active.exists()
    assert [(example.label, example.read_as) for example in order.examples] == [(7, 7), (1, 7)]


async def test_second_train_may_wait_for_the_first_or_cancel_it(playground: Playground) -> None:
    command = await playground.send_text(ADMIN_ID, "/train")
    await playground.answer(command)
    second = await playground.answer(await playground.send_text(ADMIN_ID, "/train"))
    assert second["text"] == texts.TRAINING_ALREADY_RUNNING
    assert (await press(playground, second, "cancel:2"))["text"] == texts.NOTHING_TO_CANCEL
    assert (await press(playground, second, "cancel:1"))["text"] == texts.CANCELLING
    await playground.answer(command, lambda message: "was cancelled" in message["text"])


async def test_failed_training_says_why_and_the_next_one_can_start(
    playground: Playground, session_factory: SessionFactory, trainer: ScriptedTrainer
) -> None:
    trainer.error = "No space left on device <disk>"
    trainer.may_end.set()
    command = await playground.send_text(ADMIN_ID, "/train")
    failed = await playground.answer(command, lambda message: "failed" in message.get("text", ""))
    assert "No space left on device <disk>" in failed["text"]
    async with session_factory() as session:
        run = (await session.scalars(select(TrainingRun))).one()
    assert (run.state, run.error) == (TrainingState.FAILED, trainer.error)

    trainer.error = None
    again = await playground.send_text(ADMIN_ID, "/train")
    await playground.answer(again, lambda message: "is done" in message.get("text", ""))


async def test_progress_message_that_was_deleted_does_not_end_the_run(
    playground: Playground, session_factory: SessionFactory, trainer: ScriptedTrainer
) -> None:
    command = await playground.send_text(ADMIN_ID, "/train")
    progress = await playground.answer(command)
    playground.delete(progress)
    trainer.may_end.set()
    done = await playground.answer(command, lambda message: "is done" in message.get("text", ""))
    assert done["message_id"] != progress["message_id"]
    async with session_factory() as session:
        run = (await session.scalars(select(TrainingRun))).one()
    assert run.state is TrainingState.SUCCEEDED


async def test_damaged_checkpoint_fails_the_run_and_the_admin_is_told(
    playground: Playground, session_factory: SessionFactory, trainer: ScriptedTrainer
) -> None:
    trainer.checkpoint = b"half a file"
    trainer.may_end.set()
    command = await playground.send_text(ADMIN_ID, "/train")
    await playground.answer(command, lambda message: "failed" in message.get("text", ""))
    async with session_factory() as session:
        run = (await session.scalars(select(TrainingRun))).one()
        versions = (await session.scalars(select(ModelVersion))).all()
    assert run.state is TrainingState.FAILED
    assert [version.state for version in versions] == [ModelState.ACTIVE]


async def test_train_takes_a_recipe(playground: Playground, trainer: ScriptedTrainer) -> None:
    assert await ask(playground, "/train nonsense", ADMIN_ID) == texts.TRAIN_WHAT
    trainer.may_end.set()
    await find_card(playground, await playground.send_text(ADMIN_ID, "/train quick"))
    assert "2 quick" in await ask(playground, "/models", ADMIN_ID)


async def test_cancel_ends_the_run_and_the_next_can_start(
    playground: Playground, session_factory: SessionFactory
) -> None:
    assert await ask(playground, "/cancel") == texts.ADMINS_ONLY
    assert await ask(playground, "/cancel", ADMIN_ID) == texts.NOTHING_TO_CANCEL
    command = await playground.send_text(ADMIN_ID, "/train")
    progress = await playground.answer(command)
    assert await ask(playground, "/cancel", ADMIN_ID) == texts.CANCELLING
    ended = await playground.answer(command, lambda message: "was cancelled" in message["text"])
    assert ended["message_id"] == progress["message_id"]
    async with session_factory() as session:
        run = (await session.scalars(select(TrainingRun))).one()
    assert run.state is TrainingState.CANCELLED
    assert await ask(playground, "/cancel", ADMIN_ID) == texts.NOTHING_TO_CANCEL


async def test_run_whose_end_could_not_be_written_is_ended_by_cancel(
    playground: Playground, session_factory: SessionFactory, clock: FixedClock
) -> None:
    async with session_factory.begin() as session:
        session.add(
            TrainingRun(
                recipe="refresh",
                state=TrainingState.RUNNING,
                update_id=1,
                requested_by=ADMIN_ID,
                chat_id=ADMIN_ID,
                started_at=clock.now,
            )
        )
    assert await ask(playground, "/train", ADMIN_ID) == texts.TRAINING_ALREADY_RUNNING
    assert await ask(playground, "/cancel", ADMIN_ID) == texts.CANCELLING
    async with session_factory() as session:
        run = (await session.scalars(select(TrainingRun))).one()
    assert run.state is TrainingState.INTERRUPTED


async def test_progress_is_edited_at_most_every_three_seconds(
    playground: Playground, trainer: ScriptedTrainer
) -> None:
    edits: list[str] = []
    playground.on_call.append(
        lambda call: edits.append(call.method) if call.method == "editMessageText" else None
    )
    trainer.steps = [replace(PROGRESS, epoch=epoch, epochs=500) for epoch in range(500)]
    trainer.may_end.set()
    begun = asyncio.get_running_loop().time()
    await find_card(playground, await playground.send_text(ADMIN_ID, "/train"))
    passed_s = asyncio.get_running_loop().time() - begun
    assert 1 <= len(edits) <= 2 + passed_s / 3  # One of them says the end.


async def test_new_stage_is_shown_when_its_turn_has_come(
    playground: Playground, trainer: ScriptedTrainer
) -> None:
    trainer.steps = [PROGRESS, replace(PROGRESS, epoch=2), replace(PROGRESS, stage="evaluating")]
    command = await playground.send_text(ADMIN_ID, "/train")
    shown = await playground.answer(command, lambda message: "Measuring" in message["text"])
    assert "Measuring it against the active model" in shown["text"]
    trainer.may_end.set()
    await find_card(playground, command)


async def test_cancel_before_the_process_has_begun_ends_the_run(
    program: DigitBotProgram, trainer: ScriptedTrainer, session_factory: SessionFactory
) -> None:
    training, admin = program.services.training, program.services.actor(ADMIN_ID)
    run_id = await training.start(admin, "refresh", chat_id=ADMIN_ID, update_id=1)
    assert run_id is not None
    assert await training.cancel(admin)
    await training.run(run_id, "refresh", ignore)
    assert trainer.orders == []
    async with session_factory() as session:
        assert (await session.get_one(TrainingRun, run_id)).state is TrainingState.INTERRUPTED


async def ignore(progress: TrainingProgress) -> None:
    pass
