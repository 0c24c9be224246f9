"""Looks at games: every recipe survives one, nothing of it changes, and values are those of the signals by hand."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from steadygan.diagnostics import signals
from steadygan.diagnostics.fields import FIELDS
from steadygan.diagnostics.looks import Looker
from steadygan.diagnostics.of_critic import SLOPES, batching
from steadygan.diagnostics.watching import subject_of
from steadygan.losses import Hinge
from steadygan.objectives import Adversarial
from steadygan.recipes import RECIPES
from steadygan.training.held_out import HeldOutMeasure
from steadygan.types import Batch
from tests.training.games import convolutional_recipe, image_data, small_recipe, table
from tests.training.worlds import ALIKE, made, sample_of


def game_and_subject(recipe, data):
    game, feed, _ = table(recipe, data)
    return game, subject_of(game, data, HeldOutMeasure(game.recipe, data, feed))


def everything(game):
    """All tensors and modes of a game, its gradients, and torch's random state."""
    tensors = {f"{name}.{key}": t.clone() for name, net in game.networks.items() for key, t in net.state_dict().items()}
    modes = [part.training for net in game.networks.values() for part in net.modules()]
    gradients = [None if p.grad is None else p.grad.clone() for net in game.networks.values() for p in net.parameters()]
    return tensors, modes, gradients, torch.get_rng_state()


def assert_unchanged(before, after):
    assert before[0].keys() == after[0].keys() and before[1] == after[1]
    assert all(torch.equal(before[0][key], after[0][key]) for key in before[0])
    for one, other in zip(before[2], after[2], strict=True):
        assert (one is None) == (other is None) and (one is None or torch.equal(one, other))
    assert torch.equal(before[3], after[3])


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in ALIKE])
def test_every_recipe_survives_looks_that_leave_it_as_it_was(name):
    game, subject = game_and_subject(made(name, batch=8), image_data(200, sample_of(name)))
    for network in (game.generator, game.critic):
        for parameter in network.parameters():
            parameter.grad = torch.ones_like(parameter)
    before = everything(game)
    looker = Looker(subject)
    first = looker.look(1, {"rounds": 9}, {"critic_loss": torch.tensor(0.5)}, deep=False)
    second = looker.look(2, {"rounds": 9}, {}, deep=True)
    assert_unchanged(before, everything(game))
    known = {"feature-matching": {"loss"}}  # its generator's loss does not depend on scores
    assert set(looker.left_out) == known.get(name, set())
    assert set(first) | set(second) <= set(FIELDS)
    needed = {"distance_ratio", "bins_missing", "gap", "slope_between", "depth_slope", "feature_distance_ratio"}
    assert needed <= set(first) and {"critic_loss", "data_duplicates"} <= set(first)
    assert {"copy_ratio", "response", "lipschitz", "rise", "move"} <= set(second)
    assert "data_duplicates" not in second
    again = Looker(subject)
    assert again.look(1, {"rounds": 9}, {"critic_loss": 0.5}, deep=False) == first


def test_fields_appear_where_they_mean_something():
    looks = {}
    for name in ("wgan", "wgan-gp", "began", "text", "msg-gan", "sngan", "gan", "acgan"):
        _, subject = game_and_subject(made(name, batch=8), image_data(200, sample_of(name)))
        looks[name] = set(Looker(subject).look(1, {}, {}, deep=True))
    having = {field: {name for name, row in looks.items() if field in row} for field in FIELDS}
    assert having["clipped_share"] == {"wgan"} and having["wasserstein"] == {"wgan", "wgan-gp", "text", "msg-gan"}
    assert having["equilibrium"] == having["k_rail"] == {"began"} and having["colour_shift"] == {"msg-gan"}
    assert having["grid"] == set(looks) - {"text"}
    assert having["distinct_ratio"] == {"text"} and "sngan" in having["sigma_high"]
    assert "gan" in having["saturated"] and "gan" in having["r_t"] and "wgan-gp" not in having["r_t"]


