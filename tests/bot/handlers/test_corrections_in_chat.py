import pytest
from drawing import blank_page, draw_digits
from sqlalchemy import select

from bot import texts
from bot.playground import ADMIN_ID, USER_ID, Playground
from bot.services.readings import NOT_A_DIGIT
from bot.storage.database import SessionFactory
from bot.storage.models import Correction

pytestmark = pytest.mark.usefixtures("program")


async def send_digits(playground: Playground, *labels: int, user_id: int = USER_ID) -> dict:
    """Send a photo, and return the bot's answer."""
    photo = await playground.send_photo(user_id, draw_digits(labels))
    return await playground.answer(photo)


def data_of(message: dict, text: str) -> str:
    rows = message["reply_markup"]["inline_keyboard"]
    return next(b["callback_data"] for row in rows for b in row if text in b["text"])


async def press(playground: Playground, message: dict, text: str, user_id: int = USER_ID) -> dict:
    """Press a button by its text, and return what the bot says to it."""
    query = await playground.press(
        user_id, message["message_id"], data_of(message, text), chat_id=message["chat"]["id"]
    )
    return await playground.answer_to_press(query)


async def wait_for(playground: Playground, message: dict, text: str) -> dict:
    """Wait until a message of the bot shows a text, on itself or on a button."""

    def shows() -> dict | None:
        current = playground.message(message["chat"]["id"], message["message_id"])
        return current if current and text in str(current) else None

    return await playground.wait_until(shows)


async def labels_in(session_factory: SessionFactory) -> list[int]:
    async with session_factory() as session:
        query = select(Correction.label).order_by(Correction.digit_prediction_id)
        return list(await session.scalars(query))


async def test_right_confirms(playground: Playground, session_factory: SessionFactory) -> None:
    answer = await send_digits(playground, 7)
    said = await press(playground, answer, "Right")
    assert said["text"] == texts.THANKS
    await wait_for(playground, answer, "You say that this is right")
    assert await labels_in(session_factory) == [7]


async def test_pad_corrects_and_the_correction_can_be_changed(
    playground: Playground, session_factory: SessionFactory
) -> None:
    answer = await send_digits(playground, 7)
    await press(playground, answer, "Wrong")
    pad = await wait_for(playground, answer, "Not a digit")
    await press(playground, pad, "1")
    shown = await wait_for(playground, answer, "You say that it is 1.")
    assert await labels_in(session_factory) == [1]

    await press(playground, shown, "Change")
    pad = await wait_for(playground, answer, "Not a digit")
    await press(playground, pad, "Not a digit")
    await wait_for(playground, answer, "You say that it is not a digit.")
    assert await labels_in(session_factory) == [NOT_A_DIGIT]


async def test_back_leaves_everything_as_it_was(
    playground: Playground, session_factory: SessionFactory
) -> None:
    answer = await send_digits(playground, 7)
    await press(playground, answer, "Wrong")
    pad = await wait_for(playground, answer, "Not a digit")
    await press(playground, pad, "Back")
    await wait_for(playground, answer, "Right")
    assert await labels_in(session_factory) == []


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("1", 1),
        (" 4. ", 4),
        ("٣", 3),
        ("1?", 1),
        ("#2", 2),
        ("5\ufe0f\u20e3", 5),
        ("No, it's a 9!", 9),
        ("Not a digit.", NOT_A_DIGIT),
    ],
)
async def test_typed_reply_corrects_and_the_answer_shows_it(
    playground: Playground, session_factory: SessionFactory, text: str, label: int
) -> None:
    answer = await send_digits(playground, 7)
    reply = await playground.send_text(USER_ID, text, reply_to=answer["message_id"])
    assert (await playground.answer(reply))["text"] == texts.THANKS
    await wait_for(playground, answer, f"You say that it is {texts.label_text(label)}.")
    assert await labels_in(session_factory) == [label]


