"""Checkpoints: one safetensors file that holds the weights and, in its header, all about them.

The header's JSON carries a SHA-256 over itself and the weights; loading verifies it. The file's
own SHA-256 (`CheckpointMetadata.sha256`) is its name in a model store. Reading and writing need
NumPy, not torch.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from mnist_model.config import MNIST_MEAN, MNIST_STD, MLPConfig
from mnist_model.errors import CheckpointError
from mnist_model.files import write_atomically

PRETRAINED_CHECKPOINT = Path(__file__).parent / "pretrained" / "best.safetensors"

FORMAT = 1  # raised when the header's meaning changes
_HEADER_KEY = "mnist_model"
_REJECTOR = "rejector"  # its config in the header; with a dot, its weights' prefix

Weights = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class CheckpointMetadata:
    """All that a checkpoint tells about its weights."""

    config: MLPConfig
    recipe: str  # name of the training recipe
    seed: int
    epochs: int
    test_accuracy: float  # fraction of MNIST's 10,000 test images
    validation_accuracy: float  # fraction of the validation split
    confusion_matrix: tuple[tuple[int, ...], ...]  # test split; [true][predicted]
    created_at: datetime  # aware, UTC
    temperature: float = 1.0  # log-probabilities are divided by it; fitted on validation
    normalisation: tuple[float, float] = (MNIST_MEAN, MNIST_STD)  # mean, std of pixels in [0, 1]
    data_sha256: str = ""  # of the training images and labels
    sha256: str = field(default="", compare=False)  # of the file; known once written or loaded


@dataclass(frozen=True)
class Network:
    """A network's shape and its weights, by the names of the state_dict."""

    config: MLPConfig
    weights: Weights


@dataclass(frozen=True)
class Checkpoint:
    """Weights by name, as NumPy arrays, with their metadata."""

    metadata: CheckpointMetadata
    weights: Weights
    rejector: Network | None = None  # that learned with the weights; None = the shipped one


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> CheckpointMetadata:
    """Write a checkpoint so that `path` holds either the whole file or what it held before.

    Args:
        path: Where to write; the folder is made if missing.
        checkpoint: Weights are stored in half precision, which halves the file and costs
            no measurable accuracy.

    Returns:
        The metadata, now with the file's SHA-256.

    Raises:
        CheckpointError: The file cannot be written there.
    """
    named = dict(checkpoint.weights)
    header = _header_of(checkpoint.metadata)
    if checkpoint.rejector is not None:  # a file without one stays as it always was
        header[_REJECTOR] = _as_json(asdict(checkpoint.rejector.config))
        named |= {f"{_REJECTOR}.{name}": a for name, a in checkpoint.rejector.weights.items()}
    weights = {
        name: np.ascontiguousarray(array, dtype=np.float16) for name, array in named.items()
    }
    header["content_sha256"] = _content_sha256(header, weights)
    content = safetensors.numpy.save(weights, {_HEADER_KEY: json.dumps(header, sort_keys=True)})
    try:
        write_atomically(path, content)
    except OSError as error:
        raise CheckpointError(f"Cannot write the checkpoint {path}: {error.strerror}.") from error
    return replace(checkpoint.metadata, sha256=hashlib.sha256(content).hexdigest())


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint and verify it.

    Returns:
        The checkpoint, its weights in float32.

    Raises:
        CheckpointError: The file is missing, damaged, or not written by this package.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"Cannot read the checkpoint {path}: {error.strerror}.") from error
    header = _read_header(path, content)
    try:
        weights = safetensors.numpy.load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(_damaged(path)) from error
    if header.pop("content_sha256", None) != _content_sha256(header, weights):
        raise CheckpointError(_damaged(path))
    full = {name: array.astype(np.float32) for name, array in weights.items()}
    try:
        rejector = _take_rejector(header, full)
        metadata = _metadata_from(header, hashlib.sha256(content).hexdigest())
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(_damaged(path)) from error
    return Checkpoint(metadata, full, rejector)


def _read_header(path: Path, content: bytes) -> dict[str, Any]:
    """Return our JSON of a safetensors file's header: 8 bytes of length, then JSON."""
    foreign = CheckpointError(
        f"{path} is not a checkpoint of this program; make one with `mnist train`."
    )
    length = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][_HEADER_KEY])
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise foreign from error
    if not isinstance(header, dict):
        raise foreign
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} was written by another version of this program; train it anew."
        )
    return header


def _header_of(metadata: CheckpointMetadata) -> dict[str, Any]:
    header = asdict(metadata)
    del header["sha256"]
    created_at = metadata.created_at.isoformat()
    return _as_json({**header, "created_at": created_at, "format": FORMAT})


def _as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Send values through JSON, so that what is hashed on saving equals what is on loading."""
    return dict(json.loads(json.dumps(values)))


def _take_rejector(header: dict[str, Any], weights: Weights) -> Network | None:
    """Move the second network, if there is one, out of the header and the weights."""
    if _REJECTOR not in header:
        return None
    names = [name for name in weights if name.startswith(f"{_REJECTOR}.")]
    own = {name.removeprefix(f"{_REJECTOR}."): weights.pop(name) for name in names}
    return Network(_config_from(header.pop(_REJECTOR)), own)


def _metadata_from(header: Mapping[str, Any], sha256: str) -> CheckpointMetadata:
    values = {key: value for key, value in header.items() if key != "format"}
    config = _config_from(values.pop("config"))
    mean, std = values.pop("normalisation")
    return CheckpointMetadata(
        config=config,
        created_at=datetime.fromisoformat(values.pop("created_at")),
        confusion_matrix=tuple(tuple(row) for row in values.pop("confusion_matrix")),
        normalisation=(mean, std),
        sha256=sha256,
        **values,
    )


def _config_from(values: Mapping[str, Any]) -> MLPConfig:
    return MLPConfig(**{**values, "hidden_sizes": tuple(values["hidden_sizes"])})


def _content_sha256(header: Mapping[str, Any], weights: Weights) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(weights):
        array = weights[name]
        digest.update(f"{name}:{array.dtype}:{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _damaged(path: Path) -> str:
    return f"The checkpoint {path} is damaged; copy it again, or train a new one."
