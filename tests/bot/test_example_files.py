import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.errors import ExamplesError
from bot.example_files import COLUMNS, read_examples, write_examples
from bot.services.learning import LabelledImage
from bot.services.ports import Example
from bot.services.readings import NOT_A_DIGIT
from mnist_model.extra import load_extra

IMAGE = bytes(range(256)) * 3 + bytes(16)
EXAMPLES = [
    Example(-4, bytes(784), 5, is_held_out=False, is_vetted=True, read_as=None, person=None),
    Example(17, IMAGE, 1, is_held_out=True, is_vetted=False, read_as=7, person=1),
    Example(18, IMAGE[::-1], NOT_A_DIGIT, is_held_out=False, is_vetted=True, read_as=3, person=2),
]


@pytest.mark.parametrize("name", ["new/examples", "new/examples.npz", "new/EXAMPLES.NPZ"])
def test_what_is_written_is_what_training_reads(tmp_path: Path, name: str) -> None:
    write_examples(tmp_path / name, EXAMPLES)
    read = load_extra(tmp_path / name)
    assert [image.tobytes() for image in read.images] == [e.image for e in EXAMPLES]
    assert read.labels.tolist() == [5, 1, 10]
    assert read.ids.tolist() == [-4, 17, 18]
    assert read.held_out.tolist() == [False, True, False]
    assert read.vetted.tolist() == [True, False, True]


def test_folder_is_for_people_too(tmp_path: Path) -> None:
    write_examples(tmp_path, EXAMPLES)
    with (tmp_path / "labels.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header == list(COLUMNS)
    assert rows == [
        ["-4.png", "5", "", "", "no", "-4", "yes"],
        ["17.png", "1", "7", "1", "yes", "17", "no"],
        ["18.png", "none", "3", "2", "no", "18", "yes"],
    ]
    with Image.open(tmp_path / "17.png") as picture:
        assert (picture.mode, picture.size, picture.tobytes()) == ("L", (28, 28), IMAGE)


def test_npz_tells_people_apart(tmp_path: Path) -> None:
    write_examples(tmp_path / "examples.npz", EXAMPLES)
    with np.load(tmp_path / "examples.npz") as arrays:
        kinds = {name: (str(array.dtype), array.shape) for name, array in arrays.items()}
        assert arrays["person"].tolist() == [0, 1, 2]
    assert kinds == {
        "images": ("uint8", (3, 28, 28)),
        "labels": ("int64", (3,)),
        "ids": ("int64", (3,)),
        "held_out": ("bool", (3,)),
        "vetted": ("bool", (3,)),
        "person": ("int64", (3,)),
    }


def test_npz_of_nothing_has_its_shapes(tmp_path: Path) -> None:
    write_examples(tmp_path / "examples.npz", [])
    with np.load(tmp_path / "examples.npz") as arrays:
        assert arrays["images"].shape == (0, 28, 28)


@pytest.mark.parametrize("name", ["taken/examples", "taken/examples.npz"])
def test_place_that_cannot_be_written_is_an_os_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OSError, match="taken"):
        write_examples(tmp_path / name, EXAMPLES)


@pytest.mark.parametrize("name", ["examples", "examples.npz"])
def test_what_was_written_is_read_back_with_its_marks(tmp_path: Path, name: str) -> None:
    write_examples(tmp_path / name, EXAMPLES)
    expected = [LabelledImage(e.image, e.label, is_held_out=e.is_held_out) for e in EXAMPLES]
    assert read_examples(tmp_path / name) == expected


def test_of_examples_without_marks_some_are_held_out(tmp_path: Path) -> None:
    for i in range(100):
        Image.new("L", (28, 28), i).save(tmp_path / f"{i}.png")
    rows = "".join(f"{i}.png,{i % 10}\n" for i in range(100))
    (tmp_path / "labels.csv").write_text("path,label\n" + rows)
    held_out = [example.is_held_out for example in read_examples(tmp_path)]
    assert 10 <= sum(held_out) <= 30
    assert [example.is_held_out for example in read_examples(tmp_path)] == held_out


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExamplesError, match="labels.csv"):
        read_examples(tmp_path)