async def test_reply_to_ones_own_photo_corrects_too(
    playground: Playground, session_factory: SessionFactory
) -> None:
    photo = await playground.send_photo(USER_ID, draw_digits([7]))
    await playground.answer(photo)
    reply = await playground.send_text(USER_ID, "1", reply_to=photo["message_id"])
    assert (await playground.answer(reply))["text"] == texts.THANKS
    assert await labels_in(session_factory) == [1]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("77", texts.wrong_digit_count(1)),
        ("hello", texts.REPLY_TO_WHAT),
        ("7 of 9", texts.REPLY_TO_WHAT),
        ("?", texts.REPLY_TO_WHAT),
    ],
)
async def test_reply_that_is_no_correction_gets_a_hint(
    playground: Playground, session_factory: SessionFactory, text: str, hint: str
) -> None:
    answer = await send_digits(playground, 7)
    reply = await playground.send_text(USER_ID, text, reply_to=answer["message_id"])
    assert (await playground.answer(reply))["text"] == hint
    assert await labels_in(session_factory) == []


async def test_reply_to_a_rejected_photo_says_that_there_is_nothing_to_correct(
    playground: Playground,
) -> None:
    photo = await playground.send_photo(USER_ID, blank_page())
    answer = await playground.answer(photo)
    reply = await playground.send_text(USER_ID, "1", reply_to=answer["message_id"])
    assert (await playground.answer(reply))["text"] == texts.wrong_digit_count(0)


async def test_reply_to_another_message_gets_a_hint(playground: Playground) -> None:
    start = await playground.send_text(USER_ID, "/start")
    welcome = await playground.answer(start)
    reply = await playground.send_text(USER_ID, "7", reply_to=welcome["message_id"])
    assert (await playground.answer(reply))["text"] == texts.REPLY_TO_WHAT


async def test_another_person_cannot_correct(
    playground: Playground, session_factory: SessionFactory
) -> None:
    playground.add_person(777, "Stranger")
    answer = await send_digits(playground, 7)
    said = await press(playground, answer, "Right", user_id=777)
    assert (said["text"], said["show_alert"]) == (texts.NOT_YOURS, True)
    assert await labels_in(session_factory) == []


async def test_admin_can_correct_for_others(
    playground: Playground, session_factory: SessionFactory
) -> None:
    answer = await send_digits(playground, 7)
    said = await press(playground, answer, "Right", user_id=ADMIN_ID)
    assert said["text"] == texts.THANKS
    assert await labels_in(session_factory) == [7]


@pytest.mark.parametrize(
    "data",
    [
        "right:999999",
        "right:" + "9" * 20,
        "label:1",
        "label:1:0:11",
        "label:1:5:3",
        "right:x",
        "old-button",
        "",
    ],
)
async def test_button_of_no_reading_is_answered(
    playground: Playground, session_factory: SessionFactory, data: str
) -> None:
    answer = await send_digits(playground, 7)
    query = await playground.press(USER_ID, answer["message_id"], data)
    said = await playground.answer_to_press(query)
    assert said["text"] in {texts.BUTTON_TOO_OLD, texts.UNKNOWN_BUTTON}
    assert said["show_alert"]
    assert await labels_in(session_factory) == []


async def test_button_on_a_deleted_answer_still_counts(
    playground: Playground, session_factory: SessionFactory
) -> None:
    answer = await send_digits(playground, 7)
    playground.delete(answer)
    said = await press(playground, answer, "Right")
    assert said["text"] == texts.THANKS
    assert await labels_in(session_factory) == [7]


async def test_double_press_is_answered_twice_and_counts_once(
    playground: Playground, session_factory: SessionFactory
) -> None:
    answer = await send_digits(playground, 7)
    data = data_of(answer, "Right")
    first = await playground.press(USER_ID, answer["message_id"], data)
    second = await playground.press(USER_ID, answer["message_id"], data)
    await playground.answer_to_press(first)
    await playground.answer_to_press(second)
    assert await labels_in(session_factory) == [7]
