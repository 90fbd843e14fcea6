import math

import torch

from mnist_model.teacher import build_teacher


def test_a_teacher_starts_undecided():
    torch.manual_seed(0)
    log_probabilities = build_teacher(4).eval()(torch.rand(6, 784))
    assert log_probabilities.shape == (6, 10)
    assert torch.allclose(log_probabilities.exp().sum(1), torch.ones(6), atol=1e-5)
    assert abs(-log_probabilities.mean().item() - math.log(10)) < 0.3
