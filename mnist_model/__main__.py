"""`python -m mnist_model`: the recipe we start from, its whole workflow in order."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import torch

from mnist_model.data import DEFAULT_DATA_DIR, load_mnist
from mnist_model.errors import MnistModelError
from mnist_model.evaluate import evaluate_model
from mnist_model.figures import display_sample_images
from mnist_model.model import create_model
from mnist_model.train import train_model


def main(arguments: Sequence[str] | None = None) -> int:
    """Load, show samples, build, train, evaluate; print a report."""
    parser = argparse.ArgumentParser(prog="python -m mnist_model", description=__doc__)
    data_dir = os.environ.get("MNIST_DATA_DIR", DEFAULT_DATA_DIR)
    parser.add_argument("--data-dir", default=data_dir, metavar="DIR", help="where MNIST is")
    parser.add_argument("--epochs", type=int, default=15, metavar="N", help="default 15")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same weights")
    parser.add_argument(
        "--samples",
        type=Path,
        default=Path("data/samples.png"),
        metavar="PNG",
        help="where to put the picture of 60 samples (default data/samples.png)",
    )
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)  # batches this small only wait for each other's threads
    try:
        train_loader, validation_loader = load_mnist(options.data_dir)
    except MnistModelError as error:
        raise SystemExit(f"mnist_model: {error}") from error

    display_sample_images(train_loader, path=options.samples)
    print(f"Sample images: {options.samples}")
    model = create_model()
    print(model)
    history = train_model(model, train_loader, epochs=options.epochs)
    print(f"Training time (in minutes): {history.minutes:.2f}")
    evaluation = evaluate_model(model, validation_loader)
    print(f"Number of images tested: {evaluation.tested}")
    print(f"Model accuracy: {evaluation.accuracy:.4f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
