"""Teaches the rejector what people said, and sees to it that it forgets nothing.

Beside the examples it sees digits, digits on top of each other and pieces of digits, and must go
on saying of them what it said before. Source: Li and Hoiem, "Learning without Forgetting", 2016.
"""

# mypy: allow-untyped-calls
# Parts of torch have no types, `Tensor.backward` for one.

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_model.augment import deform
from mnist_model.checkpoint import Network
from mnist_model.config import IMAGE_SIZE_PX
from mnist_model.data import Split
from mnist_model.model import build_model
from mnist_model.recipes import Deformation
from mnist_model.rejection import see
from mnist_model.rendering import render_digit
from mnist_model.train import load_weights, normalise, state_to_weights

REHEARSED = {"digits": 12_000, "overlays": 3_000, "pieces": 3_000}
EPOCHS = 3
BATCH_SIZE = 256
LEARNING_RATE = 0.001  # the peak of one cycle
DEFORMATION = Deformation(
    rotation_deg=6, scale=0.06, shear=0.08, shift_px=0.7, elastic_px=0.5, stroke=0.3
)

Random = np.random.Generator


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What the rejector knew, to be asked again while it learns."""

    inputs: Tensor  # (N, input_size), what the network sees
    log_probabilities: Tensor  # (N, outputs), by the rejector before

    def __len__(self) -> int:
        """Count the images."""
        return len(self.inputs)


def rehearse(
    network: Network, digits: Split, *, seed: int, counts: Mapping[str, int] = REHEARSED
) -> Rehearsal:
    """Make up images of digits and no digits, and note what the network says of them.

    Args:
        network: The rejector as it is.
        digits: MNIST's; some are used as they are, some overlaid, some cut.
        seed: Of the choice and the cuts.
        counts: How many images of each kind.
    """
    random = np.random.default_rng(seed)

    def some(count: int) -> NDArray[np.uint8]:
        return digits.images[random.integers(len(digits), size=count)]

    images = np.concatenate(
        (
            some(counts["digits"]),
            _overlay(some(counts["overlays"]), some(counts["overlays"]), random),
            np.stack([_cut(image, random) for image in some(counts["pieces"])]),
        )
    )
    pixels = torch.from_numpy(images.reshape(len(images), -1)).float() / 255  # (N, 784)
    inputs = _show_deformed(network, pixels[torch.randperm(len(pixels))])
    with torch.no_grad():
        return Rehearsal(inputs, _build(network)(inputs))


def teach_rejector(network: Network, rehearsal: Rehearsal, shown: Split) -> Network:
    """Go on training a rejector with examples.

    Args:
        network: The rejector as it is; stays as it is.
        rehearsal: What it must not forget.
        shown: Examples, as often as they are to be shown in an epoch: digits and, with the
            network's last label, no digits.

    Returns:
        The rejector as it is then.
    """
    model = _build(network)  # stays in evaluation mode: a few examples would spoil its statistics
    pixels, labels = shown.to_tensors("cpu")
    known = len(rehearsal)
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE)
    steps = EPOCHS * -(-(known + len(labels)) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    for _ in range(EPOCHS):
        shown_now = _show_deformed(network, pixels.float() / 255)
        inputs = torch.cat((rehearsal.inputs, shown_now))
        for part in torch.randperm(len(inputs)).split(BATCH_SIZE):
            old, new = part[part < known], part[part >= known] - known
            said = model(inputs[torch.cat((old, new + known))])  # (B, outputs)
            kept = F.kl_div(
                said[: len(old)],
                rehearsal.log_probabilities[old],
                reduction="sum",
                log_target=True,
            )
            learned = F.nll_loss(said[len(old) :], labels[new], reduction="sum")
            optimizer.zero_grad()
            ((kept + learned) / len(part)).backward()
            optimizer.step()
            schedule.step()
    return Network(network.config, state_to_weights(model))


def _build(network: Network) -> nn.Sequential:
    model = build_model(network.config)
    load_weights(model, network.weights)
    return model.eval()


def _show_deformed(network: Network, pixels: Tensor) -> Tensor:
    """Deform pixels in [0, 1], (N, 784), anew; return what the network sees, (N, input_size)."""
    return torch.from_numpy(see(network, normalise(deform(pixels, DEFORMATION)).numpy()))


def _overlay(
    first: NDArray[np.uint8], second: NDArray[np.uint8], random: Random
) -> NDArray[np.uint8]:
    """Lay each image on another, (N, 28, 28), moved so that both are seen."""
    moved = [np.roll(image, random.integers(-6, 7, size=2), axis=(0, 1)) for image in second]
    return np.maximum(first, np.array(moved, np.uint8))


def _cut(image: NDArray[np.uint8], random: Random) -> NDArray[np.uint8]:
    """Keep what lies on one side of a line through a digit, drawn as the reader would see it."""
    y, x = np.mgrid[:IMAGE_SIZE_PX, :IMAGE_SIZE_PX]
    angle = random.uniform(0, 2 * np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)  # (28, 28)
    ink = image > 127
    piece = np.where(along < np.quantile(along[ink], random.uniform(0.35, 0.75)), image, 0)
    rows, columns = np.flatnonzero(piece.any(axis=1)), np.flatnonzero(piece.any(axis=0))
    cropped = piece[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return render_digit(cropped.astype(np.float32) / np.float32(255))
