"""People whose corrections a promoted model has learned from are told so, once."""

import asyncio
from dataclasses import replace

import pytest
from drawing import draw_digits
from fixed_clock import FixedClock
from scripted_trainer import FIGURES, ScriptedTrainer

from bot import texts
from bot.announcements import send_notices
from bot.app import DigitBotProgram, Wire, build_program
from bot.playground import ADMIN_ID, USER_ID, Playground
from bot.services.learning import is_held_out
from bot.settings import Settings

OTHER_ID = 3000


@pytest.fixture
async def taught(
    program: DigitBotProgram, playground: Playground, trainer: ScriptedTrainer
) -> int:
    """A person has judged twelve digits; return how many of them are trained on."""
    trainer.may_end.set()
    trainer.after = replace(FIGURES, held_out_right=5)
    for _ in range(4):
        await judge(playground)
    return sum(not is_held_out(digit_id) for digit_id in range(1, 13))


async def judge(playground: Playground) -> None:
    answer = await playground.answer(await playground.send_photo(USER_ID, draw_digits([7, 7, 7])))
    said = await playground.send_text(USER_ID, "777", reply_to=answer["message_id"])
    await playground.answer(said)


async def train(playground: Playground, program: DigitBotProgram) -> None:
    command = await playground.send_text(ADMIN_ID, "/train")
    await playground.answer(command, lambda message: "photo" in message)


def notices(playground: Playground, user_id: int = USER_ID) -> list[dict]:
    return [m for m in playground.messages(user_id) if m.get("text", "").startswith("🎓")]


async def test_person_is_told_once_for_each_correction(
    playground: Playground, program: DigitBotProgram, taught: int
) -> None:
    await train(playground, program)
    await playground.wait_until(lambda: notices(playground))
    (notice,) = notices(playground)
    assert (
        f"Model 2 answers from now on, and it has learned from {taught} digits" in notice["text"]
    )

    await train(playground, program)  # Model 3 has learned from the same ones.
    assert len(notices(playground)) == 1
    await judge(playground)
    await train(playground, program)
    await playground.wait_until(lambda: len(notices(playground)) == 2)
    new = sum(not is_held_out(digit_id) for digit_id in range(13, 16))
    assert f"learned from {new} digit" in notices(playground)[1]["text"]


async def test_person_who_wants_no_notices_gets_none(
    playground: Playground, program: DigitBotProgram, taught: int
) -> None:
    off = await playground.answer(await playground.send_text(USER_ID, "/notices off"))
    assert off["text"] == texts.NOTICES_OFF
    await train(playground, program)
    assert await program.services.notices.list_unsent() == []
    assert notices(playground) == []


async def test_button_under_a_notice_switches_them_off(
    playground: Playground, program: DigitBotProgram, taught: int
) -> None:
    await train(playground, program)
    await playground.wait_until(lambda: notices(playground))
    (notice,) = notices(playground)
    query = await playground.press(USER_ID, notice["message_id"], f"quiet:{USER_ID}")
    assert (await playground.answer_to_press(query))["text"] == texts.NOTICES_OFF
    await judge(playground)
    await train(playground, program)
    assert await program.services.notices.list_unsent() == []
    assert len(notices(playground)) == 1


async def test_two_who_send_notices_at_once_send_each_once(
    playground: Playground, program: DigitBotProgram, trainer: ScriptedTrainer, taught: int
) -> None:
    trainer.after = FIGURES
    await train(playground, program)
    await program.services.models.promote(program.services.actor(ADMIN_ID), 2)
    bot = program.application.bot
    await asyncio.gather(*(send_notices(bot, program.services) for _ in range(3)))
    assert len(notices(playground)) == 1


async def test_model_that_was_rolled_back_before_its_notice_is_not_boasted_of(
    playground: Playground, program: DigitBotProgram, trainer: ScriptedTrainer, taught: int
) -> None:
    trainer.after = FIGURES
    await train(playground, program)
    models, admin = program.services.models, program.services.actor(ADMIN_ID)
    await models.promote(admin, 2)
    await models.roll_back(admin, update_id=1)
    await send_notices(program.application.bot, program.services)
    assert notices(playground) == []


async def test_rejected_model_gives_no_notice_until_an_admin_promotes_it(
    playground: Playground, program: DigitBotProgram, trainer: ScriptedTrainer, taught: int
) -> None:
    trainer.after = FIGURES
    await train(playground, program)
    assert await program.services.notices.list_unsent() == []
    await playground.answer(await playground.send_text(ADMIN_ID, "/promote 2"))
    await playground.wait_until(lambda: notices(playground))


async def test_notice_that_was_written_and_not_sent_is_sent_at_the_next_start(
    playground: Playground,
    settings: Settings,
    wire: Wire,
    clock: FixedClock,
    trainer: ScriptedTrainer,
) -> None:
    first = build_program(settings, wire, trainer=trainer, clock=clock)
    trainer.may_end.set()
    async with first.running(), first.polling():
        await judge(playground)
        trainer.after = FIGURES
        await train(playground, first)
        # As if the process had been killed between the promotion and the message.
        await first.services.models.promote(first.services.actor(ADMIN_ID), 2)
    assert notices(playground) == []
    second = build_program(settings, wire, trainer=trainer, clock=clock)
    async with second.running():
        assert len(notices(playground)) == 1
    third = build_program(settings, wire, trainer=trainer, clock=clock)
    async with third.running():
        assert len(notices(playground)) == 1
