"""The page in a real browser."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from browser import open_page
from PIL import Image
from playground_wire import TOKEN, picture
from playwright.async_api import Page, expect
from starlette.applications import Starlette
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup

from bot.playground import ADMIN_ID, GROUP_ID, USER_ID, Playground, create_playground

pytestmark = pytest.mark.browser

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Right", callback_data="right")]])


class Server:
    """The playground on a port of its own, which it keeps over a restart."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.socket = uvicorn.Config(app, port=0).bind_socket()
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"

    async def start(self) -> None:
        config = uvicorn.Config(self.app, log_level="error", lifespan="off", ws="none")
        self.uvicorn = uvicorn.Server(config)
        self.serving = asyncio.create_task(self.uvicorn.serve([self.socket.dup()]))

    async def stop(self) -> None:
        self.app.state.playground.stop()
        self.uvicorn.should_exit = True
        await self.serving
        await self.app.state.playground.close()


@pytest.fixture
async def server(app: Starlette) -> AsyncIterator[Server]:
    server = Server(app)
    await server.start()
    yield server
    await server.stop()
    server.socket.close()


@pytest.fixture
async def page(server: Server) -> AsyncIterator[Page]:
    async with open_page(server.address) as page:
        yield page


async def next_update(bot: Bot) -> Any:
    (update,) = await bot.get_updates(timeout=8)
    await bot.get_updates(offset=update.update_id + 1)
    return update


async def test_empty_chat_invites_and_start_begins(page: Page, bot: Bot) -> None:
    await expect(page.get_by_test_id("welcome")).to_contain_text("Draw a digit")
    await page.get_by_test_id("start").click()
    assert (await next_update(bot)).message.text == "/start"
    await expect(page.get_by_test_id("welcome")).to_be_hidden()
    await expect(page.locator("[data-from=me]")).to_contain_text("/start")


async def test_drawn_digit_arrives_as_dark_ink_on_white(
    page: Page, bot: Bot, playground: Playground
) -> None:
    await page.get_by_test_id("draw").click()
    await expect(page.get_by_test_id("canvas-send")).to_be_disabled()
    box = await page.get_by_test_id("canvas").bounding_box()
    assert box
    for offset in (0.5, 0.8):  # two strokes; the second is undone
        await page.mouse.move(box["x"] + box["width"] * offset, box["y"] + box["height"] * 0.2)
        await page.mouse.down()
        await page.mouse.move(
            box["x"] + box["width"] * offset, box["y"] + box["height"] * 0.8, steps=5
        )
        await page.mouse.up()
    await page.get_by_test_id("canvas-undo").click()
    await page.get_by_test_id("canvas-send").click()
    photo = (await next_update(bot)).message.photo
    assert (photo[-1].width, photo[-1].height) == (640, 640)
    grey = Image.open(io.BytesIO(playground.file(photo[-1].file_id))).convert("L")
    assert grey.getpixel((320, 320)) < 60
    assert grey.getpixel((512, 320)) > 240
    assert grey.getpixel((20, 20)) > 240
    await expect(page.locator("[data-from=me] img")).to_be_visible()


async def test_photo_is_chosen_previewed_and_sent(page: Page, bot: Bot) -> None:
    await page.get_by_test_id("file-input").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": picture(300, 200)}
    )
    await page.get_by_test_id("caption").fill("a seven")
    await page.get_by_test_id("preview-send").click()
    message = (await next_update(bot)).message
    assert (message.caption, message.photo[-1].width) == ("a seven", 300)
    await expect(page.get_by_test_id("preview")).to_be_hidden()