def test_values_are_those_of_the_signals_by_hand():
    data = image_data(400)
    recipe = convolutional_recipe(objective=Adversarial(Hinge()))
    game, subject = game_and_subject(recipe, data)
    looker = Looker(subject)
    row = looker.look(5, {}, {}, deep=True)
    count = looker.real.count
    assert count == 40  # of as many held-out samples
    train = subject.real(5, count)
    with torch.no_grad():
        fake = Batch(game.generator(subject.latents(5, count), train.labels), train.labels)
        scores = [game.critic(each.samples, each.labels).score for each in (train, looker.real.compared, fake)]
    found = signals.diversity(fake.samples, looker.real.compared.samples)
    near = signals.near_duplicates(fake.samples, looker.real.compared.samples)
    slopes = signals.critic_slope(lambda x: game.critic(x, train.labels).score, train.samples, fake.samples, seed=5)
    assert row["distance_ratio"] == pytest.approx(found.distance_ratio, rel=1e-9)
    assert row["rank_ratio"] == pytest.approx(found.effective_rank_ratio, rel=1e-6)
    assert row["grid"] == pytest.approx(
        signals.checkerboard(fake.samples, looker.real.compared.samples).power, rel=1e-9
    )
    assert (row["duplicates"], row["duplicates_expected"]) == (near.share, near.expected)
    assert row["accuracy"] == signals.separation(scores[0], scores[2]).accuracy
    assert row["gap_train"] == pytest.approx(float(scores[0].mean() - scores[2].mean()), rel=1e-5)
    assert row["gap_held_out"] == pytest.approx(float(scores[1].mean() - scores[2].mean()), rel=1e-5)
    assert row["r_t"] == signals.real_sign(scores[0], splits_at_zero=True)
    assert row["slope_real"] == pytest.approx(slopes.at_real.mean, rel=1e-5)
    assert row["slope_high"] == pytest.approx(slopes.between.quantile, rel=1e-5)
    reference = subject.reference.samples.flatten(1).numpy()
    copying = signals.copying(reference, looker.real.compared.samples, fake.samples)
    assert (row["copy_ratio"], row["copy_z"]) == pytest.approx((copying.ratio, copying.c_t))


def test_a_look_sees_collapse_copies_and_the_data_itself():
    data = image_data(400)
    _, subject = game_and_subject(small_recipe(), data)

    def looked(generate):
        return Looker(dataclasses.replace(subject, generate=generate)).look(1, {}, {}, deep=True)

    one = looked(lambda z, labels: subject.reference.samples[:1].expand(len(z), -1, -1, -1).clone())
    assert one["distance_ratio"] == 0.0 and one["duplicates"] == 1.0 and one["copy_ratio"] == 0.0
    copies = looked(lambda z, labels: subject.reference.samples[: len(z)])
    assert copies["copy_ratio"] == 0.0 and copies["copy_z"] < -5
    assert copies["distance_ratio"] == pytest.approx(1.0, abs=0.05)
    held_out = looked(lambda z, labels: subject.held_out.samples[: len(z)])
    assert held_out["copy_ratio"] == 1.0 and held_out["distance_ratio"] == 1.0


@pytest.mark.parametrize(("network", "parameter"), [("critic", "weight"), ("generator", "weight"), ("critic", "bias")])
def test_a_value_that_is_not_finite_is_named_and_the_rest_is_left_out(network, parameter):
    game, subject = game_and_subject(convolutional_recipe(), image_data(200))
    module = getattr(game, network)
    name = [each for each, _ in module.named_parameters() if each.endswith(parameter)][-1]
    with torch.no_grad():
        module.get_parameter(name).view(-1)[0] = torch.nan
    row = Looker(subject).look(3, {"rounds": 9}, {"critic_loss": torch.tensor(torch.nan)}, deep=True)
    assert row == {"round": 3, "rounds": 9, "non_finite": f"parameter {network}.{name}"}


def test_a_loss_that_is_not_finite_is_named_where_the_networks_are():
    _, subject = game_and_subject(small_recipe(), image_data(200))
    row = Looker(subject).look(3, {}, {"critic_loss": torch.tensor(torch.inf), "generator_loss": 1.0}, deep=False)
    assert row["non_finite"] == "critic_loss" and row["critic_loss"] == float("inf") and "gap" not in row


def test_slopes_of_a_critic_of_packs_are_those_of_a_pack_in_all_of_its_samples():
    data = image_data(400)
    recipe = convolutional_recipe()
    recipe = dataclasses.replace(recipe, critic=dataclasses.replace(recipe.critic, packing=2))
    game, subject = game_and_subject(recipe, data)
    looker = Looker(subject)
    row = looker.look(5, {}, {}, deep=True)
    train = subject.real(5, looker.real.count).samples
    fake = subject.generate(subject.latents(5, looker.real.count), None).detach()
    size, _ = batching(subject, min(SLOPES, looker.real.count))
    norms, packs, scores = [], [], []
    for samples in (train[:size], fake[:size]):
        pack = samples.reshape(size // 2, 2, *samples.shape[1:]).flatten(1, 2).requires_grad_()
        score = game.critic.critic(pack).score
        norms.append(torch.autograd.grad(score.sum(), pack)[0].flatten(1).norm(dim=1))
        packs.append(pack.detach().flatten(1))
        scores.append(score.detach())
    assert row["slope_real"] == pytest.approx(norms[0].mean().item(), rel=1e-5)
    assert row["slope_fake"] == pytest.approx(norms[1].mean().item(), rel=1e-5)
    joined, heights = torch.cat(packs), torch.cat(scores)
    first, second = torch.triu_indices(len(joined), len(joined), 1)
    pairs = (heights[first] - heights[second]).abs() / (joined[first] - joined[second]).norm(dim=1)
    steepest = max(pairs.max().item(), *(norm.max().item() for norm in norms))
    assert row["lipschitz"] == pytest.approx(steepest, rel=1e-4)
