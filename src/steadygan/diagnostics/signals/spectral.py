"""Spectral norm of each layer: the largest singular value of the weight that its forward uses (Miyato et al. 2018)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from steadygan.diagnostics.signals.critic_passes import read
from steadygan.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn


class SpectralNorms(NamedTuple):
    """Largest singular values, by layer, in the order of the network's modules."""

    layers: dict[str, float]
    """of each weight, as the matrix [outputs, inputs times kernel]"""
    normalised: tuple[str, ...]
    """the layers among them whose weight is divided by an estimate of it"""

    @property
    def largest(self) -> float:
        """The largest of all layers."""
        return max(self.layers.values())

    @property
    def deviation(self) -> float:
        """Largest |sigma - 1| of the normalised layers: 0 where power iteration has converged; NaN without any."""
        return max((abs(self.layers[name] - 1) for name in self.normalised), default=float("nan"))


def spectral_norms(network: nn.Module, *, normalised_only: bool = False) -> SpectralNorms:
    """Largest singular value of each layer's effective weight: after the normalisation, if it has one.

    Exact (eigenvalues of the smaller Gram matrix, in float64 where the device has it), so it tells how good the power
    iteration's estimate is. Work is that of an eigenvalue problem a layer: for a schedule. No vector of a spectral norm
    moves. Spectral norms of this library and both of torch's are known, with their axis of outputs; so are torch's
    weight norms and pruning.

    Known value: 1 for each normalised layer once the power iteration has converged. A product of all layers' values
    far from 1 lets gradients vanish or explode over depth.

    Raises:
        UsageError: a network without a layer that has a weight matrix, or without a normalised one where asked.
    """
    import torch
    from torch.nn.utils import parametrize

    from steadygan.measuring import measuring

    sigmas: dict[str, Tensor] = {}
    normalised = []
    with torch.inference_mode(False), torch.no_grad(), measuring(network):
        for name, module in network.named_modules():
            if isinstance(module, parametrize.ParametrizationList) or ".parametrizations." in f".{name}.":
                continue
            for weight, axis, is_normalised in _effective(module):
                if normalised_only and not is_normalised:
                    continue
                layer = _new_name(name or "network", sigmas)
                sigmas[layer] = largest_singular_value(weight.transpose(0, axis).flatten(1))
                if is_normalised:
                    normalised.append(layer)
    if not sigmas:
        kind = "spectral norm" if normalised_only else "weight of two or more dimensions"
        raise UsageError(f"no layer of {type(network).__name__} has a {kind}")
    return SpectralNorms(dict(zip(sigmas, read(list(sigmas.values())), strict=True)), tuple(normalised))


def largest_singular_value(matrix: Tensor) -> Tensor:
    """Of a matrix [M, N], 0-d; NaN where it is not finite."""
    import torch

    wide = matrix.detach().to(torch.float32 if matrix.device.type == "mps" else torch.float64)
    scale = wide.abs().amax()
    sound = scale.isfinite() & (scale > 0)
    wide = torch.where(sound, wide / scale, 0.0)
    gram = wide @ wide.T if wide.shape[0] <= wide.shape[1] else wide.T @ wide
    value = torch.linalg.eigvalsh(gram).amax().clamp_min(0).sqrt() * scale
    return torch.where(sound, value, torch.where(scale == 0, 0.0, torch.nan))


def _effective(module: nn.Module) -> Iterator[tuple[Tensor, int, bool]]:
    """Weights of two or more dimensions that a module's forward uses, the axis of outputs, and whether normalised."""
    from torch import nn
    from torch.nn.utils import parametrize

    usual = 1 if isinstance(module, nn.modules.conv._ConvTransposeNd) else 0
    hooked = set()
    for name, weight, axis, is_normalised in _of_hooks(module, usual):
        hooked.add(name)
        if weight.dim() > 1:
            yield weight, axis, is_normalised
    parametrized: Any = getattr(module, "parametrizations", {}) if parametrize.is_parametrized(module) else {}
    for name, chain in parametrized.items():
        weight = getattr(module, name)
        norm = next((each for each in chain if type(each).__name__.endswith("SpectralNorm")), None)
        if weight.dim() > 1:
            yield weight, int(getattr(norm, "axis", getattr(norm, "dim", usual))), norm is not None
    for name, parameter in module.named_parameters(recurse=False):
        stored_for = name.rpartition("_")[0] if name.endswith(("_orig", "_g", "_v")) else name
        if parameter.dim() > 1 and stored_for not in hooked:
            yield parameter, usual, False


def _of_hooks(module: nn.Module, usual: int) -> Iterator[tuple[str, Tensor, int, bool]]:
    """Weights that torch's hooks compute before a forward pass, computed here, by name: spectral norm, weight norm,
    pruning."""
    from torch.nn.utils.prune import BasePruningMethod
    from torch.nn.utils.spectral_norm import SpectralNorm
    from torch.nn.utils.weight_norm import WeightNorm

    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, SpectralNorm):
            yield hook.name, hook.compute_weight(module, do_power_iteration=False), hook.dim, True
        elif isinstance(hook, WeightNorm):
            yield hook.name, hook.compute_weight(module), usual, False
        elif isinstance(hook, BasePruningMethod):
            yield hook._tensor_name, hook.apply_mask(module), usual, False  # type: ignore[no-untyped-call]


def _new_name(name: str, taken: dict[str, Tensor]) -> str:
    known = sum(1 for each in taken if each == name or each.startswith(f"{name}#"))
    return f"{name}#{known + 1}" if known else name
