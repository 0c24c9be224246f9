"""Critics and samples whose signals are known, and what a signal must leave as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from steadygan.networks.layers.spectral import spectral_norm


def samples(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


class Linear(nn.Module):
    """D(x) = w x + 3, of slope |w| everywhere."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight + 3.0


def bowl(x: Tensor) -> Tensor:
    """D(x) = |x|^2 / 2, of slope |x|."""
    return 0.5 * x.flatten(1).square().sum(1)


def delicate_critic() -> nn.Sequential:
    """In training mode, with all that a pass could move: batch norm, dropout, three kinds of spectral norm."""
    torch.manual_seed(1)
    network = nn.Sequential(
        spectral_norm(nn.Linear(6, 8)),
        nn.BatchNorm1d(8),
        nn.Dropout(0.5),
        nn.utils.parametrizations.spectral_norm(nn.Linear(8, 8)),
        nn.LeakyReLU(0.2, inplace=True),
        nn.utils.spectral_norm(nn.Linear(8, 8)),
        nn.Softplus(),
        nn.Linear(8, 1),
    ).double()
    network[2].eval()  # a mode of one part alone is kept, too
    network(samples(5, 6)).sum().backward()
    return network


def orthogonal_stack(scale: float, depth: int = 6, width: int = 5) -> nn.Sequential:
    """Linear layers scale * Q, Q orthogonal: the gradient grows by ``scale`` with each layer towards the input."""
    layers = []
    for i in range(depth):
        layer = nn.Linear(width, width, bias=False).double()
        turn, _ = np.linalg.qr(np.random.default_rng(i).standard_normal((width, width)))
        layer.weight.data = scale * torch.from_numpy(turn)
        layers.append(layer)
    return nn.Sequential(*layers)


def assert_no_trace(action: Callable[[nn.Module], Any], network: nn.Module | None = None) -> None:
    """Asserts that an action on a network changes no parameter, gradient, buffer, mode, hook or random state."""
    network = delicate_critic() if network is None else network
    before = _state(network)
    torch.manual_seed(7)
    expected = torch.get_rng_state()
    action(network)
    assert torch.equal(torch.get_rng_state(), expected)
    assert torch.is_grad_enabled()
    after = _state(network)
    assert before.keys() == after.keys()
    for name, value in before.items():
        same = torch.equal(value, after[name]) if isinstance(value, Tensor) else value == after[name]
        assert same, name


def _state(network: nn.Module) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, module in network.named_modules():
        found[f"mode {name}"] = module.training
        found[f"hooks {name}"] = (len(module._forward_hooks), len(module._forward_pre_hooks))
    for name, parameter in network.named_parameters():
        found[name] = parameter.detach().clone()
        found[f"grad {name}"] = None if parameter.grad is None else parameter.grad.clone()
        found[f"requires {name}"] = parameter.requires_grad
    found.update({f"buffer {name}": buffer.clone() for name, buffer in network.named_buffers()})
    return found
