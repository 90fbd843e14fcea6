"""The generator of made-up photos: seeded, labelled, and readable."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_model.data import Split

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def make_photos(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import make_photos

    yield make_photos
    for name in ("make_photos", "made_up_ink", "made_up_scenes"):
        sys.modules.pop(name, None)


def test_same_seed_same_photos(make_photos, small_split):
    def make() -> list:
        return list(make_photos.make_samples(small_split, 3, np.random.default_rng(5)))

    first, second = make(), make()
    assert [sample.photo for sample in first] == [sample.photo for sample in second]
    assert [sample.label for sample in first] == [sample.label for sample in second]


def test_every_situation_and_negative_is_a_photo(make_photos, small_split):
    random = np.random.default_rng(0)
    import io

    kinds = ("plain", "yellow_pen", "hard_shadow", "screenshot")
    samples = [make_photos.make_single(small_split, kind, random) for kind in kinds]
    samples.append(make_photos.make_number(small_split, random))
    for sample in samples:
        assert sample.label.replace(" ", "").isdigit()
        with Image.open(io.BytesIO(sample.photo)) as image:
            assert min(image.size) >= 600
    for kind in ("blank", "letter"):
        page = make_photos.NO_DIGITS[kind](random)
        assert page.ndim == 3


def test_digits_come_from_the_split_given(make_photos):
    split = Split(np.full((4, 28, 28), 255, np.uint8), np.full(4, 7))
    sample = make_photos.make_single(split, "plain", np.random.default_rng(0))
    assert sample.label == "7"


def test_scenes_name_what_the_reader_cuts_out(make_photos, small_split):  # noqa: ARG001
    import made_up_scenes

    def make() -> list:
        return list(made_up_scenes.make_examples(small_split, 12, np.random.default_rng(3)))

    first, second = make(), make()
    assert [one.label for one in first] == [one.label for one in second]
    assert all((a.around == b.around).all() for a, b in zip(first, second, strict=True))
    labels = {one.label for one in first}
    assert made_up_scenes.NO_DIGIT in labels
    assert labels & set(range(10))
    assert labels <= set(range(11))


def test_rows_come_with_their_digits_and_in_whole_steps(make_photos):  # noqa: ARG001
    import made_up_scenes

    split = Split(np.zeros((2, 28, 28), np.uint8), np.array([0, 1]))
    split.images[0, 4:24, 6:22], split.images[0, 8:20, 10:18] = 255, 0
    split.images[1, 4:24, 12:16] = 255
    rows = list(made_up_scenes.make_rows(split, 40, np.random.default_rng(1)))
    assert {len(row.digits) for row in rows} >= {0, 1, 2, 3, 4, 5, 6}
    for row in rows:
        assert row.pixels.shape[0] == 32
        assert row.pixels.shape[1] % 2 == 0


def test_a_row_of_which_a_digit_is_cut_off_is_not_named(make_photos):  # noqa: ARG001
    import made_up_scenes

    from mnist_model.segmentation import Piece
    from mnist_model.writing import Line

    owners = np.zeros((2, 20, 60), np.float32)
    owners[0, 5:15, 30:50], owners[1, 5:15, 5:25] = 1, 1
    scene = made_up_scenes.Scene("number", owners, (3, 8))
    whole = Piece(np.ones((10, 45), np.bool_), left=5, top=5)
    part = Piece(np.ones((10, 30), np.bool_), left=20, top=5)
    assert made_up_scenes.name_row(Line((whole,), 10), scene) == (8, 3)
    assert made_up_scenes.name_row(Line((part,), 10), scene) is None


@pytest.mark.parametrize(("share", "label"), [(1.0, 3), (0.85, -1), (0.5, 10)])
def test_a_part_of_a_digit_is_none(make_photos, share, label):  # noqa: ARG001
    import made_up_scenes

    from mnist_model.segmentation import Piece

    owners = np.zeros((1, 20, 30), np.float32)
    owners[0, 5:15, 5:25] = 1
    scene = made_up_scenes.Scene("number", owners, (3,))
    piece = Piece(np.ones((10, round(20 * share)), np.bool_), left=5, top=5)
    assert made_up_scenes.name(piece, scene) == label
