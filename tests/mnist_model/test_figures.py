import numpy as np
import pytest
import torch
from PIL import Image

from mnist_model.figures import (
    display_sample_images,
    plot_confusion_matrix,
    plot_training_curves,
)


def test_samples_are_drawn_in_rows_of_ten_in_reversed_grey(tmp_path):
    loader = [(-torch.ones(64, 1, 28, 28), torch.zeros(64))] * 2
    figure = display_sample_images(loader, path=tmp_path / "new" / "samples.png")
    assert len(figure.axes) == 60
    assert figure.axes[59].get_subplotspec().get_geometry()[:2] == (6, 10)
    assert {axes.images[0].get_cmap().name for axes in figure.axes} == {"gray_r"}
    with Image.open(tmp_path / "new" / "samples.png") as picture:
        assert picture.size == (900, 600)


def test_fewer_images_than_asked_for_are_drawn(tmp_path):
    figure = display_sample_images([(torch.zeros(7, 784), None)], path=tmp_path / "a.png")
    assert len(figure.axes) == 7


def test_the_training_curve_fits_a_chat_and_does_not_exaggerate(tmp_path):
    path = tmp_path / "curves.png"
    figure = plot_training_curves(
        [0.144, 0.142], [0.9958, 0.9954], title="Training refresh", path=path
    )
    with Image.open(path) as picture:
        assert picture.size == (1000, 520)
    loss, accuracy = figure.axes
    assert loss.get_ylim()[0] == 0
    bottom, top = accuracy.get_ylim()
    assert top == 100
    assert top - bottom > 1
    assert [path.name for path in tmp_path.iterdir()] == ["curves.png"]


@pytest.mark.parametrize("epochs", [1, 125])
def test_any_number_of_epochs_is_drawn(tmp_path, epochs):
    figure = plot_training_curves([1.0] * epochs, [0.2] * epochs, path=tmp_path / "curves.png")
    assert figure.axes[1].get_ylim()[0] < 20


def test_results_are_drawn(tmp_path):
    plot_training_curves([2.0, 1.0], [0.5, None], path=tmp_path / "curves.png")
    plot_confusion_matrix(np.eye(10, dtype=np.int64), path=tmp_path / "matrix.png")
    for name in ("curves.png", "matrix.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.format == "PNG"
