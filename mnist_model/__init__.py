"""Read handwritten digits with a small neural network; train and measure it too.

Names are loaded on first use, so that `import mnist_model` and everything about reading stay free
of torch, which takes seconds and hundreds of megabytes to import.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_model.checkpoint import Checkpoint as Checkpoint
    from mnist_model.checkpoint import CheckpointMetadata as CheckpointMetadata
    from mnist_model.checkpoint import load_checkpoint as load_checkpoint
    from mnist_model.checkpoint import save_checkpoint as save_checkpoint
    from mnist_model.config import MLPConfig as MLPConfig
    from mnist_model.data import load_mnist as load_mnist
    from mnist_model.errors import CheckpointError as CheckpointError
    from mnist_model.errors import DataError as DataError
    from mnist_model.errors import EmptyPhotoError as EmptyPhotoError
    from mnist_model.errors import MnistModelError as MnistModelError
    from mnist_model.errors import PhotoError as PhotoError
    from mnist_model.errors import PhotoTooLargeError as PhotoTooLargeError
    from mnist_model.errors import UnreadablePhotoError as UnreadablePhotoError
    from mnist_model.evaluate import evaluate_model as evaluate_model
    from mnist_model.figures import display_sample_images as display_sample_images
    from mnist_model.line_reading import DigitReading as DigitReading
    from mnist_model.model import create_model as create_model
    from mnist_model.photo import find_writing as find_writing
    from mnist_model.reader import Reader as Reader
    from mnist_model.reader import Reading as Reading
    from mnist_model.recipes import RECIPES as RECIPES
    from mnist_model.recipes import Recipe as Recipe
    from mnist_model.train import train_model as train_model
    from mnist_model.train import train_recipe as train_recipe
    from mnist_model.writing import Box as Box

_HOMES = {
    "Box": "writing",
    "Checkpoint": "checkpoint",
    "CheckpointError": "errors",
    "CheckpointMetadata": "checkpoint",
    "DataError": "errors",
    "DigitReading": "line_reading",
    "EmptyPhotoError": "errors",
    "MLPConfig": "config",
    "MnistModelError": "errors",
    "PhotoError": "errors",
    "PhotoTooLargeError": "errors",
    "RECIPES": "recipes",
    "Reader": "reader",
    "Reading": "reader",
    "Recipe": "recipes",
    "UnreadablePhotoError": "errors",
    "create_model": "model",
    "display_sample_images": "figures",
    "evaluate_model": "evaluate",
    "find_writing": "photo",
    "load_checkpoint": "checkpoint",
    "load_mnist": "data",
    "save_checkpoint": "checkpoint",
    "train_model": "train",
    "train_recipe": "train",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Load a public name's module when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
