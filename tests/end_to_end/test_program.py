"""The installed program as a process, over HTTP, and its page in a real browser."""

import asyncio
import csv
import io
import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from browser import open_page
from drawing import draw_digits
from PIL import Image
from playwright.async_api import expect
from program import START_S, judge, last_answer, running, send_text, start, upload

from bot.playground import ADMIN_ID, USER_ID


async def send_photo(url: str, photo: bytes) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        response = await client.post(
            f"/playground/chats/{USER_ID}/photo", files={"file": ("digit.png", photo)}
        )
        response.raise_for_status()


def fetch(data_dir: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data_dir / "digit-bot.sqlite")) as connection:
        return connection.execute(query).fetchall()


async def wait_for_rows(data_dir: Path, query: str, count: int) -> list[tuple[object, ...]]:
    """Wait until a query finds so many rows: another process is writing them."""
    async with asyncio.timeout(START_S):
        while len(rows := fetch(data_dir, query)) < count:
            await asyncio.sleep(0.05)
    return rows


@pytest.fixture
def cells(photos_dir: Path) -> list[tuple[str, bytes]]:
    """Digits that people wrote by hand, cut inside their squares: (label, PNG)."""
    folder = photos_dir / "sudoku_dev"
    with (folder / "cells.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[::20]
    return [(row["label"], cut_cell(folder, row)) for row in rows]


def cut_cell(folder: Path, row: dict[str, str]) -> bytes:
    x0, y0, x1, y1 = (int(row[name]) for name in ("x0", "y0", "x1", "y1"))
    margin = 0.05 * (x1 - x0)
    buffer = io.BytesIO()
    with Image.open(folder / row["photo"]) as photo:
        box = (x0 + margin, y0 + margin, x1 - margin, y1 - margin)
        photo.crop(tuple(map(round, box))).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.browser
@pytest.mark.photos
async def test_new_user_sends_photos_corrects_one_and_asks_for_the_accuracy(
    tmp_path: Path, cells: list[tuple[str, bytes]]
) -> None:
    async with running(tmp_path) as (_, url), open_page(url) as page:
        await page.get_by_test_id("start").click()
        await expect(last_answer(page)).to_contain_text("I read handwritten digits")

        right = 0
        for count, (label, photo) in enumerate(cells, start=1):
            await upload(page, photo)
            answers = page.get_by_text(re.compile(r"(This|I think this) is an? \d"))
            await expect(answers).to_have_count(count)
            is_right = re.search(rf"is an? {label}\b", await last_answer(page).inner_text())
            right += bool(is_right)
            await judge(page, label, is_right=bool(is_right))
        assert right >= len(cells) - 1

        # The last one was meant to be something else after all.
        await last_answer(page).get_by_role("button", name="Change").click()
        await last_answer(page).get_by_role("button", name="Not a digit").click()
        await expect(last_answer(page)).to_contain_text("You say that it is not a digit.")

        await send_text(page, "/accuracy")
        await expect(last_answer(page)).to_contain_text(f"All time: {len(cells)} digits read")

    rows = fetch(tmp_path, "SELECT label FROM correction ORDER BY digit_prediction_id")
    labels = [label for (label,) in rows]
    assert labels == [*(int(label) for label, _ in cells[:-1]), 10]
    [(readings,)] = fetch(tmp_path, "SELECT count(*) FROM reading WHERE answer_message_id > 0")
    assert readings == len(cells)


@pytest.mark.browser
async def test_digit_drawn_on_the_canvas_is_read(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, url), open_page(url) as page:
        await page.get_by_test_id("draw").click()
        box = await page.get_by_test_id("canvas").bounding_box()
        assert box is not None
        corners = [(0.3, 0.2), (0.7, 0.2), (0.45, 0.85)]  # a 7
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
        await page.mouse.move(*points[0])
        await page.mouse.down()
        for point in points[1:]:
            await page.mouse.move(*point, steps=20)
        await page.mouse.up()
        await page.get_by_test_id("canvas-send").click()
        await expect(last_answer(page)).to_contain_text("is a 7")


@pytest.mark.browser
async def test_in_the_group_one_person_asks_and_only_they_may_judge(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, url), open_page(url) as page:
        await page.get_by_test_id("chat-group").click()
        await upload(page, draw_digits([7]))  # Not meant for the bot.
        await page.get_by_test_id("role-admin").click()
        photo = page.locator('[data-testid="message"][data-from="other"]')
        await photo.hover()
        await photo.get_by_test_id("reply").click()
        await send_text(page, "/read")
        await expect(last_answer(page)).to_contain_text("This is a 7.")

        await page.get_by_test_id("role-user").click()
        await last_answer(page).get_by_role("button", name="Right").click()
        await expect(page.get_by_test_id("alert")).to_contain_text("who asked for this reading")
        await page.get_by_test_id("alert").get_by_role("button", name="OK").click()
        await page.get_by_test_id("role-admin").click()
        await last_answer(page).get_by_role("button", name="Right").click()
        await expect(last_answer(page)).to_contain_text("You say that this is right.")
    assert fetch(tmp_path, "SELECT user_id, label FROM correction") == [(ADMIN_ID, 7)]
    assert fetch(tmp_path, "SELECT count(*) FROM reading") == [(1,)]


async def test_killed_while_reading_it_answers_after_the_next_start(tmp_path: Path) -> None:
    async with running(tmp_path) as (process, url):
        await send_photo(url, draw_digits([7]))
        # As soon as the update is written down: before, in or after its handler.
        await wait_for_rows(tmp_path, "SELECT * FROM inbox_update", 1)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with running(tmp_path):
        query = "SELECT id FROM reading WHERE answer_message_id IS NOT NULL"
        rows = await wait_for_rows(tmp_path, query, 1)
    assert len(rows) == 1


async def test_torch_never_enters_the_process(tmp_path: Path) -> None:
    if not Path("/proc/self/maps").exists():
        pytest.skip("This system has no /proc to look at a process's libraries in.")
    async with running(tmp_path) as (process, url):
        await send_photo(url, draw_digits([7]))
        await wait_for_rows(tmp_path, "SELECT * FROM reading", 1)
        libraries = Path(f"/proc/{process.pid}/maps").read_text()
    assert "/cv2/" in libraries
    assert "/torch/" not in libraries


async def test_token_is_never_logged(tmp_path: Path) -> None:
    token = "123456:a-secret"
    async with running(tmp_path / "server") as (_, url):
        # Its own bot polls this playground; ours has another token, so it is turned away.
        code, output = await run_to_its_end(
            tmp_path / "bot",
            TELEGRAM_BOT_TOKEN=token,
            TELEGRAM_API_URL=url,
            LOG_LEVEL="DEBUG",
        )
    assert code == 1
    assert "does not know this TELEGRAM_BOT_TOKEN" in output
    assert "send_request_headers" in output  # So requests were logged in full.
    assert "a-secret" not in output


async def test_second_process_on_the_same_data_is_turned_away(tmp_path: Path) -> None:
    async with running(tmp_path):
        code, output = await run_to_its_end(tmp_path)
    assert code == 1
    assert "another digit-bot is running" in output


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"ADMIN_IDS": "alice"}, "ADMIN_IDS"),
        ({"PLAYGROUND_PORT": "99999"}, "PLAYGROUND_PORT"),
        ({"DATABASE_URL": "sqlite+aiosqlite:////proc/no/such.sqlite"}, "DATABASE_URL"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///no-async-driver.sqlite"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/none"}, "DATABASE_URL"),
        ({"MODEL_STORE_URL": "nonsense://models"}, "MODEL_STORE_URL"),
        (
            {"TELEGRAM_BOT_TOKEN": "1:x", "TELEGRAM_API_URL": "http://127.0.0.1:9"},
            "cannot be reached",
        ),
    ],
)
async def test_wrong_setting_ends_with_one_sentence(
    tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    code, output = await run_to_its_end(tmp_path, **environment)
    assert code == 1
    assert sentence in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("path", "written"), [("examples", "examples/labels.csv"), ("new/all.npz", "new/all.npz")]
)
async def test_export_while_the_bot_is_running(tmp_path: Path, path: str, written: str) -> None:
    async with running(tmp_path):
        process = await start("export", str(tmp_path / path), DATA_DIR=str(tmp_path))
        output, _ = await asyncio.wait_for(process.communicate(), START_S)
    assert process.returncode == 0
    assert output.decode().startswith("0 examples in")
    assert (tmp_path / written).exists()


