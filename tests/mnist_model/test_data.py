import gzip

import numpy as np
import pytest
import torch

from mnist_model.data import load_mnist, load_test, load_train_and_validation
from mnist_model.errors import DataError


def _idx(array):
    header = bytes([0, 0, 8, array.ndim])
    return header + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes()


@pytest.fixture
def tiny_mnist(tmp_path):
    """A folder laid out like the real one: one part unpacked, the other packed."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    random = np.random.default_rng(0)
    for name, count in (("train", 40), ("t10k", 12)):
        images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            path = raw / f"{name}-{kind}-ubyte"
            if name == "train":
                path.write_bytes(_idx(array))
            else:
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(_idx(array)))
    return tmp_path


def test_loaders_are_the_source_recipes(tiny_mnist):
    train_loader, validation_loader = load_mnist(tiny_mnist, batch_size=16)
    assert len(train_loader.dataset) == 40
    assert len(validation_loader.dataset) == 12
    images, labels = next(iter(train_loader))
    assert images.shape == (16, 1, 28, 28)
    assert (images.dtype, labels.dtype) == (torch.float32, torch.int64)
    assert -1 <= images.min() < -0.9
    assert 0.9 < images.max() <= 1


def test_validation_is_a_part_of_the_training_images(tiny_mnist):
    train, validation = load_train_and_validation(tiny_mnist, validation_size=10)
    assert (len(train), len(validation), len(load_test(tiny_mnist))) == (30, 10, 12)
    assert validation.labels.tolist() == list(range(10))
    assert train.sha256() != validation.sha256()


def test_a_read_only_folder_is_enough(tiny_mnist):
    raw = tiny_mnist / "MNIST" / "raw"
    raw.chmod(0o555)
    try:
        assert len(load_test(tiny_mnist)) == 12
    finally:
        raw.chmod(0o755)


def test_what_cannot_be_downloaded_is_told_with_folder_and_files(tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("a file where the folder should be")
    with pytest.raises(DataError) as caught:
        load_test(in_the_way)
    assert str(in_the_way / "MNIST" / "raw") in str(caught.value)
    assert "t10k-labels-idx1-ubyte" in str(caught.value)


@pytest.mark.parametrize("keep", [0, 3, 500])
def test_a_damaged_file_is_told(tiny_mnist, keep):
    path = tiny_mnist / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="train-images-idx3-ubyte"):
        load_train_and_validation(tiny_mnist)


@pytest.mark.mnist
def test_the_real_data_has_its_known_sizes(mnist_data_dir):
    train, validation = load_train_and_validation(mnist_data_dir)
    test = load_test(mnist_data_dir)
    assert (len(train), len(validation), len(test)) == (55_000, 5_000, 10_000)
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(test.labels).tolist() == [
        *(980, 1135, 1032, 1010, 982),
        *(892, 958, 1028, 974, 1009),
    ]
