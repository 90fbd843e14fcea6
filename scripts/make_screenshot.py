"""Make the README's pictures: the real bot on the playground, used by a headless browser.

    python scripts/make_screenshot.py docs/playground.png [--dark] [--size 1180x860]
    python scripts/make_screenshot.py group.png --scene group
    python scripts/make_screenshot.py docs/learning.png --scene learning

The last takes minutes: a guest writes twenty 7s with a foot, which the bot takes for 2s, and
corrects them; then an admin trains.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

Stroke = list[tuple[float, float]]

# Corners of strokes on the canvas, 0-1 from its top left, as a quick hand draws them.
FOUR: list[Stroke] = [
    [(0.46, 0.16), (0.36, 0.38), (0.26, 0.58), (0.5, 0.57), (0.78, 0.55)],
    [(0.63, 0.34), (0.62, 0.6), (0.59, 0.86)],
]
# A 7 with a foot, which looks like a 2.
SEVEN: Stroke = [(0.26, 0.2), (0.72, 0.2), (0.4, 0.8), (0.74, 0.8)]
TAUGHT = 20
TRAINING_MS = 20 * 60_000  # far more than it takes


def main() -> None:
    """Talk to the bot, and take the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--scene", choices=SCENES, default="reading")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1180x860", help="of the window, in pixels")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    with running_bot() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if options.dark else "light",
        )
        page.goto(url)
        SCENES[options.scene](page)
        page.screenshot(path=options.output, animations="disabled")
        browser.close()


@contextmanager
def running_bot() -> Iterator[str]:
    """Run the bot on the playground, and give the page's address."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("digit-bot"), "run"],
            env=os.environ
            | {"DATA_DIR": folder, "PLAYGROUND_PORT": "0", "TELEGRAM_BOT_TOKEN": ""},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield line.split()[-1]
        finally:
            process.terminate()
            process.wait()


def talk(page: Page) -> None:
    """Send a digit, confirm the answer, and ask what the bot saw."""
    bot = page.locator('[data-testid="message"][data-from="bot"]')
    draw(page, FOUR)
    bot.last.get_by_role("button", name="Right").click()
    expect(bot.last).to_contain_text("You say that this is right")
    bot.last.get_by_role("button", name="What did you see?").click()
    expect(bot.last).to_contain_text("Above, what I took for a digit")
    page.mouse.move(2, 2)
    expect(page.get_by_test_id("toasts")).to_be_empty(timeout=15_000)


def talk_in_group(page: Page) -> None:
    """Show a digit as one person, and have it read and confirmed as the other."""
    page.get_by_test_id("chat-group").click()
    draw(page, FOUR)
    page.get_by_test_id("caption").fill("Is this still a four?")
    page.get_by_test_id("preview-send").click()
    page.get_by_test_id("role-admin").click()
    photo = page.locator('[data-testid="message"][data-from="other"]')
    photo.hover()
    photo.get_by_test_id("reply").click()
    page.get_by_test_id("composer-input").fill("/read")
    page.get_by_test_id("send").click()
    answer = page.locator('[data-testid="message"][data-from="bot"]')
    answer.get_by_role("button", name="Right").click()
    expect(answer).to_contain_text("You say that this is right")
    page.mouse.move(2, 2)
    expect(page.get_by_test_id("toasts")).to_be_empty(timeout=15_000)


def learn(page: Page) -> None:
    """Correct what the bot misreads, let it train, and wait for the card."""
    bot = page.locator('[data-testid="message"][data-from="bot"]')
    hand = random.Random(0)  # noqa: S311 - a drawing
    for _ in range(TAUGHT):
        draw(page, [[(x + hand.gauss(0, 0.02), y + hand.gauss(0, 0.02)) for x, y in SEVEN]])
        answer = bot.last
        if "is a 7" in answer.inner_text():
            answer.get_by_role("button", name="Right").click()
        else:
            answer.get_by_role("button", name="Wrong").click()
            answer.get_by_role("button", name="7", exact=True).click()
        expect(answer).to_contain_text("You say")
    page.get_by_test_id("role-admin").click()
    page.get_by_test_id("composer-input").fill("/train")
    page.get_by_test_id("send").click()
    expect(bot.last).to_contain_text("Digits refused", timeout=TRAINING_MS)
    page.mouse.move(2, 2)
    expect(page.get_by_test_id("toasts")).to_be_empty(timeout=15_000)


SCENES = {"reading": talk, "group": talk_in_group, "learning": learn}


def draw(page: Page, strokes: list[Stroke]) -> None:
    """Draw a digit on the canvas, and send it."""
    page.get_by_test_id("draw").click()
    box = page.get_by_test_id("canvas").bounding_box()
    if box is None:
        raise RuntimeError("the canvas is not to be seen")
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=12)
        page.mouse.up()
    page.get_by_test_id("canvas-send").click()


if __name__ == "__main__":
    main()
