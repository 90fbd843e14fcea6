"""Train the network that tells digits from everything else, on made-up ink. Needs torch.

    HANDS_DIR=fonts python scripts/train_rejector.py [--seed N]

Two networks are trained: one of pixels, which is smooth where it has seen little, and one with
convolutions, which knows better what it has seen. Writes `features.safetensors` (the convolutions)
and `rejector.safetensors` (all other layers of both as one network) to `mnist_model/pretrained`.
Digits are MNIST's training images without the validation split; what is no digit is drawn by
`made_up_ink.py`. All pass through the reader's own `render_digit`, some through all of its
segmentation (`made_up_scenes.py`), some through photos (`made_up_copies.py`). `HANDS_DIR` is a
folder of handwritten fonts (WOFF); see docs/reading.md. A twentieth of the images is kept for
validation. An hour and a quarter on one core with bfloat16 instructions.
"""

import argparse
import itertools
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import cv2
import made_up_ink as ink
import numpy as np
import torch
from made_up_copies import Copies, photograph_digits, photograph_nothing
from made_up_scenes import NO_DIGIT, make_examples
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from train_wholeness import as_stored, folded, folded_convolutions, write_weights

from mnist_model.augment import deform as deform_batch
from mnist_model.checkpoint import Checkpoint, CheckpointMetadata, Network, save_checkpoint
from mnist_model.config import IMAGE_SIZE_PX, MLPConfig
from mnist_model.data import DEFAULT_DATA_DIR, Split, load_train_and_validation
from mnist_model.features import FEATURES_WEIGHTS, POOLED_AFTER, SIZE
from mnist_model.model import build_model
from mnist_model.reader import Reader
from mnist_model.recipes import Deformation
from mnist_model.rejection import REJECTOR_CHECKPOINT
from mnist_model.rendering import render_digit
from mnist_model.train import has_fast_bfloat16