async def test_broken_photo_is_offered_as_file(page: Page, bot: Bot) -> None:
    await page.get_by_test_id("file-input").set_input_files(
        {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    )
    await page.get_by_test_id("preview-send").click()
    await expect(page.get_by_test_id("preview-fault")).to_contain_text("Send it as a file")
    await expect(page.get_by_test_id("as-file")).to_be_checked()
    await page.get_by_test_id("preview-send").click()
    assert (await next_update(bot)).message.document.file_name == "broken.jpg"


async def test_half_a_photo_is_shown_by_its_name(page: Page) -> None:
    half = picture(300, 200)[:-200]
    await page.get_by_test_id("file-input").set_input_files(
        {"name": "half.png", "mimeType": "image/png", "buffer": half}
    )
    await expect(page.get_by_test_id("preview").locator("img")).to_be_visible()
    await page.get_by_test_id("preview-send").click()
    await expect(page.get_by_test_id("preview-fault")).to_contain_text("Send it as a file")
    await expect(page.get_by_test_id("preview").locator("img")).to_have_count(0)
    await expect(page.get_by_test_id("preview")).to_contain_text("half.png")


async def test_button_spins_until_answered_and_edit_is_seen(page: Page, bot: Bot) -> None:
    sent = await bot.send_message(USER_ID, "A 7?", reply_markup=KEYBOARD)
    button = page.get_by_test_id("inline-button")
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    query = (await next_update(bot)).callback_query
    await query.answer("Thank you")
    await expect(page.get_by_test_id("toasts")).to_contain_text("Thank you")
    await bot.edit_message_text("A 7, you said.", USER_ID, sent.id)
    bubble = page.locator(f"[data-message-id='{sent.id}'][data-from=bot]")
    await expect(bubble).to_contain_text("A 7, you said.")
    await expect(button).to_have_count(0)


async def test_reply_names_the_message(page: Page, bot: Bot) -> None:
    sent = await bot.send_message(USER_ID, "A 7?")
    message = page.locator(f"[data-message-id='{sent.id}']")
    await message.hover()
    await message.get_by_test_id("reply").click()
    await page.get_by_test_id("composer-input").fill("4")
    await page.get_by_test_id("send").click()
    assert (await next_update(bot)).message.reply_to_message.id == sent.id
    await expect(page.get_by_test_id("reply-bar")).to_be_hidden()


async def test_command_menu_is_of_the_role(page: Page, bot: Bot) -> None:
    await bot.set_my_commands([BotCommand("help", "What I can do")])
    await bot.set_my_commands(
        [BotCommand("train", "Train a model")], scope={"type": "chat", "chat_id": ADMIN_ID}
    )
    await page.get_by_test_id("composer-input").press_sequentially("/")
    await expect(page.get_by_test_id("commands")).to_have_text("/helpWhat I can do")
    await page.get_by_test_id("composer-input").fill("")
    await page.get_by_test_id("role-admin").click()
    await page.get_by_test_id("command-menu").click()
    await expect(page.get_by_test_id("commands")).to_have_text("/trainTrain a model")
    await page.get_by_test_id("composer-input").press("Enter")
    message = (await next_update(bot)).message
    assert (message.text, message.from_user.id) == ("/train", ADMIN_ID)


async def test_text_is_never_markup(page: Page, bot: Bot, playground: Playground) -> None:
    attack = "<img src=x onerror=alert(1)><b>bold</b>"
    await playground.send_text(USER_ID, attack)
    await expect(page.locator("[data-from=me] .text")).to_contain_text(attack)
    await bot.send_message(USER_ID, '<a href="javascript:alert(1)">x</a><b>y</b>', "HTML")
    await expect(page.locator("[data-from=bot] strong")).to_have_text("y")
    await expect(page.locator("[data-from=bot] a")).to_have_count(0)


async def test_typing_and_running_are_shown(page: Page, bot: Bot) -> None:
    await expect(page.get_by_test_id("notice")).to_contain_text("The bot is not running")
    await bot.send_chat_action(USER_ID, "typing")
    await expect(page.get_by_test_id("typing")).to_be_visible()
    await bot.get_updates()
    await expect(page.get_by_test_id("notice")).to_be_hidden()
    await bot.send_message(USER_ID, "done")
    await expect(page.get_by_test_id("typing")).to_be_hidden()


async def test_page_catches_up_after_a_restart(page: Page, server: Server, tmp_path: Path) -> None:
    for restarts in range(1, 3):
        await server.stop()
        server.app = create_playground(TOKEN, data_dir=tmp_path)
        await server.start()
        await server.app.state.playground.send_text(USER_ID, f"after restart {restarts}")
        await expect(page.locator("[data-from=me]")).to_have_count(restarts)


async def test_file_chosen_the_moment_another_is_sent_is_not_lost(page: Page) -> None:
    photo = {"name": "first.png", "mimeType": "image/png", "buffer": picture(300, 200)}
    await page.get_by_test_id("file-input").set_input_files(photo)
    # Between the dialog's closing and the event that tells of it.
    await page.evaluate(
        """() => {
            const dialog = document.querySelector("[data-testid=preview]");
            const input = document.querySelector("[data-testid=file-input]");
            const chosen = new DataTransfer();
            chosen.items.add(new File(["seven"], "second.txt"));
            const observer = new MutationObserver(() => {
                if (dialog.open) return;
                observer.disconnect();
                input.files = chosen.files;
                input.dispatchEvent(new Event("change"));
            });
            observer.observe(dialog, { attributeFilter: ["open"] });
        }"""
    )
    preview = page.get_by_test_id("preview")
    await page.get_by_test_id("preview-send").click()
    await expect(preview.get_by_text("second.txt")).to_be_visible()
    await page.get_by_test_id("preview-send").click()
    await expect(preview).to_be_hidden()
    await expect(page.get_by_test_id("message").get_by_text("second.txt")).to_be_visible()


async def test_photo_in_the_group_reaches_the_bot_when_it_is_mentioned(
    page: Page, bot: Bot, playground: Playground
) -> None:
    await page.get_by_test_id("chat-group").click()
    await expect(page.get_by_text("Ask it among friends")).to_be_visible()
    photo = {"name": "seven.png", "mimeType": "image/png", "buffer": picture(300, 200)}
    for caption in ("a seven", "and this"):
        await page.get_by_test_id("file-input").set_input_files(photo)
        await page.get_by_test_id("caption").fill(caption)
        if caption == "and this":
            await page.get_by_test_id("mention").click()
        await page.get_by_test_id("preview-send").click()
        await expect(page.get_by_test_id("preview")).to_be_hidden()
    message = (await next_update(bot)).message
    assert message.caption == f"and this @{bot.username}"
    assert (message.chat.id, message.from_user.id) == (GROUP_ID, USER_ID)
    assert len(playground.messages(GROUP_ID)) == 2
    await expect(page.locator("[data-from=me] .mention")).to_have_text(f"@{bot.username}")


async def test_reply_in_the_group_asks_for_the_photo_of_another(
    page: Page, bot: Bot, playground: Playground
) -> None:
    await bot.set_my_commands([BotCommand("read", "Read it")], {"type": "all_group_chats"})
    photo = await playground.send_photo(USER_ID, picture(), chat_id=GROUP_ID)
    await page.get_by_test_id("chat-group").click()
    await expect(page.locator("[data-from=me] img")).to_be_visible()
    await page.get_by_test_id("role-admin").click()
    shown = page.locator("[data-from=other]")
    await expect(shown.locator(".sender")).to_have_text("Guest")
    await shown.hover()
    await shown.get_by_test_id("reply").click()
    await page.get_by_test_id("command-menu").click()
    await page.get_by_test_id("commands").get_by_text("/read").click()
    message = (await next_update(bot)).message
    assert message.text == f"/read@{bot.username}"
    assert message.from_user.id == ADMIN_ID
    assert message.reply_to_message.id == photo["message_id"]


async def test_group_names_who_said_what_and_alerts_only_who_pressed(
    page: Page, bot: Bot, playground: Playground
) -> None:
    await page.get_by_test_id("chat-group").click()
    await bot.send_message(GROUP_ID, "A 7?", reply_markup=KEYBOARD)
    await playground.send_text(ADMIN_ID, "I think so", chat_id=GROUP_ID)
    await playground.send_text(USER_ID, "me too", chat_id=GROUP_ID)
    await expect(page.get_by_test_id("message")).to_have_count(3)
    names = page.locator(".sender:visible")
    await expect(names).to_have_text(["Digit Reader", "Admin"])
    await page.get_by_test_id("inline-button").click()
    query = (await next_update(bot)).callback_query
    assert (query.from_user.id, query.message.chat.id) == (USER_ID, GROUP_ID)
    await query.answer("Not yours", show_alert=True)
    await expect(page.get_by_test_id("alert")).to_contain_text("Not yours")


async def test_place_is_kept_in_the_address(page: Page) -> None:
    await page.get_by_test_id("chat-group").click()
    await page.get_by_test_id("role-admin").click()
    await expect(page).to_have_url(re.compile(r"#admin\+group$"))
    await page.reload()
    for chosen in ("chat-group", "role-admin"):
        await expect(page.get_by_test_id(chosen)).to_have_attribute("aria-checked", "true")
    await page.get_by_test_id("chat-group").press("ArrowLeft")
    await expect(page.get_by_test_id("chat-private")).to_be_focused()
    await expect(page).to_have_url(re.compile(r"#admin$"))


@pytest.mark.parametrize("chat_id", [USER_ID, GROUP_ID], ids=["private", "group"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_nothing_overflows(page: Page, bot: Bot, width: int, chat_id: int) -> None:
    await page.set_viewport_size({"width": width, "height": 640})
    if chat_id == GROUP_ID:
        await page.get_by_test_id("chat-group").click()
    await bot.send_message(chat_id, "w" * 300 + " <pre>" + "=" * 200 + "</pre>", "HTML")
    await bot.send_photo(chat_id, picture(1600, 400), caption="chart", reply_markup=KEYBOARD)
    await expect(page.locator("[data-from=bot]")).to_have_count(2)
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    assert await page.evaluate("document.getElementById('chat').scrollWidth") <= width
