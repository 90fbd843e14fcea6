import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from drawing import blank_page, draw_digits

from mnist_model.checkpoint import PRETRAINED_CHECKPOINT, Checkpoint, load_checkpoint
from mnist_model.model import build_model
from mnist_model.reader import Reader


@pytest.fixture(scope="module")
def reader():
    return Reader.load()


def test_reading_has_all_its_parts(reader):
    reading = reader.read(draw_digits([3]))
    (digit,) = reading.digits
    assert (reading.text, reading.rejected, reading.reason) == ("3", False, None)
    assert digit.label == 3
    assert digit.confidence == digit.probabilities.max()
    assert digit.probabilities.shape == (10,)
    assert digit.probabilities.dtype == np.float32
    assert digit.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert (digit.image.shape, digit.image.dtype) == ((28, 28), np.uint8)


def test_path_and_bytes_give_the_same_reading(reader, tmp_path):
    path = tmp_path / "photo"
    path.write_bytes(draw_digits([7]))
    from_path, from_bytes = reader.read(path), reader.read(path.read_bytes())
    assert from_path.text == from_bytes.text == "7"
    assert from_path.digits[0].confidence == from_bytes.digits[0].confidence


def test_no_images_have_no_probabilities(reader):
    assert reader.classify(np.empty((0, 28, 28), np.uint8)).shape == (0, 10)


def test_the_shipped_model_says_in_numpy_what_it_says_in_torch():
    checkpoint = load_checkpoint(PRETRAINED_CHECKPOINT)
    # Of the image alone; that views are averaged is tested with the inference.
    config = replace(checkpoint.metadata.config, view_shift_px=0)
    reader = Reader(Checkpoint(replace(checkpoint.metadata, config=config), checkpoint.weights))
    model = build_model(config)
    state = {name: torch.from_numpy(array) for name, array in checkpoint.weights.items()}
    model.load_state_dict(state, strict=False)
    images = np.random.default_rng(0).integers(0, 256, (32, 28, 28), dtype=np.uint8)
    with torch.no_grad():
        inputs = (torch.from_numpy(images).float().view(-1, 784) / 255 - 0.5) / 0.5
        log_probabilities = model.eval()(inputs) / checkpoint.metadata.temperature
    expected = torch.softmax(log_probabilities, dim=1).numpy()
    np.testing.assert_allclose(reader.classify(images), expected, atol=1e-5)


def test_threads_share_a_reader(reader):
    photos = {str(label): draw_digits([label]) for label in (0, 2, 3, 4, 7)}
    texts = dict.fromkeys(photos, "")

    def read(label):
        texts[label] = reader.read(photos[label]).text

    threads = [threading.Thread(target=read, args=(label,)) for label in photos]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {label: label for label in photos}


def test_blank_paper_is_a_rejection_not_an_error(reader):
    assert reader.read(blank_page()).rejected


def test_reading_imports_nothing_heavy(tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(draw_digits([4]))
    script = (
        "import sys; from mnist_model.cli import main; "
        f"code = main(['predict', {str(photo)!r}]); "
        "heavy = {'torch', 'torchvision', 'matplotlib', 'scipy'} & set(sys.modules); "
        "print('heavy:', sorted(heavy)); sys.exit(code)"
    )
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "heavy: []" in done.stdout


def test_importing_the_package_imports_nothing_heavy():
    script = (
        "import sys, mnist_model; from mnist_model import Reader, RECIPES; "
        "print(sorted({'torch', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_public_name_can_be_had():
    import mnist_model

    for name in mnist_model.__all__:
        assert getattr(mnist_model, name).__name__ if name != "RECIPES" else True
    assert set(mnist_model.__all__) <= set(dir(mnist_model))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mnist_model.nothing  # noqa: B018
