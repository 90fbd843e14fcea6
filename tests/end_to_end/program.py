"""The installed program as a process, and what people do on its page in a browser."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Locator, Page, expect

PROGRAM = Path(sys.executable).with_name("digit-bot")
READY = re.compile(r"The bot is ready: (\S+)")
START_S = 60  # Far more than it takes: a slow machine must not fail the test.


@asynccontextmanager
async def running(data_dir: Path, **environment: str) -> AsyncIterator[tuple[Process, str]]:
    """Run `digit-bot run` without a token; give the process and the page's address."""
    values = {"DATA_DIR": str(data_dir), "PLAYGROUND_PORT": "0", **environment}
    process = await start("run", **values)
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), START_S)).decode()
        ready = READY.match(line)
        assert ready, line
        yield process, ready[1]
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), START_S)


async def start(*arguments: str, capture_log: bool = False, **environment: str) -> Process:
    """Start the program in a folder without `.env`, with these settings and no others."""
    inherited = {"PATH": os.environ["PATH"], "HOME": environment["DATA_DIR"]}
    Path(environment["DATA_DIR"]).mkdir(parents=True, exist_ok=True)
    return await asyncio.create_subprocess_exec(
        PROGRAM,
        *arguments,
        env=inherited | environment,
        cwd=environment["DATA_DIR"],
        stdout=PIPE,
        stderr=PIPE if capture_log else None,
    )


def last_answer(page: Page) -> Locator:
    return page.locator('[data-testid="message"][data-from="bot"]').last


async def upload(page: Page, photo: bytes) -> None:
    file = {"name": "digit.png", "mimeType": "image/png", "buffer": photo}
    await page.get_by_test_id("file-input").set_input_files(file)
    await page.get_by_test_id("preview-send").click()


async def judge(page: Page, label: str, *, is_right: bool) -> None:
    """Confirm the last answer, or correct it on the pad."""
    answer = last_answer(page)
    if is_right:
        await answer.get_by_role("button", name="Right").click()
        await expect(answer).to_contain_text("You say that this is right.")
    else:
        await answer.get_by_role("button", name="Wrong").click()
        await answer.get_by_role("button", name=label, exact=True).click()
        await expect(answer).to_contain_text(f"You say that it is {label}.")


async def send_text(page: Page, text: str) -> None:
    await page.get_by_test_id("composer-input").fill(text)
    await page.get_by_test_id("send").click()
