"""One round through everything the playground speaks, held to the official schema.

Every other test here is checked as well, at its end (see conftest.py); this one fails to run,
rather than passes, where the schema is missing.
"""

import pytest
from playground_wire import RESULT_TYPES, SCHEMA, find_faults, picture
from starlette.applications import Starlette
from telegram import (
    Bot,
    BotCommand,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    ReplyParameters,
)

from bot.playground import USER_ID, Playground
from bot.playground.methods import METHODS
from bot.playground.playground import ApiCall

pytestmark = [
    pytest.mark.schema,
    pytest.mark.skipif(
        SCHEMA is None,
        reason="The official Bot API schema is not here: set TELEGRAM_BOT_API_SCHEMA_DIR "
        "to a folder with api.json and bot_api_schema.py.",
    ),
]

KEYBOARD = InlineKeyboardMarkup(
    [
        [InlineKeyboardButton("Right", callback_data="right")],
        [InlineKeyboardButton("More", url="https://example.org")],
    ]
)


async def speak_every_method(bot: Bot, playground: Playground) -> None:
    await bot.delete_webhook()
    await bot.set_webhook("http://127.0.0.1:9/", secret_token="s", allowed_updates=["message"])  # noqa: S106 a test
    await bot.get_webhook_info()
    await bot.delete_webhook()
    await bot.get_updates(allowed_updates=["message", "callback_query"])
    await bot.set_my_commands([BotCommand("start", "Begin")])
    await bot.get_my_commands()
    await bot.delete_my_commands()

    sent = await playground.send_photo(USER_ID, picture(), caption="/seven https://example.org")
    await playground.send_document(USER_ID, picture(), "a.png", "image/png")
    await bot.get_file(sent["photo"][0]["file_id"])
    await bot.send_chat_action(USER_ID, "typing")
    text = await bot.send_message(
        USER_ID,
        "<b>7</b> <a href='https://example.org'>?</a>",
        "HTML",
        reply_markup=KEYBOARD,
        reply_parameters=ReplyParameters(sent["message_id"]),
    )
    await bot.send_message(USER_ID, "Which?", reply_markup=ForceReply(), protect_content=True)
    photo = await bot.send_photo(USER_ID, picture(), caption="<i>c</i>", parse_mode="HTML")
    await bot.send_document(USER_ID, picture(), filename="a.png", reply_markup=KEYBOARD)
    await bot.edit_message_text("8", USER_ID, text.id)
    await bot.edit_message_reply_markup(USER_ID, text.id, reply_markup=KEYBOARD)
    await bot.edit_message_caption(USER_ID, photo.id, caption="d")
    await bot.edit_message_media(InputMediaDocument(b"x", filename="x.txt"), USER_ID, photo.id)
    query_id = await playground.press(USER_ID, text.id, "right")
    await bot.answer_callback_query(query_id, "Thanks")
    await bot.delete_message(USER_ID, photo.id)
    await playground.press(USER_ID, photo.id, "gone")
    await playground.send_text(USER_ID, "no, 9", reply_to=text.id)
    assert len(await bot.get_updates()) == 5


async def test_everything_satisfies_the_schema(
    app: Starlette, bot: Bot, playground: Playground
) -> None:
    calls: list[ApiCall] = []
    playground.on_call.append(calls.append)
    await bot.get_me()
    await speak_every_method(bot, playground)
    assert {call.method.lower() for call in calls} == set(METHODS)
    assert [call.answer for call in calls if not call.answer["ok"]] == []
    assert [fault for call in calls for fault in find_faults(call)] == []


def test_results_are_held_to_the_types_the_schema_names() -> None:
    assert SCHEMA is not None
    returned = {name: SCHEMA._METHODS[name]["returns"] for name in METHODS}
    assert [name for name, types in returned.items() if RESULT_TYPES[name] not in types] == []
