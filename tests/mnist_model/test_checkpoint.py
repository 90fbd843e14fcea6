import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np
import pytest
import safetensors.numpy

from mnist_model.checkpoint import (
    PRETRAINED_CHECKPOINT,
    Checkpoint,
    CheckpointMetadata,
    Network,
    load_checkpoint,
    save_checkpoint,
)
from mnist_model.config import MLPConfig
from mnist_model.errors import CheckpointError
from mnist_model.reader import Reader
from mnist_model.rejection import Rejector


@pytest.fixture
def checkpoint():
    config = MLPConfig(hidden_sizes=(6,))
    random = np.random.default_rng(0)
    shapes = {
        "linear1.weight": (6, 784),
        "linear1.bias": (6,),
        "output.weight": (10, 6),
        "output.bias": (10,),
    }
    weights = {
        name: random.normal(size=shape).astype(np.float16).astype(np.float32)
        for name, shape in shapes.items()
    }
    metadata = CheckpointMetadata(
        config=config,
        recipe="classic",
        seed=3,
        epochs=15,
        test_accuracy=0.978,
        validation_accuracy=0.98,
        confusion_matrix=tuple(tuple(range(10)) for _ in range(10)),
        created_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        temperature=1.25,
        data_sha256="ab" * 32,
    )
    return Checkpoint(metadata, weights)


def test_round_trip_keeps_everything(tmp_path, checkpoint):
    path = tmp_path / "new" / "model.safetensors"
    saved = save_checkpoint(path, checkpoint)
    loaded = load_checkpoint(path)
    assert loaded.metadata == checkpoint.metadata
    assert loaded.metadata.sha256 == saved.sha256 == sha256(path.read_bytes()).hexdigest()
    images = np.random.default_rng(1).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    expected = Reader(checkpoint).classify(images)
    np.testing.assert_array_equal(Reader(loaded).classify(images), expected)


def test_saving_leaves_no_temporary_files(tmp_path, checkpoint):
    save_checkpoint(tmp_path / "model.safetensors", checkpoint)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_failed_saving_is_told_and_leaves_nothing(tmp_path, checkpoint):
    in_the_way = tmp_path / "model.safetensors"
    in_the_way.mkdir()
    with pytest.raises(CheckpointError, match="Cannot write"):
        save_checkpoint(in_the_way, checkpoint)
    assert list(tmp_path.iterdir()) == [in_the_way]


@pytest.fixture
def rejector():
    config = MLPConfig(hidden_sizes=(4,), output_size=11)
    random = np.random.default_rng(2)
    shapes = {
        "linear1.weight": (4, 784),
        "linear1.bias": (4,),
        "output.weight": (11, 4),
        "output.bias": (11,),
    }
    return Network(
        config, {name: random.normal(size=s).astype(np.float16) for name, s in shapes.items()}
    )


def test_a_second_network_travels_along_and_is_used(tmp_path, checkpoint, rejector):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, replace(checkpoint, rejector=rejector))
    loaded = load_checkpoint(path)
    assert loaded.metadata == checkpoint.metadata
    assert loaded.weights.keys() == checkpoint.weights.keys()
    assert loaded.rejector is not None
    assert loaded.rejector.config == rejector.config
    images = np.random.default_rng(1).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    own = Rejector(rejector, (0.5, 0.5)).log_probabilities(images)
    np.testing.assert_allclose(
        Reader(loaded).rejector.log_probabilities(images), own, rtol=1e-4, atol=1e-5
    )
    shipped = Reader(checkpoint).rejector.log_probabilities(images)
    assert not np.allclose(own, shipped, atol=1e-2)


def test_without_a_second_network_the_file_says_nothing_of_one(tmp_path, checkpoint):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, checkpoint)
    assert load_checkpoint(path).rejector is None
    assert b"rejector" not in path.read_bytes()


def test_a_second_network_of_another_shape_than_told_is_refused(checkpoint, rejector):
    wrong = replace(rejector, config=MLPConfig(hidden_sizes=(5,), output_size=11))
    with pytest.raises(CheckpointError, match="do not fit"):
        Reader(replace(checkpoint, rejector=wrong))


@pytest.mark.parametrize("position", [-1, -3000, 300, 9])
def test_a_flipped_byte_is_noticed(tmp_path, checkpoint, position):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, checkpoint)
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged|not a checkpoint|another version"):
        load_checkpoint(path)


@pytest.mark.parametrize("size", [0, 5, 100, -1])
def test_a_cut_off_file_is_noticed(tmp_path, checkpoint, size):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, checkpoint)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(CheckpointError, match="damaged|not a checkpoint"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "content",
    [
        b"just some text",
        b"\xff" * 64,
        safetensors.numpy.save({"a": np.zeros(3)}),
        safetensors.numpy.save({"a": np.zeros(3)}, {"mnist_model": "[]"}),
        safetensors.numpy.save({"a": np.zeros(3)}, {"mnist_model": json.dumps({"format": 99})}),
        safetensors.numpy.save({"a": np.zeros(3)}, {"mnist_model": json.dumps({"format": 1})}),
    ],
)
def test_a_foreign_file_is_told(tmp_path, content):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        load_checkpoint(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="No such file"):
        load_checkpoint(tmp_path / "nothing.safetensors")


def test_shipped_checkpoint_is_small_and_good():
    assert PRETRAINED_CHECKPOINT.stat().st_size <= 12_000_000
    metadata = load_checkpoint(PRETRAINED_CHECKPOINT).metadata
    assert metadata.recipe == "best"
    assert metadata.test_accuracy >= 0.98
    assert sum(map(sum, metadata.confusion_matrix)) == 10_000
