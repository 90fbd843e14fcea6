import numpy as np
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


def test_results_are_drawn(tmp_path):
    plot_training_curves([2.0, 1.0], [0.5, None], path=tmp_path / "curves.png")
    plot_confusion_matrix(np.eye(10, dtype=np.int64), path=tmp_path / "matrix.png")
    for name in ("curves.png", "matrix.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.format == "PNG"
