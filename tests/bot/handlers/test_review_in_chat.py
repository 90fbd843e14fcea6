"""An admin decides on corrections that a model doubts."""

import pytest
from drawing import draw_digits
from scripted_trainer import ScriptedTrainer
from sqlalchemy import select

from bot import texts
from bot.app import DigitBotProgram
from bot.playground import ADMIN_ID, USER_ID, Playground
from bot.services.ports import Doubt
from bot.storage.database import SessionFactory
from bot.storage.models import Correction, Standing

pytestmark = pytest.mark.usefixtures("program")


@pytest.fixture
async def _doubted(
    program: DigitBotProgram, playground: Playground, trainer: ScriptedTrainer
) -> None:
    """Three 7s that a person has called 1; the training run doubts two of them."""
    answer = await playground.answer(await playground.send_photo(USER_ID, draw_digits([7, 7, 7])))
    said = await playground.send_text(USER_ID, "111", reply_to=answer["message_id"])
    await playground.answer(said)
    trainer.doubts = (Doubt(1, 1, 7), Doubt(3, 1, 7))
    trainer.may_end.set()
    command = await playground.send_text(ADMIN_ID, "/train")
    card = await playground.answer(command, lambda message: "photo" in message)
    assert "2 corrections that it doubts wait for you: /review" in card["caption"]


async def review(playground: Playground) -> dict:
    return await playground.answer(await playground.send_text(ADMIN_ID, "/review"))


async def decide(playground: Playground, message: dict, data: str) -> str:
    query = await playground.press(ADMIN_ID, message["message_id"], data)
    return (await playground.answer_to_press(query))["text"]


async def standings(session_factory: SessionFactory) -> list[Standing]:
    async with session_factory() as session:
        query = select(Correction.standing).order_by(Correction.digit_prediction_id)
        return list(await session.scalars(query))


@pytest.mark.usefixtures("_doubted")
async def test_admin_keeps_one_and_drops_the_other(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    first = await review(playground)
    assert first["caption"].splitlines() == [
        "Is this a 1?",
        f"Person {USER_ID} says so. I read it as a 7.",
        "A model that had not seen it was sure of a 7.",
        "1 more waits.",
    ]
    assert await decide(playground, first, "good:1") == texts.decided(is_kept=True)
    await program.inbox.join()
    second = playground.message(ADMIN_ID, first["message_id"])
    assert second is not None
    assert "more" not in second["caption"]
    assert await decide(playground, first, "bad:3") == texts.decided(is_kept=False)
    await program.inbox.join()
    last = playground.message(ADMIN_ID, first["message_id"])
    assert last is not None
    assert last["caption"] == texts.NOTHING_TO_REVIEW
    assert await standings(session_factory) == [Standing.KEPT, Standing.ACCEPTED, Standing.DROPPED]
    assert (await review(playground))["text"] == texts.NOTHING_TO_REVIEW


@pytest.mark.usefixtures("_doubted")
async def test_correction_that_its_person_has_changed_is_theirs_again(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    first = await review(playground)
    query = await playground.press(USER_ID, 2, "label:1:0:2")
    await playground.answer_to_press(query)
    await program.inbox.join()
    assert (await standings(session_factory))[0] is Standing.ACCEPTED
    assert await decide(playground, first, "bad:1") == texts.CHANGED
    assert (await standings(session_factory))[0] is Standing.ACCEPTED


@pytest.mark.usefixtures("_doubted")
async def test_review_is_for_admins(
    playground: Playground, session_factory: SessionFactory
) -> None:
    answer = await playground.answer(await playground.send_text(USER_ID, "/review"))
    assert answer["text"] == texts.ADMINS_ONLY
    query = await playground.press(USER_ID, answer["message_id"], "good:1")
    assert (await playground.answer_to_press(query))["text"] == texts.ADMINS_ONLY
    assert (await standings(session_factory))[0] is Standing.QUARANTINED
