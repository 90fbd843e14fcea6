"""The bot in a group: it reads what it is asked to read, and is quiet about all else."""

import pytest
from drawing import blank_page, draw_digits
from sqlalchemy import func, select
from telegram import Update

from bot import texts
from bot.app import DigitBotProgram
from bot.playground import ADMIN_ID, GROUP_ID, USER_ID, Playground
from bot.storage.database import SessionFactory
from bot.storage.models import Correction, Reading

pytestmark = pytest.mark.usefixtures("program")

NAME = "@digit_playground_bot"
PDF = {"file_id": "d", "file_unique_id": "d", "mime_type": "application/pdf"}


async def say(
    playground: Playground, text: str, user_id: int = USER_ID, reply_to: dict | None = None
) -> dict:
    """Say something in the group."""
    message_id = reply_to["message_id"] if reply_to else None
    return await playground.send_text(user_id, text, reply_to=message_id, chat_id=GROUP_ID)


async def show(playground: Playground, caption: str | None = None, **extra: object) -> dict:
    """Send a 7 to the group."""
    return await playground.send_photo(
        USER_ID, draw_digits([7]), caption=caption, chat_id=GROUP_ID, **extra
    )


async def ask(playground: Playground, text: str, **who_and_where: object) -> str:
    """Say something in the group, and return the text of the bot's answer."""
    return (await playground.answer(await say(playground, text, **who_and_where)))["text"]


async def press(playground: Playground, message: dict, text: str, user_id: int = USER_ID) -> dict:
    """Press a button by its text, and return what the bot says to it."""
    rows = message["reply_markup"]["inline_keyboard"]
    data = next(b["callback_data"] for row in rows for b in row if text in b["text"])
    query = await playground.press(user_id, message["message_id"], data, chat_id=GROUP_ID)
    return await playground.answer_to_press(query)


async def said_by_the_bot(playground: Playground, program: DigitBotProgram) -> list[str]:
    """Return all that the bot has said in the group, once it has dealt with everything."""
    await playground.wait_until(lambda: not playground.updates.pending())
    await program.inbox.join()
    messages = playground.messages(GROUP_ID)
    return [message.get("text", "") for message in messages if message["from"]["is_bot"]]


async def readings_in(session_factory: SessionFactory) -> list[Reading]:
    async with session_factory() as session:
        return list(await session.scalars(select(Reading).order_by(Reading.id)))


async def labels_in(session_factory: SessionFactory) -> list[int]:
    async with session_factory() as session:
        return list(await session.scalars(select(Correction.label)))


@pytest.fixture(params=[True, False], ids=["privacy mode", "everything"])
def privacy_mode(request: pytest.FixtureRequest, playground: Playground) -> bool:
    """Both ways in which a bot can be in a group."""
    playground.has_privacy_mode = request.param
    return playground.has_privacy_mode


# What is read


