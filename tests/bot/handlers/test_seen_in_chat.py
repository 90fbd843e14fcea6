import io

import pytest
from drawing import draw_digits
from PIL import Image
from sqlalchemy import update

from bot import texts
from bot.app import DigitBotProgram
from bot.playground import USER_ID, Playground
from bot.storage.database import SessionFactory
from bot.storage.models import Reading

pytestmark = pytest.mark.usefixtures("program")


async def press_see(playground: Playground, answer: dict, user_id: int = USER_ID) -> dict:
    *_, [button] = answer["reply_markup"]["inline_keyboard"]
    query = await playground.press(
        user_id, answer["message_id"], button["callback_data"], chat_id=USER_ID
    )
    return await playground.answer_to_press(query)


def picture_in(playground: Playground, message: dict) -> Image.Image:
    return Image.open(io.BytesIO(playground.file(message["photo"][-1]["file_id"])))


@pytest.fixture
async def answer(program: DigitBotProgram, playground: Playground) -> dict:
    return await playground.answer(await playground.send_photo(USER_ID, draw_digits([7])))


async def test_what_was_seen_is_shown_with_the_photo(playground: Playground, answer: dict) -> None:
    await press_see(playground, answer)
    shown = await playground.answer(answer)
    assert shown["caption"] == texts.SEEN
    assert shown["reply_to_message"]["message_id"] == answer["message_id"]
    picture = picture_in(playground, shown)
    blue = [
        (x, y)
        for x in range(picture.width)
        for y in range(picture.height)
        if (pixel := picture.getpixel((x, y)))[2] > pixel[0] + 80
    ]
    assert len(blue) > 500  # The box, the label and the bar.


async def test_photo_that_telegram_has_no_more_is_left_out(
    playground: Playground, session_factory: SessionFactory, answer: dict
) -> None:
    async with session_factory.begin() as session:
        await session.execute(update(Reading).values(file_id="gone"))
    await press_see(playground, answer)
    shown = await playground.answer(answer)
    assert shown["caption"] == texts.SEEN_WITHOUT_PHOTO


async def test_it_is_not_shown_to_others(playground: Playground, answer: dict) -> None:
    playground.add_person(777, "Stranger")
    said = await press_see(playground, answer, user_id=777)
    assert (said["text"], said["show_alert"]) == (texts.NOT_YOURS, True)


async def test_reading_that_is_not_there_is_said(playground: Playground, answer: dict) -> None:
    query = await playground.press(USER_ID, answer["message_id"], "see:999")
    said = await playground.answer_to_press(query)
    assert (said["text"], said["show_alert"]) == (texts.BUTTON_TOO_OLD, True)
