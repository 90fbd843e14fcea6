"""The teacher: a convolutional network that judges deformed digits for the MLP to learn from.

It exists while training only; what it knows is served by the MLP.
"""

from collections.abc import Iterator

import torch
from torch import nn

from mnist_model.config import CLASSES, IMAGE_SIZE_PX

_DROPOUT = 0.2  # before the output, where there are many more features than classes


def build_teacher(width: int) -> nn.Sequential:
    """Build three pairs of 3x3 convolutions, each pair on half the size and twice as wide.

    Args:
        width: Channels of the first pair.

    Returns:
        A model from normalised pixels (N, 784) to log-probabilities (N, 10).
    """
    model = nn.Sequential(
        nn.Unflatten(1, (1, IMAGE_SIZE_PX, IMAGE_SIZE_PX)),  # (N, 1, 28, 28)
        *_convolution(1, width),
        *_convolution(width, width),
        nn.MaxPool2d(2),  # (N, width, 14, 14)
        *_convolution(width, 2 * width),
        *_convolution(2 * width, 2 * width),
        nn.MaxPool2d(2),  # (N, 2 width, 7, 7)
        *_convolution(2 * width, 4 * width),
        *_convolution(4 * width, 4 * width),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),  # (N, 4 width)
        nn.Dropout(_DROPOUT),
        nn.Linear(4 * width, CLASSES),
        nn.LogSoftmax(dim=1),
    )
    # Pixel by pixel instead of channel by channel in memory: twice as fast on a CPU.
    return model.to(memory_format=torch.channels_last)


def _convolution(inputs: int, outputs: int) -> Iterator[nn.Module]:
    yield nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
    yield nn.BatchNorm2d(outputs)
    yield nn.ReLU(inplace=True)
