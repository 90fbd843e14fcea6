"""Adapter: labelled examples as files, a folder of pictures for people or one .npz file.

`mnist_model.extra` reads both, for training and for `read_examples`.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from bot.errors import ExamplesError
from bot.services.learning import LabelledImage, is_held_out_image
from bot.services.ports import Example
from bot.services.readings import NOT_A_DIGIT
from mnist_model.errors import DataError
from mnist_model.extra import load_extra
from mnist_model.files import write_atomically

COLUMNS = ("path", "label", "read_as", "person", "held_out", "id", "vetted")


def write_examples(path: Path, examples: Sequence[Example]) -> None:
    """Write a .npz file if the path ends so, and else a folder.

    Args:
        path: The file, which is replaced, or the folder. Folders are made if missing.
        examples: In any order.

    Raises:
        OSError: It cannot be written there.
    """
    if path.suffix.lower() == ".npz":
        _write_npz(path, examples)
    else:
        _write_folder(path, examples)


def _write_npz(path: Path, examples: Sequence[Example]) -> None:
    """Write one array for each thing to know of an example; label 10 is no digit."""
    content = io.BytesIO()
    pixels = b"".join(example.image for example in examples)
    np.savez_compressed(
        content,
        images=np.frombuffer(pixels, np.uint8).reshape(-1, 28, 28),  # (N, 28, 28)
        labels=np.array([example.label for example in examples], np.int64),  # (N,), as the rest
        ids=np.array([example.id for example in examples], np.int64),
        held_out=np.array([example.is_held_out for example in examples], np.bool_),
        vetted=np.array([example.is_vetted for example in examples], np.bool_),
        # People are numbered from 1; nobody has said so of what was imported.
        person=np.array([example.person or 0 for example in examples], np.int64),
    )
    write_atomically(path, content.getvalue())


def _write_folder(folder: Path, examples: Sequence[Example]) -> None:
    """Write one PNG for each example, and `labels.csv`; label "none" is no digit.

    Files of an earlier export with the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for example in examples:
            name = f"{example.id}.png"
            Image.frombytes("L", (28, 28), example.image).save(folder / name)
            rows.writerow(
                [
                    name,
                    "none" if example.label == NOT_A_DIGIT else example.label,
                    example.read_as,
                    example.person,
                    "yes" if example.is_held_out else "no",
                    example.id,
                    "yes" if example.is_vetted else "no",
                ]
            )


def read_examples(path: Path) -> list[LabelledImage]:
    """Read examples from a folder with a labels.csv, or from a .npz file.

    If the files mark none as held out, about a fifth is, chosen by a hash of the image.

    Raises:
        ExamplesError: Something is wrong with them; the message says what.
    """
    try:
        extra = load_extra(path)
    except DataError as error:
        raise ExamplesError(str(error)) from error
    images = [image.tobytes() for image in extra.images]
    is_marked = bool(extra.held_out.any())
    return [
        LabelledImage(
            image,
            int(label),
            is_held_out=bool(held_out) if is_marked else is_held_out_image(image),
        )
        for image, label, held_out in zip(images, extra.labels, extra.held_out, strict=True)
    ]
