"""Photos as Telegram makes them: a few sizes, upright, recompressed as JPEG.

Source: https://core.telegram.org/api/files#image-thumbnail-types
"""

import io
import struct
from dataclasses import dataclass

from PIL import Image, ImageOps

from bot.playground.errors import NotAPhotoError

_LONGEST_SIDES_PX = (90, 320, 800, 1280)
_THUMBNAIL_SIDE_PX = 320
_JPEG_QUALITY = 87
# What every browser can show, too. Anything else travels as a file.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
# Pillow refuses twice as many by itself, and warns of these; its warning may be made an error.
_MAX_PIXELS = 89_478_485
_TOO_LARGE = "This picture has too many pixels for a photo. Send it as a file."
# "The photo's width and height must not exceed 10000 in total. Width and height ratio must be at
# most 20." https://core.telegram.org/bots/api#sendphoto (An app shrinks what a person sends, so
# only the ratio holds for people.)
_MAX_RATIO = 20
# Decoders raise whatever the damage makes them trip over.
_DAMAGE = (OSError, SyntaxError, ValueError, ArithmeticError, LookupError, EOFError, struct.error)


@dataclass(frozen=True)
class PhotoFile:
    """One size of a photo: a JPEG of that many pixels."""

    width_px: int
    height_px: int
    content: bytes


def make_photo(content: bytes) -> list[PhotoFile]:
    """Make the sizes of a photo, smallest first; none is larger than the picture itself.

    Raises:
        NotAPhotoError: if the bytes are no picture that can be a photo.
    """
    image = _open_upright(content)
    longest = max(image.size)
    if longest > _MAX_RATIO * min(image.size):
        raise NotAPhotoError("This picture is too long and thin for a photo. Send it as a file.")
    largest = min(longest, _LONGEST_SIDES_PX[-1])
    smaller = [side for side in _LONGEST_SIDES_PX if side < largest]
    return [_shrink(image, side) for side in (*smaller, largest)]


def make_thumbnail(content: bytes) -> PhotoFile | None:
    """Make the small picture that goes with a file, or None when the file is no picture."""
    try:
        return _shrink(_open_upright(content), _THUMBNAIL_SIDE_PX)
    except NotAPhotoError:
        return None


def _open_upright(content: bytes) -> Image.Image:
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=_FORMATS)
        _check_pixels(image)
        image.draft("RGB", (_LONGEST_SIDES_PX[-1], _LONGEST_SIDES_PX[-1]))
        return _on_white(ImageOps.exif_transpose(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotAPhotoError(_TOO_LARGE) from error
    except _DAMAGE as error:
        raise NotAPhotoError("This is not a picture I can show. Send it as a file.") from error


def _check_pixels(image: Image.Image) -> None:
    if image.width * image.height > _MAX_PIXELS:
        raise NotAPhotoError(_TOO_LARGE)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey; convert() would clip them
        image = image.convert("I").point(lambda value: value / 256, "L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _shrink(image: Image.Image, longest_side_px: int) -> PhotoFile:
    smaller = image.copy()
    smaller.thumbnail((longest_side_px, longest_side_px), Image.Resampling.LANCZOS)
    jpeg = io.BytesIO()
    smaller.save(jpeg, "JPEG", quality=_JPEG_QUALITY)
    return PhotoFile(smaller.width, smaller.height, jpeg.getvalue())
