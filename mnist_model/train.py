"""The training loops, in full view.

`train_model` is the textbook's; `train_recipe` does all that a `Recipe` can ask for.
"""

# mypy: allow-untyped-calls
# Parts of torch have no types, `Tensor.backward` for one.

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from mnist_model.augment import deform
from mnist_model.checkpoint import Weights
from mnist_model.config import MNIST_MEAN, MNIST_STD
from mnist_model.data import Split
from mnist_model.drawn import draw_digits
from mnist_model.errors import CheckpointError
from mnist_model.evaluate import fit_temperature
from mnist_model.inference import NumpyMLP
from mnist_model.model import build_model
from mnist_model.recipes import Deformation, Recipe

# As torch names them: of x86, then of ARM.
_BFLOAT16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16", "sve_bf16")
_CHUNK = 2048  # images deformed at once: large enough to be fast, small enough for the caches


@dataclass(frozen=True)
class TrainingHistory:
    """What `train_model` saw."""

    losses: tuple[float, ...]  # mean training loss of each epoch
    seconds: float

    @property
    def minutes(self) -> float:
        """Training time in minutes."""
        return self.seconds / 60


@dataclass(frozen=True)
class EpochReport:
    """Where a run stands after an epoch."""

    epoch: int  # counted from 1
    epochs: int
    loss: float  # mean over the epoch's training images
    validation_accuracy: float | None
    elapsed_s: float  # since training began


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """What `train_recipe` made."""

    model: nn.Sequential  # in evaluation mode
    history: tuple[EpochReport, ...]
    validation_accuracy: float
    temperature: float  # divides log-probabilities; fitted on validation

    def weights(self) -> Weights:
        """Return all that inference needs, by the names of the state_dict."""
        return state_to_weights(self.model)


