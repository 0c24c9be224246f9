"""Gradient norm of each layer, and its slope over depth: vanishing and exploding gradients (WGAN-GP, figure 1b)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from steadygan.diagnostics.signals.critic_passes import layers_of, norm_of, read, without_trace
from steadygan.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn


class LayerGradients(NamedTuple):
    """Norms of a loss' gradient, by layer in the order of the forward pass."""

    weights: dict[str, float]
    """|dL/dW| of each layer's weight matrices, kernels and tables (not of offsets and scales); frozen ones have none"""
    activations: dict[str, float]
    """|dL/dh| of each layer's output, over the whole batch"""
    weight_slope: float
    """decades that log10 |dL/dW| gains per layer towards the input; NaN with fewer than two layers above 0"""
    activation_slope: float
    """decades that log10 |dL/dh| gains per layer towards the input: below 0 vanishing, above 0 exploding"""

    @property
    def mean_weight(self) -> float:
        """Mean norm over the layers' weights."""
        return float(np.mean(list(self.weights.values()))) if self.weights else math.nan

    @property
    def without_gradient(self) -> tuple[str, ...]:
        """Layers whose weights get no gradient at all: dead units, a saturated loss."""
        return tuple(name for name, norm in self.weights.items() if norm == 0)


def layer_gradients(network: nn.Module, loss: Callable[[], Tensor]) -> LayerGradients:
    """Gradient norms of a network's layers for a loss, and their slopes over depth by least squares.

    Args:
        network: critic or generator; layers are its modules with a weight of two or more dimensions
        loss: makes a pass of the network and returns a scalar, such as ``lambda: critic(real).mean()``, or
            ``lambda: loss.generator(critic(generator(z)))`` for the generator's

    Layers that are all scaled by a move the activation slope by log10 a. The weight slope of a linear network stays
    where it is, as a weight's gradient is the product of both neighbours' scales: judge depth by activations.
    Several passes of a layer are summed as squares. ``.grad`` is neither read nor written.

    Known values [measured small-scale], decades per layer: healthy -0.4 to +0.17; clipping at 0.01 in eight layers
    -0.99. Mean norm of the generator's weights: healthy 0.3 to 5; a saturated critic 4e-11; dead units 0.

    Raises:
        UsageError: a loss that is no scalar or has no graph, a network of which no layer was run.
    """
    import torch

    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    with without_trace(network, loss):
        outputs, value = _recorded(network, loss)
        if not isinstance(value, torch.Tensor) or value.numel() != 1 or not value.requires_grad:
            raise UsageError("the loss must return a scalar with a graph, from a pass of the network")
        if not outputs:
            raise UsageError(f"no layer of {type(network).__name__} was run by the loss, or none has weights")
        weights = {name: of_layer for name, of_layer in _weights(network).items() if name in outputs}
        weights = {name: [each for each in found if each.requires_grad] for name, found in weights.items()}
        flat = [(name, each) for group in (weights, outputs) for name, found in group.items() for each in found]
        with torch.autocast(device.type, enabled=False):
            gradients = torch.autograd.grad(value.reshape(()), [each for _, each in flat], allow_unused=True)
    norms = iter(read([torch.zeros((), device=device) if each is None else norm_of(each) for each in gradients]))
    of_weights = {name: math.hypot(*(next(norms) for _ in weights[name])) for name in weights if weights[name]}
    of_outputs = {name: math.hypot(*(next(norms) for _ in outputs[name])) for name in outputs}
    ordered = {name: of_weights[name] for name in outputs if name in of_weights}
    slopes = [depth_slope(list(norms_.values())) for norms_ in (ordered, of_outputs)]
    return LayerGradients(ordered, of_outputs, *slopes)


def depth_slope(norms: list[float]) -> float:
    """Decades per layer towards the input, by least squares of log10 of norms in the order of the forward pass.

    Norms of 0 or that are not finite are left out; NaN with fewer than two others.
    """
    known = [(-depth, math.log10(norm)) for depth, norm in enumerate(norms) if 0 < norm < math.inf]
    if len(known) < 2:
        return math.nan
    depths, decades = np.array(known).T
    depths = depths - depths.mean()
    return float(depths @ decades / (depths @ depths))


def _weights(network: nn.Module) -> dict[str, list[Tensor]]:
    """Parameters of two or more dimensions, by layer."""
    parameters = dict(network.named_parameters())
    found: dict[str, list[Tensor]] = {}
    for layer, _, names in layers_of(network):
        matrices: list[Tensor] = [parameters[name] for name in names if parameters[name].dim() > 1]
        if matrices:
            found[layer] = matrices
    return found


def _recorded(network: nn.Module, loss: Callable[[], Tensor]) -> tuple[dict[str, list[Tensor]], Any]:
    """Outputs with a graph of each layer with weights, in the order of their first pass, and the loss."""
    import torch
    from torch.utils import _pytree as pytree

    outputs: dict[str, list[Tensor]] = {}
    weights = _weights(network)
    layers = [(name, module) for name, module, _ in layers_of(network) if name in weights]

    def hook(name: str) -> Callable[..., Any]:
        def record(module: nn.Module, inputs: Any, output: Any) -> Any:
            tensors = [each for each in pytree.tree_leaves(output) if isinstance(each, torch.Tensor)]
            with_graph = [each for each in tensors if each.requires_grad]
            if with_graph:
                outputs.setdefault(name, []).append(with_graph[0])
            # what follows may work in place: on a copy
            return output.clone() if isinstance(output, torch.Tensor) else None

        return record

    handles = [module.register_forward_hook(hook(name)) for name, module in layers]
    try:
        return outputs, loss()
    finally:
        for handle in handles:
            handle.remove()
