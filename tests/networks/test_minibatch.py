"""Minibatch layers by choice in critics: where they stand, what they add, and what is refused."""

from __future__ import annotations

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.networks import DCGANCritic, MLPCritic, parameter_count
from steadygan.networks.layers.inspect import couples_batch
from steadygan.networks.layers.minibatch import MinibatchDiscrimination, MinibatchStddev
from steadygan.networks.minibatch import Discrimination, Stddev
from steadygan.types import SampleSpec

DIGITS = SampleSpec((1, 8, 8))
CHOICES = [Stddev(2, 4), Discrimination(3, 2, group=2)]
CRITICS = [DCGANCritic(4), MLPCritic(8, 1, activation="tanh")]
critics = pytest.mark.parametrize("critic", CRITICS, ids=lambda critic: type(critic).__name__)
choices = pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: type(choice).__name__)


def with_choice(critic, choice):
    return type(critic)(**{**vars(critic), "minibatch": choice})


def features_without(critic, x):
    """What the same weights see before the layer: the trunk up to it."""
    *trunk, layer = critic.trunk
    for part in trunk:
        x = part(x)
    return x, layer


@critics
@choices
def test_the_score_is_linear_in_the_features_with_those_of_the_layer_beside_them(critic, choice):
    network = with_choice(critic, choice).build(DIGITS).double()
    x = torch.randn(4, 1, 8, 8, dtype=torch.float64)
    features, layer = features_without(network, x)
    joined = layer(features).flatten(1)
    head = network.head.score
    assert torch.allclose(network(x).score, joined @ head.weight[0] + head.bias, atol=1e-12)
    assert head.in_features == joined.shape[1] > features.flatten(1).shape[1]


@pytest.mark.parametrize(
    ("critic", "choice", "more"),
    [
        (DCGANCritic(4), Stddev(2), 4),  # one map of 2x2
        (DCGANCritic(4), Stddev(2, 4), 16),
        (MLPCritic(8, 1), Stddev(2, 4), 4),
        (DCGANCritic(4), Discrimination(3, 2, 2), 3 + 32 * 3 * 2),
        (MLPCritic(8, 1), Discrimination(3, 2, 2), 3 + 8 * 3 * 2),
    ],
)
def test_a_layer_adds_the_parameters_that_it_should(critic, choice, more):
    count = parameter_count(with_choice(critic, choice).build(DIGITS))
    assert count == parameter_count(critic.build(DIGITS)) + more


@critics
@choices
def test_a_sample_is_scored_by_its_neighbours_in_the_group_too(critic, choice):
    network = with_choice(critic, choice).build(DIGITS)
    x = torch.randn(4, 1, 8, 8)
    changed = torch.cat([x[:1], torch.randn(1, 1, 8, 8), x[2:]])
    difference = (network(x).score - network(changed).score).abs()
    assert difference[0] > 1e-6
    assert difference[2:].max() == 0.0
    assert not couples_batch(network)
    assert couples_batch(with_choice(critic, type(choice)(group=None)).build(DIGITS))


@critics
@choices
def test_a_gradient_penalty_has_the_derivatives_of_finite_differences(critic, choice):
    network = with_choice(critic, choice).build(DIGITS).double()
    points = torch.randn(4, 1, 8, 8, dtype=torch.float64)

    def penalty():
        x = points.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(network(x).score.sum(), x, create_graph=True)
        return (slope.flatten(1).norm(dim=1) - 1).square().mean()

    penalty().backward()
    weights = [p for p in network.parameters() if p.dim() > 1]
    for weight in weights:
        direction = torch.randn_like(weight)
        expected = (weight.grad * direction).sum()
        values = []
        for sign in (1.0, -1.0):
            with torch.no_grad():
                weight.add_(sign * 1e-6 * direction)
            values.append(penalty().detach())
            with torch.no_grad():
                weight.sub_(sign * 1e-6 * direction)
        assert torch.allclose((values[0] - values[1]) / 2e-6, expected, rtol=1e-4, atol=1e-7)


def test_what_is_built_is_what_was_asked_for():
    layer, features = Stddev(None, 2).build(6, 4)
    assert isinstance(layer, MinibatchStddev) and (layer.group, layer.channels, features) == (None, 2, 32)
    (_, layer), features = Discrimination(7, 3, 8, self_term=False, init=0.5).build(6, 4)
    assert isinstance(layer, MinibatchDiscrimination) and features == 31
    assert (layer.group, layer.self_term, tuple(layer.tensor.shape)) == (8, False, (24, 7, 3))


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: Stddev(1), "Stddev.group is 1; allowed: whole numbers from 2, or null"),
        (lambda: Stddev(channels=0), "Stddev.channels is 0"),
        (lambda: Discrimination(group=0), "Discrimination.group is 0"),
        (lambda: Discrimination(outputs=0), "Discrimination.outputs is 0"),
        (lambda: Discrimination(init=0.0), "Discrimination.init is 0.0; allowed: finite numbers above 0, or null"),
        (lambda: DCGANCritic(4, minibatch=Stddev(4, 3)).build(DIGITS), "channels is 3, .* the critic's last 8 maps"),
    ],
)
def test_numbers_out_of_range_are_refused_in_one_line(act, words):
    with pytest.raises(UsageError, match=words) as error:
        act()
    assert "\n" not in str(error.value)
