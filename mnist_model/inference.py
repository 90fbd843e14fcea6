"""The MLP in NumPy: a few matrix products, so that serving needs no torch."""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from mnist_model.config import IMAGE_SIZE_PX, Activation, MLPConfig
from mnist_model.errors import CheckpointError

FloatArray = NDArray[np.float32]

BATCH_NORM_EPSILON = 1e-5  # torch's default
SURE = math.log(0.95)  # of the likeliest class; beyond, shifted views would only take time


class NumpyMLP:
    """The network that `create_model(config)` builds, for inference only.

    Batch normalisation is folded into the linear layer before it: with fixed statistics it is just
    a scale and a shift.
    """

    def __init__(self, config: MLPConfig, weights: Mapping[str, FloatArray]) -> None:
        """Prepare the layers.

        Args:
            config: Shape of the network.
            weights: Arrays by the names of the torch model's state_dict.

        Raises:
            CheckpointError: A weight is missing or has another shape than `config` says.
        """
        sizes = (config.input_size, *config.hidden_sizes, config.output_size)
        names = [f"linear{number}" for number in range(1, len(sizes) - 1)] + ["output"]
        self._view_shift_px = config.view_shift_px
        self._activate = _ACTIVATIONS[config.activation]
        self._layers = []
        for name, inputs, outputs in zip(names, sizes, sizes[1:], strict=False):
            try:
                matrix, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
                if config.batch_norm and name != "output":
                    matrix, bias = _fold_batch_norm(matrix, bias, name[len("linear") :], weights)
            except KeyError as error:
                raise CheckpointError(
                    f"The checkpoint has no weights named {error}; train a new one."
                ) from error
            if matrix.shape != (outputs, inputs) or bias.shape != (outputs,):
                raise CheckpointError(
                    f"The weights of layer {name} do not fit the checkpoint's description; "
                    "train a new one."
                )
            self._layers.append((np.ascontiguousarray(matrix.T), bias))

    def log_probabilities(self, inputs: FloatArray) -> FloatArray:
        """Compute the network's output.

        Args:
            inputs: Normalised pixels, (N, input_size).

        Returns:
            Log-probabilities, (N, output_size); with shifted views, their normalised mean where
            the image as it is leaves a doubt.
        """
        log_probabilities = self._forward(inputs)
        if not self._view_shift_px:
            return log_probabilities
        is_unsure = log_probabilities.max(axis=1, initial=-np.inf) < SURE
        if is_unsure.any():
            views = _shifted_views(inputs[is_unsure], self._view_shift_px)  # (4, M, input_size)
            shifted = self._forward(views.reshape(-1, inputs.shape[1]))  # (4 M, output_size)
            total = shifted.reshape(4, -1, shifted.shape[1]).sum(axis=0)
            log_probabilities[is_unsure] = log_softmax(
                (log_probabilities[is_unsure] + total) / np.float32(5)
            )
        return log_probabilities

    def _forward(self, inputs: FloatArray) -> FloatArray:
        *hidden_layers, (matrix, bias) = self._layers
        x = inputs
        for hidden_matrix, hidden_bias in hidden_layers:
            x = self._activate(x @ hidden_matrix + hidden_bias)  # (N, hidden size)
        return log_softmax(x @ matrix + bias)  # (N, output_size)


def _shifted_views(inputs: FloatArray, shift_px: int) -> FloatArray:
    """Return images (N, 784) moved up, down, left and right, (4, N, 784)."""
    images = inputs.reshape(len(inputs), IMAGE_SIZE_PX, IMAGE_SIZE_PX)
    # What rolls over the edge and in again on the other side is paper.
    moved = [np.roll(images, step, axis) for axis in (1, 2) for step in (-shift_px, shift_px)]
    return np.stack(moved).reshape(4, *inputs.shape)


def log_softmax(scores: FloatArray) -> FloatArray:
    """Turn scores (N, C) into log-probabilities (N, C), without overflow."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    result: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def _fold_batch_norm(
    matrix: FloatArray, bias: FloatArray, number: str, weights: Mapping[str, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    norm = f"norm{number}"
    variance = weights[f"{norm}.running_var"]
    scale = weights[f"{norm}.weight"] / np.sqrt(variance + BATCH_NORM_EPSILON)
    shift = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return matrix * scale[:, None], bias * scale + shift


def _relu(x: FloatArray) -> FloatArray:
    return np.maximum(x, 0)


def _leaky_relu(x: FloatArray) -> FloatArray:
    result: FloatArray = np.where(x > 0, x, np.float32(0.01) * x)
    return result


def _elu(x: FloatArray) -> FloatArray:
    result: FloatArray = np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
    return result


def _tanh(x: FloatArray) -> FloatArray:
    return np.tanh(x)


def _gelu(x: FloatArray) -> FloatArray:
    # The tanh form: NumPy has no error function. The torch model uses the same form.
    # A power would take fifteen times as long as all the rest of this.
    cubic = np.float32(0.7978845608) * x * (1 + np.float32(0.044715) * x * x)  # sqrt(2 / pi)
    result: FloatArray = np.float32(0.5) * x * (1 + np.tanh(cubic))
    return result


def _silu(x: FloatArray) -> FloatArray:
    # 1 / (1 + exp(-x)) written with tanh, which cannot overflow.
    result: FloatArray = np.float32(0.5) * x * (1 + np.tanh(np.float32(0.5) * x))
    return result


_ACTIVATIONS: dict[Activation, Callable[[FloatArray], FloatArray]] = {
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "tanh": _tanh,
    "gelu": _gelu,
    "silu": _silu,
}
