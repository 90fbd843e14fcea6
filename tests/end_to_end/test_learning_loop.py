"""The whole loop in a real browser: photos, corrections, training, the gate, and back."""

import re
from pathlib import Path

import pytest
from browser import open_page
from drawing import draw_digits, draw_oddly
from playwright.async_api import Page, expect
from program import judge, last_answer, running, send_text, upload

PHOTOS = 30
ANSWER = re.compile(r"(This|I think this) is an? \d")
TRAINING_MS = 20 * 60_000  # Far more than it takes: a slow machine must not fail the test.


@pytest.mark.browser
@pytest.mark.mnist
async def test_bot_learns_one_persons_writing_and_can_be_rolled_back(
    tmp_path: Path, mnist_data_dir: Path
) -> None:
    async with (
        running(tmp_path, MNIST_DATA_DIR=str(mnist_data_dir)) as (_, url),
        open_page(url) as page,
    ):
        wrong = await teach(page)
        assert wrong >= PHOTOS * 2 // 3  # Without these, there would be nothing to learn.
        assert await read(page, 7, seed=1000) != "7"

        await page.get_by_test_id("role-admin").click()
        await send_text(page, "/train")
        progress = page.get_by_text(re.compile(r"epoch \d of \d"))
        await expect(progress).to_be_visible(timeout=TRAINING_MS)
        card = page.get_by_text("Model 2 is better, and answers from now on.")
        await expect(card).to_be_visible(timeout=TRAINING_MS)

        await page.get_by_test_id("role-user").click()
        await expect(page.get_by_text("it has learned from")).to_be_visible()
        assert await read(page, 7, seed=1000) == "7"
        await send_text(page, "/accuracy")
        await expect(last_answer(page)).to_contain_text("Model 2")

        await page.get_by_test_id("role-admin").click()
        await send_text(page, "/rollback")
        await expect(last_answer(page)).to_contain_text("Model 1")
        await page.get_by_test_id("role-user").click()
        assert await read(page, 7, seed=1000) != "7"


async def teach(page: Page) -> int:
    """Send photos and judge each answer; return how many were wrong."""
    wrong = 0
    for place in range(PHOTOS):
        label = (1, 7)[place % 2]
        photo = draw_digits([label]) if place >= PHOTOS - 2 else draw_oddly(label, seed=place)
        is_right = await send(page, photo) == str(label)
        await judge(page, str(label), is_right=is_right)
        wrong += not is_right
    return wrong


async def read(page: Page, label: int, *, seed: int) -> str:
    """Send a photo of one more digit by that person; return what it was read as."""
    # After a change of roles the earlier answers have to be there first: they are counted.
    await expect(page.get_by_text(ANSWER).first).to_be_visible()
    return await send(page, draw_oddly(label, seed=seed))


async def send(page: Page, photo: bytes) -> str:
    answers = page.get_by_text(ANSWER)
    count = await answers.count()
    await upload(page, photo)
    await expect(answers).to_have_count(count + 1)
    found = re.search(r"is an? (\d)", await last_answer(page).inner_text())
    assert found
    return found[1]
