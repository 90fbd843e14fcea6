from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from mnist_model import train
from mnist_model.config import MLPConfig
from mnist_model.data import Split
from mnist_model.drawn import draw_digits
from mnist_model.errors import CheckpointError
from mnist_model.evaluate import evaluate_model
from mnist_model.model import create_model
from mnist_model.recipes import RECIPES, Deformation, Recipe
from mnist_model.train import normalise, train_model, train_recipe

TINY = Recipe(
    name="tiny",
    summary="For tests.",
    model=MLPConfig(hidden_sizes=(32,)),
    epochs=12,
    batch_size=32,
    optimizer="adam",
    learning_rate=0.01,
)


def _train_textbook(split, *, seed):
    torch.manual_seed(seed)
    pixels, labels = split.to_tensors("cpu")
    dataset = TensorDataset(normalise(pixels.float() / 255), labels)
    loader = DataLoader(dataset, batch_size=32, shuffle=True)
    model = create_model(hidden_sizes=[32])
    history = train_model(model, loader, epochs=15, learning_rate=0.02, show_progress=False)
    return model, history, loader


def test_one_small_set_can_be_memorised(small_split):
    model, history, loader = _train_textbook(small_split, seed=0)
    assert len(history.losses) == 15
    assert history.losses[-1] < history.losses[0] / 10
    assert history.minutes == history.seconds / 60
    assert evaluate_model(model, loader).accuracy == 1.0


def test_train_model_gives_the_same_weights_for_the_same_seed(small_split):
    first, _, _ = _train_textbook(small_split, seed=5)
    second, _, _ = _train_textbook(small_split, seed=5)
    other, _, _ = _train_textbook(small_split, seed=6)
    assert torch.equal(first.output.weight, second.output.weight)
    assert not torch.equal(first.output.weight, other.output.weight)


def test_a_recipe_gives_the_same_weights_for_the_same_seed(small_split):
    recipe = replace(
        RECIPES["best"],
        model=MLPConfig(hidden_sizes=(16,), batch_norm=True, dropout=0.1),
        epochs=2,
    )
    runs = [train_recipe(recipe, small_split, small_split, seed=seed) for seed in (7, 7, 8)]
    first, second, other = (run.weights() for run in runs)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["output.weight"], other["output.weight"])


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "sgd", "learning_rate": 0.03},
        {"optimizer": "rmsprop", "learning_rate": 0.0003},
        {"optimizer": "adam"},
        {"optimizer": "adamw", "weight_decay": 0.01},
        {"schedule": "step", "step_epochs": 5},
        {"schedule": "plateau", "step_epochs": 2},
        {"schedule": "one_cycle"},
        {"schedule": "cosine"},
        {"average_decay": 0.9},
        {"label_smoothing": 0.1},
        {"half_precision": True},
        {"deformation": Deformation(shift_px=0.5, noise=0.02)},
        {"model": MLPConfig(hidden_sizes=(32, 16), batch_norm=True, dropout=0.1)},
    ],
    ids=lambda changes: "-".join(map(str, list(changes.items())[0]))[:30],
)
def test_every_option_learns(small_split, changes):
    recipe = replace(TINY, **changes)
    trained = train_recipe(recipe, small_split, small_split, seed=0)
    assert trained.validation_accuracy > 0.9
    assert trained.history[-1].loss < trained.history[0].loss


@pytest.mark.parametrize(
    ("capabilities", "halves"),
    [({"avx2": True}, False), ({"avx512_bf16": False}, False), ({"amx_bf16": True}, True)],
)
def test_half_precision_waits_for_hardware_that_has_it(
    small_split, monkeypatch, capabilities, halves
):
    monkeypatch.setattr(train, "pick_device", lambda: torch.device("cpu"))
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    full, half = (
        train_recipe(
            replace(TINY, epochs=1, half_precision=asked), small_split, small_split, seed=0
        ).weights()
        for asked in (False, True)
    )
    assert np.array_equal(full["output.weight"], half["output.weight"]) is not halves


def test_each_epoch_is_reported_as_it_ends(small_split):
    reports = []
    train_recipe(
        replace(TINY, epochs=3), small_split, small_split, seed=0, on_epoch=reports.append
    )
    assert [(report.epoch, report.epochs) for report in reports] == [(1, 3), (2, 3), (3, 3)]
    assert reports[0].elapsed_s <= reports[2].elapsed_s


def test_drawn_digits_are_learned_beside_the_split(small_split):
    zeros = Split(small_split.images[small_split.labels == 0], small_split.labels[:0])
    zeros = Split(zeros.images, np.zeros(len(zeros.images), np.int64))
    drawn = draw_digits(60, seed=99)
    trained = train_recipe(replace(TINY, drawn_digits=300, batch_size=16), zeros, drawn, seed=0)
    assert trained.validation_accuracy > 0.9


def test_the_last_epochs_are_calm(small_split):
    # So strong a noise that nothing can be learned: what is learned, the calm epochs teach.
    wild = replace(TINY, epochs=8, deformation=Deformation(noise=50.0))
    assert train_recipe(wild, small_split, small_split, seed=0).validation_accuracy < 0.7
    calm = replace(wild, calm_share=0.9, calm_strength=0.0)
    assert train_recipe(calm, small_split, small_split, seed=0).validation_accuracy > 0.9


def test_training_goes_on_from_given_weights(small_split):
    start = train_recipe(TINY, small_split, small_split, seed=0)
    onward = train_recipe(
        replace(TINY, epochs=1, learning_rate=1e-6),
        small_split,
        small_split,
        seed=1,
        start_from=start.weights(),
    )
    assert onward.validation_accuracy == start.validation_accuracy


def test_weights_of_another_shape_are_refused(small_split):
    start = train_recipe(replace(TINY, epochs=1), small_split, small_split, seed=0)
    wider = replace(TINY, model=MLPConfig(hidden_sizes=(48,)))
    with pytest.raises(CheckpointError, match="another shape"):
        train_recipe(wider, small_split, small_split, seed=0, start_from=start.weights())
