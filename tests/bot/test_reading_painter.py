import io
from pathlib import Path

import pillow_heif
import pytest
from drawing import draw_digits
from PIL import ExifTags, Image

from bot.digit_reader import MnistDigitReader
from bot.reading_painter import PillowReadingPainter
from mnist_model.checkpoint import PRETRAINED_CHECKPOINT


@pytest.fixture
async def reader() -> MnistDigitReader:
    reader = MnistDigitReader()
    await reader.use(Path(PRETRAINED_CHECKPOINT))
    return reader


def encode(image: Image.Image, pillow_format: str, orientation: int = 1) -> bytes:
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer = io.BytesIO()
    image.save(buffer, pillow_format, exif=exif)
    return buffer.getvalue()


def count_ink_in_the_box(picture: bytes) -> float:
    """Return the share of dark pixels inside the blue box that stands in the photo."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").crop((0, 0, 460, 440))
    pixels = image.load()
    assert pixels is not None
    blue = [
        (x, y)
        for x in range(image.width)
        for y in range(image.height)
        if pixels[x, y][2] > pixels[x, y][0] + 80
    ]
    left, right = min(x for x, _ in blue), max(x for x, _ in blue)
    top, bottom = min(y for _, y in blue), max(y for _, y in blue)
    inside = [pixels[x, y] for x in range(left + 8, right - 8) for y in range(top + 40, bottom)]
    return sum(max(pixel) < 110 for pixel in inside) / len(inside)


@pytest.mark.parametrize("orientation", [1, 6, 8, 3])
async def test_box_lies_on_the_digit_however_the_photo_was_held(
    reader: MnistDigitReader, orientation: int
) -> None:
    turns = {1: 0, 6: 90, 8: -90, 3: 180}
    upright = Image.open(io.BytesIO(draw_digits([7]))).convert("RGB")
    stored = upright.rotate(turns[orientation], expand=True)
    photo = encode(stored, "JPEG", orientation)
    reading = await reader.read(photo)
    picture = await PillowReadingPainter().paint(photo, reading.digits)
    assert [digit.label for digit in reading.digits] == [7]
    assert 0.05 < count_ink_in_the_box(picture) < 0.5


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "LA"])
async def test_any_kind_of_image_is_painted(reader: MnistDigitReader, mode: str) -> None:
    photo = encode(Image.open(io.BytesIO(draw_digits([3]))).convert(mode), "PNG")
    reading = await reader.read(photo)
    picture = await PillowReadingPainter().paint(photo, reading.digits)
    assert Image.open(io.BytesIO(picture)).width == 460


async def test_heic_is_painted(reader: MnistDigitReader) -> None:
    photo = encode(Image.open(io.BytesIO(draw_digits([3]))).convert("RGB"), "HEIF")
    reading = await reader.read(photo)
    assert await PillowReadingPainter().paint(photo, reading.digits)


async def test_without_the_photo_only_the_digits_are_painted(reader: MnistDigitReader) -> None:
    reading = await reader.read(draw_digits([3]))
    picture = await PillowReadingPainter().paint(None, reading.digits * 7)
    assert Image.open(io.BytesIO(picture)).size == (760, 20 + 3 * 184 - 12 + 20)
