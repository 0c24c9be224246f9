"""Batches, and critics whose gradients are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[np.float64]


IMAGE = (3, 4, 4)


def batch(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def linear_critic(weight: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda samples: samples.flatten(1) @ weight.flatten() + 3.0


def bowl(samples: Tensor) -> Tensor:
    """D(x) = |x|^2 / 2, whose slope is |x|."""
    return 0.5 * samples.flatten(1).square().sum(1)


def norms(samples: Tensor) -> Array:
    return np.linalg.norm(samples.detach().numpy().reshape(len(samples), -1), axis=1)


weights = arrays(np.float64, 6, elements=st.floats(-3, 3)).filter(lambda w: np.linalg.norm(w) > 1e-2)


def smooth_mlp() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4), nn.Softplus(), nn.Linear(4, 1)).double()


def row_by_row(critic: nn.Module, points: Tensor, hold: Callable[[float], float]) -> float:
    """The mean of ``hold`` over the norms of the critic's Jacobian rows, each from a forward pass of its own."""
    costs = []
    for point in points:
        jacobian = torch.autograd.functional.jacobian(lambda p: critic(p[None]).sum(), point)
        costs.append(hold(float(np.sqrt((jacobian.numpy() ** 2).sum()))))
    return float(np.mean(costs))


def changes_of(critic: nn.Module, value: Callable[[], float], step: float = 1e-5) -> dict[str, Array]:
    """Central differences of ``value`` with respect to each parameter."""
    changes = {}
    with torch.no_grad():
        for name, parameter in critic.named_parameters():
            change = np.zeros(parameter.numel())
            flat = parameter.view(-1)
            for i in range(len(flat)):
                before = flat[i].item()
                flat[i] = before + step
                high = value()
                flat[i] = before - step
                low = value()
                flat[i] = before
                change[i] = (high - low) / (2 * step)
            changes[name] = change.reshape(parameter.shape)
    return changes
