import pytest

from mnist_model.config import MLPConfig
from mnist_model.model import build_model


def test_the_classic_network_has_the_textbooks_number_of_parameters():
    assert MLPConfig().parameters == 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10


@pytest.mark.parametrize("batch_norm", [False, True])
def test_parameters_are_those_that_torch_counts(batch_norm):
    config = MLPConfig(hidden_sizes=(20, 15, 12), batch_norm=batch_norm)
    counted = sum(parameter.numel() for parameter in build_model(config).parameters())
    assert config.parameters == counted


@pytest.mark.parametrize(
    "wrong",
    [
        {"hidden_sizes": (0,)},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"activation": "sigmoid"},
        {"view_shift_px": 28},
        {"view_shift_px": 1, "input_size": 100},
    ],
)
def test_a_shape_that_cannot_be_built_is_refused(wrong):
    with pytest.raises(ValueError, match=r"neuron|Dropout|activation|shifted"):
        MLPConfig(**wrong)