def pick_device() -> torch.device:
    """Choose CUDA if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train_model(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    epochs: int = 15,
    learning_rate: float = 0.003,
    momentum: float = 0.9,
    *,
    show_progress: bool = True,
) -> TrainingHistory:
    """Train with negative log-likelihood and SGD with momentum, on CUDA if there is one.

    The same model, loader and `torch.manual_seed` give the same weights.

    Args:
        model: From pixels (B, 784) to log-probabilities (B, 10); trained in place.
        loader: Batches of (images, labels): float32 (B, ...) that flatten to (B, 784), int64 (B,).
        epochs: Passes over the loader.
        learning_rate: Of SGD.
        momentum: Of SGD.
        show_progress: Print each epoch's loss below a progress bar on stderr.
    """
    device = pick_device()
    model.to(device).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=momentum)
    losses = []
    started = time.perf_counter()
    for epoch in range(1, epochs + 1):
        total, count = 0.0, 0
        for images, labels in tqdm(
            loader, desc=f"Epoch {epoch}/{epochs}", leave=False, disable=not show_progress
        ):
            optimizer.zero_grad()
            log_probabilities = model(images.flatten(1).to(device))  # (B, 10)
            loss = F.nll_loss(log_probabilities, labels.to(device))
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
            count += len(labels)
        losses.append(total / count)
        if show_progress:
            tqdm.write(f"Epoch {epoch} - training loss: {losses[-1]:.4f}")
    return TrainingHistory(tuple(losses), time.perf_counter() - started)


def train_recipe(
    recipe: Recipe,
    train: Split,
    validation: Split,
    *,
    seed: int,
    start_from: Weights | None = None,
    on_epoch: Callable[[EpochReport], None] | None = None,
) -> TrainedModel:
    """Train a recipe. The same seed gives the same weights on the same machine.

    Args:
        recipe: What to do.
        train: Images to learn from.
        validation: Images to judge by: plateau schedule, report, temperature.
        seed: Of torch's global random numbers and of the drawn digits.
        start_from: Weights to go on from instead of random ones.
        on_epoch: Called after each epoch.

    Raises:
        CheckpointError: `start_from` does not fit the recipe's model.
    """
    device = pick_device()
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(seed)
    model = build_model(recipe.model).to(device)
    if start_from is not None:
        load_weights(model, start_from)
    if recipe.drawn_digits:
        train = train.joined_with(draw_digits(recipe.drawn_digits, seed=seed))
    trained, history = _fit(model, recipe, train, validation, on_epoch)
    served = _serve(recipe, trained, validation)
    return TrainedModel(
        model=trained,
        history=history,
        validation_accuracy=float((served.argmax(1) == validation.labels).mean()),
        temperature=fit_temperature(served, validation.labels),
    )


def _fit(
    model: nn.Sequential,
    recipe: Recipe,
    train: Split,
    validation: Split,
    on_epoch: Callable[[EpochReport], None] | None,
) -> tuple[nn.Sequential, tuple[EpochReport, ...]]:
    """Run the recipe's epochs; return the model, or its average, in evaluation mode."""
    device = pick_device()
    average = _build_average(recipe, model)
    optimizer = _build_optimizer(recipe, model)
    schedule = _build_schedule(recipe, optimizer, steps=math.ceil(len(train) / recipe.batch_size))
    pixels, labels = train.to_tensors(device)  # (N, 784) uint8, (N,)
    half_precision = recipe.half_precision and has_fast_bfloat16(device)
    history: list[EpochReport] = []
    started = time.perf_counter()

    for epoch in range(1, recipe.epochs + 1):
        model.train()
        total, count = torch.zeros((), device=device), 0
        for inputs, targets in _batches(pixels, labels, recipe, _deformation_in(recipe, epoch)):
            with torch.autocast(device.type, torch.bfloat16, enabled=half_precision):
                log_probabilities = model(inputs)  # (B, 10)
            loss = _smoothed_nll(log_probabilities.float(), targets, recipe.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if isinstance(schedule, lr_scheduler.OneCycleLR | lr_scheduler.CosineAnnealingLR):
                schedule.step()
            if average is not None:
                average.update_parameters(model)
            total += loss.detach() * len(targets)
            count += len(targets)
        if isinstance(schedule, lr_scheduler.StepLR):
            schedule.step()
        with torch.autocast(device.type, torch.bfloat16, enabled=half_precision):
            log_probabilities = predict(average or model, validation)
        if isinstance(schedule, lr_scheduler.ReduceLROnPlateau):
            schedule.step(_mean_nll(log_probabilities, validation.labels))
        report = EpochReport(
            epoch=epoch,
            epochs=recipe.epochs,
            loss=total.item() / count,
            validation_accuracy=float((log_probabilities.argmax(1) == validation.labels).mean()),
            elapsed_s=time.perf_counter() - started,
        )
        history.append(report)
        if on_epoch is not None:
            on_epoch(report)

    trained = (
        cast("nn.Sequential", average.module) if average is not None else model
    )  # its type is lost
    return trained.eval(), tuple(history)


def has_fast_bfloat16(device: torch.device) -> bool:
    """Say whether it has bfloat16 instructions; emulated, products take ten times as long."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in _BFLOAT16_INSTRUCTIONS)


def state_to_weights(model: nn.Module) -> Weights:
    """Copy what inference needs out of a model."""
    state = model.state_dict()
    # Batch normalisation counts its batches; only training could care.
    names = [name for name in state if not name.endswith("num_batches_tracked")]
    return {name: state[name].float().cpu().numpy() for name in names}


def normalise(pixels: Tensor) -> Tensor:
    """Map pixels from [0, 1] to the network's input range, [-1, 1]."""
    return (pixels - MNIST_MEAN) / MNIST_STD


@torch.no_grad()
def predict(model: nn.Module, split: Split) -> NDArray[np.float32]:
    """Compute log-probabilities (N, 10) of a whole split, in evaluation mode."""
    model.eval()
    device = next(model.parameters()).device
    pixels, _ = split.to_tensors(device)
    parts = [model(normalise(chunk.float() / 255)) for chunk in pixels.split(_CHUNK)]
    result: NDArray[np.float32] = torch.cat(parts).float().cpu().numpy()
    return result


def _serve(recipe: Recipe, model: nn.Sequential, split: Split) -> NDArray[np.float32]:
    """Compute log-probabilities (N, 10) as serving does, views included."""
    network = NumpyMLP(recipe.model, state_to_weights(model))
    pixels, _ = split.to_tensors("cpu")
    parts = [normalise(chunk.float() / 255).numpy() for chunk in pixels.split(_CHUNK)]
    return np.concatenate([network.log_probabilities(part) for part in parts])


def _batches(
    pixels: Tensor, labels: Tensor, recipe: Recipe, deformation: Deformation | None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the split in random order, deformed: normalised pixels (B, 784), labels (B,)."""
    order = torch.randperm(len(labels), device=labels.device)
    chunk_size = max(1, _CHUNK // recipe.batch_size) * recipe.batch_size
    for chunk in order.split(chunk_size):
        images = pixels[chunk].float() / 255  # (chunk, 784)
        if deformation is not None:
            images = deform(images, deformation)
        # Deforming treats images by their position in the chunk; batches are to be mixtures.
        mixed = torch.randperm(len(chunk), device=labels.device)
        for part in mixed.split(recipe.batch_size):
            if len(part) > 1:  # batch normalisation has no statistics of a single image
                yield normalise(images[part]), labels[chunk[part]]


def _deformation_in(recipe: Recipe, epoch: int) -> Deformation | None:
    """Return what `epoch`, counted from 1, does to the images."""
    if recipe.deformation is None or epoch <= round(recipe.epochs * (1 - recipe.calm_share)):
        return recipe.deformation
    return recipe.deformation.scaled(recipe.calm_strength)


def _smoothed_nll(log_probabilities: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Compute the loss; with smoothing, part of the target is spread over all classes."""
    loss = F.nll_loss(log_probabilities, labels)
    if smoothing:
        loss = (1 - smoothing) * loss - smoothing * log_probabilities.mean()
    return loss


def _mean_nll(log_probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    return float(-log_probabilities[np.arange(len(labels)), labels].mean())


def _build_average(recipe: Recipe, model: nn.Sequential) -> AveragedModel | None:
    if not recipe.average_decay:
        return None

    def blend(
        averages: Sequence[Tensor], currents: Sequence[Tensor], updates: Tensor | int
    ) -> None:
        # Early on the average is short, or it would remember the random start for epochs.
        decay = min(recipe.average_decay, (1 + float(updates)) / (10 + float(updates)))
        for average, current in zip(averages, currents, strict=True):
            if average.is_floating_point():  # not the count of batches
                average.lerp_(current, 1 - decay)

    return AveragedModel(model, multi_avg_fn=blend, use_buffers=True)


def _build_optimizer(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    parameters, rate, decay = model.parameters(), recipe.learning_rate, recipe.weight_decay
    match recipe.optimizer:
        case "sgd":
            return torch.optim.SGD(parameters, rate, recipe.momentum, weight_decay=decay)
        case "rmsprop":
            return torch.optim.RMSprop(
                parameters, rate, momentum=recipe.momentum, weight_decay=decay
            )
        case "adam":
            return torch.optim.Adam(parameters, rate, weight_decay=decay)
        case "adamw":
            return torch.optim.AdamW(parameters, rate, weight_decay=decay, fused=True)


def _build_schedule(
    recipe: Recipe, optimizer: torch.optim.Optimizer, *, steps: int
) -> lr_scheduler.LRScheduler | None:
    """Build the learning-rate schedule; `steps` are those of one epoch."""
    match recipe.schedule:
        case "constant":
            return None
        case "step":
            return lr_scheduler.StepLR(optimizer, recipe.step_epochs, recipe.step_factor)
        case "plateau":
            return lr_scheduler.ReduceLROnPlateau(
                optimizer, factor=recipe.step_factor, patience=recipe.step_epochs
            )
        case "one_cycle":
            return lr_scheduler.OneCycleLR(
                optimizer, recipe.learning_rate, total_steps=steps * recipe.epochs
            )
        case "cosine":
            return lr_scheduler.CosineAnnealingLR(optimizer, steps * recipe.epochs)


def load_weights(model: nn.Module, weights: Weights) -> None:
    """Put weights into a model.

    Raises:
        CheckpointError: They are of another shape.
    """
    state = model.state_dict()
    known = {name: torch.from_numpy(weights[name]) for name in state if name in weights}
    missing = [n for n in state if n not in known and not n.endswith("num_batches_tracked")]
    if missing or any(known[name].shape != state[name].shape for name in known):
        raise CheckpointError(
            "The checkpoint to start from has another shape than the recipe's model; "
            "choose a checkpoint that was trained by the same recipe."
        )
    model.load_state_dict(known, strict=False)
