"""Photos in Telegram's sizes."""

import io

import pytest
from PIL import Image
from playground_wire import picture

from bot.playground.errors import NotAPhotoError
from bot.playground.photos import make_photo, make_thumbnail


@pytest.mark.parametrize(
    ("size", "longest_sides"),
    [
        ((4000, 3000), [90, 320, 800, 1280]),
        ((600, 1000), [90, 320, 800, 1000]),
        ((320, 320), [90, 320]),
        ((28, 28), [28]),
        ((1, 1), [1]),
    ],
)
def test_sizes_are_telegrams_and_never_larger_than_the_picture(
    size: tuple[int, int], longest_sides: list[int]
) -> None:
    photo = make_photo(picture(*size))
    assert [max(file.width_px, file.height_px) for file in photo] == longest_sides
    assert {Image.open(io.BytesIO(file.content)).format for file in photo} == {"JPEG"}


def test_photo_is_upright() -> None:
    image = Image.new("RGB", (60, 40), "white")
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    (upright,) = make_photo(file.getvalue())
    assert (upright.width_px, upright.height_px) == (40, 60)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_mode_becomes_a_photo(mode: str) -> None:
    expected = 255 if mode == "1" else 200
    image = Image.new("L", (50, 50), expected).convert("I" if mode == "I;16" else mode)
    if mode == "I;16":
        image = image.point(lambda value: value * 256).convert("I;16")
    file = io.BytesIO()
    image.save(file, "PNG")
    (photo,) = make_photo(file.getvalue())
    level = Image.open(io.BytesIO(photo.content)).convert("L").getpixel((25, 25))
    assert level == pytest.approx(expected, abs=3)


def test_transparent_becomes_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(file, "PNG")
    (photo,) = make_photo(file.getvalue())
    assert Image.open(io.BytesIO(photo.content)).getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", picture()[:60], picture(2100, 100), picture(10_001, 9000, "1")],
    ids=["empty", "text", "truncated", "thin", "huge"],
)
def test_what_cannot_be_a_photo_is_refused(content: bytes) -> None:
    with pytest.raises(NotAPhotoError, match="Send it as a file"):
        make_photo(content)


def test_file_that_is_no_picture_has_no_thumbnail() -> None:
    assert make_thumbnail(b"%PDF-1.7") is None
