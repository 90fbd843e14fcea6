"""Adapter: writes labelled examples, as a folder of pictures for people or as one .npz file.

`mnist_model.extra` reads both.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from bot.services.ports import Example
from bot.services.readings import NOT_A_DIGIT
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
