"""Digits, and what is none, as they come back from photos: what networks learn from. Seeded.

The photos are those of `make_photos.py`, only small: so making one takes 20 milliseconds.
"""

from dataclasses import dataclass

import made_up_ink as ink
import make_photos as photos
import numpy as np
from made_up_ink import Random
from made_up_scenes import NO_DIGIT
from numpy.typing import NDArray

from mnist_model.data import Split
from mnist_model.photo import find_writing
from mnist_model.segmentation import Piece, cut_line, join, list_candidates
from mnist_model.writing import Writing

_SIDE_PX = (110, 300)  # of a photo
_SHARE = (0.3, 0.8)  # of a photo's side, a digit has
# Print from behind is read instead of some digits, and a small one is a dot in a small photo.
_SITUATIONS = [kind for kind in photos.SINGLES if kind not in ("small", "print_behind")]
# How often each kind of nothing is photographed.
_NOTHING = {
    "letter": (0.22, ink.draw_letter),
    "sign": (0.18, ink.draw_sign),
    "word": (0.12, ink.draw_word),
    "scribble": (0.24, ink.draw_scribble),
    "shape": (0.12, ink.draw_shape),
    "blots": (0.12, ink.draw_blots),
}
_MOST_OF_ONE = 3  # pieces of one photo of nothing


@dataclass(frozen=True, eq=False)
class Copies:
    """Images cut out of photos."""

    images: NDArray[np.uint8]  # (N, 28, 28)
    labels: NDArray[np.int64]  # (N,), 0 to 9, or NO_DIGIT
    kinds: NDArray[np.str_]  # (N,), situations or kinds of nothing


def photograph_digits(split: Split, random: Random) -> Copies:
    """Take a photo of each digit, and cut it out again; one that is not found is left out."""
    images, labels, kinds = [], [], []
    for image, label in zip(split.images, split.labels, strict=True):
        kind = _SITUATIONS[random.integers(len(_SITUATIONS))]
        share = random.uniform(*_SHARE)
        layer = photos.place(ink.enlarge_digit(image), _choose_size(random), share, random)
        writing = find_writing(photos.take(kind, layer, random)[0])
        if len(writing.lines) == 1:
            images.append(writing.cut_out(join(writing.lines[0].pieces)).image)
            labels.append(label)
            kinds.append(f"photo_{kind}")
    return Copies(np.stack(images), np.array(labels), np.array(kinds))


def photograph_nothing(count: int, random: Random) -> Copies:
    """Take `count` photos of what is no digit, and cut out some of what the reader finds."""
    names = list(_NOTHING)
    shares = [share for share, _ in _NOTHING.values()]
    images, kinds = [], []
    for _ in range(count):
        kind = names[random.choice(len(names), p=shares)]
        drawing = ink.deform(_NOTHING[kind][1](random), random)
        page = photos.put_on_paper(drawing, _choose_size(random), random)
        writing = find_writing(photos.encode(page, random))
        for piece in _some_pieces(writing, random, is_word=kind == "word"):
            images.append(writing.cut_out(piece).image)
            kinds.append(f"photo_no_{kind}")
    return Copies(np.stack(images), np.full(len(images), NO_DIGIT), np.array(kinds))


def _choose_size(random: Random) -> tuple[int, int]:
    height = int(random.integers(*_SIDE_PX))
    return height, int(height * random.uniform(0.8, 1.25))


def _some_pieces(writing: Writing, random: Random, *, is_word: bool) -> list[Piece]:
    """Choose pieces; of a word only wide ones, since a letter of it may look like a digit."""
    chosen: list[Piece] = []
    for line in writing.lines:
        if len(line.pieces) == 1 and not is_word:
            chosen += line.pieces
            continue
        found = list_candidates(cut_line(line.pieces, line.height), line.height)
        some = [found[index].piece for index in random.permutation(len(found))[:2]]
        chosen += [
            piece for piece in some if not is_word or piece.mask.shape[1] > 1.1 * piece.height
        ]
    return chosen[:_MOST_OF_ONE]
