"""Deform digits, a whole batch at once: affine, elastic, stroke width, contrast, noise."""

import functools
import math

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from mnist_model.config import IMAGE_SIZE_PX
from mnist_model.recipes import Deformation

_ELASTIC_GRID = 6  # control points per side; about Simard's sigma of 4 to 5 pixels


def deform(pixels: Tensor, deformation: Deformation) -> Tensor:
    """Deform every image in its own random way.

    Args:
        pixels: float32 (N, 784) in [0, 1]; 0 is paper.
        deformation: How far.

    Returns:
        float32 (N, 784) in [0, 1].
    """
    images = pixels.view(-1, 1, IMAGE_SIZE_PX, IMAGE_SIZE_PX)  # (N, 1, 28, 28)
    images = _warp(images, deformation)
    if deformation.stroke:
        images = _change_strokes(images, deformation.stroke)
    if deformation.contrast:
        images = images * (1 + deformation.contrast * _uniform(images, (len(images), 1, 1, 1)))
    if deformation.noise:
        images = images + deformation.noise * torch.randn_like(images)
    return images.clamp(0, 1).view(len(images), -1)


def _warp(images: Tensor, deformation: Deformation) -> Tensor:
    """Move pixels: an affine map about the centre plus a smooth random displacement."""
    coefficients = _affine_maps(images, deformation)  # (N, 2, 3)
    basis = _affine_basis()
    if deformation.elastic_px:
        coarse = torch.randn(len(images), 2, _ELASTIC_GRID**2, device=images.device)
        coarse *= _in_grid_units(deformation.elastic_px)
        coefficients = torch.cat((coefficients, coarse), dim=2)  # (N, 2, 39)
        basis = torch.cat((basis, _elastic_basis()))
    # All pixels of all images at once: many small products would take several times as long.
    grid = coefficients.view(-1, len(basis)) @ basis.to(images.device)  # (2 N, 784)
    grid = grid.view(-1, 2, IMAGE_SIZE_PX, IMAGE_SIZE_PX).permute(0, 2, 3, 1)
    return F.grid_sample(images, grid, mode="bilinear", align_corners=False)


@functools.cache
def _affine_basis() -> Tensor:
    """Return every pixel's place, x, y and 1, in grid units: (3, 784)."""
    places = (2 * torch.arange(IMAGE_SIZE_PX) + 1) / IMAGE_SIZE_PX - 1
    y, x = torch.meshgrid(places, places, indexing="ij")
    return torch.stack((x, y, torch.ones_like(x))).view(3, -1)


@functools.cache
def _elastic_basis() -> Tensor:
    """Return how far each control point moves each pixel, (control points, 784); bicubic.

    The same for every image, so that a warp costs one matrix product.
    """
    points = _ELASTIC_GRID**2
    one_each = torch.eye(points).view(points, 1, _ELASTIC_GRID, _ELASTIC_GRID)
    size = (IMAGE_SIZE_PX, IMAGE_SIZE_PX)
    return F.interpolate(one_each, size=size, mode="bicubic", align_corners=True).view(points, -1)


def _affine_maps(images: Tensor, deformation: Deformation) -> Tensor:
    """Draw one random map per image, (N, 2, 3), from output to input coordinates."""
    size = (len(images),)
    angle = math.radians(deformation.rotation_deg) * _uniform(images, size)
    scale_x = 1 + deformation.scale * _uniform(images, size)
    scale_y = 1 + deformation.scale * _uniform(images, size)
    shear = deformation.shear * _uniform(images, size)
    shift = _in_grid_units(deformation.shift_px)
    cos, sin = angle.cos(), angle.sin()
    maps = (
        cos * scale_x,
        (shear * cos - sin) * scale_y,
        shift * _uniform(images, size),
        sin * scale_x,
        (shear * sin + cos) * scale_y,
        shift * _uniform(images, size),
    )
    return torch.stack(maps, dim=1).view(-1, 2, 3)


def _change_strokes(images: Tensor, amount: float) -> Tensor:
    """Thicken the strokes of half the images by up to `amount` pixels a side, thin the others'.

    The halves are by position, since training images come in random order.
    """
    share = amount * torch.rand(len(images), 1, 1, 1, device=images.device)
    middle = len(images) // 2
    to_thicken, to_thin = images[:middle], images[middle:]
    thick = to_thicken + share[:middle] * (_dilate(to_thicken) - to_thicken)
    # Thinning is held back: MNIST's thinnest strokes are one pixel wide and would vanish.
    thin = to_thin + 0.5 * share[middle:] * (1 - _dilate(1 - to_thin) - to_thin)
    return torch.cat((thick, thin))


def _dilate(images: Tensor) -> Tensor:
    """Give each pixel the most ink of its 3x3 neighbourhood; faster than a max pooling."""
    framed = F.pad(images, (1, 1, 1, 1))  # (N, 1, 30, 30)
    rows = torch.maximum(
        torch.maximum(framed[..., :-2, :], framed[..., 1:-1, :]), framed[..., 2:, :]
    )
    return torch.maximum(torch.maximum(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])


def _in_grid_units(pixels: float) -> float:
    """Convert pixels to `grid_sample`'s units, where the image spans -1 to 1."""
    return 2 * pixels / IMAGE_SIZE_PX


def _uniform(like: Tensor, size: tuple[int, ...]) -> Tensor:
    return torch.rand(size, device=like.device) * 2 - 1
