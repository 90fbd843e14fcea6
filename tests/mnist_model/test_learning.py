"""The whole of learning from corrections, with a small network; big ones: measure_learning.py."""

import numpy as np
import pytest

from mnist_model.data import load_train_and_validation
from mnist_model.extra import ExtraExamples, write_npz
from mnist_model.training_run import run_training


@pytest.mark.mnist
def test_a_writer_is_learned_from_and_a_liar_is_not(mnist_data_dir, tmp_path):
    _, validation = load_train_and_validation(mnist_data_dir)
    # Somebody who writes 4 and 7 as in a mirror, and somebody who calls each digit the next one.
    of_writer = np.flatnonzero(np.isin(validation.labels, (4, 7)))[:232]
    of_liar = np.arange(4000, 4050)
    lies = np.arange(282) >= 232
    examples = ExtraExamples(
        images=np.concatenate((validation.images[of_writer, :, ::-1], validation.images[of_liar])),
        labels=np.concatenate(
            (validation.labels[of_writer], (validation.labels[of_liar] + 1) % 10)
        ),
        ids=np.arange(282),
        held_out=(np.arange(282) >= 32) & ~lies,  # 32 teach
        vetted=np.zeros(282, np.bool_),
    )
    write_npz(tmp_path / "extra.npz", examples)
    start, output = tmp_path / "start.safetensors", tmp_path / "model.safetensors"
    events = []
    common = {"seed": 0, "data_dir": mnist_data_dir, "report": events.append}
    run_training("quick", epochs=2, output=start, **common)
    run_training(
        "quick",
        epochs=2,
        output=output,
        start_from=start,
        extra=tmp_path / "extra.npz",
        **common,
    )
    end = events[-1]
    found = np.isin(examples.ids, [one["id"] for one in end["quarantined"]])
    assert found[lies].mean() > 0.9
    assert found[~lies].mean() < 0.2
    before, after = end["before"], end["after"]
    gained = (after["held_out_right"] - before["held_out_right"]) / after["held_out_count"]
    assert gained > 0.1
    # So short a training with so high a rate wavers by more than what is learned could cost.
    assert after["test_accuracy"] > before["test_accuracy"] - 0.005
    assert after["digits_refused"] < before["digits_refused"] + 0.005
