import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from mnist_model.decoding import WORKING_SIDE_PX, decode_photo
from mnist_model.errors import EmptyPhotoError, PhotoTooLargeError, UnreadablePhotoError


@pytest.fixture(autouse=True, scope="module")
def heif_can_be_written():
    """Let Pillow write HEIF; reading registers it for itself, but only from the first photo on."""
    pillow_heif.register_heif_opener()


@pytest.fixture
def page():
    """A light page with a dark block in its upper left quarter, (60, 90)."""
    pixels = np.full((60, 90), 220, np.uint8)
    pixels[5:25, 10:35] = 30
    return pixels


def _encode(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _assert_shows(photo, page, tolerance):
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape == page.shape
    assert np.abs(photo.pixels.astype(int) - page).mean() < tolerance


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "HEIF"])
def test_every_format_is_opened(page, kind):
    content = _encode(Image.fromarray(page).convert("RGB"), kind)
    photo = decode_photo(content)
    _assert_shows(photo, page, tolerance=4)
    assert (photo.width_px, photo.height_px) == (90, 60)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("YCbCr", "JPEG"),
    ],
)
def test_every_mode_becomes_grey(page, mode, kind):
    black_and_white = np.where(page > 127, 255, 0).astype(np.uint8)
    content = _encode(Image.fromarray(black_and_white).convert("RGB").convert(mode), kind)
    _assert_shows(decode_photo(content), black_and_white, tolerance=4)


def test_sixteen_bits_keep_their_brightness(page):
    content = _encode(Image.fromarray(page.astype(np.uint16) * 257), "PNG")
    _assert_shows(decode_photo(content), page, tolerance=1)


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (255, 0)])
def test_transparent_ground_contrasts_with_the_drawing(page, ink, ground):
    alpha = np.where(page < 127, 255, 0).astype(np.uint8)
    grey = np.full_like(page, ink)
    content = _encode(Image.fromarray(np.dstack((grey, alpha)), "LA"), "PNG")
    pixels = decode_photo(content).pixels
    assert pixels[10, 20] == ink
    assert pixels[50, 80] == ground


def test_transparent_palette_colours_are_transparent(page):
    image = Image.fromarray((page < 127).astype(np.uint8)).convert("P")
    image.putpalette([0, 0, 0, 10, 10, 10])
    pixels = decode_photo(_encode(image, "PNG", transparency=0)).pixels
    assert pixels[10, 20] == 10
    assert pixels[50, 80] == 255


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_photos_are_turned_upright(page, orientation, kind):
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = Image.fromarray(page)
    if undo is not None:
        stored = stored.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decode_photo(_encode(stored, kind, exif=exif))
    _assert_shows(photo, page, tolerance=4)
    assert (photo.width_px, photo.height_px) == (90, 60)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_large_photos_are_shrunk_and_their_size_is_remembered(kind):
    photo = decode_photo(_encode(Image.new("RGB", (4000, 3000), "white"), kind))
    assert photo.pixels.shape == (WORKING_SIDE_PX * 3 // 4, WORKING_SIDE_PX)
    assert (photo.width_px, photo.height_px) == (4000, 3000)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "HEIF"])
def test_cut_off_files_are_told(page, kind):
    noisy = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    content = _encode(Image.fromarray(noisy), kind)
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(UnreadablePhotoError):
            decode_photo(content[: int(len(content) * share)])


@pytest.mark.parametrize(
    "content", [b"hello, I am text", b"%PDF-1.7\n", b"\x00" * 1000, b"\xff\xd8\xff\xe0", b"GIF89a"]
)
def test_what_is_not_an_image_is_told(content):
    with pytest.raises(UnreadablePhotoError):
        decode_photo(content)


def test_an_empty_file_is_told():
    with pytest.raises(EmptyPhotoError, match="empty"):
        decode_photo(b"")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UnreadablePhotoError, match="No such file"):
        decode_photo(tmp_path / "nothing.jpg")


def _png_header(width, height):
    """A PNG that promises many pixels and has none."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(10_001, 10_000), (60_000, 60_000)])
def test_too_many_pixels_are_refused_by_the_header(size):
    with pytest.raises(PhotoTooLargeError, match="megapixels"):
        decode_photo(_png_header(*size))


@pytest.mark.parametrize(
    ("mode", "kind", "size"),
    [("RGB", "PNG", (6000, 5000)), ("RGB", "WEBP", (4000, 3000))],
)
def test_what_cannot_be_shrunk_while_decoding_is_held_to_less_memory(mode, kind, size):
    content = _encode(Image.new(mode, size), kind)
    with pytest.raises(PhotoTooLargeError, match="or a JPEG"):
        decode_photo(content)


def test_the_darkest_channel_shows_yellow_ink():
    page = np.full((60, 90, 3), 250, np.uint8)
    page[20:40, 30:60] = (250, 235, 40)
    content = _encode(Image.fromarray(page), "PNG")
    assert decode_photo(content).pixels[30, 45] > 200
    assert decode_photo(content, shade="darkest").pixels[30, 45] == 40


def test_paleness_shows_coloured_ink_and_no_shadow():
    page = np.full((60, 90, 3), 250, np.uint8)
    page[:, 40:60] = 100  # a bar's shadow
    page[20:40, 30:50] = (40, 60, 160)
    page[20:40, 40:50] = (16, 24, 64)
    pixels = decode_photo(_encode(Image.fromarray(page), "PNG"), shade="paleness").pixels
    assert pixels[5, 50] == pixels[5, 5] == 255
    assert pixels[30, 35] < 80
    assert pixels[30, 45] < 100


def test_what_is_nearly_black_is_pale():
    page = np.zeros((60, 90, 3), np.uint8)
    page[20:40, 30:50] = (0, 1, 2)  # noise
    pixels = decode_photo(_encode(Image.fromarray(page), "PNG"), shade="paleness").pixels
    assert pixels.min() > 200


def test_large_palettes_and_transparency_are_shrunk_in_strips():
    page = np.full((2600, 2600), 255, np.uint8)
    page[1000:1600, 1000:1600] = 0
    for mode in ("P", "LA", "1"):
        pixels = decode_photo(_encode(Image.fromarray(page).convert(mode), "PNG")).pixels
        assert max(pixels.shape) <= WORKING_SIDE_PX
        middle = len(pixels) // 2
        assert pixels[middle, middle] < 20
        assert pixels[10, 10] > 235