async def test_read_answers_the_photo_and_belongs_to_who_asked(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    photo = await show(playground)
    answer = await playground.answer(await say(playground, "/read", ADMIN_ID, photo))
    assert "This is a 7." in answer["text"]
    assert answer["reply_to_message"]["message_id"] == photo["message_id"]
    await program.inbox.join()
    (reading,) = await readings_in(session_factory)
    assert (reading.chat_id, reading.message_id) == (GROUP_ID, photo["message_id"])
    assert (reading.user_id, reading.answer_message_id) == (ADMIN_ID, answer["message_id"])


async def test_read_takes_an_image_sent_as_a_file(playground: Playground) -> None:
    file = await playground.send_document(
        USER_ID, draw_digits([3]), "digit.png", "image/png", chat_id=GROUP_ID
    )
    assert "This is a 3." in await ask(playground, f"/READ{NAME.upper()}", reply_to=file)


async def test_read_takes_a_photo_that_was_forwarded(playground: Playground) -> None:
    sizes = (await show(playground))["photo"]
    origin = {"type": "hidden_user", "date": 0, "sender_user_name": "Somebody"}
    content = {"photo": sizes, "forward_origin": origin}
    forwarded = playground.send(USER_ID, content, chat_id=GROUP_ID)
    assert "This is a 7." in await ask(playground, "/read", reply_to=forwarded)


@pytest.mark.parametrize("chat_id", [USER_ID, GROUP_ID], ids=["private", "group"])
async def test_read_with_nothing_to_read_says_how_to_ask(
    playground: Playground, session_factory: SessionFactory, chat_id: int
) -> None:
    text = await playground.send_text(ADMIN_ID if chat_id < 0 else USER_ID, "7", chat_id=chat_id)
    pdf = playground.send(USER_ID, {"document": PDF}, chat_id=chat_id)
    for message_id in (None, text["message_id"], pdf["message_id"]):
        question = await playground.send_text(
            USER_ID, "/read", reply_to=message_id, chat_id=chat_id
        )
        answer = await playground.answer(question, lambda m: m["text"] == texts.READ_WHAT)
        assert answer["text"] == texts.READ_WHAT
    assert await readings_in(session_factory) == []


async def test_read_reads_an_earlier_photo_of_a_private_chat_anew(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    photo = await playground.send_photo(USER_ID, draw_digits([7]))
    await playground.answer(photo)
    command = await playground.send_text(USER_ID, "/read", reply_to=photo["message_id"])
    answer = await playground.answer(command)
    assert answer["reply_to_message"]["message_id"] == photo["message_id"]
    assert "This is a 7." in answer["text"]
    await program.inbox.join()
    first, second = await readings_in(session_factory)
    assert first.message_id == second.message_id == photo["message_id"]


@pytest.mark.parametrize(
    "caption",
    [
        NAME,
        NAME.upper(),
        f"What is this, {NAME}?",
        f"👩‍🏫 {NAME}",  # Offsets count UTF-16 units: two for the most of these.
        f"@somebody and {NAME}",
        "/read",
        f"/read{NAME}",
    ],
)
@pytest.mark.usefixtures("privacy_mode")
async def test_photo_whose_caption_calls_the_bot_is_read(
    playground: Playground, caption: str
) -> None:
    photo = await show(playground, caption)
    answer = await playground.answer(photo)
    assert "This is a 7." in answer["text"]
    assert answer["reply_to_message"]["message_id"] == photo["message_id"]


@pytest.mark.usefixtures("privacy_mode")
async def test_image_file_whose_caption_calls_the_bot_is_read(playground: Playground) -> None:
    file = await playground.send_document(
        USER_ID, draw_digits([3]), "digit.png", "image/png", caption=NAME, chat_id=GROUP_ID
    )
    assert "This is a 3." in (await playground.answer(file))["text"]


async def test_caption_that_names_the_bot_without_its_username_calls_it(
    playground: Playground,
) -> None:
    sizes = (await show(playground))["photo"]
    entity = {"type": "text_mention", "offset": 0, "length": 12, "user": playground.bot}
    content = {"photo": sizes, "caption": "Digit Reader", "caption_entities": [entity]}
    photo = playground.send(USER_ID, content, chat_id=GROUP_ID)
    assert "This is a 7." in (await playground.answer(photo))["text"]


@pytest.mark.parametrize(
    "caption",
    [None, "a seven", "@somebody", f"{NAME}2", "/read@other_bot", f"either/read{NAME}x", "/help"],
)
@pytest.mark.usefixtures("privacy_mode")
async def test_photo_whose_caption_does_not_is_left_alone(
    playground: Playground,
    program: DigitBotProgram,
    session_factory: SessionFactory,
    caption: str | None,
) -> None:
    await show(playground, caption)
    assert await said_by_the_bot(playground, program) == []
    assert await readings_in(session_factory) == []


@pytest.mark.usefixtures("privacy_mode")
async def test_caption_that_names_another_person_is_left_alone(
    playground: Playground, program: DigitBotProgram
) -> None:
    sizes = (await show(playground))["photo"]
    user = playground.people[ADMIN_ID]
    entity = {"type": "text_mention", "offset": 0, "length": 5, "user": user}
    content = {"photo": sizes, "caption": "Admin", "caption_entities": [entity]}
    playground.send(USER_ID, content, chat_id=GROUP_ID)
    assert await said_by_the_bot(playground, program) == []


@pytest.mark.usefixtures("privacy_mode")
async def test_of_an_album_the_photo_with_the_caption_is_read(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    sizes = (await show(playground))["photo"]
    entity = {"type": "mention", "offset": 0, "length": len(NAME)}
    captions = [{"caption": NAME, "caption_entities": [entity]}, {}, {}]
    album = [
        playground.send(
            USER_ID, {"photo": sizes, "media_group_id": "1", **caption}, chat_id=GROUP_ID
        )
        for caption in captions
    ]
    (answer,) = await said_by_the_bot(playground, program)
    assert "This is a 7." in answer
    (reading,) = await readings_in(session_factory)
    assert reading.message_id == album[0]["message_id"]

    assert "This is a 7." in await ask(playground, "/read", reply_to=album[2])


async def test_forwarded_photo_with_the_mention_is_read_for_who_forwarded_it(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    first = await show(playground, NAME)
    await playground.answer(first)
    origin = {"type": "user", "date": first["date"], "sender_user": first["from"]}
    copied = {name: first[name] for name in ("photo", "caption", "caption_entities")}
    await playground.answer(
        playground.send(ADMIN_ID, copied | {"forward_origin": origin}, chat_id=GROUP_ID)
    )
    await program.inbox.join()
    readings = await readings_in(session_factory)
    assert [reading.user_id for reading in readings] == [USER_ID, ADMIN_ID]


# What cannot be read


async def test_photo_that_was_deleted_meanwhile_is_answered_all_the_same(
    playground: Playground,
) -> None:
    photo = await show(playground)
    command = await say(playground, "/read", ADMIN_ID, photo)
    playground.delete(photo)  # Nothing has been awaited that lets the bot begin.
    answer = await playground.answer(command)
    assert "This is a 7." in answer["text"]
    assert "reply_to_message" not in answer


async def test_command_that_was_deleted_meanwhile_is_answered_all_the_same(
    playground: Playground,
) -> None:
    command = await say(playground, "/read")
    playground.delete(command)
    answer = await playground.answer(command)
    assert answer["text"] == texts.READ_WHAT
    assert "reply_to_message" not in answer


async def test_photo_that_telegram_has_no_more_is_explained(playground: Playground) -> None:
    size = {"file_id": "gone", "file_unique_id": "gone", "width": 90, "height": 90}
    photo = playground.send(USER_ID, {"photo": [size]}, chat_id=GROUP_ID)
    assert await ask(playground, "/read", reply_to=photo) == texts.FILE_NOT_GIVEN


async def test_file_over_20_mb_is_explained(
    playground: Playground, session_factory: SessionFactory
) -> None:
    content = draw_digits([7]) + bytes(20_000_001)
    file = await playground.send_document(
        USER_ID, content, "digit.png", "image/png", chat_id=GROUP_ID
    )
    assert await ask(playground, "/read", reply_to=file) == texts.FILE_TOO_LARGE
    assert await readings_in(session_factory) == []


async def test_blank_page_is_explained(playground: Playground) -> None:
    photo = await playground.send_photo(USER_ID, blank_page(), chat_id=GROUP_ID)
    answer = await playground.answer(await say(playground, "/read", ADMIN_ID, photo))
    assert answer["reply_to_message"]["message_id"] == photo["message_id"]
    assert "reply_markup" not in answer


async def test_repeated_update_is_read_and_answered_once(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    command = await say(playground, "/read", ADMIN_ID, await show(playground))
    await playground.answer(command)
    await program.inbox.join()
    (reading,) = await readings_in(session_factory)

    # What happens when the process dies between the answer and the inbox's mark.
    repeated = {"update_id": reading.update_id, "message": command}
    bot = program.application.bot
    await program.application.process_update(Update.de_json(repeated, bot))
    assert len(await said_by_the_bot(playground, program)) == 1
    assert len(await readings_in(session_factory)) == 1


# What is left to others


@pytest.mark.parametrize(
    "content",
    [
        {"text": "Hello everybody"},
        {"text": "7"},
        {"text": "/nonsense"},
        {"document": PDF},
        {"dice": {"emoji": "🎲", "value": 6}},
        {"new_chat_title": "Maths club"},
    ],
    ids=lambda content: next(iter(content)),
)
@pytest.mark.usefixtures("privacy_mode")
async def test_what_people_say_is_left_alone(
    playground: Playground, program: DigitBotProgram, content: dict
) -> None:
    playground.send(USER_ID, content, chat_id=GROUP_ID)
    assert await said_by_the_bot(playground, program) == []


@pytest.mark.parametrize("text", ["/read@other_bot", "/help@other_bot", "/train@other_bot"])
@pytest.mark.usefixtures("privacy_mode")
async def test_command_for_another_bot_is_left_alone(
    playground: Playground, program: DigitBotProgram, text: str
) -> None:
    await say(playground, text, ADMIN_ID, await show(playground))
    assert await said_by_the_bot(playground, program) == []


# Corrections


@pytest.fixture
async def answer(program: DigitBotProgram, playground: Playground) -> dict:
    """The answer to a photo of the user, who has asked for it."""
    return await playground.answer(await show(playground, NAME))


@pytest.mark.parametrize("button", ["Right", "Wrong", "What did you see?"])
async def test_buttons_are_for_who_asked(
    playground: Playground,
    program: DigitBotProgram,
    session_factory: SessionFactory,
    answer: dict,
    button: str,
) -> None:
    playground.add_person(777, "Stranger")
    said = await press(playground, answer, button, 777)
    assert (said["text"], said["show_alert"]) == (texts.NOT_YOURS, True)
    assert len(await said_by_the_bot(playground, program)) == 1
    assert playground.message(GROUP_ID, answer["message_id"]) == answer
    assert await labels_in(session_factory) == []


async def test_sender_of_a_photo_that_another_asked_for_may_not_press(
    playground: Playground, session_factory: SessionFactory
) -> None:
    playground.add_person(777, "Asker")
    photo = await show(playground)
    answer = await playground.answer(await say(playground, "/read", 777, photo))
    assert (await press(playground, answer, "Right"))["text"] == texts.NOT_YOURS
    assert await labels_in(session_factory) == []
    assert (await press(playground, answer, "Right", 777))["text"] == texts.THANKS
    assert await labels_in(session_factory) == [7]


async def test_who_asked_and_admins_may_press(
    playground: Playground, session_factory: SessionFactory, answer: dict
) -> None:
    for user_id in (USER_ID, ADMIN_ID):
        assert (await press(playground, answer, "Right", user_id))["text"] == texts.THANKS
    assert await labels_in(session_factory) == [7]


async def test_what_was_seen_is_shown_in_the_group(playground: Playground, answer: dict) -> None:
    await press(playground, answer, "What did you see?")
    shown = await playground.answer(answer)
    assert shown["caption"] == texts.SEEN
    assert shown["chat"]["id"] == GROUP_ID


async def test_typed_reply_to_the_answer_corrects_it(
    playground: Playground, session_factory: SessionFactory, answer: dict
) -> None:
    assert await ask(playground, "1", reply_to=answer) == texts.THANKS
    assert await labels_in(session_factory) == [1]


async def test_edited_reply_corrects_anew_and_edited_talk_is_left_alone(
    playground: Playground,
    program: DigitBotProgram,
    session_factory: SessionFactory,
    answer: dict,
) -> None:
    reply = await say(playground, "1", reply_to=answer)
    await playground.answer(reply)
    for text in ("2", "or maybe not"):
        edited = reply | {"text": text, "edit_date": reply["date"]}
        playground.updates.add("edited_message", edited)
    said = await said_by_the_bot(playground, program)
    assert said[1:] == [texts.THANKS, texts.THANKS]
    assert await labels_in(session_factory) == [2]


async def test_edited_photo_and_command_are_not_answered_again(
    playground: Playground,
    program: DigitBotProgram,
    session_factory: SessionFactory,
    answer: dict,
) -> None:
    command = await say(playground, "/read", reply_to=answer["reply_to_message"])
    await playground.answer(command)
    for message in (answer["reply_to_message"], command):
        playground.updates.add("edited_message", message | {"edit_date": message["date"]})
    assert len(await said_by_the_bot(playground, program)) == 2
    assert len(await readings_in(session_factory)) == 2


async def test_typed_reply_of_another_person_is_refused(
    playground: Playground, session_factory: SessionFactory, answer: dict
) -> None:
    playground.add_person(777, "Stranger")
    assert await ask(playground, "1", user_id=777, reply_to=answer) == texts.NOT_YOURS
    assert await labels_in(session_factory) == []


async def test_typed_reply_with_too_many_digits_gets_a_hint(
    playground: Playground, answer: dict
) -> None:
    assert await ask(playground, "77", reply_to=answer) == texts.wrong_digit_count(1)


@pytest.mark.usefixtures("privacy_mode")
async def test_talk_about_an_answer_is_left_alone(
    playground: Playground,
    program: DigitBotProgram,
    session_factory: SessionFactory,
    answer: dict,
) -> None:
    await say(playground, "wow, well done", reply_to=answer)
    await say(playground, "7 of 9", ADMIN_ID, answer)
    photo = answer["reply_to_message"]
    await say(playground, "1", reply_to=photo)  # Said to the photo, not to the answer.
    assert len(await said_by_the_bot(playground, program)) == 1
    assert await labels_in(session_factory) == []


@pytest.mark.usefixtures("privacy_mode")
async def test_digit_in_reply_to_another_message_of_the_bot_is_left_alone(
    playground: Playground, program: DigitBotProgram
) -> None:
    welcome = await playground.answer(await say(playground, "/start"))
    await say(playground, "7", reply_to=welcome)
    assert len(await said_by_the_bot(playground, program)) == 1


# The other commands


async def test_start_and_help_say_how_to_ask_here(playground: Playground) -> None:
    for command in ("/start", "/help"):
        said = await ask(playground, command)
        assert f"Reply to a photo with /read, or send one with {NAME} in its caption" in said
    assert "/accuracy" in said
    assert "/train" not in await ask(playground, "/help", user_id=ADMIN_ID)


async def test_accuracy_is_for_everybody(playground: Playground, program: DigitBotProgram) -> None:
    report = await playground.answer(await say(playground, "/accuracy"))
    assert "nobody has judged" in report["caption"]
    query = await playground.press(ADMIN_ID, report["message_id"], "versions:7", chat_id=GROUP_ID)
    await playground.answer_to_press(query)
    await program.inbox.join()
    shown = playground.message(GROUP_ID, report["message_id"])
    assert shown is not None
    buttons = [
        button["text"] for row in shown["reply_markup"]["inline_keyboard"] for button in row
    ]
    assert buttons == ["• 7 days •", "30 days", "All", "Digits", "• Models •"]


@pytest.mark.parametrize(
    "command", [command.name for command in texts.COMMANDS if not command.in_groups]
)
async def test_every_other_command_points_to_the_private_chat(
    playground: Playground,
    program: DigitBotProgram,
    session_factory: SessionFactory,
    answer: dict,
    command: str,
) -> None:
    said = await ask(playground, f"/{command}", user_id=ADMIN_ID)
    assert said == f"For this, please write to me in private: {NAME}."
    await program.inbox.join()
    assert len(await readings_in(session_factory)) == 1


async def test_history_and_forget_me_in_private_know_what_was_read_in_the_group(
    playground: Playground, session_factory: SessionFactory, answer: dict
) -> None:
    history = await playground.answer(await playground.send_text(USER_ID, "/history"))
    assert "(1 of 1)" in history["caption"]
    question = await playground.answer(await playground.send_text(USER_ID, "/forget_me"))
    data = question["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    query = await playground.press(USER_ID, question["message_id"], data)
    await playground.answer_to_press(query)
    async with session_factory() as session:
        assert await session.scalar(select(func.count(Reading.id))) == 0


async def test_menu_of_the_group_lists_what_works_there(playground: Playground) -> None:
    listed = [command["command"] for command in playground.commands(ADMIN_ID, GROUP_ID)]
    assert listed == ["start", "help", "read", "accuracy"]
