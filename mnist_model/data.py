"""MNIST: downloaded once through torchvision, read from its idx files, split in an honest way.

MNIST comes in two parts. Of its 60,000 training images the last 5,000 are our validation split, by
which recipes are chosen; the 10,000 test images are the test split, read only by `evaluate.py`.
`load_mnist` is the exception: it hands out what the recipe we start from hands out.
"""

import contextlib
import gzip
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_model.config import IMAGE_SIZE_PX, MNIST_MEAN, MNIST_STD
from mnist_model.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor, device
    from torch.utils.data import DataLoader

DEFAULT_DATA_DIR = "~/.pytorch/MNIST_data/"
VALIDATION_SIZE = 5_000

# Source: the files' names and format, http://yann.lecun.com/exdb/mnist/
_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
_IDX_UINT8 = 0x08


@dataclass(frozen=True, eq=False)
class Split:
    """Images with their labels."""

    images: NDArray[np.uint8]  # (N, 28, 28), 0 is paper, 255 is ink
    labels: NDArray[np.int64]  # (N,), 0 to 9

    def __len__(self) -> int:
        """Count the images."""
        return len(self.labels)

    def joined_with(self, other: "Split") -> "Split":
        """Return the images of both, this split's first."""
        return Split(
            np.concatenate((self.images, other.images)),
            np.concatenate((self.labels, other.labels)),
        )

    def sha256(self) -> str:
        """Identify the data a model was trained on."""
        return hashlib.sha256(self.images.tobytes() + self.labels.tobytes()).hexdigest()

    def to_tensors(self, device: "device | str") -> "tuple[Tensor, Tensor]":
        """Move the whole split to a device: pixels as uint8 (N, 784), labels as int64 (N,).

        60,000 images are 47 MB, so they fit on any device and need no loader.
        """
        import torch  # noqa: PLC0415 - slow to import; splits are also used without it

        # Copied, because torch warns of arrays that it could write to but must not.
        pixels = torch.from_numpy(self.images.reshape(len(self), -1).copy())  # (N, 784)
        return pixels.to(device), torch.from_numpy(self.labels.copy()).to(device)


def load_mnist(
    data_dir: str | Path = DEFAULT_DATA_DIR, batch_size: int = 64
) -> "tuple[DataLoader[tuple[Tensor, ...]], DataLoader[tuple[Tensor, ...]]]":
    """Load MNIST as the recipe we start from does.

    Args:
        data_dir: Folder that holds or will hold torchvision's `MNIST/raw`. Written to only if the
            files are missing.
        batch_size: Images per batch.

    Returns:
        Shuffled loaders of (images, labels): float32 (B, 1, 28, 28) in [-1, 1], int64 (B,). The
        first has MNIST's 60,000 training images. The second has its 10,000 test images: the source
        calls them validation, and only reports on them. To choose between models, use
        `load_train_and_validation`.

    Raises:
        DataError: The files are missing and cannot be downloaded, or are damaged.
    """
    # Slow to import; the rest of this module works without it.
    from torch.utils.data import DataLoader, TensorDataset  # noqa: PLC0415

    loaders = []
    for part in ("train", "test"):
        pixels, labels = _load_part(data_dir, part).to_tensors("cpu")
        images = (pixels.float() / 255 - MNIST_MEAN) / MNIST_STD  # (N, 784)
        dataset = TensorDataset(images.view(-1, 1, IMAGE_SIZE_PX, IMAGE_SIZE_PX), labels)
        loaders.append(DataLoader(dataset, batch_size=batch_size, shuffle=True))
    return loaders[0], loaders[1]


def load_train_and_validation(
    data_dir: str | Path = DEFAULT_DATA_DIR, *, validation_size: int = VALIDATION_SIZE
) -> tuple[Split, Split]:
    """Load the 55,000 images to train on and the 5,000 to choose by.

    Raises:
        DataError: The files are missing and cannot be downloaded, or are damaged.
    """
    part = _load_part(data_dir, "train")
    cut = len(part) - validation_size
    return Split(part.images[:cut], part.labels[:cut]), Split(part.images[cut:], part.labels[cut:])


def load_test(data_dir: str | Path = DEFAULT_DATA_DIR) -> Split:
    """Load the 10,000 test images. In this package, only `evaluate.py` calls this.

    Raises:
        DataError: The files are missing and cannot be downloaded, or are damaged.
    """
    return _load_part(data_dir, "test")


def _load_part(data_dir: str | Path, part: str) -> Split:
    root = Path(data_dir).expanduser()
    raw = root / "MNIST" / "raw"
    if not all(_find(raw, name) for names in _FILES.values() for name in names):
        _download(root)
    images_name, labels_name = _FILES[part]
    images = _read_idx(raw, images_name)  # (N, 28, 28)
    labels = _read_idx(raw, labels_name)  # (N,)
    if images.shape != (len(labels), IMAGE_SIZE_PX, IMAGE_SIZE_PX) or labels.ndim != 1:
        raise DataError(f"{images_name} and {labels_name} in {raw} do not belong together.")
    return Split(images, labels.astype(np.int64))


def _download(root: Path) -> None:
    """Let torchvision download and verify MNIST."""
    # Takes seconds, and is seldom needed. Ships no types.
    from torchvision.datasets import MNIST  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        with contextlib.redirect_stdout(io.StringIO()):  # stdout may be carrying JSON
            MNIST(str(root), train=True, download=True)
    except (OSError, RuntimeError) as error:
        names = ", ".join(name for names in _FILES.values() for name in names)
        reason = str(error).strip().splitlines()[-1]  # torchvision lists every mirror it tried
        raise DataError(
            f"MNIST is not in {root / 'MNIST' / 'raw'} and could not be downloaded ({reason}). "
            f"Put these files there, unpacked or as .gz: {names}."
        ) from error


def _find(raw: Path, name: str) -> Path | None:
    candidates = (raw / name, raw / f"{name}.gz")
    return next((path for path in candidates if path.is_file()), None)


def _read_idx(raw: Path, name: str) -> NDArray[np.uint8]:
    """Read an idx file: two zero bytes, type, rank, then big-endian sizes, then the numbers."""
    path = _find(raw, name)
    damaged = DataError(f"The MNIST file {name} in {raw} is damaged; delete it and try again.")
    if path is None:
        raise damaged
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        rank = content[3]
        sizes = np.frombuffer(content, dtype=">i4", count=rank, offset=4)
        if content[2] != _IDX_UINT8:
            raise damaged
        return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * rank).reshape(sizes)
    except (OSError, EOFError, IndexError, ValueError) as error:
        raise damaged from error
