"""Real python-telegram-bot against the playground: what the bot will do, works."""

import asyncio
import io

import pytest
from PIL import Image
from playground_wire import picture, ptb_bot
from starlette.applications import Starlette
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, Update
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Conflict, InvalidToken
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.playground import USER_ID, Playground

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Right", callback_data="right")]])


async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.effective_message.reply_text("Hello", reply_markup=KEYBOARD)


async def measure(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    await context.bot.send_chat_action(update.effective_chat.id, ChatAction.TYPING)
    file = await update.effective_message.photo[-1].get_file()
    content = bytes(await file.download_as_bytearray())
    width, height = Image.open(io.BytesIO(content)).size
    await update.effective_message.reply_photo(
        content, caption=f"<b>{width}</b> x {height}", parse_mode=ParseMode.HTML, do_quote=True
    )


async def confirm(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.callback_query.answer("Noted")
    await update.callback_query.edit_message_text("Thank you")


@pytest.fixture
async def running_bot(app: Starlette):
    application = Application.builder().bot(ptb_bot(app)).build()
    application.add_handler(CommandHandler("start", start))
    application.add_handler(MessageHandler(filters.PHOTO, measure))
    application.add_handler(CallbackQueryHandler(confirm))
    async with application:
        await application.start()
        await application.updater.start_polling(poll_interval=0)
        yield application
        await application.updater.stop()
        await application.stop()


async def test_command_is_answered_and_button_edits_the_answer(
    running_bot: Application, playground: Playground
) -> None:
    answer = await playground.answer(await playground.send_text(USER_ID, "/start"))
    assert answer["text"] == "Hello"
    query_id = await playground.press(USER_ID, answer["message_id"], "right")
    assert (await playground.answer_to_press(query_id))["text"] == "Noted"
    edited = await playground.answer(answer | {"message_id": 0}, lambda m: "edit_date" in m)
    assert edited["text"] == "Thank you"
    assert "reply_markup" not in edited


async def test_photo_is_downloaded_and_sent_back(
    running_bot: Application, playground: Playground
) -> None:
    question = await playground.send_photo(USER_ID, picture(400, 200))
    answer = await playground.answer(question)
    assert answer["caption"] == "400 x 200"
    assert answer["caption_entities"][0] == {"type": "bold", "offset": 0, "length": 3}
    assert answer["reply_to_message"]["message_id"] == question["message_id"]
    assert [size["width"] for size in answer["photo"]] == [90, 320, 400]


async def test_bot_is_seen_running_while_it_polls(
    running_bot: Application, playground: Playground
) -> None:
    await playground.wait_until(lambda: playground.is_bot_running)


async def test_token_with_another_end_is_refused(app: Starlette) -> None:
    with pytest.raises(InvalidToken):
        await ptb_bot(app, token="4242:another").get_me()  # noqa: S106 not a secret


async def test_me_is_the_bot_of_the_token(bot: Bot) -> None:
    assert bot.id == 4242
    assert bot.username.endswith("bot")


async def test_second_poll_ends_the_first(bot: Bot, playground: Playground) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=20))
    await playground.wait_until(lambda: playground.is_bot_running)
    second = asyncio.create_task(bot.get_updates(timeout=20))
    with pytest.raises(Conflict):
        await first
    await playground.send_text(USER_ID, "hello")
    (update,) = await second
    assert update.message.text == "hello"


async def test_media_can_be_exchanged(bot: Bot, playground: Playground) -> None:
    sent = await bot.send_photo(USER_ID, picture(50, 50), reply_markup=KEYBOARD)
    await bot.edit_message_media(InputMediaPhoto(picture(60, 60), caption="new"), USER_ID, sent.id)
    message = playground.message(USER_ID, sent.id)
    assert message["photo"][-1]["width"] == 60
    assert message["caption"] == "new"


async def test_same_text_again_is_not_modified(bot: Bot) -> None:
    sent = await bot.send_message(USER_ID, "<i>same</i>", parse_mode=ParseMode.HTML)
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("<i>same</i>", USER_ID, sent.id, parse_mode=ParseMode.HTML)
