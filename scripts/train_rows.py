"""Train the network that reads rows of digits without cutting them. Needs torch.

    HANDS_DIR=fonts python scripts/train_rows.py [--seed N]

Writes `mnist_model/pretrained/rows.safetensors`. Rows are what the reader finds in scenes of
`made_up_scenes.py`, on MNIST's training images without the validation split. `HANDS_DIR` is a
folder of handwritten fonts (WOFF); see docs/reading.md. A fiftieth of the rows is kept for
validation. About an hour on one core.
"""

import argparse
import math
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from made_up_scenes import Random, Row, make_rows
from numpy.typing import NDArray
from torch import Tensor, nn
from train_wholeness import as_stored, folded_convolutions, write_weights

from mnist_model.data import DEFAULT_DATA_DIR, load_train_and_validation
from mnist_model.rows import HEIGHT_PX, NOTHING, ROWS_WEIGHTS, STEP_PX, read_digits

SCENES = 120_000
EPOCHS = 8
BATCH_SIZE = 48
PEAK_RATE = 0.003
WARM_UP = 0.05  # of all steps
CHANNELS = (12, 24, 40, 56, 80)
WIDEST_PX = 260  # wider rows would make their batch slow
BATCHES_ALIKE = 40  # so many at a time are sorted by width


def main() -> None:
    """Draw, train, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--data-dir", default=os.environ.get("MNIST_DATA_DIR", DEFAULT_DATA_DIR))
    parser.add_argument("--output", type=Path, default=ROWS_WEIGHTS)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    started = time.perf_counter()
    split, _ = load_train_and_validation(options.data_dir)
    random = np.random.default_rng(options.seed)
    rows = [row for row in make_rows(split, options.scenes, random) if can_be_learned(row)]
    print(f"Drew {len(rows)} rows in {time.perf_counter() - started:.0f} s", flush=True)
    held_out = len(rows) // 50
    model = train(rows[held_out:], options.epochs, random)
    print(f"Of {held_out} held out, {measure(model, rows[:held_out]):.2%} are read right")
    save(model, options.output)


def can_be_learned(row: Row) -> bool:
    """Tell whether a row has a step for each digit, and for what is between them."""
    steps = row.pixels.shape[1] // STEP_PX
    return row.pixels.shape[1] <= WIDEST_PX and steps > 2 * len(row.digits)


def build() -> nn.Sequential:
    """Build the network that `mnist_model.rows` computes, with batch normalisation."""
    first, second, third, fourth, last = CHANNELS
    return nn.Sequential(
        *convolution(1, first, (3, 3), (1, 1)),
        nn.MaxPool2d(2),
        *convolution(first, second, (3, 5), (1, 2)),
        nn.MaxPool2d((2, 1)),
        *convolution(second, third, (3, 5), (1, 2)),
        nn.MaxPool2d((2, 1)),
        *convolution(third, fourth, (3, 5), (1, 2)),
        nn.Dropout2d(0.05),
        *convolution(fourth, last, (4, 5), (0, 2)),  # all that is in a column
        nn.Dropout(0.1),
        nn.Conv2d(last, NOTHING + 1, 1),
    )


def convolution(
    inputs: int, outputs: int, kernel: tuple[int, int], padding: tuple[int, int]
) -> list[nn.Module]:
    """Build a convolution, batch normalisation and ReLU."""
    layer = nn.Conv2d(inputs, outputs, kernel, padding=padding, bias=False)
    return [layer, nn.BatchNorm2d(outputs), nn.ReLU()]


def tell(model: nn.Sequential, pictures: Tensor) -> Tensor:
    """Return log-probabilities per step, (N, 11, W / 2), of pictures (N, 1, 32, W)."""
    scores: Tensor = model(pictures).squeeze(2)
    return scores.log_softmax(1)


def train(rows: Sequence[Row], epochs: int, random: Random) -> nn.Sequential:
    """Train the network; the loop is all there is."""
    model = build()
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=0.01)
    steps = epochs * (len(rows) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: share(step / steps))
    for epoch in range(epochs):
        total, count = 0.0, 0
        for batch in make_batches(rows, random):
            told = tell(model, vary(place(batch, random), random)).permute(2, 0, 1)
            targets = torch.tensor([digit for row in batch for digit in row.digits])
            lengths = torch.tensor([len(row.digits) for row in batch])
            all_steps = torch.full((len(batch),), len(told))
            loss = nn.functional.ctc_loss(
                told, targets, all_steps, lengths, NOTHING, zero_infinity=True
            )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total, count = total + loss.item(), count + 1
        print(f"Epoch {epoch + 1}/{epochs}: loss {total / max(count, 1):.4f}", flush=True)
    return model.eval()


def share(done: float) -> float:
    """Return the share of the peak rate after a share of all steps: up, then down in a cosine."""
    return min(1.0, done / WARM_UP + 0.02) * (1 + math.cos(math.pi * done)) / 2


def make_batches(rows: Sequence[Row], random: Random) -> Iterator[list[Row]]:
    """Shuffle rows into batches of about the same width."""
    order = random.permutation(len(rows))
    for start in range(0, len(order), BATCHES_ALIKE * BATCH_SIZE):
        some = [rows[index] for index in order[start : start + BATCHES_ALIKE * BATCH_SIZE]]
        some.sort(key=lambda row: row.pixels.shape[1])
        firsts = range(0, len(some) - BATCH_SIZE + 1, BATCH_SIZE)
        for first in random.permutation(np.array(firsts, np.int64)):
            yield some[first : first + BATCH_SIZE]


def place(rows: Sequence[Row], random: Random | None = None) -> Tensor:
    """Lay rows on pictures of one width, (N, 1, 32, W), somewhere if by chance; to [0, 1]."""
    width = max(row.pixels.shape[1] for row in rows)
    pictures: NDArray[np.uint8] = np.zeros((len(rows), 1, HEIGHT_PX, width), np.uint8)
    for picture, row in zip(pictures, rows, strict=True):
        room = width - row.pixels.shape[1]
        left = 0 if random is None else int(random.integers(room + 1))
        picture[0, :, left : width - room + left] = row.pixels
    return torch.from_numpy(pictures).float() / 255


def vary(pictures: Tensor, random: Random) -> Tensor:
    """Move a batch up or down, and make it fainter, stronger and noisier."""
    moved = torch.roll(pictures, int(random.integers(-2, 3)), 2)
    strength = 0.75 + 0.5 * torch.rand(len(moved), 1, 1, 1)
    return (moved * strength + 0.03 * torch.randn_like(moved)).clamp(0, 1)


def measure(model: nn.Sequential, rows: Sequence[Row]) -> float:
    """Return the share of rows whose digits are all told, by the likeliest class of each step."""
    ordered = sorted(rows, key=lambda row: row.pixels.shape[1])
    right = 0
    with torch.no_grad():
        for start in range(0, len(ordered), 100):
            some = ordered[start : start + 100]
            for told, row in zip(tell(model, place(some)).numpy(), some, strict=True):
                digits, _ = read_digits(told.T)
                right += tuple(digits.tolist()) == row.digits
    return right / max(len(rows), 1)


def save(model: nn.Sequential, path: Path) -> None:
    """Write the weights in half precision, batch normalisation folded into them."""
    weights: dict[str, NDArray[np.float16]] = {}
    kernels = folded_convolutions(model)
    for number, (kernel, bias) in enumerate(kernels, start=1):
        if number == len(kernels):  # all that is in a column is laid out as one
            kernel = kernel.transpose(0, 1).flatten(1, 2)[None]
        weights[f"conv{number}.weight"] = as_stored(kernel)
        weights[f"conv{number}.bias"] = as_stored(bias)
    output = model[-1]
    weights["output.weight"] = as_stored(output.weight.detach()[:, :, 0, 0].T)
    weights["output.bias"] = as_stored(output.bias.detach())
    write_weights(path, weights)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
