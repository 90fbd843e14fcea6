import io

import numpy as np
import pillow_heif
import pytest
from drawing import blank_page, draw_digits, to_png
from PIL import Image
from sqlalchemy import func, select
from telegram import Update

from bot import texts
from bot.app import DigitBotProgram
from bot.playground import USER_ID, Playground
from bot.storage.database import SessionFactory
from bot.storage.models import DigitPrediction, Reading

pytestmark = pytest.mark.usefixtures("program")


def buttons_of(message: dict) -> list[str]:
    rows = message["reply_markup"]["inline_keyboard"]
    return [button["text"] for row in rows for button in row]


@pytest.mark.parametrize("label", [0, 1, 2, 3, 4, 7])
async def test_photo_is_answered_with_its_digit(playground: Playground, label: int) -> None:
    photo = await playground.send_photo(USER_ID, draw_digits([label]))
    answer = await playground.answer(photo)
    assert f"This is a {label}." in answer["text"]
    assert answer["reply_to_message"]["message_id"] == photo["message_id"]
    assert buttons_of(answer) == ["👍 Right", "👎 Wrong", "🔍 What did you see?"]


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        (([2, 7, 4], [3, 0, 7]), "274 307"),
        (([2], [3, 0, 7]), "2 307"),
        (([2, 7], [4], [3, 0]), "27 4 30"),
        (([2, 7, 4, 3, 0, 7],), "274307"),
    ],
)
async def test_rows_of_digits_are_apart_in_the_answer(
    playground: Playground, rows: tuple[list[int], ...], number: str
) -> None:
    pages = [np.asarray(Image.open(io.BytesIO(draw_digits(row))).convert("L")) for row in rows]
    width = max(page.shape[1] for page in pages)
    padded = [np.pad(page, ((0, 0), (0, width - page.shape[1])), "edge") for page in pages]
    photo = await playground.send_photo(USER_ID, to_png(np.vstack(padded)))
    assert f"I read {number}" in (await playground.answer(photo))["text"]


async def test_reading_is_stored_with_all_that_learning_needs(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    photo = await playground.send_photo(USER_ID, draw_digits([7]))
    answer = await playground.answer(photo)
    await program.inbox.join()

    async with session_factory() as session:
        reading = (await session.scalars(select(Reading))).one()
        digit = (await session.scalars(select(DigitPrediction))).one()
    assert (reading.chat_id, reading.user_id) == (USER_ID, USER_ID)
    assert reading.message_id == photo["message_id"]
    assert reading.answer_message_id == answer["message_id"]
    assert reading.model_version_id == 1
    assert reading.latency_ms > 0
    assert (digit.label, digit.position) == (7, 0)
    assert (len(digit.image), len(digit.probabilities)) == (28 * 28, 10 * 4)
    assert digit.confidence > 0.5
    assert min(digit.box_width, digit.box_height) > 0


@pytest.mark.parametrize(
    ("pillow_format", "mime_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("GIF", "image/gif"),
        ("HEIF", "image/heic"),
        ("PNG", "application/octet-stream"),
    ],
)
async def test_image_file_is_read(
    playground: Playground, pillow_format: str, mime_type: str
) -> None:
    pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    Image.open(io.BytesIO(draw_digits([3]))).save(buffer, pillow_format)
    file = await playground.send_document(USER_ID, buffer.getvalue(), "digit", mime_type)
    assert "This is a 3." in (await playground.answer(file))["text"]


async def test_gif_is_read_by_its_first_frame(playground: Playground) -> None:
    # Telegram turns a GIF into a video and adds a picture of its first frame.
    file = await playground.send_document(USER_ID, draw_digits([3]), "digit.png", "image/png")
    video = {"file_id": "v", "file_unique_id": "v", "width": 320, "height": 320, "duration": 1}
    thumbnail = file["document"]["thumbnail"]
    question = playground.send(USER_ID, {"animation": {**video, "thumbnail": thumbnail}})
    assert "This is a 3." in (await playground.answer(question))["text"]


async def test_blank_photo_asks_for_another(
    playground: Playground, session_factory: SessionFactory
) -> None:
    photo = await playground.send_photo(USER_ID, blank_page())
    answer = await playground.answer(photo)
    assert "reply_markup" not in answer
    async with session_factory() as session:
        reading = (await session.scalars(select(Reading))).one()
        assert reading.rejection == answer["text"]
        assert await session.scalar(select(func.count(DigitPrediction.id))) == 0


def _cut(image: bytes) -> bytes:
    return image[: len(image) // 2]


def _too_many_pixels() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (10_001, 10_000)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"This is no image.", _cut(draw_digits([7])), _too_many_pixels()],
    ids=["not an image", "truncated", "more than 100 megapixels"],
)
async def test_unreadable_file_is_explained_and_not_stored(
    playground: Playground, session_factory: SessionFactory, content: bytes
) -> None:
    file = await playground.send_document(USER_ID, content, "digit.png", "image/png")
    answer = await playground.answer(file)
    assert answer["text"] != texts.SOMETHING_WENT_WRONG
    assert answer["text"].endswith(".")
    async with session_factory() as session:
        assert await session.scalar(select(func.count(Reading.id))) == 0


async def test_file_over_20_mb_is_explained(playground: Playground) -> None:
    content = draw_digits([7]) + bytes(20_000_001)
    file = await playground.send_document(USER_ID, content, "digit.png", "image/png")
    assert (await playground.answer(file))["text"] == texts.FILE_TOO_LARGE


async def test_file_that_telegram_keeps_back_is_explained(playground: Playground) -> None:
    # Telegram's documentation calls the size optional; without it only getFile tells.
    file = await playground.send_document(
        USER_ID, draw_digits([7]) + bytes(21_000_000), "digit.png", "image/png"
    )
    await playground.answer(file)
    document = {k: v for k, v in file["document"].items() if k != "file_size"}
    question = playground.send(USER_ID, {"document": document})
    assert (await playground.answer(question))["text"] == texts.FILE_NOT_GIVEN


async def test_repeated_update_is_read_and_answered_once(
    playground: Playground, program: DigitBotProgram, session_factory: SessionFactory
) -> None:
    photo = await playground.send_photo(USER_ID, draw_digits([7]))
    await playground.answer(photo)
    await program.inbox.join()

    # What happens when the process dies between the answer and the inbox's mark.
    async with session_factory() as session:
        update_id = await session.scalar(select(Reading.update_id))
    repeated = Update.de_json({"update_id": update_id, "message": photo}, program.application.bot)
    await program.application.process_update(repeated)

    assert len(playground.messages(USER_ID)) == 2
    async with session_factory() as session:
        assert await session.scalar(select(func.count(Reading.id))) == 1
