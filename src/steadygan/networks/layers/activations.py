"""Activations by name. In critics, ReLU and leaky ReLU have a form that is cheap under a double backward.

Their second derivative is 0 almost everywhere, yet autograd's double backward walks the forward graph with zeros.
Written as x times a slope without gradient, values and all derivatives are the same and that walk is gone.
A custom autograd.Function would do it too, but gave wrong gradients under torch.func.grad in a compiled step.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEAK = 0.2


class PiecewiseLinear(nn.Module):
    """max(x, leak x), as x times a detached slope; leak 0 is ReLU.

    ATen's ``leaky_relu_backward(g, x, leak)`` is g times the slope at x in one kernel, and is its own derivative in g:
    with g = x and the second x detached it is this function, and nothing of x's graph hangs on the slope.
    """

    def __init__(self, leak: float = 0.0) -> None:
        super().__init__()
        self.leak = leak

    def forward(self, x: Tensor) -> Tensor:
        if not torch.is_grad_enabled():
            return F.leaky_relu(x, self.leak) if self.leak else F.relu(x)
        scaled: Tensor = torch.ops.aten.leaky_relu_backward(x, x.detach(), self.leak, False)
        return scaled

    def extra_repr(self) -> str:
        return f"leak={self.leak}"


class SmoothELU(nn.Module):
    """softplus(2x + 2) / 2 - 1, the smooth stand-in for ELU (WGAN-GP, App. D and Table 1)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.softplus(2.0 * x + 2.0) / 2.0 - 1.0


class Gate(nn.Module):
    """sigmoid(even channels) tanh(odd channels): 2C maps in, C out (WGAN-GP, Fig. 2, row 4)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(x[:, 0::2]) * torch.tanh(x[:, 1::2])


NAMES = ("relu", "leaky_relu", "tanh", "elu", "smooth_elu", "gated")


def make(name: str, *, critic: bool) -> nn.Module:
    """A new activation module; ``critic`` takes the form that is cheap under a gradient penalty."""
    if name == "relu":
        return PiecewiseLinear() if critic else nn.ReLU()
    if name == "leaky_relu":
        return PiecewiseLinear(LEAK) if critic else nn.LeakyReLU(LEAK)
    if name == "tanh":
        return nn.Tanh()
    if name == "elu":
        return nn.ELU()
    if name == "smooth_elu":
        return SmoothELU()
    if name == "gated":
        return Gate()
    raise ValueError(f"unknown activation '{name}' (known: {', '.join(NAMES)})")


def maps(name: str, width: int) -> int:
    """Feature maps that an activation needs as input to give ``width`` of them."""
    return 2 * width if name == "gated" else width
