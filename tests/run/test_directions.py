"""Principal directions: known axes of a linear generator, exact regression, and the layer that follows the latents."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.run.directions import _of_activations, first_layer, latent_steps, principal_components


def white(count: int, size: int) -> torch.Tensor:
    """Points [count, size] whose mean is exactly 0 and whose covariance is exactly I."""
    drawn = torch.randn(count, size, generator=torch.Generator().manual_seed(0)).double()
    drawn = drawn - drawn.mean(0)
    return torch.linalg.qr(drawn).Q * count**0.5


@pytest.mark.parametrize("width", [6, 80])  # fewer and more activations than samples
def test_the_directions_of_a_linear_layer_are_its_singular_vectors(width):
    latents, matrix = white(60, 4), torch.randn(width, 4, generator=torch.Generator().manual_seed(1)).double()
    left, sizes, right = torch.linalg.svd(matrix, full_matrices=False)
    activations = latents @ matrix.T + 3.0
    components, variances, whole = principal_components(activations, 4)
    torch.testing.assert_close(variances, sizes.square())
    assert whole == pytest.approx(sizes.square().sum().item())
    torch.testing.assert_close((components @ left).abs(), torch.eye(4).double(), rtol=0, atol=1e-9)
    found = _of_activations("z", "layer", 4, activations, latents)
    # one standard deviation along a component is one along its right singular vector
    torch.testing.assert_close((found.steps.double() @ right.T).abs(), torch.eye(4).double(), rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.shares, (sizes.square() / sizes.square().sum()).numpy())
    assert (found.steps.gather(1, found.steps.abs().argmax(1, keepdim=True)) > 0).all()


def test_in_w_a_step_is_the_component_times_its_deviation():
    axes = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(2)).double()).Q
    found = _of_activations("w", "w", 2, white(50, 3) @ torch.diag(torch.tensor([3.0, 2.0, 1.0]).double()) @ axes, None)
    torch.testing.assert_close(found.steps.norm(dim=1), torch.tensor([3.0, 2.0]))
    torch.testing.assert_close(
        (found.steps.double() @ axes.T).abs()[:, :2], torch.diag(torch.tensor([3.0, 2.0]).double()), atol=1e-6, rtol=0
    )


def test_latents_that_do_not_follow_are_regressed_by_least_squares():
    coordinates, latents = white(40, 2), torch.randn(40, 3, generator=torch.Generator().manual_seed(3)).double()
    torch.testing.assert_close(latent_steps(latents, coordinates), coordinates.T @ latents / 40)


def test_more_directions_than_vary_are_refused():
    flat = white(30, 2) @ torch.ones(2, 5).double()
    with pytest.raises(UsageError, match="directions is 2; allowed: 1 to 1"):
        _of_activations("z", "layer", 2, flat, white(30, 2))


class Labelled(nn.Module):
    """A layer of labels before the one of latents."""

    def __init__(self) -> None:
        super().__init__()
        self.of_labels, self.of_latents, self.last = nn.Linear(1, 2), nn.Linear(3, 2), nn.Linear(2, 2)

    def forward(self, latents, labels):
        return self.last(self.of_labels(labels[:, None].float()) + self.of_latents(latents))


def test_the_first_layer_is_the_first_one_that_follows_the_latents():
    network, latents = Labelled(), torch.randn(300, 3)
    name, outputs = first_layer(network, latents, torch.ones(300).long())
    assert name == "of_latents"
    torch.testing.assert_close(outputs, network.of_latents(latents).detach())
    assert not any(module._forward_hooks for module in network.modules())
