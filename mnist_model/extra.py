"""Labelled examples beside MNIST's, such as people's corrections: one .npz, or a folder.

No torch here: whoever has examples writes them with `write_npz`; `mnist train --extra` reads them.
"""

import csv
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_model.config import CLASSES, IMAGE_SIZE_PX
from mnist_model.data import Split
from mnist_model.errors import DataError
from mnist_model.files import write_atomically

NO_DIGIT = CLASSES  # the label of what is no digit; "none" in a labels.csv

_ARRAYS = {"images": np.uint8, "labels": np.int64, "ids": np.int64}
_FLAGS = ("held_out", "vetted")
_YES_OR_NO = {"yes": True, "no": False, "": False}


@dataclass(frozen=True, eq=False)
class ExtraExamples:
    """Labelled images that are not MNIST's."""

    images: NDArray[np.uint8]  # (N, 28, 28), as in MNIST: 0 is paper, 255 is ink
    labels: NDArray[np.int64]  # (N,), 0 to 9, or NO_DIGIT
    ids: NDArray[np.int64]  # (N,), each but once; whose they are is up to who made them
    held_out: NDArray[np.bool_]  # (N,), never to be trained on, only to judge by
    vetted: NDArray[np.bool_]  # (N,), somebody has decided that the label is right

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.labels)

    def __post_init__(self) -> None:
        """Refuse what is no set of examples.

        Raises:
            DataError: Arrays do not fit each other, a label is out of range, or an id comes twice.
        """
        if self.images.shape != (len(self), IMAGE_SIZE_PX, IMAGE_SIZE_PX):
            raise DataError(
                f"The examples' images must be {IMAGE_SIZE_PX}x{IMAGE_SIZE_PX}, one for each of "
                f"{len(self)} labels, not {self.images.shape}."
            )
        for name in ("labels", "ids", *_FLAGS):
            if getattr(self, name).shape != (len(self),):
                raise DataError(f"The examples' {name} must be one for each label.")
        outside = self.labels[(self.labels < 0) | (self.labels > NO_DIGIT)]
        if len(outside):
            raise DataError(
                f"The label {outside[0]} is out of range; use 0 to 9, or {NO_DIGIT} for no digit."
            )
        ids, counts = np.unique(self.ids, return_counts=True)
        if (counts > 1).any():
            raise DataError(f"The id {ids[counts > 1][0]} comes twice among the examples.")

    @property
    def is_digit(self) -> NDArray[np.bool_]:
        """Which examples show a digit, (N,)."""
        return np.not_equal(self.labels, NO_DIGIT)

    def where(self, chosen: NDArray[np.bool_]) -> "ExtraExamples":
        """Return the examples that `chosen` (N,) tells."""
        return ExtraExamples(**{name: array[chosen] for name, array in vars(self).items()})

    def as_split(self) -> Split:
        """Return images and labels alone."""
        return Split(self.images, self.labels)


def load_extra(path: Path) -> ExtraExamples:
    """Read examples from a .npz file, or from a folder with pictures and a labels.csv.

    Raises:
        DataError: There are none, or something is wrong with them; the message says what.
    """
    examples = _load_folder(path) if path.is_dir() else _load_npz(path)
    if len(examples) == 0:
        raise DataError(f"There are no examples in {path}.")
    return examples


def write_npz(path: Path, examples: ExtraExamples) -> None:
    """Write examples so that `path` holds either all of them or what it held before.

    Raises:
        OSError: The file cannot be written there.
    """
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **vars(examples))
    write_atomically(path, content.getvalue())


def _load_npz(path: Path) -> ExtraExamples:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            # A .npy file is read as a bare array.
            arrays = dict(loaded) if isinstance(loaded, np.lib.npyio.NpzFile) else {}
    except OSError as error:
        raise DataError(f"Cannot read the examples {path}: {error.strerror or error}.") from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no .npz file of examples, or is damaged.") from error
    missing = [name for name in (*_ARRAYS, *_FLAGS) if name not in arrays]
    if missing:
        raise DataError(f"{path} has no array called {missing[0]}.")
    for name, kind in (*_ARRAYS.items(), *((flag, np.bool_) for flag in _FLAGS)):
        if not np.can_cast(arrays[name].dtype, kind, "safe"):
            raise DataError(
                f"The array {name} of {path} holds {arrays[name].dtype}, not {kind.__name__}."
            )
        arrays[name] = arrays[name].astype(kind)
    return ExtraExamples(**{name: arrays[name] for name in (*_ARRAYS, *_FLAGS)})


def _load_folder(folder: Path) -> ExtraExamples:
    rows = _read_rows(folder / "labels.csv")
    return ExtraExamples(
        images=np.array(
            [_read_image(folder, row["path"] or "", number) for number, row in rows], np.uint8
        ).reshape(-1, IMAGE_SIZE_PX, IMAGE_SIZE_PX),
        labels=np.array([_parse_label(row["label"], number) for number, row in rows], np.int64),
        ids=np.array([_parse_id(row.get("id"), number) for number, row in rows], np.int64),
        held_out=_parse_flags(rows, "held_out"),
        vetted=_parse_flags(rows, "vetted"),
    )


_Rows = list[tuple[int, Mapping[str, str | None]]]  # the line's number in the file; its values


def _read_rows(path: Path) -> _Rows:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            columns = table.fieldnames or ()
            rows: _Rows = [(table.line_num, row) for row in table]
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no table in UTF-8 with commas between the values.") from error
    missing = [name for name in ("path", "label") if name not in columns]
    if missing:
        raise DataError(f"{path} has no column called {missing[0]}.")
    return rows


def _read_image(folder: Path, name: str, line: int) -> NDArray[np.uint8]:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"Line {line} of labels.csv: {name} lies outside the folder.")
    try:
        with Image.open(path) as picture:
            if picture.size != (IMAGE_SIZE_PX, IMAGE_SIZE_PX):
                raise DataError(
                    f"{path} has {picture.width}x{picture.height} pixels, "
                    f"not {IMAGE_SIZE_PX}x{IMAGE_SIZE_PX}."
                )
            return np.asarray(picture.convert("L"), dtype=np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} is no picture that can be read.") from error


def _parse_label(text: str | None, line: int) -> int:
    label = (text or "nothing").strip().lower()
    if label == "none":
        return NO_DIGIT
    if label not in set("0123456789"):
        raise DataError(f"Line {line} of labels.csv: the label must be 0-9 or none, not {label}.")
    return int(label)


def _parse_id(text: str | None, line: int) -> int:
    """Return the id; without one, the line's number serves."""
    if not (text or "").strip():
        return line
    try:
        return int(text or "")
    except ValueError as error:
        raise DataError(f"Line {line} of labels.csv: the id must be a number.") from error


def _parse_flags(rows: _Rows, name: str) -> NDArray[np.bool_]:
    flags = []
    for line, row in rows:
        text = (row.get(name) or "").strip().lower()
        if text not in _YES_OR_NO:
            raise DataError(f"Line {line} of labels.csv: {name} must be yes or no, not {text}.")
        flags.append(_YES_OR_NO[text])
    return np.array(flags, np.bool_)
