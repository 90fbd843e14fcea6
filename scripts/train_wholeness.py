"""Train the network that tells whole digits from parts and other ink. Needs torch.

    HANDS_DIR=fonts python scripts/train_wholeness.py [--seed N]

Writes `mnist_model/pretrained/wholeness.safetensors`. Examples are what the reader's segmentation
makes of `made_up_scenes.py`, on MNIST's training images without the validation split. `HANDS_DIR`
is a folder of handwritten fonts (WOFF); see docs/reading.md. A twentieth of the examples is kept
for validation. Forty minutes on one core of a fast machine.
"""

import argparse
import os
import time
from pathlib import Path

import cv2
import numpy as np
import safetensors.numpy
import torch
from made_up_scenes import NO_DIGIT, Example, make_examples
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_model.data import DEFAULT_DATA_DIR, load_train_and_validation
from mnist_model.wholeness import STRIDES, WHOLENESS_WEIGHTS

SCENES = 144_000
EPOCHS = 10
BATCH_SIZE = 256
CHANNELS = (2, 24, 48, 48)
KERNELS = (5, 3, 3)
HIDDEN = 96


def main() -> None:
    """Draw, train, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--data-dir", default=os.environ.get("MNIST_DATA_DIR", DEFAULT_DATA_DIR))
    parser.add_argument("--output", type=Path, default=WHOLENESS_WEIGHTS)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    started = time.perf_counter()
    split, _ = load_train_and_validation(options.data_dir)
    random = np.random.default_rng(options.seed)
    examples = list(make_examples(split, options.scenes, random))
    print(f"Drew {len(examples)} in {time.perf_counter() - started:.0f} s", flush=True)
    order = random.permutation(len(examples))
    validation, training = np.split(order, [len(order) // 20])
    model = train([examples[index] for index in training])
    report(model, [examples[index] for index in validation])
    save(model, options.output)


def build() -> nn.Sequential:
    """Build the network that `mnist_model.wholeness` computes, with batch normalisation."""
    layers: list[nn.Module] = []
    for number, (kernel, stride) in enumerate(zip(KERNELS, STRIDES, strict=True)):
        inputs, outputs = CHANNELS[number : number + 2]
        layers.append(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
    layers += [nn.Flatten(), nn.Dropout(0.2), nn.Linear(7 * 7 * CHANNELS[-1], HIDDEN)]
    layers += [nn.BatchNorm1d(HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, NO_DIGIT + 1)]
    return nn.Sequential(*layers)


def train(examples: list[Example]) -> nn.Sequential:
    """Train the network; the loop is all there is."""
    model = build()
    around, labels = as_tensors(examples)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.02)
    steps = EPOCHS * (len(labels) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.004, total_steps=steps)
    for epoch in range(EPOCHS):
        total = 0.0
        order = torch.randperm(len(labels))
        for start in range(0, len(labels) - BATCH_SIZE + 1, BATCH_SIZE):
            batch = order[start : start + BATCH_SIZE]
            loss = nn.functional.cross_entropy(model(vary(around[batch])), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        mean = total / (len(labels) // BATCH_SIZE)
        print(f"Epoch {epoch + 1}/{EPOCHS}: loss {mean:.4f}", flush=True)
    return model.eval()


def as_tensors(examples: list[Example]) -> tuple[Tensor, Tensor]:
    """Stack examples: bytes (N, 2, 28, 28) and labels (N,)."""
    around = torch.from_numpy(np.stack([example.around for example in examples]))
    return around, torch.tensor([example.label for example in examples])


def vary(around: Tensor) -> Tensor:
    """Move a batch by up to a pixel, and make it fainter, stronger and noisier; to [0, 1]."""
    moved = torch.roll(around, torch.randint(-1, 2, (2,)).tolist(), (2, 3)).float() / 255
    strength = 0.8 + 0.4 * torch.rand(len(moved), 1, 1, 1)
    return (moved * strength + 0.03 * torch.randn_like(moved)).clamp(0, 1)


def report(model: nn.Sequential, examples: list[Example]) -> None:
    """Print how many of each kind of no digit score lower than all but 1 % of the digits."""
    around, labels = as_tensors(examples)
    with torch.no_grad():
        batches = [model(part.float() / 255).softmax(1) for part in around.split(1000)]
    scores = 1 - torch.cat(batches)[:, NO_DIGIT].numpy()
    is_digit: NDArray[np.bool_] = labels.numpy() != NO_DIGIT
    limit = np.quantile(scores[is_digit], 0.01)
    print(
        f"1 % of digits score below {limit:.3f}; of all others, {told(scores[~is_digit], limit)}"
    )
    kinds = np.array([example.kind for example in examples])
    for kind in dict.fromkeys(kinds):
        others = scores[(kinds == kind) & ~is_digit]
        print(f"{kind}: {told(others, limit)}")


def told(scores: NDArray[np.float32], limit: float) -> str:
    """Say what share of scores is below a limit."""
    return f"{np.mean(scores < limit):.2%} of {len(scores)} below"


def save(model: nn.Sequential, path: Path) -> None:
    """Write the weights in half precision, batch normalisation folded into them."""
    layers = [m for m in model if isinstance(m, nn.Conv2d | nn.Linear)]
    norms = [m for m in model if isinstance(m, nn.BatchNorm2d | nn.BatchNorm1d)]
    names = [f"conv{number}" for number in range(1, len(KERNELS) + 1)] + ["hidden", "output"]
    weights: dict[str, NDArray[np.float16]] = {}
    for number, (name, layer) in enumerate(zip(names, layers, strict=True)):
        kernel = layer.weight.detach()
        bias = torch.zeros(len(kernel)) if layer.bias is None else layer.bias.detach()
        if name == "hidden":  # what it sees is laid out with the channels last
            kernel = kernel.view(HIDDEN, CHANNELS[-1], 7, 7).permute(0, 2, 3, 1).flatten(1)
        if number < len(norms):
            kernel, bias = folded(kernel, bias, norms[number])
        weights[f"{name}.weight"] = as_stored(kernel)
        weights[f"{name}.bias"] = as_stored(bias)
    write_weights(path, weights)


def write_weights(path: Path, weights: dict[str, NDArray[np.float16]]) -> None:
    """Write named arrays as `mnist_model.convolution.NamedWeights` reads them."""
    path.write_bytes(safetensors.numpy.save(weights))
    print(f"Saved {path} ({path.stat().st_size / 1e6:.2f} MB)")


def folded_convolutions(model: nn.Sequential) -> list[tuple[Tensor, Tensor]]:
    """List kernels (h, w, inputs, outputs) and biases, batch normalisation folded into them.

    Convolutions that no normalisation follows are left out; these come last.
    """
    convolutions = [layer for layer in model if isinstance(layer, nn.Conv2d)]
    norms = [layer for layer in model if isinstance(layer, nn.BatchNorm2d)]
    pairs = (
        folded(layer.weight.detach(), torch.zeros(len(layer.weight)), norm)
        for layer, norm in zip(convolutions, norms, strict=False)
    )
    return [(kernel.permute(2, 3, 1, 0), bias) for kernel, bias in pairs]


def folded(
    kernel: Tensor, bias: Tensor, norm: nn.BatchNorm2d | nn.BatchNorm1d
) -> tuple[Tensor, Tensor]:
    """Fold a batch normalisation, a scale and a shift, into the layer before it."""
    scale = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
    shift = norm.bias.detach() - norm.running_mean * scale
    return kernel * scale.view(-1, *[1] * (kernel.ndim - 1)), bias * scale + shift


def as_stored(tensor: Tensor) -> NDArray[np.float16]:
    """Return a tensor as it lies in the file."""
    return np.ascontiguousarray(tensor.numpy(), dtype=np.float16)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
