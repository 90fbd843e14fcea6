"""Adapter: paints what was seen in a photo, as a picture to send."""

import asyncio
import io
import math
from collections.abc import Sequence

import pillow_heif
from PIL import ExifTags, Image, ImageDraw, ImageFont, ImageOps

from bot.services.ports import HistoryItem, ReadDigit

_PADDING, _GAP = 20, 12  # pixels, as are all sizes here
_LEAST_WIDTH, _PHOTO_HEIGHT = 420, 520
_CARD_WIDTH, _CARD_HEIGHT = 232, 172
_CARDS_IN_A_ROW = 3
_CELL_WIDTH, _CELL_HEIGHT, _THUMBNAIL_HEIGHT = 150, 116, 60
_THUMBNAILS_IN_A_ROW = 4
_DIGIT_SIDE = 112  # 28 x 4
_ALONE_SIDE = 280  # 28 x 10
_BAR_HEIGHT, _BAR_STEP = 10, 14

_FIRST_TURNED = 5  # EXIF orientations 5 to 8 are those with a quarter turn.

_PAPER, _CARD, _TEXT, _SOFT = "#ffffff", "#f2f4f8", "#1d2530", "#7b8798"
_CHOSEN, _OTHER, _WRONG = "#2f6fde", "#c3cddd", "#c0392b"


class PillowReadingPainter:
    """A `ReadingPainter` for the services."""

    async def paint(self, photo: bytes | None, digits: Sequence[ReadDigit]) -> bytes:
        """Paint the photo with its boxes, and each digit as the model saw it.

        Args:
            photo: The image file's bytes; None when it is not to be had any more.
            digits: In reading order.

        Returns:
            A PNG file's bytes.
        """
        return await asyncio.to_thread(_paint, photo, digits)

    async def paint_image(self, image: bytes) -> bytes:
        """Return a PNG of a 28x28 image, enlarged."""
        return await asyncio.to_thread(_paint_image, image)

    async def paint_history(self, items: Sequence[HistoryItem]) -> bytes:
        """Return a PNG of the digits of past readings, each with what it was read as."""
        return await asyncio.to_thread(_paint_history, items)


def _paint_image(image: bytes) -> bytes:
    digit = Image.frombytes("L", (28, 28), image).resize(
        (_ALONE_SIDE, _ALONE_SIDE), Image.Resampling.NEAREST
    )
    canvas = ImageOps.expand(digit.convert("RGB"), _PADDING, _PAPER)
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG")
    return buffer.getvalue()


def _paint_history(items: Sequence[HistoryItem]) -> bytes:
    columns = min(len(items), _THUMBNAILS_IN_A_ROW)
    rows = math.ceil(len(items) / _THUMBNAILS_IN_A_ROW)
    size = (columns * _CELL_WIDTH + _GAP, rows * _CELL_HEIGHT + _GAP)
    canvas = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(canvas)
    for place, item in enumerate(items):
        row, column = divmod(place, _THUMBNAILS_IN_A_ROW)
        x, y = column * _CELL_WIDTH + _GAP, row * _CELL_HEIGHT + _GAP
        draw.rounded_rectangle((x, y, x + _CELL_WIDTH - _GAP, y + _CELL_HEIGHT - _GAP), 10, _CARD)
        canvas.paste(_strip(item.images), (x + 8, y + 8))
        colour = _WRONG if item.is_wrong else _TEXT
        label = "".join(map(str, item.labels))
        draw.text((x + 8, y + 74), label, colour, _font(20))
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG")
    return buffer.getvalue()


def _strip(images: Sequence[bytes]) -> Image.Image:
    """Return the digits of a number side by side, shrunk to the width of a thumbnail."""
    strip = Image.new("L", (28 * len(images), 28))
    for place, image in enumerate(images):
        strip.paste(Image.frombytes("L", (28, 28), image), (28 * place, 0))
    scale = min(_THUMBNAIL_HEIGHT / 28, (_CELL_WIDTH - _GAP - 16) / strip.width)
    return strip.resize((round(strip.width * scale), round(28 * scale)))


