"""Orthogonal regularisation against its closed form, and as a term and a phase of either player."""

from __future__ import annotations

import dataclasses

import pytest
import torch
import torch.nn.utils.prune
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks import DCGANGenerator, MLPGenerator
from steadygan.networks.layers.spectral import with_spectral_norm
from steadygan.optimizers import Adam
from steadygan.penalties import Orthogonal, correlation_of_rows, orthogonal_penalty
from steadygan.recipe import dumps, loads
from steadygan.schedules import LinearDecay
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.float64 import double_setup, in_double
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.phase_terms import run_networks
from steadygan.training.step.round import compute_gradients
from tests.training.games import convolutional_recipe, image_data, small_recipe
from tests.training.runs import check_resumed_from_copies, rows

SHAPES = [(3, 7), (7, 3), (4, 4), (1, 5), (5, 1)]


def off_diagonal(matrix):
    gram = matrix @ matrix.t()
    return gram * (1 - torch.eye(len(gram), dtype=gram.dtype))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_value_and_the_gradient_are_those_of_the_closed_form(shape):
    """d ||W W^T o (1 - I)||^2 / dW = 4 (W W^T o (1 - I)) W, whichever product is made."""
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0)).double().requires_grad_()
    value = correlation_of_rows(matrix)
    (gradient,) = torch.autograd.grad(value, matrix)
    weight = matrix.detach()
    torch.testing.assert_close(value.detach(), off_diagonal(weight).square().sum(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradient, 4 * off_diagonal(weight) @ weight, rtol=1e-12, atol=1e-12)


def test_orthogonal_rows_of_any_length_cost_nothing():
    rows_ = torch.linalg.qr(torch.randn(6, 6).double())[0][:4] * torch.tensor([[1.0], [2.0], [0.5], [3.0]]).double()
    assert correlation_of_rows(rows_).item() == pytest.approx(0.0, abs=1e-24)


def test_a_network_is_the_sum_of_its_layers_each_once_and_without_embeddings_and_norms():
    torch.manual_seed(0)
    shared = nn.Linear(4, 3)
    network = nn.Sequential(
        shared, nn.Embedding(5, 4), nn.Conv2d(2, 3, 3), nn.ConvTranspose2d(2, 3, 4), nn.BatchNorm2d(3), shared
    ).double()
    expected = sum(
        off_diagonal(w).square().sum()
        for w in (shared.weight, network[2].weight.flatten(1), network[3].weight.transpose(0, 1).flatten(1))
    )
    torch.testing.assert_close(orthogonal_penalty(network), expected, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("every", [1, 4])
def test_a_network_without_such_layers_is_refused_in_one_line(every):
    network = nn.Sequential(nn.Embedding(5, 4), nn.BatchNorm1d(4))
    with pytest.raises(UsageError, match="of which the critic has none") as error:
        Orthogonal(1e-2, "critic", every).of_weights(network)
    assert "\n" not in str(error.value) and orthogonal_penalty(network) == 0.0


def test_under_a_spectral_norm_it_is_the_stored_weight_that_counts():
    torch.manual_seed(0)
    layer = nn.Linear(4, 3).double()
    expected = orthogonal_penalty(layer).item()
    network = with_spectral_norm(nn.Sequential(layer))
    value = orthogonal_penalty(network)
    assert value.item() == pytest.approx(expected, rel=1e-12)
    value.backward()
    assert layer.parametrizations.weight.original.grad.any()


def stored_of_hooks(layer):
    return layer.weight_orig


def rebuilt(layer):
    g, v = layer.weight_g, layer.weight_v
    return g * v / v.flatten(1).norm(dim=1).view(g.shape)


def rebuilt_of_parametrization(layer):
    g, v = layer.parametrizations.weight.original0, layer.parametrizations.weight.original1
    return g * v / v.flatten(1).norm(dim=1).view(g.shape)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated")
@pytest.mark.parametrize(
    ("hook", "weight_of"),
    [
        (nn.utils.spectral_norm, stored_of_hooks),
        (nn.utils.weight_norm, rebuilt),
        (lambda layer: nn.utils.prune.l1_unstructured(layer, "weight", amount=3), stored_of_hooks),
        (nn.utils.parametrizations.weight_norm, rebuilt_of_parametrization),
    ],
    ids=["spectral norm", "weight norm", "pruned", "weight norm by parametrization"],
)
def test_what_hooks_computed_in_the_last_pass_does_not_count(hook, weight_of):
    torch.manual_seed(0)
    network = nn.Sequential(hook(nn.Conv1d(3, 4, 2)), nn.Flatten(), hook(nn.Linear(8, 5))).double()
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    for _ in range(2):
        network(torch.randn(2, 3, 3).double()).sum().backward()
        optimizer.step()
    with torch.no_grad():
        network(torch.randn(2, 3, 3).double())
    expected = sum(off_diagonal(weight_of(network[i]).flatten(1)).square().sum() for i in (0, 2))
    parameters = list(network.parameters())
    value = orthogonal_penalty(network)
    torch.testing.assert_close(value, expected, rtol=1e-12, atol=0.0)
    found, right = (torch.autograd.grad(each, parameters, allow_unused=True) for each in (value, expected))
    for one, other in zip(found, right, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.allclose(one, other, rtol=1e-10, atol=1e-12)
    optimizer.zero_grad()
    orthogonal_penalty(network).backward()  # once more, of a graph of its own


def test_a_weight_of_an_unknown_hook_is_refused_in_one_line():
    layer = nn.Linear(4, 3)
    layer.register_parameter("weight_bar", layer.weight)
    del layer._parameters["weight"]
    layer.register_forward_pre_hook(lambda module, _: setattr(module, "weight", 2.0 * module.weight_bar))
    for _ in range(2):
        with pytest.raises(UsageError, match="the weight of Linear is computed by a hook") as error:
            orthogonal_penalty(nn.Sequential(layer))
        assert "\n" not in str(error.value)
        layer(torch.randn(2, 4))


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("player", ["generator", "critic"])
@pytest.mark.parametrize("micro_batch", [None, 4])
def test_it_adds_its_gradient_to_its_player_once_however_the_batch_is_cut(player, every, micro_batch):
    plain = small_recipe(penalties=())
    plain = dataclasses.replace(plain, run=dataclasses.replace(plain.run, micro_batch=micro_batch))
    recipe = dataclasses.replace(plain, penalties=(Orthogonal(0.3, player=player, every=every),))
    gradients, weights = [], []
    for each in (plain, recipe):
        setup = double_setup(SetupBuilder(each, image_data(), torch.device("cpu")).build())
        draws = getattr(in_double(setup.drawer.round(0, 0)), player)[0]
        phases = [phase for phase in setup.game.phases if phase.player == player]
        parameters = setup.game.players[player].parameters
        total = [torch.zeros_like(p) for p in parameters]
        for phase in phases:
            compute_gradients(setup, phase, draws, EAGER)
            total = [t if p.grad is None else t + p.grad for t, p in zip(total, parameters, strict=True)]
        gradients.append(total)
        weights = [p.detach() for p in parameters]
    for weight, without, with_ in zip(weights, *gradients, strict=True):
        added = 0.3 * every * 4 * off_diagonal(weight) @ weight if weight.dim() == 2 else torch.zeros_like(weight)
        torch.testing.assert_close(with_ - without, added, rtol=1e-9, atol=1e-12)


@dataclasses.dataclass(frozen=True)
class Decay:
    """A penalty of weights of a user's own, with what has no default alone: it is the critic's, of every step."""

    weight: float = 0.3

    def of_weights(self, network):
        return sum(parameter.square().sum() for parameter in network.parameters())


def test_one_of_the_users_own_that_names_no_interval_is_applied(tmp_path):
    from steadygan.training.session import new_run

    new_run(small_recipe(penalties=(Decay(),), rounds=2), image_data(), tmp_path / "run", device="cpu")
    assert all(row["penalty"] > 0 for row in rows(tmp_path / "run"))


@pytest.mark.parametrize("player", ["generator", "critic"])
def test_a_phase_of_weights_alone_runs_no_network(player):
    """Spectral norms of a phase's networks move once: those of this phase have not to."""
    recipe = small_recipe(penalties=(Orthogonal(player=player, every=2),))
    setup = SetupBuilder(recipe, image_data(), torch.device("cpu")).build()
    lazy = next(phase for phase in setup.game.phases if not phase.objective)
    assert run_networks(setup.game, lazy) == ()


def test_it_makes_the_rows_of_a_network_orthogonal():
    torch.manual_seed(0)
    network = MLPGenerator(width=8, depth=1).build(image_data().sample, 4)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    before = orthogonal_penalty(network).item()
    for _ in range(100):
        optimizer.zero_grad()
        orthogonal_penalty(network).backward()
        optimizer.step()
    assert orthogonal_penalty(network).item() < 0.05 * before


def test_a_run_with_it_resumes_to_the_last_digit(tmp_path):
    penalties = (Orthogonal(LinearDecay(12, 0.1, 0.0), every=3), Orthogonal(0.1, player="critic"))
    check_resumed_from_copies(small_recipe(penalties=penalties), tmp_path, after=(5,))


def test_what_it_adds_in_each_step_is_logged(tmp_path):
    from steadygan.training.session import new_run

    penalties = (Orthogonal(0.1), Orthogonal(0.1, player="critic", every=2))
    new_run(small_recipe(penalties=penalties, rounds=4), image_data(), tmp_path / "run", device="cpu")
    for row in rows(tmp_path / "run"):
        assert row["generator_penalty"] > 0 and row["penalty_lazy/critic_every_2"] > 0 and "penalty" not in row


def test_generators_with_batch_norm_take_it(tmp_path):
    from steadygan.training.session import new_run

    recipe = convolutional_recipe(
        penalties=(Orthogonal(),), generator=DCGANGenerator(width=4), generator_optimizer=Adam(1e-3), rounds=2
    )
    new_run(recipe, image_data(), tmp_path / "run", device="cpu")


def test_it_goes_through_yaml_and_refuses_bad_settings():
    recipe = small_recipe(penalties=(Orthogonal(1e-3, player="critic", every=4),))
    assert loads(dumps(recipe)) == recipe
    for bad in ({"player": "both"}, {"every": 0}, {"weight": -1.0}):
        with pytest.raises(UsageError, match="Orthogonal"):
            Orthogonal(**bad)
