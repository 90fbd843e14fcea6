import numpy as np
import pytest
import torch
from torch import nn

from mnist_model.evaluate import (
    confusion_matrix,
    evaluate_model,
    expected_calibration_error,
    fit_temperature,
    summarise,
)


def test_confusion_matrix_counts_true_by_predicted():
    matrix = confusion_matrix(np.array([1, 1, 2, 9]), np.array([1, 7, 2, 9]))
    assert matrix.shape == (10, 10)
    assert matrix.sum() == 4
    assert [matrix[1, 1], matrix[1, 7], matrix[2, 2], matrix[9, 9]] == [1, 1, 1, 1]


def test_calibration_error_of_a_worked_example():
    # Two bins: confidence 0.95 and right once in two, confidence 0.6 and right once in one.
    probabilities = np.full((3, 10), 0.0, np.float32)
    probabilities[0, [3, 0]] = 0.95, 0.05
    probabilities[1, [4, 0]] = 0.95, 0.05
    probabilities[2, [5, 0]] = 0.6, 0.4
    labels = np.array([3, 0, 5])
    expected = 2 / 3 * abs(0.5 - 0.95) + 1 / 3 * abs(1 - 0.6)
    assert expected_calibration_error(probabilities, labels) == pytest.approx(expected)


def test_temperature_cools_an_overconfident_model():
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 4000)
    log_probabilities = random.normal(size=(4000, 10)).astype(np.float32)
    log_probabilities[np.arange(4000), labels] += 2
    honest = fit_temperature(log_probabilities, labels)
    assert fit_temperature(3 * log_probabilities, labels) == pytest.approx(3 * honest, rel=0.02)


def test_class_accuracies_are_per_true_class():
    probabilities = np.eye(10, dtype=np.float32)[[1, 1, 2]]
    evaluation = summarise(probabilities, np.array([1, 2, 2]))
    assert evaluation.class_accuracies[1:3].tolist() == [1.0, 0.5]
    assert np.isnan(evaluation.class_accuracies[0])


def test_evaluate_model_counts_over_batches():
    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, x):
            return torch.log_softmax(torch.eye(10)[torch.full((len(x),), 4)] * 5, dim=1)

    loader = [
        (torch.zeros(3, 1, 28, 28), torch.tensor([4, 4, 1])),
        (torch.zeros(1, 1, 28, 28), torch.tensor([4])),
    ]
    evaluation = evaluate_model(Constant(), loader)
    assert evaluation.tested == 4
    assert evaluation.accuracy == 0.75
