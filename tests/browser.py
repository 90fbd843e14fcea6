"""A real, headless browser."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    # Without these the browser looks for its maker's servers, which a test must not depend on.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str:
    """Return the path of the machine's browser, or skip the test."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    path = next((path for path in found if path), None)
    if path is None:
        pytest.skip("No browser: install one, for example with `apt-get install chromium`.")
    return path


@asynccontextmanager
async def open_page(url: str) -> AsyncIterator[Page]:
    """Open a page; at the end, no script of it may have failed."""
    faults: list[object] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=_FLAGS)
        page = await browser.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda fault: faults.append(fault))
        await page.goto(url)
        yield page
        await browser.close()
    assert faults == []
