"""Image files to upright grey pixels: any common format, any mode, small memory, safe limits."""

import functools
import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, UnidentifiedImageError

from mnist_model.errors import EmptyPhotoError, PhotoTooLargeError, UnreadablePhotoError

MAX_PIXELS = 100_000_000
# Only JPEGs are shrunk while they are decoded. All others lie in memory whole, so that there the
# limit is on bytes: 25 megapixels in colour, 100 in grey.
MAX_DECODED_BYTES = 100_000_000
WORKING_SIDE_PX = 1280  # longest side that the pipeline looks at; Telegram's largest photo size
_STRIP_PIXELS = 4_000_000  # so many are converted at a time, since that makes copies
_NOISE = 8  # of 255: what is hardly brighter has no colour, whatever its shares

# Only what people send. Pillow knows many more formats, some with a history of security trouble.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "GIF", "HEIF")

_DAMAGED = "This image is damaged or not complete; please send it again."
_UNKNOWN = "This is not an image that I can open; please send a JPEG, PNG, WebP, BMP, GIF or HEIC."

# What Pillow's decoders raise on bytes that are not what their header promises.
_DECODER_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)

Shade = Literal["brightness", "darkest", "paleness"]


@dataclass(frozen=True, eq=False)
class GreyPhoto:
    """A photo as the pipeline sees it."""

    pixels: NDArray[np.uint8]  # (H, W), upright, longest side at most WORKING_SIDE_PX
    width_px: int  # of the upright photo in full size
    height_px: int
    to_upright: NDArray[np.float64] | None = None  # (2, 3), if turned: where (x, y, 1) lies there


def decode_photo(photo: bytes | Path, *, shade: Shade = "brightness") -> GreyPhoto:
    """Decode an image file, turn it upright by its EXIF tag, and make it grey.

    Large JPEGs are decoded at a fraction of their size, which is faster and needs less memory.

    Args:
        photo: The bytes of an image file, or its path.
        shade: What grey is. The darkest of red, green and blue shows yellow ink on white, where
            its brightness is nearly that of the paper. Paleness, that darkest as a share of the
            brightest, shows coloured ink, and no shadows.

    Raises:
        EmptyPhotoError: There are no bytes.
        UnreadablePhotoError: Not an image, damaged, or of a kind we do not open.
        PhotoTooLargeError: More than 100 megapixels, or more than `MAX_DECODED_BYTES` and not a
            JPEG; told by the header, nothing was decoded.
    """
    content = _read_bytes(photo)
    with _open(content) as image:
        full_size = image.size
        limit = _most_pixels(image)
        if image.width * image.height > limit:
            raise PhotoTooLargeError(_too_large(image.width * image.height, limit))
        try:
            _shrink_while_decoding(image, keep_colour=shade != "brightness")
            image.load()
            orientation = image.getexif().get(0x0112, 1)
        except MemoryError as error:
            raise PhotoTooLargeError(_too_large(full_size[0] * full_size[1], limit)) from error
        except _DECODER_ERRORS as error:
            raise UnreadablePhotoError(_DAMAGED) from error
        pixels = _to_grey(image, shade)
    if orientation in _TURNS:
        pixels = np.ascontiguousarray(_TURNS[orientation](pixels))
    is_sideways = orientation in (5, 6, 7, 8)
    width_px, height_px = full_size[::-1] if is_sideways else full_size
    return GreyPhoto(shrink(pixels, WORKING_SIDE_PX), width_px=width_px, height_px=height_px)


def shrink(pixels: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """Shrink so that the longer side is at most `side_px`."""
    height, width = pixels.shape
    scale = side_px / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


# EXIF orientation -> what makes the pixels upright. Source: Exif 2.32, tag 0x0112.
_TURNS: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).T,
    8: lambda pixels: np.rot90(pixels, 1),
}


def _read_bytes(photo: bytes | Path) -> bytes:
    try:
        content = photo.read_bytes() if isinstance(photo, Path) else photo
    except OSError as error:
        raise UnreadablePhotoError(f"Cannot read {photo!s}: {error.strerror}.") from error
    if not content:
        raise EmptyPhotoError("This file is empty; please send the image again.")
    return content


def _open(content: bytes) -> Image.Image:
    """Read an image file's header only."""
    _register_heif()
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise UnreadablePhotoError(_UNKNOWN) from error
    except Image.DecompressionBombError as error:
        pixels = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise PhotoTooLargeError(_too_large(pixels, MAX_PIXELS)) from error
    except _DECODER_ERRORS as error:
        raise UnreadablePhotoError(_DAMAGED) from error


