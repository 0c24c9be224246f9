"""Layers that begin as the identity: the carry by round, both ends exact, derivatives, and BEGAN's use of them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks import BEGANCritic, BEGANGenerator
from steadygan.networks.layers.inspect import round_followers
from steadygan.networks.layers.vanishing import VanishingResidual
from steadygan.schedules import Constant, LinearDecay
from steadygan.types import SampleSpec
from tests.training.games import image_data, small_recipe, table, training_round

CIFAR = SampleSpec((3, 32, 32))


def test_the_carry_goes_from_1_to_0_over_16000_rounds() -> None:
    residual = VanishingResidual(nn.Identity(), LinearDecay(16_000))
    assert residual.carry == 1.0
    for round_, carry in [(0, 1.0), (1, 1 - 1 / 16_000), (4_000, 0.75), (15_999, 1 / 16_000), (16_000, 0), (10**6, 0)]:
        residual.set_round(round_)
        assert residual.carry == torch.tensor(carry)


def test_it_is_the_identity_at_first_and_the_layer_in_the_end_to_the_last_digit() -> None:
    part = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ELU())
    residual, x = VanishingResidual(part, LinearDecay(4)), 100 * torch.randn(2, 3, 4, 4)
    assert torch.equal(residual(x), x)
    residual.set_round(1)
    assert torch.allclose(residual(x), 0.75 * x + 0.25 * part(x))
    residual.set_round(4)
    assert torch.equal(residual(x), part(x))


def test_under_bf16_it_keeps_the_dtype_that_the_layers_around_it_compute_in() -> None:
    residual = VanishingResidual(nn.Conv2d(3, 3, 1), Constant(0.5))
    with torch.autocast("cpu", torch.bfloat16):
        assert residual(torch.randn(1, 3, 2, 2, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_first_and_second_derivatives_are_right() -> None:
    part = nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.Softplus())
    residual = VanishingResidual(part, Constant(0.25)).double()
    x = torch.randn(1, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(residual, x) and torch.autograd.gradgradcheck(residual, x)


@pytest.mark.parametrize(("size", "halvings"), [(32, 2), (64, 3), (128, 4)])
@pytest.mark.parametrize("skip", [False, True])
def test_all_of_begans_layers_that_keep_their_maps_have_one(size: int, halvings: int, skip: bool) -> None:
    sample, carry = SampleSpec((3, size, size)), LinearDecay(16_000)
    critic = BEGANCritic(2, 3, skip=skip, carry=carry).build(sample)
    generator = BEGANGenerator(2, skip=skip, carry=carry).build(sample, 3)
    assert len(round_followers(critic.encoder)) == 2 * (halvings + 1)
    assert len(round_followers(critic.decoder)) == len(round_followers(generator)) == halvings + 2
    assert not round_followers(BEGANCritic(2, 3, skip=skip).build(sample))
    assert critic(generator(torch.randn(2, 3))).score.shape == (2,)


def test_once_vanished_the_networks_are_those_without() -> None:
    with_carry, without = BEGANCritic(4, 6, carry=LinearDecay(5)).build(CIFAR), BEGANCritic(4, 6).build(CIFAR)
    named = [tensor for name, tensor in with_carry.state_dict().items() if not name.endswith("carry")]
    for ours, theirs in zip(named, without.state_dict().values(), strict=True):
        theirs.copy_(ours)
    x = torch.randn(2, 3, 32, 32)
    assert not torch.equal(with_carry(x).score, without(x).score)
    for part in round_followers(with_carry):
        part.set_round(5)
    assert torch.equal(with_carry(x).score, without(x).score)


def test_the_carry_follows_the_round_however_often_the_critic_is_called() -> None:
    carried = LinearDecay(10), LinearDecay(20)
    recipe = small_recipe(
        generator=BEGANGenerator(2, carry=carried[0]), critic=BEGANCritic(2, 3, carry=carried[1]), penalties=()
    )
    game, feed, drawer = table(recipe, image_data())
    for round_ in range(4):
        training_round(game, feed, drawer.round(round_, 32 * round_), round_, 16 * round_)
        for network, rounds in ((game.generator, 10), (game.average, 10), (game.critic, 20)):
            carries = {part.carry.item() for part in round_followers(network)}  # type: ignore[attr-defined]
            assert carries == {torch.tensor(1 - round_ / rounds).item()}


@pytest.mark.parametrize("kind", [BEGANCritic, BEGANGenerator])
def test_a_carry_outside_0_to_1_is_refused(kind) -> None:
    with pytest.raises(UsageError, match=rf"{kind.__name__}\.carry at its start is 2"):
        kind(carry=Constant(2.0))
