"""Largest singular values against torch's decomposition in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.utils.prune
from torch import nn

from steadygan.diagnostics.signals import spectral_norms
from steadygan.diagnostics.signals.spectral import largest_singular_value
from steadygan.errors import UsageError
from steadygan.networks.layers.spectral import spectral_norm
from tests.diagnostics.signals.known import assert_no_trace, samples


@pytest.mark.parametrize(("rows", "columns"), [(3, 8), (8, 3), (1, 5), (6, 6)])
@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_the_value_is_that_of_the_singular_value_decomposition(rows: int, columns: int, scale: float) -> None:
    matrix = scale * samples(rows, columns)
    expected = float(torch.linalg.svdvals(matrix)[0])
    assert float(largest_singular_value(matrix)) == pytest.approx(expected, rel=1e-10)


def test_weights_are_matrices_of_outputs_by_all_else() -> None:
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ConvTranspose2d(3, 4, 2), nn.Embedding(5, 2), nn.LayerNorm(4))
    network = network.double()
    found = spectral_norms(network)
    weights = [network[0].weight.flatten(1), network[1].weight.transpose(0, 1).flatten(1), network[2].weight]
    expected = [float(torch.linalg.svdvals(weight.detach())[0]) for weight in weights]
    assert list(found.layers) == ["0", "1", "2"]
    assert list(found.layers.values()) == pytest.approx(expected, rel=1e-10)
    assert found.normalised == ()
    assert found.largest == max(found.layers.values())


@pytest.mark.parametrize(
    "normalise",
    [spectral_norm, nn.utils.parametrizations.spectral_norm, nn.utils.spectral_norm],
    ids=["own", "parametrization", "hook"],
)
def test_a_normalised_weight_is_the_one_that_the_forward_uses(normalise) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(5, 4, bias=False).double()
    layer = normalise(layer)
    raw = layer.weight_orig if hasattr(layer, "weight_orig") else layer.parametrizations.weight.original
    with torch.no_grad():
        raw.mul_(3.0)  # an optimizer step that the estimate has not followed
    for _ in range(300):
        layer(samples(2, 5))
    assert spectral_norms(layer).layers == {"network": pytest.approx(1.0, abs=1e-9)}
    with torch.no_grad():
        raw[0] += 5.0
    layer.eval()
    effective = layer(torch.eye(5).double()).T
    found = spectral_norms(layer, normalised_only=True)
    assert found.layers["network"] == pytest.approx(float(torch.linalg.svdvals(effective.detach())[0]), rel=1e-10)
    assert found.deviation == abs(found.layers["network"] - 1) > 0.01


@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated")
@pytest.mark.parametrize(
    "hook", [nn.utils.weight_norm, lambda layer: nn.utils.prune.l1_unstructured(layer, "weight", amount=5)]
)
def test_weights_that_other_hooks_compute_are_those_of_the_next_forward(hook) -> None:
    torch.manual_seed(0)
    layer = hook(nn.Linear(5, 4, bias=False).double())
    with torch.no_grad():
        next(layer.parameters()).mul_(3.0)
    found = spectral_norms(layer)
    used = layer(torch.eye(5).double()).T.detach()
    assert found.layers == {"network": pytest.approx(float(torch.linalg.svdvals(used)[0]), rel=1e-10)}
    assert found.normalised == ()


def test_values_that_are_not_finite_are_none_and_zeros_are_zero() -> None:
    assert math.isnan(float(largest_singular_value(torch.tensor([[1.0, math.nan], [0.0, 1.0]]))))
    assert math.isnan(float(largest_singular_value(torch.tensor([[1.0, math.inf]]))))
    assert float(largest_singular_value(torch.zeros(2, 3))) == 0


def test_nothing_is_left_behind_and_a_network_needs_matrices() -> None:
    assert_no_trace(spectral_norms)
    with pytest.raises(UsageError, match="weight"):
        spectral_norms(nn.ReLU())
    with pytest.raises(UsageError, match="spectral norm"):
        spectral_norms(nn.Linear(2, 2), normalised_only=True)
