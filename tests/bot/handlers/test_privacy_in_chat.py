from datetime import UTC, datetime

import pytest
from drawing import blank_page, draw_digits
from sqlalchemy import func, select

from bot import texts
from bot.app import DigitBotProgram
from bot.playground import ADMIN_ID, USER_ID, Playground
from bot.storage.database import SessionFactory
from bot.storage.models import Correction, DigitPrediction, InboxUpdate, Reading

pytestmark = pytest.mark.usefixtures("program")


async def ask(playground: Playground, text: str, user_id: int = USER_ID) -> dict:
    return await playground.answer(await playground.send_text(user_id, text))


async def send_and_correct(playground: Playground, label: int, user_id: int = USER_ID) -> None:
    """Send a 7, and say that it is something."""
    answer = await playground.answer(await playground.send_photo(user_id, draw_digits([7])))
    reply = await playground.send_text(user_id, str(label), reply_to=answer["message_id"])
    await playground.answer(reply)


async def press(playground: Playground, message: dict, text: str, user_id: int = USER_ID) -> dict:
    rows = message["reply_markup"]["inline_keyboard"]
    data = next(b["callback_data"] for row in rows for b in row if text in b["text"])
    query = await playground.press(
        user_id, message["message_id"], data, chat_id=message["chat"]["id"]
    )
    return await playground.answer_to_press(query)


async def count(session_factory: SessionFactory, table: type) -> int:
    async with session_factory() as session:
        return (await session.scalars(select(func.count()).select_from(table))).one()


async def test_history_of_nobody_asks_for_a_photo(playground: Playground) -> None:
    assert (await ask(playground, "/history"))["text"] == texts.NO_HISTORY


async def test_history_shows_ones_own_readings_newest_first(playground: Playground) -> None:
    await send_and_correct(playground, 7)
    await send_and_correct(playground, 1)
    await playground.answer(await playground.send_photo(USER_ID, blank_page()))
    await send_and_correct(playground, 7, ADMIN_ID)
    history = await ask(playground, "/history")
    title, *lines = history["caption"].splitlines()
    assert title == "Your last readings (3 of 3)"
    assert [line.split("  ")[1] for line in lines] == ["nothing", "7 → 1", "7 ✓"]
    assert history["photo"]


async def test_history_of_nothing_but_blank_pages_has_no_picture(playground: Playground) -> None:
    await playground.answer(await playground.send_photo(USER_ID, blank_page()))
    assert "nothing" in (await ask(playground, "/history"))["text"]


async def test_long_history_is_cut(playground: Playground) -> None:
    for _ in range(14):
        photo = await playground.send_photo(USER_ID, draw_digits([7]))
        await playground.answer(photo)
    assert "(12 of 14)" in (await ask(playground, "/history"))["caption"]


async def test_privacy_says_what_is_kept(playground: Playground) -> None:
    assert "The photo itself I do not keep" in (await ask(playground, "/privacy"))["text"]


async def test_forget_me_deletes_ones_own_after_one_question(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    await send_and_correct(playground, 1)
    await send_and_correct(playground, 7, ADMIN_ID)
    question = await ask(playground, "/forget_me")
    await program.inbox.join()
    async with session_factory.begin() as session:  # An update of theirs that failed before.
        payload = {"message": {"from": {"id": USER_ID, "is_bot": False}}}
        now = datetime.now(UTC)
        session.add(InboxUpdate(update_id=1, payload=payload, received_at=now, error="x"))

    await press(playground, question, "Delete everything")
    await program.inbox.join()
    shown = playground.message(USER_ID, question["message_id"])
    assert shown is not None
    assert shown["text"] == "🗑 Deleted: 1 reading and 1 correction."
    assert await count(session_factory, Reading) == 1
    assert await count(session_factory, DigitPrediction) == 1
    assert await count(session_factory, Correction) == 1
    async with session_factory() as session:
        assert await session.get(InboxUpdate, 1) is None
        assert await session.scalar(select(Reading.user_id)) == ADMIN_ID


async def test_keep_it_deletes_nothing(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    await send_and_correct(playground, 1)
    question = await ask(playground, "/forget_me")
    await press(playground, question, "Keep it")
    await program.inbox.join()
    shown = playground.message(USER_ID, question["message_id"])
    assert shown is not None
    assert shown["text"] == texts.KEPT
    assert await count(session_factory, Reading) == 1


async def test_nobody_can_delete_for_another(
    playground: Playground, session_factory: SessionFactory
) -> None:
    await send_and_correct(playground, 1)
    question = await ask(playground, "/forget_me")
    said = await press(playground, question, "Delete everything", ADMIN_ID)
    assert (said["text"], said["show_alert"]) == (texts.NOT_YOURS, True)
    assert await count(session_factory, Reading) == 1


async def test_button_under_a_forgotten_reading_is_answered(playground: Playground) -> None:
    answer = await playground.answer(await playground.send_photo(USER_ID, draw_digits([7])))
    question = await ask(playground, "/forget_me")
    await press(playground, question, "Delete everything")
    said = await press(playground, answer, "Right")
    assert said["text"] == texts.BUTTON_TOO_OLD
