"""Regularisers and losses of objectives that a loop of one's own can call: shapes are checked, sums are in float32."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from steadygan.objectives import (
    AuxiliaryClassifier,
    BoundaryEquilibrium,
    EnergyBased,
    energy_critic_loss,
    feature_matching_loss,
    lecam_regulariser,
    pulling_away_term,
)
from steadygan.types import CriticOutput

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def relu(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 0.0)


FORMULAS: dict[str, tuple[Callable[..., Tensor], Callable[..., float]]] = {
    "lecam": (
        lambda x, g: lecam_regulariser(x, g, torch.tensor(250.0), -20.0),
        lambda x, g: (relu(x + 20.0) ** 2).mean() + (relu(250.0 - g) ** 2).mean(),
    ),
    "energy": (lambda x, g: energy_critic_loss(x, g, 400.0), lambda x, g: x.mean() + relu(400.0 - g).mean()),
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (1, 2, 3)])
def test_values_are_those_of_the_formula_in_float64(name: str, dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    loss, formula = FORMULAS[name]
    x, g = ((300.0 + 40.0 * torch.randn(6, *shape)).to(dtype).requires_grad_() for _ in range(2))
    right = formula(*(scores.detach().double().numpy() for scores in (x, g)))
    found = loss(x, g)
    assert found.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert found.item() == pytest.approx(right, rel=1e-5)
    assert all(gradient.dtype == dtype for gradient in torch.autograd.grad(found, (x, g)))
    assert loss([x, x], [g, g]).item() == pytest.approx(right, rel=1e-5)
    if not shape:
        assert loss(x, g[:, None]).item() == pytest.approx(right, rel=1e-5)


@pytest.mark.parametrize("name", FORMULAS)
def test_what_would_be_broadcast_is_refused(name: str) -> None:
    scores = torch.zeros(4)
    with pytest.raises(ValueError, match=r"shape \[\]"):
        FORMULAS[name][0](scores, torch.zeros(()))
    with pytest.raises(ValueError, match=r"average.*\[4\]"):
        lecam_regulariser(scores, scores, scores, torch.tensor(0.0))
    with pytest.raises(ValueError, match=r"margin.*\[4\]"):
        energy_critic_loss(scores, scores, scores)


@pytest.mark.parametrize("dtype", DTYPES)
def test_feature_matching_is_in_float32_or_wider_and_broadcasts_nothing(dtype: torch.dtype) -> None:
    x, g = (100.0 + 30.0 * torch.randn(5, 64)).to(dtype), (10.0 * torch.randn(3, 64)).to(dtype)
    right = ((x.double().mean(0) - g.double().mean(0)) ** 2).sum().item()
    assert feature_matching_loss(x, g).item() == pytest.approx(right, rel=1e-5)
    for other in (g[:, :1], g[0], g[:0]):
        with pytest.raises(ValueError, match="features"):
            feature_matching_loss(x, other)


def test_the_pulling_away_term_takes_codes_alone() -> None:
    with pytest.raises(ValueError, match=r"\[3, 4, 2\]"):
        pulling_away_term(torch.zeros(3, 4, 2))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_objectives_of_outputs_in_half_precision_reduce_in_float32(dtype: torch.dtype) -> None:
    labels = torch.arange(6) % 3

    def output(shift: float) -> CriticOutput:
        return CriticOutput((shift + torch.randn(6)).to(dtype), torch.randn(6, 3).to(dtype), labels=labels)

    real, fake = output(1500.0), output(900.0)
    wide = [CriticOutput(o.score.double(), o.class_logits.double(), labels=labels) for o in (real, fake)]
    for objective in (BoundaryEquilibrium(), EnergyBased(margin=1000.0), AuxiliaryClassifier()):
        state = objective.initial_state()
        for found, right in (
            (objective.critic_loss(real, fake, state), objective.critic_loss(*wide, state)),
            (objective.generator_loss(real, fake, state), objective.generator_loss(*wide, state)),
        ):
            assert found.dtype == torch.float32 and found.item() == pytest.approx(right.item(), rel=1e-5)
