"""Make up photos of digits, numbers and of nothing to read, with their labels. Seeded.

    python scripts/make_photos.py FOLDER [--count N] [--seed N] [--split validation] [--slant DEG]

Digits are MNIST's; everything else is drawn. The folder gets one JPEG or PNG per photo and a
`labels.csv` (path,label,kind), so that `mnist evaluate --photos FOLDER` scores it.
"""

import argparse
import csv
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import made_up_ink as ink
import numpy as np
from made_up_ink import Ink, Random
from numpy.typing import NDArray

from mnist_model.data import DEFAULT_DATA_DIR, Split, load_test, load_train_and_validation

PAGE_SIZE_PX = ((960, 1280), (1280, 960), (720, 1280), (800, 600))  # width, height
NUMBER_SHARE = 0.35  # of the photos, with a number of one to six digits
SINGLE_SHARE = 0.35  # with one digit; the rest has none

Pixels = NDArray[np.float32]  # (H, W, 3), 0 to 255


@dataclass(frozen=True)
class Sample:
    """One made-up photo."""

    kind: str
    label: str  # "" = no digit
    photo: bytes
    suffix: str


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--data-dir", default=os.environ.get("MNIST_DATA_DIR", DEFAULT_DATA_DIR))
    parser.add_argument("--slant", type=float, default=0.0, help="degrees, uphill or downhill")
    options = parser.parse_args()
    if options.split == "test":
        split = load_test(options.data_dir)
    else:
        split = load_train_and_validation(options.data_dir)[1]
    options.folder.mkdir(parents=True, exist_ok=True)
    with (options.folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label", "kind"))
        random = np.random.default_rng(options.seed)
        samples = make_samples(split, options.count, random, options.slant)
        for number, sample in enumerate(samples):
            name = f"{number:05d}_{sample.kind}.{sample.suffix}"
            (options.folder / name).write_bytes(sample.photo)
            writer.writerow((name, sample.label or "none", sample.kind))


def make_samples(
    split: Split, count: int, random: Random, slant_deg: float = 0.0
) -> Iterator[Sample]:
    """Make up photos: the kinds of `SINGLES`, of `NO_DIGITS` and numbers, in random order.

    Args:
        split: Digits to write.
        count: How many photos.
        random: Where chance comes from.
        slant_deg: What is written is turned by so much, to the left or to the right.
    """
    singles, nothing = list(SINGLES), list(NO_DIGITS)
    for _ in range(count):
        draw = random.random()
        if draw < NUMBER_SHARE:
            yield make_number(split, random, slant_deg)
        elif draw < NUMBER_SHARE + SINGLE_SHARE:
            kind = singles[random.integers(len(singles))]
            yield make_single(split, kind, random, slant_deg)
        else:
            kind = nothing[random.integers(len(nothing))]
            yield Sample(f"no_{kind}", "", encode(NO_DIGITS[kind](random), random), "jpg")


def make_single(split: Split, kind: str, random: Random, slant_deg: float = 0.0) -> Sample:
    """Make a photo of one digit in one of the situations of `SINGLES`."""
    index = random.integers(len(split))
    label = str(split.labels[index])
    size = empty_page(random)
    share = random.uniform(0.06, 0.12) if kind == "small" else random.uniform(0.15, 0.75)
    layer = place(ink.enlarge_digit(split.images[index]), size, share, random, slant_deg)
    return Sample(kind, label, *take(kind, layer, random))


def take(kind: str, layer: Ink, random: Random) -> tuple[bytes, str]:
    """Take a photo of a page in one of the situations of `SINGLES`; return its file and suffix."""
    page = SINGLES[kind](layer, random)
    return (encode_png(page), "png") if kind == "screenshot" else (encode(page, random), "jpg")


def make_number(split: Split, random: Random, slant_deg: float = 0.0) -> Sample:
    """Make a photo of one to six digits in a row, sometimes two rows, some of which touch."""
    rows = 2 if random.random() < 0.15 else 1
    labels, lines = [], []
    for _ in range(rows):
        chosen = random.integers(len(split), size=random.integers(1, 7))
        digits = [ink.enlarge_digit(split.images[index]) for index in chosen]
        # MNIST's digits all fill 20 pixels; a hand varies a little less than their frames do.
        digits = [
            cv2.resize(d, None, fx=s, fy=s) for d in digits for s in [random.uniform(0.9, 1.1)]
        ]
        touching = random.random() < 0.25
        gap = random.uniform(-0.06, 0.0) if touching else random.uniform(0.08, 0.4)
        lines.append(ink.join_digits(digits, random, gap=gap))
        labels.append("".join(str(split.labels[index]) for index in chosen))
    width = max(line.shape[1] for line in lines)
    lines = [np.pad(line, ((0, 0), (0, width - line.shape[1]))) for line in lines]
    space = np.zeros((int(random.uniform(0.25, 0.6) * ink.SIZE_PX), width), np.float32)
    block = np.vstack([part for line in lines for part in (line, space)][:-1])
    layer = place(block, empty_page(random), random.uniform(0.45, 0.95), random, slant_deg)
    make = SINGLES[random.choice([kind for kind in SINGLES if kind != "small"])]
    return Sample(f"number{rows}", " ".join(labels), encode(make(layer, random), random), "jpg")


def empty_page(random: Random) -> tuple[int, int]:
    """Choose a photo's height and width in pixels."""
    width, height = PAGE_SIZE_PX[random.integers(len(PAGE_SIZE_PX))]
    return height, width


def place(
    drawing: Ink, size: tuple[int, int], share: float, random: Random, slant_deg: float = 0.0
) -> Ink:
    """Put a drawing somewhere on a page; its longer side is `share` of the page's side.

    Turned by `slant_deg` to either side, it is smaller where it would leave the page.
    """
    height, width = size
    scale = share * min(width / drawing.shape[1], height / drawing.shape[0])
    degrees = random.normal(0, 3)
    if slant_deg:
        degrees += slant_deg * random.choice((-1, 1))
        drawn = np.ptp(turned_corners(drawing, degrees), axis=1)  # across, down
        scale = min(scale, 0.95 * width / drawn[0], 0.95 * height / drawn[1])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    drawing = cv2.resize(drawing, None, fx=scale, fy=scale, interpolation=interpolation)
    turn = cv2.getRotationMatrix2D((0, 0), degrees, 1)
    corners = turned_corners(drawing, degrees)
    room = np.array((width, height)) - np.ptp(corners, axis=1)
    turn[:, 2] = -corners.min(axis=1) + np.maximum(room, 0) * random.uniform(0.1, 0.9, 2)
    placed = cv2.warpAffine(drawing, turn, (width, height), flags=cv2.INTER_LINEAR)
    return np.clip(placed, 0, 1).astype(np.float32)


def turned_corners(drawing: Ink, degrees: float) -> NDArray[np.float64]:
    """Return where the corners of a drawing lie that is turned around its first one, (2, 4)."""
    height, width = drawing.shape
    turn = cv2.getRotationMatrix2D((0, 0), degrees, 1)
    return np.asarray(turn[:, :2] @ np.array([(0, width, 0, width), (0, 0, height, height)]))


def photograph(
    layer: Ink,
    random: Random,
    *,
    paper: tuple[float, float, float] | None = None,
    pen: tuple[float, float, float] | None = None,
    printed: Ink | None = None,
    print_strength: float = 0.3,
    blur: float = 0.0,
) -> Pixels:
    """Lay ink on paper, tilt it, light it, and take a picture.

    Args:
        layer: The pen's ink, (H, W).
        random: Where chance comes from.
        paper: Its colour; None for some kind of white.
        pen: Its ink's colour; None for black, blue, red or green.
        printed: Lines on the paper, (H, W).
        print_strength: How dark those are.
        blur: Standard deviation in pixels.
    """
    height, width = layer.shape
    paper_rgb = np.array(paper or random.uniform(205, 250) * random.uniform(0.94, 1, 3))
    pens = [(40, 40, 45), (30, 50, 140), (25, 30, 90), (180, 30, 40), (20, 100, 50)]
    pen_rgb = np.array(pen or pens[random.integers(len(pens))]) * random.uniform(0.7, 1.2)
    grain = cv2.resize(random.normal(0, 2.5, (height // 3, width // 3)), (width, height))
    tilt = random_tilt(height, width, random)
    layer = cv2.warpPerspective(layer, tilt, (width, height))
    page = np.broadcast_to(paper_rgb, (height, width, 3)) + grain[..., None]
    if printed is not None:
        printed = cv2.warpPerspective(printed, tilt, (width, height))[..., None]
        page = page * (1 - print_strength * printed)
    # Pens do not press evenly.
    pressure = cv2.resize(random.uniform(0.75, 1, (12, 12)), (width, height))
    strength = (layer * pressure * random.uniform(0.8, 1))[..., None]
    page = page * (1 - strength) + pen_rgb * strength
    page = page * soft_light(height, width, random)[..., None]
    sigma = max(blur, random.uniform(0.3, 1.2))
    page = cv2.GaussianBlur(page.astype(np.float32), (0, 0), sigma)
    return page + random.normal(0, random.uniform(0.5, 3.5), page.shape).astype(np.float32)


def random_tilt(height: int, width: int, random: Random) -> NDArray[np.float32]:
    """Hold the camera a little askew."""
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    moved = corners + random.normal(0, 0.012, (4, 2)).astype(np.float32) * (width, height)
    return cv2.getPerspectiveTransform(corners, moved.astype(np.float32))


def soft_light(height: int, width: int, random: Random) -> NDArray[np.float64]:
    """Light that falls off to one side, and darker corners."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle = random.uniform(0, 2 * np.pi)
    slope = 1 - random.uniform(0, 0.22) * (1 + x * np.cos(angle) + y * np.sin(angle))
    return slope * (1 - random.uniform(0, 0.1) * (x**2 + y**2))


def hard_shadow(page: Pixels, random: Random) -> Pixels:
    """Let a phone or a hand throw its shadow across the page."""
    height, width = page.shape[:2]
    y, x = np.mgrid[:height, :width]
    angle = random.uniform(0, 2 * np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    is_lit = (along > np.quantile(along[::8, ::8], random.uniform(0.2, 0.8))).astype(np.float32)
    edge = cv2.GaussianBlur(is_lit, (0, 0), random.uniform(0.6, 8))
    return page * (random.uniform(0.35, 0.7) * (1 - edge) + edge)[..., None]


def rule(layer: Ink, random: Random, *, squared: bool) -> Ink:
    """Draw the lines of ruled or squared paper."""
    height, width = layer.shape
    lines = np.zeros_like(layer)
    step = int(random.uniform(0.035, 0.16) * min(height, width))
    thick = int(random.integers(1, 4))
    for place_px in range(int(random.integers(step)), height, step):
        lines[place_px : place_px + thick] = 1
    if squared:
        for place_px in range(int(random.integers(step)), width, step):
            lines[:, place_px : place_px + thick] = 1
    return turn_a_little(lines, random)


def frame(layer: Ink, random: Random) -> Ink:
    """Draw a printed square around the ink."""
    left, top, width, height = cv2.boundingRect((layer > 0.3).astype(np.uint8))
    margin = int(random.uniform(0.12, 0.4) * max(width, height))
    lines = np.zeros(layer.shape, np.uint8)
    corners = (left - margin, top - margin), (left + width + margin, top + height + margin)
    cv2.rectangle(lines, *corners, 1, int(random.integers(2, 7)))
    return lines.astype(np.float32)


def turn_a_little(lines: Ink, random: Random) -> Ink:
    """Turn by up to some degrees."""
    height, width = lines.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), random.normal(0, 2.5), 1.15)
    return cv2.warpAffine(lines, turn, (width, height)).astype(np.float32)


def with_print_from_behind(layer: Ink, random: Random) -> Pixels:
    """Show a printed page's text through the paper."""
    text = draw_text_page(layer.shape, random)[:, ::-1]
    return photograph(layer, random, printed=np.ascontiguousarray(text), print_strength=0.1)


def glare(page: Pixels, random: Random) -> Pixels:
    """Let a lamp shine back from the paper."""
    height, width = page.shape[:2]
    y, x = np.mgrid[:height, :width]
    centre = random.uniform(0, 1, 2) * (width, height)
    distance = np.hypot(x - centre[0], y - centre[1]) / (random.uniform(0.1, 0.25) * width)
    return page + 110 * np.exp(-(distance**2))[..., None]


def lay_flat(layer: Ink, random: Random) -> Pixels:
    """Draw on a screen: flat colours, no noise, light on dark as often as dark on light."""
    ground, pen = random.uniform(220, 255, 3), random.uniform(0, 120, 3)
    if random.random() < 0.5:
        ground, pen = random.uniform(0, 45, 3), random.uniform(170, 255, 3)
    return ground * (1 - layer[..., None]) + pen * layer[..., None]


def dimmed(page: Pixels, random: Random) -> Pixels:
    """Take the photo in the dark."""
    return page * random.uniform(0.15, 0.3)


def thick(layer: Ink, random: Random) -> Ink:
    """Write with a marker."""
    _, _, width, height = cv2.boundingRect((layer > 0.3).astype(np.uint8))
    return cv2.dilate(layer, ink.disc(max(width, height) * random.uniform(0.01, 0.03)))


def thin(layer: Ink, random: Random) -> Ink:
    """Write with a pencil: a line along the middle of the stroke."""
    depth = cv2.distanceTransform((layer > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    width = max(1.2, float(depth.max()) * random.uniform(0.35, 0.55))
    kept = (depth >= 0.5) & (depth >= cv2.dilate(depth, np.ones((3, 3))) - 0.6)
    return np.asarray(cv2.dilate(kept.astype(np.float32), ink.disc(width / 2)), np.float32)


SINGLES: dict[str, Callable[[Ink, Random], Pixels]] = {
    "plain": photograph,
    "marker": lambda layer, random: photograph(thick(layer, random), random),
    "pencil": lambda layer, random: photograph(thin(layer, random), random, pen=(110, 110, 115)),
    "small": photograph,
    "hard_shadow": lambda layer, random: hard_shadow(photograph(layer, random), random),
    "ruled": lambda layer, random: photograph(
        layer,
        random,
        printed=rule(layer, random, squared=False),
        print_strength=random.uniform(0.15, 0.6),
    ),
    "squared": lambda layer, random: photograph(
        layer,
        random,
        printed=rule(layer, random, squared=True),
        print_strength=random.uniform(0.15, 0.6),
    ),
    "framed": lambda layer, random: photograph(
        layer,
        random,
        printed=frame(layer, random),
        print_strength=random.uniform(0.4, 0.9),
    ),
    "coloured_paper": lambda layer, random: photograph(
        layer, random, paper=tuple(random.uniform(120, 240, 3)), pen=(30, 30, 60)
    ),
    "yellow_pen": lambda layer, random: photograph(layer, random, pen=(235, 205, 30)),
    "dark": lambda layer, random: dimmed(photograph(layer, random), random),
    "chalk": lambda layer, random: photograph(
        layer, random, paper=(40, 60, 50), pen=(225, 225, 220)
    ),
    "blurred": lambda layer, random: photograph(layer, random, blur=random.uniform(2, 5)),
    "print_behind": with_print_from_behind,
    "glare": lambda layer, random: glare(photograph(layer, random), random),
    "screenshot": lay_flat,
}


def draw_text_page(size: tuple[int, int], random: Random) -> Ink:
    """Print or write lines of letters all over a page."""
    height, width = size
    page = np.zeros(size, np.float32)
    text_height = int(random.uniform(0.02, 0.05) * height)
    for top in range(text_height, height - 2 * text_height, 2 * text_height):
        left = text_height * 2
        while left < width - 6 * text_height:
            word = ink.draw_word(random)
            scale = text_height / ink.SIZE_PX * random.uniform(0.8, 1.1)
            word = cv2.resize(word, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            window = page[top : top + len(word), left : left + word.shape[1]]
            np.maximum(window, word[: len(window), : window.shape[1]], out=window)
            left += word.shape[1] + text_height
    return page


def blank(random: Random) -> Pixels:
    """Take a photo of empty paper, plain, ruled or squared, often in shadow."""
    layer = np.zeros(empty_page(random), np.float32)
    kind = random.integers(3)
    lines = rule(layer, random, squared=kind == 2) if kind else None
    page = photograph(layer, random, printed=lines, print_strength=random.uniform(0.1, 0.6))
    return hard_shadow(page, random) if random.random() < 0.5 else page


def scene(random: Random) -> Pixels:
    """Show no paper at all: fur, faces, rooms; blotches of colour at many scales."""
    height, width = empty_page(random)
    page = np.full((height, width, 3), random.uniform(60, 180))
    for cells in (3, 6, 12, 25, 50, 100):
        noise = random.normal(0, random.uniform(5, 30), (cells, cells, 3)).astype(np.float32)
        page += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(random.integers(0, 8)):
        centre, axes = (
            random.uniform(0, 1, 2) * (width, height),
            random.uniform(0.02, 0.3, 2) * width,
        )
        colour = tuple(random.uniform(0, 255, 3))
        turn = random.uniform(0, 180)
        cv2.ellipse(page, (tuple(centre), tuple(axes), turn), colour, -1, cv2.LINE_AA)
    return page + random.normal(0, 4, page.shape)


def written(draw: Callable[[Random], Ink]) -> Callable[[Random], Pixels]:
    """Put made-up ink on paper."""

    def make(random: Random) -> Pixels:
        drawing = ink.deform(draw(random), random)
        return put_on_paper(drawing, empty_page(random), random)

    return make


def put_on_paper(drawing: Ink, size: tuple[int, int], random: Random) -> Pixels:
    """Photograph a drawing on paper of some size, sometimes in a hard shadow."""
    layer = place(drawing, size, random.uniform(0.2, 0.7), random)
    page = photograph(layer, random)
    return hard_shadow(page, random) if random.random() < 0.3 else page


def text_page(random: Random) -> Pixels:
    """Take a photo of a page of text."""
    return photograph(draw_text_page(empty_page(random), random), random)


NO_DIGITS: dict[str, Callable[[Random], Pixels]] = {
    "blank": blank,
    "scene": scene,
    "text_page": text_page,
    "letter": written(ink.draw_letter),
    "sign": written(ink.draw_sign),
    "word": written(ink.draw_word),
    "scribble": written(ink.draw_scribble),
    "shape": written(ink.draw_shape),
    "blots": written(ink.draw_blots),
}


def encode(page: Pixels, random: Random) -> bytes:
    """Write a JPEG of some quality."""
    pixels = np.ascontiguousarray(page[..., ::-1]).round().clip(0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(60, 95))]
    return bytes(cv2.imencode(".jpg", pixels, quality)[1])


def encode_png(page: Pixels) -> bytes:
    """Write a PNG."""
    pixels = np.ascontiguousarray(page[..., ::-1]).round().clip(0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".png", pixels)[1])


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