@functools.cache
def _register_heif() -> None:
    # Here and not at the top: importing this module must not change Pillow's global registry.
    import pillow_heif  # noqa: PLC0415

    pillow_heif.register_heif_opener()


def _shrink_while_decoding(image: Image.Image, *, keep_colour: bool) -> None:
    """Ask the JPEG decoder for grey and for the smallest size that is still large enough."""
    scale = WORKING_SIDE_PX / max(image.size)
    if scale < 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    else:
        size = image.size
    # libjpeg cannot make grey of CMYK; that is converted later like any other mode.
    is_plain = image.mode in ("RGB", "L") and not keep_colour
    image.draft("L" if is_plain else image.mode, size)


def _to_grey(image: Image.Image, shade: Shade) -> NDArray[np.uint8]:
    """Make any of Pillow's modes grey, (H, W), and large images smaller on the way."""
    if image.mode == "L" and max(image.size) <= WORKING_SIDE_PX:
        return np.asarray(image)
    # Colours that are laid on transparency go as they go.
    has_colours = not (image.mode.startswith("I") or image.has_transparency_data)
    to_plain = _TO_PLAIN[shade] if has_colours else _to_plain
    factor = max(1, max(image.size) // WORKING_SIDE_PX)
    rows = max(1, _STRIP_PIXELS // (image.width * factor)) * factor
    strips = [
        to_plain(image.crop((0, top, image.width, min(top + rows, image.height)))).reduce(factor)
        for top in range(0, image.height, rows)
    ]
    pixels = np.asarray(np.concatenate([np.asarray(strip) for strip in strips]), dtype=np.uint8)
    return _flatten_transparency(pixels) if pixels.ndim == 3 else pixels


def _to_plain(image: Image.Image) -> Image.Image:
    """Convert to grey (L), or to grey and transparency (LA)."""
    if image.mode.startswith("I"):  # 16 bits per pixel, in 16 or 32
        pixels = np.asarray(image).astype(np.uint32) >> 8
        return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    return image.convert("LA" if image.has_transparency_data else "L")


def _to_darkest(image: Image.Image) -> Image.Image:
    """Keep the darkest of red, green and blue (L)."""
    return functools.reduce(ImageChops.darker, image.convert("RGB").split())


def _to_paleness(image: Image.Image) -> Image.Image:
    """Make grey of how little colour there is (L): the darkest as a share of the brightest."""
    colours = image.convert("RGB")
    darkest = np.asarray(_to_darkest(colours))
    brightest = np.asarray(functools.reduce(ImageChops.lighter, colours.split()))
    floor = np.full_like(darkest, _NOISE)
    share = cv2.divide(cv2.add(darkest, floor), cv2.add(brightest, floor), scale=255)
    return Image.fromarray(np.asarray(share, dtype=np.uint8))


_TO_PLAIN = {"brightness": _to_plain, "darkest": _to_darkest, "paleness": _to_paleness}


def _flatten_transparency(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a transparent picture (H, W, 2) on white, or on black if what it shows is light."""
    grey, alpha = np.moveaxis(pixels.astype(np.float32), 2, 0)
    opacity = alpha / 255
    total = float(opacity.sum())
    is_light = total > 0 and float((grey * opacity).sum()) / total > 127
    paper = 0.0 if is_light else 255.0
    flat = (grey * opacity + paper * (1 - opacity)).round()
    return np.asarray(flat, dtype=np.uint8)


def _most_pixels(image: Image.Image) -> int:
    """Return the largest size that an image of this kind may have."""
    if image.format == "JPEG":
        return MAX_PIXELS
    # Pillow keeps colours in four bytes per pixel. Some decoders hold their own copy beside it.
    is_narrow = image.mode in ("1", "L", "P") and image.format in ("PNG", "BMP", "DIB")
    bytes_per_pixel = 1 if is_narrow else 4
    copies = {"WEBP": 3, "HEIF": 2, "GIF": 2}.get(image.format or "", 1)
    return min(MAX_PIXELS, MAX_DECODED_BYTES // (bytes_per_pixel * copies))


def _too_large(pixels: int, limit: int) -> str:
    return (
        f"This image has {pixels / 1_000_000:.0f} megapixels, more than {limit // 1_000_000}; "
        "please send a smaller one, or a JPEG."
    )
