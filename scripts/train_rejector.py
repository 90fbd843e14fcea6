"""Train the network that tells digits from everything else, on made-up ink. Needs torch.

    HANDS_DIR=fonts python scripts/train_rejector.py [--seed N]

Writes `mnist_model/pretrained/rejector.safetensors`. Digits are MNIST's training images without
the validation split; what is no digit is drawn by `made_up_ink.py`. All pass through the reader's
own `render_digit`, some through all of its segmentation (`made_up_scenes.py`), some through photos
(`made_up_copies.py`). `HANDS_DIR` is a folder of handwritten fonts (WOFF); see docs/reading.md. A
twentieth of the images is kept for validation. An hour and a half on one slow core.
"""

import argparse
import itertools
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import cv2
import made_up_ink as ink
import numpy as np
import torch
from made_up_copies import Copies, photograph_digits, photograph_nothing
from made_up_scenes import NO_DIGIT, make_examples
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_model.augment import deform as deform_batch
from mnist_model.checkpoint import Checkpoint, CheckpointMetadata, save_checkpoint
from mnist_model.config import MLPConfig
from mnist_model.data import DEFAULT_DATA_DIR, Split, load_train_and_validation
from mnist_model.model import build_model
from mnist_model.reader import Reader
from mnist_model.recipes import Deformation
from mnist_model.rejection import REJECTOR_CHECKPOINT
from mnist_model.rendering import render_digit

# Eleven outputs: the ten digits, too, so that the network and the classifier can disagree.
CONFIG = MLPConfig(hidden_sizes=(1024, 192), output_size=11, batch_norm=True, dropout=0.1)
DIGITS = {  # how many of each kind; MNIST's straight and deformed, printed ones, others' hands
    "straight": 55_000,
    "digit": 45_000,
    "font_digit": 6_000,
    "hand_digit": 30_000,
    "european_digit": 30_000,
}
# How many of each kind of no digit. Pieces of digits, and digits that touch, are in every number.
NO_DIGITS = {
    "letter": 17_000,
    "sign": 9_000,
    "hand_letter": 12_000,
    "word": 5_000,
    "hand_word": 5_000,
    "scribble": 10_000,
    "shape": 7_000,
    "blots": 8_000,
    "lines": 2_000,
    "fragment": 11_000,
    "joined": 14_000,
}
SCENES = 28_000  # about six images each, of digits and of none
PHOTOGRAPHED = 52_000  # digits
PHOTOS_OF_NOTHING = 6_000  # about one image each
EPOCHS = 16
BATCH_SIZE = 256
DEFORMATION = Deformation(
    rotation_deg=6, scale=0.06, shear=0.08, shift_px=0.7, elastic_px=0.5, stroke=0.3
)

Random = np.random.Generator
Drawn = tuple[ink.Ink, int]  # with its label