# Eleven outputs: the ten digits, too, so that the network and the classifier can disagree.
OF_PIXELS = MLPConfig(hidden_sizes=(1024, 192), output_size=11, batch_norm=True, dropout=0.1)
OF_FEATURES = MLPConfig(input_size=SIZE, hidden_sizes=(128,), output_size=11)
CHANNELS = (1, 24, 24, 48, 48, 96)
SHARE = 0.5  # of the say, the network with convolutions has
DIGITS = {  # how many of each kind; MNIST's straight and deformed, printed ones, others' hands
    "straight": 55_000,
    "digit": 45_000,
    "font_digit": 6_000,
    "hand_digit": 30_000,
    "european_digit": 30_000,
    "plain_1": 8_000,
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
EPOCHS_OF_PIXELS = 16
EPOCHS_OF_FEATURES = 14
BATCH_SIZE = 256
AVERAGED_EVERY = 8  # steps: an average of weights over some 800 of them is what counts
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
    parser.add_argument("--output", type=Path, default=REJECTOR_CHECKPOINT.parent, help="folder")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    started = time.perf_counter()
    train_split, _ = load_train_and_validation(options.data_dir)
    images, labels, kinds = draw_all(train_split, np.random.default_rng(options.seed))
    print(f"Drew {len(images)} images in {time.perf_counter() - started:.0f} s", flush=True)
    order = np.random.default_rng(options.seed).permutation(len(images))
    validation, training = np.split(order, [len(order) // 20])
    of_pixels = train(build_model(OF_PIXELS), images[training], labels[training], EPOCHS_OF_PIXELS)
    convolving = train(build(), images[training], labels[training], EPOCHS_OF_FEATURES)
    scores = score(of_pixels, convolving, images[validation])
    matrix = report(scores, labels[validation], kinds[validation])
    accuracy = float(np.trace(matrix) / matrix.sum())
    network = merge(of_pixels, convolving)
    metadata = CheckpointMetadata(
        config=network.config,
        recipe="rejector",
        seed=options.seed,
        epochs=EPOCHS_OF_FEATURES,
        test_accuracy=0.0,  # it knows no test split
        validation_accuracy=accuracy,
        confusion_matrix=tuple(tuple(int(count) for count in row) for row in matrix),
        created_at=datetime.now(UTC),
    )
    save_features(convolving, options.output / FEATURES_WEIGHTS.name)
    path = options.output / REJECTOR_CHECKPOINT.name
    saved = save_checkpoint(path, Checkpoint(metadata, network.weights))
    print(f"Saved {path} (SHA-256 {saved.sha256[:12]}...)")


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

    def plain_1() -> Drawn:
        return ink.draw_plain_1(random), 1

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
        "plain_1": plain_1,
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


def build() -> nn.Sequential:
    """Build what `mnist_model.features` computes, with batch normalisation, and what follows."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, IMAGE_SIZE_PX, IMAGE_SIZE_PX))]
    for number, (inputs, outputs) in enumerate(pairwise(CHANNELS), start=1):
        layers.append(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
        if number in POOLED_AFTER:
            layers.append(nn.MaxPool2d(2))
    layers += [nn.Flatten(), nn.Dropout(0.2), *build_model(OF_FEATURES)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def train(
    model: nn.Sequential, images: NDArray[np.uint8], labels: NDArray[np.int64], epochs: int
) -> nn.Sequential:
    """Train a network; the loop is all there is."""
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.99), use_buffers=True)
    is_fast = has_fast_bfloat16(torch.device("cpu"))
    pixels = torch.from_numpy(images).view(len(images), -1)  # (N, 784)
    targets = torch.from_numpy(labels)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.02)
    steps = epochs * (len(images) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.004, total_steps=steps)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for step, batch in enumerate(torch.randperm(len(images)).split(BATCH_SIZE)):
            if len(batch) < BATCH_SIZE:
                break
            inputs = normalise(deform_batch(pixels[batch].float() / 255, DEFORMATION))
            with torch.autocast("cpu", torch.bfloat16, enabled=is_fast):
                told = model(inputs)
            loss = nn.functional.nll_loss(told.float(), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
            if step % AVERAGED_EVERY == 0:
                average.update_parameters(model)
        mean = total / (len(images) // BATCH_SIZE)
        print(f"Epoch {epoch + 1}/{epochs}: loss {mean:.4f}", flush=True)
    trained: nn.Sequential = average.module.eval()
    return trained


def normalise(pixels: Tensor) -> Tensor:
    """Bring pixels in [0, 1] to [-1, 1], as the classifier's."""
    return (pixels - 0.5) / 0.5


def score(
    of_pixels: nn.Module, convolving: nn.Module, images: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return the probability of a digit by both networks together, (N,)."""
    told = []
    with torch.no_grad():
        for part in torch.from_numpy(images).view(len(images), -1).split(1000):
            inputs = normalise(part.float() / 255)
            both = (1 - SHARE) * of_pixels(inputs) + SHARE * convolving(inputs)
            told.append(both.softmax(dim=1))
    return 1 - torch.cat(told)[:, NO_DIGIT].numpy()


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


def save_features(model: nn.Sequential, path: Path) -> None:
    """Write the convolutions in half precision, batch normalisation folded into them."""
    weights: dict[str, NDArray[np.float16]] = {}
    for number, (kernel, bias) in enumerate(folded_convolutions(model), start=1):
        weights[f"conv{number}.weight"] = as_stored(kernel)
        weights[f"conv{number}.bias"] = as_stored(bias)
    write_weights(path, weights)


def merge(of_pixels: nn.Sequential, convolving: nn.Sequential) -> Network:
    """Make one network of pixels and features whose scores are the weighted sum of both networks'.

    The two share no weight: what is between them is 0, and learns only from people. A layer that
    only one of them has passes on what comes, which is positive, as it is.
    """
    (first, second, last), (hidden, output) = (
        [layer for layer in model if isinstance(layer, nn.Linear)]
        for model in (of_pixels, convolving)
    )
    norms = [layer for layer in of_pixels if isinstance(layer, nn.BatchNorm1d)]
    layers = [
        folded(layer.weight.detach(), layer.bias.detach(), norm)
        for layer, norm in zip((first, second), norms, strict=True)
    ]
    # What it sees is laid out with the channels last.
    matrix = hidden.weight.detach().unflatten(1, (CHANNELS[-1], 3, 3))
    matrix = matrix.permute(0, 2, 3, 1).flatten(1)
    count = len(matrix)
    beside = [(matrix, hidden.bias.detach()), (torch.eye(count), torch.zeros(count))]
    weights: dict[str, Tensor] = {}
    for number, (one, other) in enumerate(zip(layers, beside, strict=True), start=1):
        weights[f"linear{number}.weight"] = torch.block_diag(one[0], other[0])
        weights[f"linear{number}.bias"] = torch.cat((one[1], other[1]))
    matrices = (1 - SHARE) * last.weight.detach(), SHARE * output.weight.detach()
    weights["output.weight"] = torch.cat(matrices, dim=1)
    weights["output.bias"] = (1 - SHARE) * last.bias.detach() + SHARE * output.bias.detach()
    config = MLPConfig(
        input_size=OF_PIXELS.input_size + SIZE,
        hidden_sizes=tuple(size + count for size in OF_PIXELS.hidden_sizes),
        output_size=OF_PIXELS.output_size,
    )
    return Network(config, {name: tensor.numpy() for name, tensor in weights.items()})


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
