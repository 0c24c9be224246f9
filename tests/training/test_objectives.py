"""The recipes of these objectives in the training that every method shares: rounds, micro-batches, records, resume."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from steadygan.data import Dataset
from steadygan.objectives import Adversarial, AuxiliaryClassifier, EnergyBased, FeatureMatching, LeCam
from steadygan.recipe import RunOptions
from steadygan.recipes import RECIPES
from steadygan.schedules import Constant, LinearDecay
from steadygan.training.checkpoint import Counters, load_checkpoint, save_checkpoint
from steadygan.training.record_row import row
from steadygan.types import SampleSpec
from tests.training.games import convolutional_recipe, image_data, table, training_round

STACKED = SampleSpec((3, 8, 8), classes=1000)
ODD = SampleSpec((1, 28, 28), classes=10)


def of_recipe(name: str, data: Dataset, precision: str = "fp32", **run):
    """The recipe, narrow, on small batches."""
    recipe = RECIPES[name](data.sample)
    narrow = {}
    for player in ("generator", "critic"):
        spec = getattr(recipe, player)
        inner = getattr(spec, "network", None)
        slim = {"network": dataclasses.replace(inner, width=4)} if inner is not None else {"width": 4}
        narrow[player] = dataclasses.replace(spec, **slim)
    return dataclasses.replace(recipe, batch=8, run=RunOptions(precision=precision, **run), **narrow)


def play(recipe, data: Dataset, rounds: int = 2, precision: str = "fp32"):
    """The game after some rounds, and its last row."""
    game, feed, drawer = table(recipe, data, precision)
    for round_ in range(rounds):
        report = training_round(game, feed, drawer.round(round_, round_ * drawer.samples_in(0)), round_, 0)
    return game, row(game, report, None, rounds - 1)


NAMES = ("dragan", "began", "ebgan", "ebgan-pt", "acgan", "acgan-wgan-gp", "sngan", "projection", "sagan")
CASES = [(name, STACKED, "bf16") for name in NAMES]
CASES += [(name, ODD, "fp32") for name in NAMES if name not in ("projection", "sagan")]


@pytest.mark.parametrize(("name", "sample", "precision"), CASES, ids=str)
def test_two_rounds_move_every_weight_that_is_used_and_stay_finite(name, sample, precision) -> None:
    data = image_data(60, sample)
    recipe = of_recipe(name, data, precision)
    start, _, _ = table(recipe, data, precision)
    game, logged = play(recipe, data, precision=precision)
    assert all(torch.isfinite(torch.tensor(value)) for value in logged.values())
    for before, after in ((start.generator, game.generator), (start.critic, game.critic)):
        for (key, old), new in zip(before.named_parameters(), after.parameters(), strict=True):
            assert torch.isfinite(new).all()
            if old.dim() > 1:
                assert not torch.equal(old, new), key


def test_the_balance_is_logged_under_its_names() -> None:
    _, logged = play(of_recipe("began", image_data()), image_data())
    assert {"k", "convergence"} <= logged.keys()
    assert logged["convergence"] > 0 and 0 <= logged["k"] <= 1
    assert logged["score_gap"] == pytest.approx(logged["fake_score"] - logged["real_score"], rel=1e-4)


def test_a_margin_that_decays_is_logged() -> None:
    data = image_data()
    objective = EnergyBased(margin=2.0, margin_decay=LinearDecay(4))
    _, logged = play(dataclasses.replace(of_recipe("ebgan", data), objective=objective), data)
    assert logged["margin"] == 1.0


@pytest.mark.parametrize("name", ["began", "acgan-wgan-gp"])
def test_micro_batches_give_the_same_weights_and_state(name) -> None:
    data = image_data()
    recipe = dataclasses.replace(of_recipe(name, data), critic_steps=Constant(1))
    if name == "acgan-wgan-gp":  # no batch norm, which would see another batch
        network = dataclasses.replace(recipe.generator.network, norm="none")
        recipe = dataclasses.replace(recipe, generator=dataclasses.replace(recipe.generator, network=network))
    whole, expected = play(recipe, data, 1)
    parted, logged = play(dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, micro_batch=3)), data, 1)
    assert [float(s) for s in parted.state.objective] == pytest.approx(
        [float(s) for s in whole.state.objective], abs=1e-6
    )
    assert logged["critic_loss"] == pytest.approx(expected["critic_loss"], abs=1e-5)
    assert logged["critic_weight_gradient_norm"] == pytest.approx(expected["critic_weight_gradient_norm"], rel=1e-4)


@pytest.mark.parametrize(
    "objective",
    [
        FeatureMatching(Adversarial()),
        LeCam(Adversarial()),
        LeCam(FeatureMatching(AuxiliaryClassifier(), base_weight=1.0)),
    ],
    ids=["matching", "lecam", "all"],
)
def test_objectives_on_others_train_on_the_networks_there_are(objective) -> None:
    data = image_data()
    recipe = convolutional_recipe(objective=objective)
    critic = dataclasses.replace(recipe.critic, features=True, class_logits=True)
    game, logged = play(dataclasses.replace(recipe, critic=critic), data)
    assert all(torch.isfinite(torch.tensor(value)) for value in logged.values())
    assert ("lecam_real" in logged) == isinstance(objective, LeCam)
    assert all(not number.requires_grad for number in game.state.objective)


def test_a_state_goes_through_a_checkpoint(tmp_path) -> None:
    data = image_data()
    recipe = of_recipe("began", data)
    game, _ = play(recipe, data)
    save_checkpoint(tmp_path, game, Counters(round=2))
    fresh, _, _ = table(recipe, data)
    assert fresh.state.objective != game.state.objective
    load_checkpoint(tmp_path / "000002", fresh)
    assert fresh.state.objective == game.state.objective and type(fresh.state.objective) is type(game.state.objective)