async def test_import_while_the_bot_is_running_is_exported_again(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    Image.new("L", (28, 28), 200).save(folder / "a.png")
    (folder / "labels.csv").write_text("path,label\na.png,none\n")
    async with running(tmp_path):
        for expected in ("1 new examples", "0 new examples"):
            process = await start("import", str(folder), DATA_DIR=str(tmp_path))
            output, _ = await asyncio.wait_for(process.communicate(), START_S)
            assert output.decode().startswith(expected)
        process = await start("export", str(tmp_path / "out"), DATA_DIR=str(tmp_path))
        await asyncio.wait_for(process.wait(), START_S)
    assert "none" in (tmp_path / "out" / "labels.csv").read_text()


@pytest.mark.parametrize("name", ["digit-bot.sqlite", "playground.sqlite"])
async def test_damaged_file_ends_with_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("This is no database. " * 1000)
    code, output = await run_to_its_end(tmp_path)
    assert code == 1
    assert "file is not a database" in output
    assert "Traceback" not in output


async def run_to_its_end(data_dir: Path, **environment: str) -> tuple[int | None, str]:
    """Run the program, which is expected to end by itself; give its exit code and log."""
    values = {"DATA_DIR": str(data_dir), "PLAYGROUND_PORT": "0", **environment}
    process = await start("run", capture_log=True, **values)
    _, errors = await asyncio.wait_for(process.communicate(), START_S)
    return process.returncode, errors.decode()
