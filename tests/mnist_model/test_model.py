import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from mnist_model.model import create_model


def test_default_model_is_the_textbooks():
    layers = [type(layer) for layer in create_model()]
    assert layers == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear, nn.LogSoftmax]


@pytest.mark.parametrize("hidden_sizes", [[], [32], [16, 16, 16, 16]])
def test_output_is_log_probabilities_for_any_number_of_layers(hidden_sizes):
    log_probabilities = create_model(hidden_sizes=hidden_sizes)(torch.randn(5, 784))
    assert log_probabilities.shape == (5, 10)
    assert log_probabilities.dtype == torch.float32
    assert torch.allclose(log_probabilities.exp().sum(dim=1), torch.ones(5))


def test_loss_before_training_is_near_that_of_guessing():
    torch.manual_seed(0)
    loss = functional.nll_loss(create_model()(torch.randn(64, 784)), torch.arange(64) % 10)
    assert abs(loss.item() - math.log(10)) < 0.1


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("relu", nn.ReLU),
        ("leaky_relu", nn.LeakyReLU),
        ("elu", nn.ELU),
        ("tanh", nn.Tanh),
        ("gelu", nn.GELU),
        ("silu", nn.SiLU),
    ],
)
def test_activation_is_the_one_asked_for(name, layer):
    model = create_model(hidden_sizes=[8], activation=name)
    assert isinstance(model.activation1, layer)


def test_batch_norm_and_dropout_come_in_order():
    model = create_model(hidden_sizes=[8], batch_norm=True, dropout=0.25)
    names = [name for name, _ in model.named_children()]
    assert names == ["linear1", "norm1", "activation1", "dropout1", "output", "log_softmax"]
    assert model.dropout1.p == 0.25
