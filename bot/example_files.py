"""Adapter: writes labelled examples as a folder of pictures, for people and for `mnist`."""

import csv
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from bot.services.ports import Example
from bot.services.readings import NOT_A_DIGIT

COLUMNS = ("path", "label", "read_as", "person", "held_out")


def write_examples(folder: Path, examples: Sequence[Example]) -> None:
    """Write one PNG for each example, and `labels.csv`; label "none" is no digit.

    Args:
        folder: Made if missing. Files of an earlier export with the same names are replaced.
        examples: In any order.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for example in examples:
            name = f"{example.id}.png"
            Image.frombytes("L", (28, 28), example.image).save(folder / name)
            label = "none" if example.label == NOT_A_DIGIT else example.label
            held_out = "yes" if example.is_held_out else "no"
            rows.writerow([name, label, example.read_as, example.person, held_out])
