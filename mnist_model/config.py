"""The shape of an MLP in plain numbers, and the constants of its input. No torch here."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

Activation = Literal["relu", "leaky_relu", "elu", "tanh", "gelu", "silu"]

IMAGE_SIZE_PX = 28
CLASSES = 10

# Source: the recipe we start from maps pixels from [0, 1] to [-1, 1] in this way.
MNIST_MEAN = 0.5
MNIST_STD = 0.5


@dataclass(frozen=True)
class MLPConfig:
    """What `create_model` needs to build a network, and what a checkpoint remembers of it."""

    input_size: int = IMAGE_SIZE_PX * IMAGE_SIZE_PX  # pixels of one image, row by row
    hidden_sizes: tuple[int, ...] = (128, 64)  # neurons of each hidden layer; empty = linear
    output_size: int = CLASSES
    activation: Activation = "relu"
    dropout: float = 0.0  # share of hidden neurons silenced while training, 0 to below 1
    batch_norm: bool = False  # between each hidden layer and its activation
    # Serving averages the judgements of the image and of it moved this far, up, down, left and
    # right; 0 = of the image alone.
    view_shift_px: int = 0

    def __post_init__(self) -> None:
        """Refuse shapes that cannot be built.

        Raises:
            ValueError: A size is not positive, dropout is outside [0, 1), the activation is
                unknown, or views are to be shifted that cannot be.
        """
        if min(self.input_size, self.output_size, *self.hidden_sizes) < 1:
            raise ValueError("Every layer of an MLP needs at least one neuron.")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"Dropout must be at least 0 and below 1, not {self.dropout}.")
        if not 0 <= self.view_shift_px < IMAGE_SIZE_PX:
            raise ValueError(f"Views cannot be shifted by {self.view_shift_px} pixels.")
        if self.view_shift_px and self.input_size != IMAGE_SIZE_PX**2:
            raise ValueError("Only whole images can be shifted.")
        if self.activation not in get_args(Activation):
            known = ", ".join(get_args(Activation))
            raise ValueError(f"Unknown activation {self.activation!r}; choose one of: {known}.")

    @property
    def parameters(self) -> int:
        """Count the numbers that training adjusts."""
        sizes = (self.input_size, *self.hidden_sizes, self.output_size)
        linear = sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))
        return linear + (2 * sum(self.hidden_sizes) if self.batch_norm else 0)