def main() -> None:
    """Draw, train, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-dir", default=os.environ.get("MNIST_DATA_DIR", DEFAULT_DATA_DIR))
    parser.add_argument("--output", type=Path, default=REJECTOR_CHECKPOINT)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    started = time.perf_counter()
    train_split, _ = load_train_and_validation(options.data_dir)
    images, labels, kinds = draw_all(train_split, np.random.default_rng(options.seed))
    print(f"Drew {len(images)} images in {time.perf_counter() - started:.0f} s", flush=True)
    order = np.random.default_rng(options.seed).permutation(len(images))
    validation, training = np.split(order, [len(order) // 20])
    model = train(images[training], labels[training])
    scores = score(model, images[validation])
    matrix = report(scores, labels[validation], kinds[validation])
    accuracy = float(np.trace(matrix) / matrix.sum())
    metadata = CheckpointMetadata(
        config=CONFIG,
        recipe="rejector",
        seed=options.seed,
        epochs=EPOCHS,
        test_accuracy=0.0,  # it knows no test split
        validation_accuracy=accuracy,
        confusion_matrix=tuple(tuple(int(count) for count in row) for row in matrix),
        created_at=datetime.now(UTC),
    )
    weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    weights = {name: array for name, array in weights.items() if array.dtype == np.float32}
    saved = save_checkpoint(options.output, Checkpoint(metadata, weights))
    print(f"Saved {options.output} (SHA-256 {saved.sha256[:12]}...)")


def draw_all(
    split: Split, random: Random
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.str_]]:
    """Draw the training set: images (N, 28, 28), labels and kinds (N,)."""

    def digit() -> Drawn:
        index = random.integers(len(split))
        return ink.enlarge_digit(split.images[index]), int(split.labels[index])

    shuffled = itertools.cycle(random.permutation(len(split)))

    def straight() -> Drawn:
        index = next(shuffled)
        return ink.enlarge_digit(split.images[index]), int(split.labels[index])

    def font_digit() -> Drawn:
        label = int(random.integers(10))
        return ink.draw_font_digit(label, random), label

    def hand_digit() -> Drawn:
        label = int(random.integers(10))
        return ink.draw_in_hand(str(label), random), label

    def european_digit() -> Drawn:
        label = int(random.choice((1, 1, 1, 4, 7, 9, 9)))
        return ink.draw_european_digit(label, random), label

    def fragment() -> Drawn:
        whole, label = digit()
        while label == 1:  # what is left of a 1 is a 1
            whole, label = digit()
        return ink.draw_fragment(whole, random), NO_DIGIT

    def joined() -> Drawn:
        digits = [digit()[0] for _ in range(random.choice((2, 2, 2, 3)))]
        return ink.join_digits(digits, random, gap=random.uniform(-0.15, 0.05)), NO_DIGIT

    digits = {
        "straight": straight,
        "digit": digit,
        "font_digit": font_digit,
        "hand_digit": hand_digit,
        "european_digit": european_digit,
    }
    parts = {"fragment": fragment, "joined": joined}
    draw = [(kind, count, digits[kind]) for kind, count in DIGITS.items()]
    for kind, count in NO_DIGITS.items():
        draw.append((kind, count, parts.get(kind) or _bind(ink.NO_DIGITS[kind], random)))
    images, labels, kinds = [], [], []
    for kind, count, draw_one in draw:
        for _ in range(count):
            drawing, label = draw_one()
            if kind != "straight":
                drawing = ink.deform(drawing, random)
            images.append(render_digit(drawing))
            labels.append(label)
        kinds += [kind] * count
    for example in make_examples(split, SCENES, random):
        images.append(example.image)
        labels.append(example.label)
        kinds.append(f"scene_{example.kind}")
    for copies in (photograph_known(split, random), photograph_nothing(PHOTOS_OF_NOTHING, random)):
        images += list(copies.images)
        labels += list(copies.labels)
        kinds += list(copies.kinds)
    return np.stack(images), np.array(labels), np.array(kinds)


def photograph_known(split: Split, random: Random) -> Copies:
    """Cut digits out of photos, but where the classifier sees something else: a shadow's edge."""
    chosen = random.choice(len(split), PHOTOGRAPHED, replace=False)
    copies = photograph_digits(Split(split.images[chosen], split.labels[chosen]), random)
    is_seen = Reader.load().classify(copies.images).argmax(axis=1) == copies.labels
    return Copies(copies.images[is_seen], copies.labels[is_seen], copies.kinds[is_seen])


def _bind(draw: Callable[[Random], ink.Ink], random: Random) -> Callable[[], Drawn]:
    return lambda: (draw(random), NO_DIGIT)


def train(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> nn.Module:
    """Train the network; the loop is all there is."""
    model = build_model(CONFIG)
    pixels = torch.from_numpy(images).view(len(images), -1)  # (N, 784)
    targets = torch.from_numpy(labels)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.02)
    steps = EPOCHS * (len(images) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.004, total_steps=steps)
    for epoch in range(EPOCHS):
        model.train()
        total = 0.0
        order = torch.randperm(len(images))
        for start in range(0, len(images) - BATCH_SIZE + 1, BATCH_SIZE):
            batch = order[start : start + BATCH_SIZE]
            inputs = deform_batch(pixels[batch].float() / 255, DEFORMATION)
            loss = nn.functional.nll_loss(model(normalise(inputs)), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(
            f"Epoch {epoch + 1}/{EPOCHS}: loss {total / (len(images) // BATCH_SIZE):.4f}",
            flush=True,
        )
    return model.eval()


def normalise(pixels: Tensor) -> Tensor:
    """Bring pixels in [0, 1] to [-1, 1], as the classifier's."""
    return (pixels - 0.5) / 0.5


def score(model: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the probability of a digit, (N,)."""
    with torch.no_grad():
        pixels = torch.from_numpy(images).view(len(images), -1).float() / 255
        return 1 - model(normalise(pixels)).exp()[:, NO_DIGIT].numpy()


def report(
    scores: NDArray[np.float32], labels: NDArray[np.int64], kinds: NDArray[np.str_]
) -> NDArray[np.int64]:
    """Print how well each kind is told; return digit or not as a matrix [true, predicted]."""
    is_digit = labels != NO_DIGIT
    limit = np.quantile(scores[is_digit], 0.01)
    print(f"1 % of digits score below {limit:.3f}")
    for kind in dict.fromkeys(kinds):
        of_kind = scores[kinds == kind]
        print(f"{kind}: {np.mean(of_kind < limit):.2%} below, median {np.median(of_kind):.3f}")
    matrix = np.zeros((2, 2), np.int64)
    np.add.at(matrix, (is_digit.astype(np.int64), (scores > 0.5).astype(np.int64)), 1)
    return matrix


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
