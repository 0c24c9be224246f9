"""Path length regularisation against closed forms and a plain Jacobian, and as a phase of the generator."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.optimizers import Adam
from steadygan.penalties import R1, PathLength, path_lengths
from steadygan.penalties.path_length import PathLengthState
from steadygan.recipe import dumps, loads
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.float64 import double_setup, in_double
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.round import compute_gradients
from tests.training.games import convolutional_recipe, image_data, small_recipe, table, training_round
from tests.training.runs import check_resumed_from_copies, rows

RECIPE = {"penalties": (R1(1.0, every=3), PathLength(every=2))}


class Linear(torch.nn.Module):
    """y = A w, as images."""

    def __init__(self, outputs, inputs):
        super().__init__()
        self.a = torch.nn.Parameter(torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(0)).double())

    def forward(self, latents, labels=None):
        return (latents @ self.a.T).reshape(len(latents), 3, 4, 4)


def test_the_mean_square_length_of_a_linear_generator_is_its_frobenius_norm():
    """E l^2 = ||A||_F^2 / (H W), to the standard error of 20,000 draws."""
    generator, count = Linear(48, 6), 20_000
    random = torch.randn(count, 3, 4, 4, generator=torch.Generator().manual_seed(1)).double()
    squares = path_lengths(generator, torch.zeros(count, 6).double(), None, random).square()
    expected = generator.a.square().sum() / 16
    assert abs(squares.mean() - expected) < 4 * squares.std() / count**0.5


def test_lengths_are_those_of_the_jacobian():
    game, _, _ = table(small_recipe(), image_data())
    network = game.generator.double()
    latents, random = torch.randn(3, 4).double(), torch.randn(3, 1, 8, 8).double()
    for z, y, length in zip(latents, random, path_lengths(network, latents, None, random), strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda z: network(z[None])[0], z)
        expected = torch.einsum("chw,chwd->d", y / 8, jacobian).norm()
        torch.testing.assert_close(length, expected, rtol=1e-6, atol=1e-8)


def test_of_several_layers_the_mean_square_is_taken():
    class Layers(torch.nn.Module):
        def forward(self, latents, labels=None):  # [n, 2, 1]
            return (latents * torch.tensor([[3.0], [4.0]])).sum(1).reshape(-1, 1, 1, 1)

    length = path_lengths(Layers(), torch.zeros(2, 2, 1), None, torch.ones(2, 1, 1, 1))
    torch.testing.assert_close(length, torch.full((2,), (25 / 2) ** 0.5))


@pytest.mark.parametrize("shape", [(6, 1, 1), (6, 1, 1, 1), (1, 1, 1)])
def test_latents_with_places_of_size_one_have_the_lengths_of_those_without(shape):
    generator = Linear(48, shape[0])
    latents, random = torch.randn(5, *shape).double(), torch.randn(5, 3, 4, 4).double()
    found = path_lengths(lambda z, labels: generator(z.flatten(1)), latents, None, random)
    wanted = (random.flatten(1) / 4 @ generator.a).square().sum(1).add(1e-8).sqrt()
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=0.0)


@pytest.mark.parametrize("shape", [(5,), (5, 6, 2, 2), (5, 2, 3, 4, 5)])
def test_latents_of_other_shapes_are_refused_in_one_line(shape):
    generator = lambda z, labels: z.reshape(5, -1).sum(1).reshape(5, 1, 1, 1)  # noqa: E731
    with pytest.raises(UsageError, match=r"latents have shape \[5.*allowed: \[n, D\]") as error:
        path_lengths(generator, torch.randn(shape), None, torch.ones(5, 1, 1, 1))
    assert "\n" not in str(error.value)


def test_equal_lengths_at_the_mean_cost_nothing_and_the_mean_moves_by_its_share():
    penalty, lengths = PathLength(decay=0.01), torch.full((4,), 3.0)
    assert penalty.hold(lengths, PathLengthState(torch.tensor(3.0))).tolist() == [0.0] * 4
    state = penalty.next_state(torch.tensor([1.0, 3.0]), penalty.initial_state())
    assert state.mean_length.item() == pytest.approx(0.02)


def test_the_updated_mean_is_part_of_the_loss():
    """d/dl (l - a - c (l - a))^2 for one sample = 2 (1 - c)^2 (l - a)."""
    length = torch.tensor([5.0], requires_grad=True)
    PathLength(decay=0.25).hold(length, PathLengthState(torch.tensor(1.0))).sum().backward()
    assert length.grad.item() == pytest.approx(2 * 0.75**2 * 4.0)


def test_the_phase_has_the_gradients_of_the_written_out_loss():
    setup = double_setup(SetupBuilder(convolutional_recipe(**RECIPE), image_data(), torch.device("cpu")).build())
    game, draws = setup.game, in_double(setup.drawer.round(0, 0)).generator[0]
    phase = game.phases[-1]
    assert (phase.player, phase.every, phase.objective) == ("generator", 2, False)
    compute_gradients(setup, phase, draws, EAGER)
    parameters = game.players["generator"].parameters
    got = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    z = draws.latents[::2].clone().requires_grad_()
    total = (game.generator(z, None) * draws.penalties[1][::2] / 8).sum()
    (gradient,) = torch.autograd.grad(total, z, create_graph=True)
    lengths = (gradient.square().sum(1) + 1e-8).sqrt()
    loss = 2 * 2.0 * (lengths - 0.01 * lengths.mean()).square().mean()
    expected = torch.autograd.grad(loss, parameters, allow_unused=True)
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, torch.zeros_like(one) if other is None else other, rtol=1e-9, atol=1e-12)


def test_the_state_follows_the_steps_it_is_due_after():
    recipe = small_recipe(**RECIPE)
    game, feed, drawer = table(recipe, image_data())
    means = []
    for round_ in range(4):
        training_round(game, feed, drawer.round(round_, 32 * round_), round_, 16 * round_)
        means.append(game.state.penalties[1].mean_length.item())
    assert 0 < means[0] == means[1] < means[2] == means[3]


def test_it_lowers_the_spread_of_lengths():
    """Over 64 latents the root mean square length (of 64 directions) varies by 28% without it, by 16% with it."""

    def spread(weight):
        recipe = small_recipe(
            penalties=(R1(1.0), PathLength(weight, every=1, decay=0.1, shrink=1)),
            batch=32,
            generator_optimizer=Adam(3e-3),
        )
        game, feed, drawer = table(recipe, image_data())
        for round_ in range(100):
            training_round(game, feed, drawer.round(round_, 64 * round_), round_, 32 * round_)
        generator = torch.Generator().manual_seed(0)
        latents = torch.randn(64, 4, generator=generator).repeat_interleave(64, 0)
        random = torch.randn(64, 1, 8, 8, generator=generator).repeat(64, 1, 1, 1)
        lengths = path_lengths(game.generator, latents, None, random).detach().reshape(64, 64).square().mean(1).sqrt()
        return (lengths.std() / lengths.mean()).item()

    assert spread(10.0) < 0.75 * spread(0.0)


def test_a_run_with_it_resumes_to_the_last_digit(tmp_path):
    check_resumed_from_copies(small_recipe(**RECIPE), tmp_path, after=(5,))


def test_what_it_adds_in_each_step_is_logged(tmp_path):
    from steadygan.training.session import new_run

    new_run(small_recipe(penalties=(PathLength(every=1),), rounds=4), image_data(), tmp_path / "run", device="cpu")
    assert all(row["generator_penalty"] > 0 and "penalty" not in row for row in rows(tmp_path / "run"))


def test_it_goes_through_yaml_and_refuses_bad_settings():
    recipe = small_recipe(**RECIPE)
    assert loads(dumps(recipe)) == recipe
    for bad in ({"decay": 1.5}, {"every": 0}, {"shrink": 0}, {"weight": -1.0}):
        with pytest.raises(UsageError, match="PathLength"):
            PathLength(**bad)


def test_generators_with_batch_norm_are_refused(tmp_path):
    from steadygan.training.session import new_run

    recipe = convolutional_recipe(**RECIPE)
    normed = dataclasses.replace(recipe, generator=dataclasses.replace(recipe.generator, norm="batch"))
    with pytest.raises(UsageError, match="the generator has batch norm"):
        new_run(normed, image_data(), tmp_path / "run", device="cpu")


@pytest.mark.parametrize(("shape", "places"), [((3, 20), 20), ((2, 3, 4, 5), 60), ((7,), 1)])
def test_lengths_do_not_grow_with_the_places_of_signals_and_volumes(shape, places):
    matrix = torch.randn(int(torch.tensor(shape).prod()), 5, dtype=torch.float64)

    def linear(latents, labels):
        return (latents @ matrix.t()).reshape(-1, *shape)

    latents, random = torch.randn(4, 5, dtype=torch.float64), torch.randn(4, *shape, dtype=torch.float64)
    wanted = (random.flatten(1) @ matrix).norm(dim=1) / places**0.5
    assert torch.allclose(path_lengths(linear, latents.requires_grad_(), None, random), wanted)
