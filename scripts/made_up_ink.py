"""Made-up ink: digits of MNIST and of fonts, and much that is no digit. Seeded, no downloads.

Every function draws on transparent paper: float32 (H, W), 0 is paper and 1 is ink. Used by
`make_photos.py`, which lays it on paper, and by `train_rejector.py`.
"""

import os
import string
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Ink = NDArray[np.float32]
Random = np.random.Generator

SIZE_PX = 96  # of a sign, about
FONTS = (
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSans-Oblique.ttf",
    "DejaVuSansMono.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSerif-Italic.ttf",
    "STIXGeneral.ttf",
    "STIXGeneralItalic.ttf",
)
PENS = (  # OpenCV's single-stroke fonts are nearest to handwriting
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
)
# Letters that are a digit to the eye, in some hand, are not called wrong.
DIGIT_LIKE = set("OoQlIiSsZzqgbGBDyaj")
ALL_LETTERS = string.ascii_letters
LETTERS = [letter for letter in ALL_LETTERS if letter not in DIGIT_LIKE]
SIGNS = list("#%&@?*+=<>~{}[]^$€") + list("авгджиклмнпртуфхцшщыэюяΔΣΩΨλπβγκμψ♥★☺♪✓→↑")


def enlarge_digit(image: NDArray[np.uint8], size_px: int = 4 * SIZE_PX // 3) -> Ink:
    """Enlarge an MNIST image (28, 28) and crop it to its ink."""
    large = cv2.resize(image, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    return crop(np.asarray(large, dtype=np.float32) / 255)


def crop(ink: Ink) -> Ink:
    """Cut the empty margins off; something remains even of nothing."""
    left, top, width, height = cv2.boundingRect((ink > 0.3).astype(np.uint8))
    if width == 0:
        return np.ones((2, 2), np.float32)
    return ink[top : top + height, left : left + width]


def draw_in_font(text: str, random: Random) -> Ink:
    """Print text in one of the fonts that come with matplotlib."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return draw_in(folder / FONTS[random.integers(len(FONTS))], text)


def draw_in_hand(text: str, random: Random) -> Ink:
    """Write text in one of the handwritten fonts in the folder `HANDS_DIR`; without it, print."""
    hands = _list_hands()
    if not hands:
        return draw_in_font(text, random)
    return draw_in(hands[random.integers(len(hands))], text)


def draw_text(text: str, random: Random) -> Ink:
    """Write or print text in any of the ways above."""
    draw = random.random()
    if draw < 0.45:
        return draw_in_hand(text, random)
    return draw_with_pen(text, random) if draw < 0.8 else draw_in_font(text, random)


def draw_in(font: Path, text: str, layout: ImageFont.Layout | None = None) -> Ink:
    """Draw text in the font of a file that Pillow can read, WOFF among them."""
    image = Image.new("L", (SIZE_PX * (len(text) + 2), 3 * SIZE_PX))
    place = (SIZE_PX // 2, SIZE_PX // 2)
    ImageDraw.Draw(image).text(place, text, fill=255, font=_load(font, layout))
    return crop(np.asarray(image, dtype=np.float32) / 255)


@cache
def _load(font: Path, layout: ImageFont.Layout | None) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font, SIZE_PX, layout_engine=layout)


@cache
def _list_hands() -> list[Path]:
    folder = os.environ.get("HANDS_DIR")
    return sorted(Path(folder).glob("*.woff*")) if folder else []


def draw_with_pen(text: str, random: Random) -> Ink:
    """Write text with a single stroke of some width, as a pen does."""
    canvas = np.zeros((3 * SIZE_PX, SIZE_PX * (len(text) + 1)), np.uint8)
    pen = PENS[random.integers(len(PENS))]
    thickness = int(random.integers(3, 11))
    scale = 6.0 if pen == cv2.FONT_HERSHEY_PLAIN else 3.0
    canvas = cv2.putText(canvas, text, (20, 2 * SIZE_PX), pen, scale, 255, thickness, cv2.LINE_AA)
    return crop(np.asarray(canvas, dtype=np.float32) / 255)


def draw_letter(random: Random) -> Ink:
    """Draw one letter that looks like no digit."""
    return draw_text(LETTERS[random.integers(len(LETTERS))], random)


def draw_sign(random: Random) -> Ink:
    """Draw one sign that is no latin letter."""
    return draw_in_font(SIGNS[random.integers(len(SIGNS))], random)


def draw_word(random: Random) -> Ink:
    """Write two to five letters, most of which look like no digit."""
    return draw_text(_choose_letters(random), random)


def draw_hand_letter(random: Random) -> Ink:
    """Draw one letter that looks like no digit, in handwriting."""
    return draw_in_hand(LETTERS[random.integers(len(LETTERS))], random)


def draw_hand_word(random: Random) -> Ink:
    """Draw the same as `draw_word`, in handwriting."""
    return draw_in_hand(_choose_letters(random), random)


def _choose_letters(random: Random) -> str:
    letters = random.choice(LETTERS, size=random.integers(2, 6))
    letters[0] = random.choice(list(ALL_LETTERS))
    return "".join(letters)


def draw_font_digit(label: int, random: Random) -> Ink:
    """Draw a printed or single-stroke digit."""
    return draw_text(str(label), random)


def draw_european_digit(label: int, random: Random) -> Ink:
    """Draw a 1 with a long up-stroke, an open 4, a 7 with its bar, or a 9 with a leg or a tail.

    These are common in Europe and rare in MNIST.
    """
    x, y, reach = random.uniform(0.0, 0.45), random.uniform(0.25, 0.6), random.uniform(0.5, 0.8)
    strokes = {
        1: [[(x, y), (0.7, 0), (0.7 - 0.1 * reach, 1)]],
        4: [[(0.35, 0), (0.05, y + 0.1), (0.85, y + 0.05)], [(0.7, reach - 0.4), (0.6, 1)]],
        7: [[(0.05, 0.05), (0.8, 0), (0.4, 1)], [(0.25, y), (0.9 * reach + 0.1, y - 0.03)]],
        9: [
            [(0.7, 0.1), (0.4, 0), (0.12, 0.15), (0.15, 0.4), (0.45, 0.42), (0.68, 0.2)],
            [(0.72, 0.05), (0.7, 0.5), (0.68 - 0.2 * x, y + 0.3), (0.6 - 1.3 * x, 1)],
        ],
    }[label]
    points = [np.array(stroke) + random.normal(0, 0.02, (len(stroke), 2)) for stroke in strokes]
    if label == 9 and random.random() < 0.7:
        points = [smooth(stroke) for stroke in points]
    return draw_strokes(points, random)


def draw_plain_1(random: Random) -> Ink:
    """Draw a 1 as a bar of any width with blunt or round ends, or with an up-stroke gone over."""
    lean = random.normal(0, 0.12)
    if random.random() < 0.4:
        x, y = random.uniform(0, 0.4), random.uniform(0.25, 0.65)
        again = [np.array([(x, y), (0.7, 0)]) + random.normal(0, 0.05, (2, 2)) for _ in range(2)]
        return draw_strokes([*again, np.array([(0.7, 0), (0.7 - lean, 1)])], random)
    height, width = SIZE_PX, random.uniform(0.05, 0.34) * SIZE_PX
    canvas = np.zeros((2 * SIZE_PX, 3 * SIZE_PX), np.uint8)
    middle = canvas.shape[1] / 2
    top, foot = (middle + lean * height, height / 2), (middle - lean * height, 3 * height / 2)
    if random.random() < 0.5:
        cv2.line(canvas, _round(top), _round(foot), 255, max(1, round(width)), cv2.LINE_AA)
    else:
        sides = ((top, -1), (top, 1), (foot, 1), (foot, -1))
        corners = [_round((x + side * width / 2, y)) for (x, y), side in sides]
        cv2.fillPoly(canvas, [np.array(corners, np.int32)], 255, cv2.LINE_AA)
    return crop(np.asarray(canvas, dtype=np.float32) / 255)


def _round(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0]), round(point[1])


def draw_scribble(random: Random) -> Ink:
    """Draw one to three aimless curves."""
    strokes = []
    for _ in range(random.integers(1, 4)):
        corners = random.uniform(0, 1, (random.integers(3, 11), 2))
        strokes.append(smooth(corners))
    return draw_strokes(strokes, random)


def draw_shape(random: Random) -> Ink:
    """Draw a square, a triangle, a cross, a star, an arrow, a grid, a spiral or a dot."""
    kind = random.integers(7)
    turn = random.uniform(0, 2 * np.pi)
    angles = turn + np.linspace(0, 2 * np.pi, 60)
    circle = np.stack((np.cos(angles), np.sin(angles)), axis=1) / 2 + 0.5
    if kind == 0:  # square or triangle
        corners = circle[:: 60 // random.integers(3, 5)]
        strokes = [np.vstack((corners, corners[:1]))]
    elif kind == 1:  # cross
        strokes = [circle[[0, 30]], circle[[15, 45]]]
    elif kind == 2:  # star
        strokes = [circle[[0, 24, 48, 12, 36, 0]]]
    elif kind == 3:  # arrow
        strokes = [circle[[0, 30]], np.vstack((circle[5] * 0.6 + 0.2, circle[0], circle[55]))]
    elif kind == 4:  # grid
        places = np.linspace(0.1, 0.9, random.integers(2, 5))
        strokes = [np.array([(p, 0), (p, 1)]) for p in places]
        strokes += [np.array([(0, p), (1, p)]) for p in places]
    elif kind == 5:  # spiral
        turns = np.linspace(0.1, 1, 60)[:, None]
        angles = turn + np.linspace(0, random.uniform(3, 5) * np.pi, 60)
        strokes = [np.stack((np.cos(angles), np.sin(angles)), axis=1) * turns / 2 + 0.5]
    else:  # face
        eyes = [circle * 0.1 + place for place in ((0.25, 0.3), (0.65, 0.3))]
        strokes = [circle, *eyes, np.array([(0.3, 0.7), (0.5, 0.8), (0.7, 0.7)])]
    return draw_strokes([s + random.normal(0, 0.01, s.shape) for s in strokes], random)


def draw_blots(random: Random) -> Ink:
    """Draw stains, grain or fur: noise of one scale, cut off at some level."""
    noise = random.normal(size=(SIZE_PX, SIZE_PX)).astype(np.float32)
    across, down = random.uniform(1.5, 12, 2)
    smooth = cv2.GaussianBlur(noise, (0, 0), across, sigmaY=down)
    ink = (smooth > np.quantile(smooth, random.uniform(0.5, 0.92))).astype(np.float32)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8))
    if count > 1 and random.random() < 0.7:  # one stain, as the reader would see it
        ink = (labels == 1 + stats[1:, 4].argmax()).astype(np.float32)
    return crop(ink)


def draw_lines(random: Random) -> Ink:
    """Draw bits of rulings and squares: straight, some crossing, some in dashes."""
    bits = np.zeros((SIZE_PX, SIZE_PX), np.float32)
    thickness, turn = int(random.integers(1, 6)), random.normal(0, 2)
    for _ in range(random.integers(1, 5)):
        start, end = random.uniform(0, SIZE_PX, 2), random.uniform(0, SIZE_PX, 2)
        if random.random() < 0.5:
            end[0] = start[0] + turn
        else:
            end[1] = start[1] + turn
        cv2.line(bits, *(tuple(p.astype(int).tolist()) for p in (start, end)), 1.0, thickness)
    if random.random() < 0.4:
        bits[:: random.integers(5, 30)] = 0
    return crop(bits)


def draw_fragment(digit: Ink, random: Random) -> Ink:
    """Cut a digit, and keep a part."""
    height, width = digit.shape
    angle = random.normal(0, 0.35) + (np.pi / 2 if random.random() < 0.35 else 0)
    y, x = np.mgrid[:height, :width]
    along = (x - width / 2) * np.cos(angle) + (y - height / 2) * np.sin(angle)
    order = np.sort(along[digit > 0.5]) if (digit > 0.5).any() else along.ravel()
    limit = order[int(random.uniform(0.35, 0.7) * (len(order) - 1))]
    part = np.where(along < limit, digit, 0).astype(np.float32)
    return crop(part if random.random() < 0.5 else np.asarray(digit - part, dtype=np.float32))


def join_digits(digits: Sequence[Ink], random: Random, *, gap: float) -> Ink:
    """Write digits side by side; `gap` is in shares of a digit's height, negative overlaps."""
    top_of = [int(random.uniform(0, 0.12) * SIZE_PX) for _ in digits]
    lefts, left = [], 0
    for digit in digits:
        lefts.append(left)
        left += max(4, digit.shape[1] + round(gap * digit.shape[0]))
    height = max(top + len(digit) for top, digit in zip(top_of, digits, strict=True))
    width = max(at + digit.shape[1] for at, digit in zip(lefts, digits, strict=True))
    ink = np.zeros((height, width), np.float32)
    for at, top, digit in zip(lefts, top_of, digits, strict=True):
        window = ink[top : top + len(digit), at : at + digit.shape[1]]
        np.maximum(window, digit, out=window)
    return ink


def deform(ink: Ink, random: Random) -> Ink:
    """Slant, turn, stretch and bend a little, and make the pen thicker or thinner."""
    margin = 16
    padded = cv2.copyMakeBorder(ink, *[margin] * 4, cv2.BORDER_CONSTANT, value=0)
    height, width = padded.shape
    angle, shear = random.normal(0, 0.1), random.normal(0, 0.15)
    x_scale, y_scale = random.uniform(0.75, 1.3, 2)
    matrix = np.array([[np.cos(angle), shear - np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = matrix * (x_scale, y_scale)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    bends = random.normal(0, random.uniform(0, 3.5), (2, 4, 4)).astype(np.float32)
    bend_x, bend_y = (
        cv2.resize(bend, (width, height), interpolation=cv2.INTER_CUBIC) for bend in bends
    )
    centred_x, centred_y = x - width / 2, y - height / 2
    map_x = matrix[0, 0] * centred_x + matrix[0, 1] * centred_y + width / 2 + bend_x
    map_y = matrix[1, 0] * centred_x + matrix[1, 1] * centred_y + height / 2 + bend_y
    bent = cv2.remap(padded, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR)
    change = int(random.integers(-2, 6))
    if change > 0:
        bent = cv2.dilate(bent, disc(change / 2 + 0.5))
    elif change == -2:
        bent = cv2.erode(bent, disc(1))
    return crop(np.asarray(bent, dtype=np.float32))


def draw_strokes(strokes: Sequence[NDArray[np.floating]], random: Random) -> Ink:
    """Draw curves given by points in the unit square, (N, 2) each."""
    canvas = np.zeros((SIZE_PX + 40, SIZE_PX + 40), np.uint8)
    thickness = int(random.integers(3, 13))
    for stroke in strokes:
        points = np.round((stroke * SIZE_PX + 20) * 8).astype(np.int32)
        cv2.polylines(canvas, [points], False, 255, thickness, cv2.LINE_AA, shift=3)
    return crop(np.asarray(canvas, dtype=np.float32) / 255)


def disc(radius: float) -> NDArray[np.uint8]:
    """Make a round structuring element."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return (x**2 + y**2 <= radius**2 + 0.5).astype(np.uint8)


def smooth(corners: NDArray[np.floating]) -> NDArray[np.floating]:
    """Round a polyline's corners, by Chaikin's corner cutting."""
    for _ in range(3):
        near, far = (
            0.75 * corners[:-1] + 0.25 * corners[1:],
            0.25 * corners[:-1] + 0.75 * corners[1:],
        )
        corners = np.stack((near, far), axis=1).reshape(-1, 2)
    return corners


NO_DIGITS: dict[str, Callable[[Random], Ink]] = {
    "letter": draw_letter,
    "hand_letter": draw_hand_letter,
    "sign": draw_sign,
    "word": draw_word,
    "hand_word": draw_hand_word,
    "scribble": draw_scribble,
    "shape": draw_shape,
    "blots": draw_blots,
    "lines": draw_lines,
}