def _paint(photo: bytes | None, digits: Sequence[ReadDigit]) -> bytes:
    columns = min(len(digits), _CARDS_IN_A_ROW)
    cards_width = columns * (_CARD_WIDTH + _GAP) - _GAP
    width = max(cards_width, _LEAST_WIDTH)
    shown = _photo_with_boxes(photo, digits, width) if photo else None
    top = _PADDING + (shown.height + _GAP if shown else 0)
    rows = math.ceil(len(digits) / _CARDS_IN_A_ROW)
    height = top + rows * (_CARD_HEIGHT + _GAP) - _GAP + _PADDING
    canvas = Image.new("RGB", (width + 2 * _PADDING, height), _PAPER)
    if shown:
        canvas.paste(shown, ((canvas.width - shown.width) // 2, _PADDING))
    left = (canvas.width - cards_width) // 2
    for place, digit in enumerate(digits):
        row, column = divmod(place, _CARDS_IN_A_ROW)
        corner = (left + column * (_CARD_WIDTH + _GAP), top + row * (_CARD_HEIGHT + _GAP))
        _draw_card(canvas, corner, digit)
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG")
    return buffer.getvalue()


def _photo_with_boxes(photo: bytes, digits: Sequence[ReadDigit], width: int) -> Image.Image:
    pillow_heif.register_heif_opener()  # Does nothing the second time.
    with Image.open(io.BytesIO(photo)) as opened:
        # The boxes are in pixels of the whole photo, upright: a quarter turn swaps its sides.
        is_turned = opened.getexif().get(ExifTags.Base.Orientation, 1) >= _FIRST_TURNED
        full_width = opened.height if is_turned else opened.width
        opened.draft("RGB", (2 * width, 2 * width))  # A JPEG decodes to about this size at once.
        upright = ImageOps.exif_transpose(opened).convert("RGBA")
    upright = ImageOps.contain(upright, (width, _PHOTO_HEIGHT))
    shown = Image.new("RGB", upright.size, _PAPER)
    shown.paste(upright, mask=upright)  # What is transparent lies on paper.
    scale = shown.width / full_width
    draw = ImageDraw.Draw(shown)
    for digit in digits:
        left, top = digit.box.x * scale - 4, digit.box.y * scale - 4
        right = left + digit.box.width * scale + 8
        bottom = top + digit.box.height * scale + 8
        draw.rectangle((left, top, right, bottom), outline=_CHOSEN, width=3)
        draw.text(
            (left + 4, max(top - 3, 18)),
            str(digit.label),
            _CHOSEN,
            _font(22),
            anchor="ls",
            stroke_width=3,
            stroke_fill=_PAPER,
        )
    return shown


def _draw_card(canvas: Image.Image, corner: tuple[int, int], digit: ReadDigit) -> None:
    """Draw the 28x28 image that the model saw beside the probability of each digit."""
    x, y = corner
    draw = ImageDraw.Draw(canvas)
    draw.rounded_rectangle((x, y, x + _CARD_WIDTH, y + _CARD_HEIGHT), 10, _CARD)
    seen = Image.frombytes("L", (28, 28), digit.image).resize(
        (_DIGIT_SIDE, _DIGIT_SIDE), Image.Resampling.NEAREST
    )
    canvas.paste(seen, (x + 10, y + 14))
    draw.text((x + 10, y + 134), str(digit.label), _TEXT, _font(26))
    percent = f"{min(math.floor(digit.confidence * 100), 99)}%"  # never certainty
    draw.text((x + 10 + _DIGIT_SIDE, y + 140), percent, _SOFT, _font(18), anchor="ra")
    left, longest = x + _DIGIT_SIDE + 38, _CARD_WIDTH - _DIGIT_SIDE - 50
    for label, probability in enumerate(digit.probabilities):
        top = y + 16 + label * _BAR_STEP
        colour = _CHOSEN if label == digit.label else _OTHER
        draw.text((left - 14, top - 2), str(label), _SOFT, _font(12))
        draw.rectangle(
            (left, top, left + 1 + probability * longest, top + _BAR_HEIGHT - 1), colour
        )


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
