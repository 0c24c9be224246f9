"""Sensitivity: linear generators with known Jacobians, autograd's Jacobian, dead latents, and nothing disturbed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from steadygan.diagnostics.signals import sensitivity
from steadygan.errors import UsageError
from steadygan.types import Scales


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_linear_generator_has_the_norm_of_its_matrix() -> None:
    matrix = random(12, 5)
    result = sensitivity(lambda z: z @ matrix.T, random(7, 5, seed=1))
    assert result.jacobian_norm == pytest.approx(float(matrix.norm()), rel=1e-9)
    columns = matrix.norm(dim=0)
    assert (result.lowest, result.highest) == pytest.approx((float(columns.min()), float(columns.max())), rel=1e-9)
    assert result.dead == 0


def test_the_autocast_of_the_caller_does_not_apply() -> None:
    layer, latents = nn.Linear(5, 12), random(7, 5, seed=1).float()
    with torch.autocast("cpu", torch.bfloat16):
        result = sensitivity(layer, latents)
    assert result.jacobian_norm == pytest.approx(float(layer.weight.norm()), rel=1e-4)


@pytest.mark.parametrize("dead", range(6))
def test_the_share_of_dead_latents(dead: int) -> None:
    matrix = torch.ones(4, 5, dtype=torch.float64)
    matrix[:, :dead] = 0
    assert sensitivity(lambda z: z @ matrix.T + 3, random(3, 5)).dead == dead / 5


def test_some_directions_stand_for_all() -> None:
    matrix = torch.eye(64, dtype=torch.float64)
    result = sensitivity(lambda z: z @ matrix, random(2, 64), directions=16)
    assert result.jacobian_norm == pytest.approx(8, rel=1e-9)


def test_a_smooth_generator_has_autograds_jacobian() -> None:
    network = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 9)).double()
    latents = random(4, 6)
    jacobians = torch.stack([torch.autograd.functional.jacobian(network, z) for z in latents])
    expected = float(jacobians.square().sum(dim=(1, 2)).mean().sqrt())
    assert sensitivity(network, latents, step=1e-4).jacobian_norm == pytest.approx(expected, rel=1e-6)


def test_a_collapsed_generator_responds_to_nothing() -> None:
    result = sensitivity(lambda z: torch.ones(len(z), 3, 8, 8), torch.randn(4, 10))
    assert result == (0.0, 0.0, 0.0, 1.0)


def test_of_several_scales_the_finest_counts() -> None:
    forms: list[Any] = [lambda a, b: Scales((a, b)), lambda a, b: [a, b]]
    for form in forms:
        made = sensitivity(lambda z, form=form: form(9 * z[:, :, None, None], z[:, :, None, None]), random(3, 4))
        assert made.jacobian_norm == pytest.approx(2, rel=1e-9)


class Noisy(nn.Module):
    """A generator with batch norm, dropout and noise inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.norm, self.dropout = nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout()

    def forward(self, z: Tensor) -> Tensor:
        made: Tensor = self.dropout(self.norm(self.linear(z)))
        return made + torch.randn_like(made)


def test_nothing_of_a_training_changes() -> None:
    torch.manual_seed(0)
    generator = Noisy().train()
    generator.dropout.eval()
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    modes = [module.training for module in generator.modules()]
    state = torch.get_rng_state()
    result = sensitivity(generator, torch.randn(5, 4, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in generator.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
    assert all(parameter.grad is None for parameter in generator.parameters())
    # noise inputs are the same at both ends, so the linear layer's norm is left
    scale = generator.norm.eps + 1
    assert result.jacobian_norm == pytest.approx(float(generator.linear.weight.detach().norm()) / scale**0.5, rel=1e-3)


@pytest.mark.parametrize(
    ("generator", "latents", "said"),
    [
        (lambda z: z, [[1.0]], "latents must be a float32 or float64 tensor"),
        (lambda z: z, torch.zeros(3), "latents must be a float32 or float64 tensor"),
        (lambda z: z, torch.zeros(3, 2, dtype=torch.bfloat16), "float32 or float64"),
        (lambda z: z[:1], torch.zeros(3, 2), "for 3 latents; needed: samples"),
        (lambda z: None, torch.zeros(3, 2), "gave NoneType for 3 latents"),
        (lambda z: z * torch.nan, torch.zeros(3, 2), "NaN or infinite"),
    ],
)
def test_bad_input_is_one_clear_line(generator: Any, latents: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        sensitivity(generator, latents)
