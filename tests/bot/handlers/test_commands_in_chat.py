from datetime import timedelta

import pytest
from drawing import draw_digits
from fixed_clock import FixedClock

from bot import texts
from bot.app import DigitBotProgram
from bot.playground import ADMIN_ID, USER_ID, Playground

pytestmark = pytest.mark.usefixtures("program")


async def ask(playground: Playground, text: str, user_id: int = USER_ID) -> str:
    """Send a text, and return that of the bot's answer."""
    return (await playground.answer(await playground.send_text(user_id, text)))["text"]


async def test_start_says_what_the_bot_does(playground: Playground) -> None:
    assert "I read handwritten digits" in await ask(playground, "/start")


async def test_help_lists_commands_by_role(playground: Playground) -> None:
    assert "/train" not in await ask(playground, "/help")
    assert "/train" in await ask(playground, "/help", ADMIN_ID)


async def test_command_menu_goes_by_role(playground: Playground) -> None:
    everybodys = {command.name for command in texts.COMMANDS if not command.admins_only}
    assert {command["command"] for command in playground.commands(USER_ID)} == everybodys
    assert "train" not in everybodys
    assert len(playground.commands(ADMIN_ID)) == len(texts.COMMANDS)


async def ask_accuracy(playground: Playground) -> dict:
    return await playground.answer(await playground.send_text(USER_ID, "/accuracy"))


async def test_accuracy_counts_what_people_said(playground: Playground) -> None:
    assert "nobody has judged" in (await ask_accuracy(playground))["caption"]
    for typed in ("7", "7", "1"):
        answer = await playground.answer(await playground.send_photo(USER_ID, draw_digits([7])))
        await playground.answer(
            await playground.send_text(USER_ID, typed, reply_to=answer["message_id"])
        )
    report = await ask_accuracy(playground)
    assert "Model 1 answers (recipe “best”)" in report["caption"]
    # The interval is Wilson's, by hand.
    assert "All time: 66.7% (20.8% to 93.9%), 2 of 3" in report["caption"]
    assert "3 digits read\n2 confirmed, 1 corrected, 0 unanswered" in report["caption"]
    assert "Most confused: a 1, read as a 7, once" in report["caption"]
    assert report["photo"]


async def test_accuracy_buttons_change_period_and_picture_in_the_same_message(
    playground: Playground, program: DigitBotProgram, clock: FixedClock
) -> None:
    answer = await playground.answer(await playground.send_photo(USER_ID, draw_digits([7])))
    reply = await playground.send_text(USER_ID, "7", reply_to=answer["message_id"])
    await playground.answer(reply)
    clock.advance(timedelta(days=8))
    report = await ask_accuracy(playground)
    details, pictures = [], []
    for data in ("matrices:7", "matrices:30", "matrices:0", "versions:0", "versions:0"):
        query = await playground.press(USER_ID, report["message_id"], data)
        await playground.answer_to_press(query)
        await program.inbox.join()
        shown = playground.message(USER_ID, report["message_id"])
        assert shown is not None
        assert "7 days: nobody has judged an answer" in shown["caption"]
        assert "30 days: 100.0% (20.7% to 100.0%), 1 of 1" in shown["caption"]
        details.append(shown["caption"].splitlines()[8:])
        pictures.append(playground.file(shown["photo"][-1]["file_id"]))
    said = "1 confirmed, 0 corrected, 0 unanswered"
    month, all_time = ["30 days: 1 digit read", said], ["All time: 1 digit read", said]
    assert details == [[], month, all_time, all_time, all_time]
    assert pictures[0] != pictures[1] == pictures[2] != pictures[3] == pictures[4]


async def test_accuracy_of_no_period_is_refused(playground: Playground) -> None:
    report = await ask_accuracy(playground)
    query = await playground.press(USER_ID, report["message_id"], "matrices:8")
    assert (await playground.answer_to_press(query))["text"] == texts.UNKNOWN_BUTTON


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ({"text": "Hello"}, texts.WHAT_TO_SEND),
        ({"text": "7"}, texts.WHAT_TO_SEND),
        ({"dice": {"emoji": "🎲", "value": 6}}, texts.WHAT_TO_SEND),
        (
            {"voice": {"file_id": "v", "file_unique_id": "v", "duration": 1}},
            texts.WHAT_TO_SEND,
        ),
        (
            {
                "sticker": {
                    "file_id": "s",
                    "file_unique_id": "s",
                    "type": "regular",
                    "width": 512,
                    "height": 512,
                    "is_animated": False,
                    "is_video": False,
                }
            },
            texts.WHAT_TO_SEND,
        ),
        (
            {
                "document": {
                    "file_id": "d",
                    "file_unique_id": "d",
                    "mime_type": "application/pdf",
                }
            },
            texts.NOT_AN_IMAGE_FILE,
        ),
    ],
    ids=["text", "bare digit", "dice", "voice", "sticker", "pdf"],
)
async def test_anything_else_gets_one_friendly_sentence(
    playground: Playground, content: dict, answer: str
) -> None:
    question = playground.send(USER_ID, content)
    assert (await playground.answer(question))["text"] == answer


async def test_unknown_command_points_to_help(playground: Playground) -> None:
    assert await ask(playground, "/nonsense") == texts.UNKNOWN_COMMAND


async def test_stats_are_shown_to_admins_only(
    playground: Playground, program: DigitBotProgram
) -> None:
    assert await ask(playground, "/stats") == texts.ADMINS_ONLY
    await playground.answer(await playground.send_photo(USER_ID, draw_digits([7])))
    await program.inbox.join()
    shown = await ask(playground, "/stats", ADMIN_ID)
    assert "1 reading, 0.1 a day, by 1 person" in shown
    assert "Updates: 1 at work, 0 given up" in shown
