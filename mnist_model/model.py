"""The multi-layer perceptron in torch: a stack of linear layers that ends in log-probabilities."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

from mnist_model.config import CLASSES, IMAGE_SIZE_PX, Activation, MLPConfig

_ACTIVATIONS: dict[Activation, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}


def create_model(
    input_size: int = IMAGE_SIZE_PX * IMAGE_SIZE_PX,
    hidden_sizes: Sequence[int] = (128, 64),
    output_size: int = CLASSES,
    *,
    activation: Activation = "relu",
    dropout: float = 0.0,
    batch_norm: bool = False,
) -> nn.Sequential:
    """Build an MLP: per hidden layer linear, [batch norm,] activation, [dropout]; then output.

    Args:
        input_size: Numbers per image, 784 for 28x28 pixels.
        hidden_sizes: Neurons of each hidden layer; any number of layers, none too.
        output_size: Classes.
        activation: What follows each hidden layer.
        dropout: Share of hidden neurons silenced in training, 0 to below 1.
        batch_norm: Normalise each hidden layer over the batch, before its activation.

    Returns:
        A model from normalised pixels (N, input_size) to log-probabilities (N, output_size).

    Raises:
        ValueError: The numbers describe no network; see `MLPConfig`.
    """
    return build_model(
        MLPConfig(input_size, tuple(hidden_sizes), output_size, activation, dropout, batch_norm)
    )


def build_model(config: MLPConfig) -> nn.Sequential:
    """Build the MLP that `config` describes; the layers' names are the checkpoint's names."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    size = config.input_size
    for number, hidden_size in enumerate(config.hidden_sizes, start=1):
        layers[f"linear{number}"] = nn.Linear(size, hidden_size)
        if config.batch_norm:
            layers[f"norm{number}"] = nn.BatchNorm1d(hidden_size)
        layers[f"activation{number}"] = _build_activation(config.activation)
        if config.dropout:
            layers[f"dropout{number}"] = nn.Dropout(config.dropout)
        size = hidden_size
    layers["output"] = nn.Linear(size, config.output_size)
    layers["log_softmax"] = nn.LogSoftmax(dim=1)
    return nn.Sequential(layers)


def _build_activation(name: Activation) -> nn.Module:
    if name == "gelu":
        return nn.GELU(approximate="tanh")  # the form that serving can compute in NumPy
    return _ACTIVATIONS[name]()
