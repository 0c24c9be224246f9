"""Spectral normalisation of layers by power iteration (Miyato et al. 2018).

W / sigma(W), sigma(W) = u^T W v, with W as the matrix [outputs, inputs times kernel]; in training each forward of the
layer begins with v <- W^T u / |W^T u|, u <- W v / |W v| (the paper's Algorithm 1). Gradients flow through W, not
through u and v, which are buffers and travel with checkpoints and copies.

torch's own parametrization moves u and v whenever the weight is read, and layers read it for its dtype, too; it
also takes sigma in bfloat16 under autocast on GPUs. Here the forward moves them, once, and all is float32.

Outside of the training loop each forward in training mode moves them, as torch's do. The loop takes them over
(``power_iteration``): it moves them once a step, and all passes and micro-batches of the step share one sigma. An
averaged generator has the buffers of the present one: ``settle`` fits them to its own weights.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from steadygan.checks import whole_number

_KINDS = (nn.Linear, nn.Embedding, nn.modules.conv._ConvNd)  # _ConvNd: convolutions and transposed ones
_FIRST_ITERATIONS = 15  # as torch: random vectors become a fair estimate

_Module = TypeVar("_Module", bound=nn.Module)


class SpectralNorm(nn.Module):
    """A weight divided by the present estimate of its largest singular value."""

    u: Tensor
    v: Tensor
    moves_at_forward = True
    """False if a training loop moves u and v"""

    def __init__(self, weight: Tensor, axis: int, power_iterations: int, eps: float) -> None:
        """
        Args:
            weight: to be normalised; must not be 0
            axis: of the weight, along which the outputs lie
            power_iterations: in each forward in training
            eps: smallest norm that u and v are divided by
        """
        super().__init__()
        self.axis = axis
        self.power_iterations = power_iterations
        self.eps = eps
        matrix = self._matrix(weight.detach())
        self.register_buffer("u", F.normalize(torch.randn_like(matrix[:, 0]), dim=0, eps=eps))
        self.register_buffer("v", torch.zeros_like(matrix[0]))
        self.iterate(weight, _FIRST_ITERATIONS)

    def _matrix(self, weight: Tensor) -> Tensor:
        return weight.transpose(0, self.axis).flatten(1)

    @torch.no_grad()
    def iterate(self, weight: Tensor, times: int) -> None:
        """Moves u and v by steps of the power iteration, in place."""
        with torch.autocast(weight.device.type, enabled=False):
            matrix = self._matrix(weight)
            for _ in range(times):
                # mm, not mv: a compiled backward may recompute an mv, from buffers that have moved since, and then
                # has wrong gradients with no error (torch 2.13); products of matrices it keeps.
                # out=, not copy_: torch.func.grad refuses in-place calls on tensors from outside, and CUDA graphs
                # need the buffers to stay where they are.
                F.normalize(torch.mm(matrix.t(), self.u[:, None])[:, 0], dim=0, eps=self.eps, out=self.v)
                F.normalize(torch.mm(matrix, self.v[:, None])[:, 0], dim=0, eps=self.eps, out=self.u)

    def sigma(self, weight: Tensor) -> Tensor:
        """u^T W v, 0-d, differentiable in W."""
        u, v = self.u.clone(), self.v.clone()  # the graph keeps these: the next forward moves the buffers in place
        with torch.autocast(weight.device.type, enabled=False):
            return torch.dot(u, torch.mv(self._matrix(weight), v))

    def readings(self, weight: Tensor) -> dict[str, Tensor]:
        """sigma of the raw weight, for the record."""
        return {"sigma": self.sigma(weight)}

    def settle(self, weight: Tensor) -> None:
        """Fits u and v to a weight that they did not follow step by step."""
        self.iterate(weight, _FIRST_ITERATIONS)

    def forward(self, weight: Tensor) -> Tensor:
        return weight / self.sigma(weight)

    def extra_repr(self) -> str:
        return f"axis={self.axis}, power_iterations={self.power_iterations}"


def _norm_of(module: nn.Module) -> SpectralNorm | None:
    if not parametrize.is_parametrized(module, "weight"):
        return None
    norm = module.parametrizations["weight"][0]  # type: ignore[index]
    return norm if isinstance(norm, SpectralNorm) else None


def _stored(module: nn.Module) -> Tensor:
    weight: Tensor = module.parametrizations["weight"].original  # type: ignore[index, union-attr]
    return weight


def _before_forward(module: nn.Module, inputs: object) -> None:
    norm = _norm_of(module)
    if module.training and norm is not None and norm.moves_at_forward:
        norm.iterate(_stored(module), norm.power_iterations)


def spectral_norm(module: _Module, *, power_iterations: int = 1, eps: float = 1e-12) -> _Module:
    """Adds spectral normalisation to the weight of a layer, in place; initialise the weight before.

    Its raw weight is then the parameter ``parametrizations.weight.original``. u and v begin with 15 iterations.

    Args:
        module: convolution, transposed convolution (1-d to 3-d), linear layer or embedding
        power_iterations: in each forward in training mode; none in eval mode
        eps: smallest norm that u and v are divided by

    Raises:
        ValueError: for another layer, for power_iterations below 1, for weights that are parametrised already, and
            for weights that are all 0, which have no direction to normalise.
    """
    name = type(module).__name__
    if not isinstance(module, _KINDS):
        raise ValueError(f"no spectral norm for {name}; allowed: linear, convolution, transposed, embedding")
    whole_number("power_iterations", power_iterations)
    if parametrize.is_parametrized(module, "weight"):
        raise ValueError(f"the weight of {name} is parametrised already; normalise a plain layer")
    if not module.weight.any():
        raise ValueError(f"the weights of {name} are all 0; spectral norm needs other initial weights")
    axis = 1 if isinstance(module, nn.modules.conv._ConvTransposeNd) else 0
    norm = SpectralNorm(module.weight, axis, power_iterations, eps)
    parametrize.register_parametrization(module, "weight", norm)
    module.register_forward_pre_hook(_before_forward)
    return module


def with_spectral_norm(
    network: _Module, *, power_iterations: int = 1, eps: float = 1e-12, but: Collection[nn.Module] = ()
) -> _Module:
    """Adds spectral normalisation to every convolution, linear layer and embedding of a network, in place.

    Layers that have it are left as they are, and so are those in ``but`` and the tables of class-conditional norms,
    which are no layers.

    Raises:
        ValueError: as ``spectral_norm``.
    """
    for module in list(network.modules()):
        if isinstance(module, _KINDS) and _norm_of(module) is None and not any(module is other for other in but):
            spectral_norm(module, power_iterations=power_iterations, eps=eps)
    return network
