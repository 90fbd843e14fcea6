from dataclasses import fields

import pytest
import torch

from mnist_model.augment import deform
from mnist_model.recipes import RECIPES, Deformation


@pytest.fixture
def bars():
    """Eight images of one upright bar, (8, 784)."""
    images = torch.zeros(8, 28, 28)
    images[:, 6:22, 12:16] = 1
    return images.view(8, 784)


def test_no_deformation_changes_nothing(bars):
    assert torch.allclose(deform(bars, Deformation()), bars, atol=1e-5)


@pytest.mark.parametrize("name", [field.name for field in fields(Deformation)])
def test_each_deformation_changes_each_image_in_its_own_way(bars, name):
    torch.manual_seed(0)
    deformed = deform(bars, Deformation(**{name: 5.0 if name == "rotation_deg" else 0.3}))
    assert deformed.shape == bars.shape
    assert deformed.min() >= 0
    assert deformed.max() <= 1
    assert not torch.allclose(deformed[0], bars[0], atol=1e-3)
    assert not torch.allclose(deformed[0], deformed[1], atol=1e-3)


def test_digits_stay_whole_under_the_recipes_deformation(bars):
    torch.manual_seed(0)
    deformed = deform(bars.repeat(50, 1), RECIPES["best"].deformation)
    share = deformed.sum(dim=1) / bars[0].sum()
    assert share.min() > 0.4
    assert share.max() < 2.5


def test_a_scaled_deformation_is_as_much_weaker_in_all_it_does():
    assert Deformation(rotation_deg=10, noise=0.1).scaled(0.5) == Deformation(
        rotation_deg=5, noise=0.05
    )
