"""The sides that benchmarks/ compares do the same work."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from steadygan.training.game import Game

ROOT = Path(__file__).parent.parent


@pytest.fixture
def rounds(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    return pytest.importorskip("benchmarks.rounds")


@pytest.mark.parametrize("name", ["mlp", "dcgan32", "resnet32"])
def test_ordinary_layers_compute_what_the_librarys_own_do(rounds, name):
    case = rounds.CASES[name]
    game = Game.build(case.recipe, case.sample)
    z = torch.randn(4, case.recipe.prior.size)
    samples = game.generator(z)
    scores = game.critic(samples).score
    generator = rounds.with_ordinary_layers(copy.deepcopy(game.generator))
    critic = rounds.with_ordinary_layers(copy.deepcopy(game.critic))
    torch.testing.assert_close(generator(z), samples, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(critic(samples).score, scores, rtol=1e-4, atol=1e-5)


def test_every_side_of_a_benchmark_runs(rounds):
    for side in rounds.SIDES:
        rounds.make_round(rounds.CASES["mlp"], side, "fp32", torch.device("cpu"))()
