"""A critic that trains alone against real samples plus noise."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from steadygan.balance import Steps
from steadygan.losses import NonSaturating
from steadygan.networks import MLPCritic
from steadygan.objectives import Adversarial
from steadygan.optimizers import SGD
from steadygan.recipes import wgan, wgan_gp
from steadygan.studies.experiments import _critic_alone
from steadygan.studies.experiments._critic_alone import STATE, CriticAlone
from steadygan.types import SampleSpec


def weights(critic, dataset, seed):
    return {"weights": torch.cat([each.flatten() for each in critic.parameters()]).numpy()}


def work(make=wgan_gp, rounds=6, data="8gaussians", **changes):
    recipe = dataclasses.replace(make(SampleSpec((2,))), critic=MLPCritic(8, 2), batch=16, **changes)
    return CriticAlone(recipe, data, rounds, weights)


@pytest.mark.parametrize("make", [wgan, wgan_gp])
def test_a_stopped_one_goes_on_to_the_same_weights(make, tmp_path, monkeypatch):
    whole = work(make).carry_out(tmp_path / "whole", 1)["weights"]
    work(make, rounds=3).carry_out(tmp_path / "parts", 1)
    assert torch.load(tmp_path / "parts" / STATE, weights_only=True)["done"] == 3
    steps = []
    original = _critic_alone.AgainstNoise.carry_out
    monkeypatch.setattr(
        _critic_alone.AgainstNoise, "carry_out", lambda *args: steps.append(1) or original(*args), raising=True
    )
    np.testing.assert_array_equal(work(make).carry_out(tmp_path / "parts", 1)["weights"], whole)
    assert len(steps) == 3
    assert not np.array_equal(work(make).carry_out(tmp_path / "other", 2)["weights"], whole)


def test_a_step_descends_the_loss_on_real_samples_and_the_same_ones_with_unit_noise(tmp_path):
    alone = work(rounds=1, objective=Adversarial(NonSaturating()), penalties=(), critic_optimizer=SGD(0.1))
    after = alone.carry_out(tmp_path, 0)["weights"]
    setup = _critic_alone._setup(alone._prepared(0))
    draws = setup.drawer.round(0, 0, Steps(1, 0)).critic[0]
    critic, real = setup.game.critic, draws.real.samples
    assert abs(float(draws.latents.std()) - 1) < 0.3
    loss = softplus(-critic(real).score).mean() + softplus(critic(real + draws.latents).score).mean()
    gradients = torch.autograd.grad(loss, list(critic.parameters()))
    expected = torch.cat([(p - 0.1 * g).flatten() for p, g in zip(critic.parameters(), gradients, strict=True)])
    np.testing.assert_allclose(after, expected.detach().numpy(), atol=1e-6)


def test_it_says_what_a_step_takes():
    assert 0 < work().seconds_per_round() < 1
    assert work().fitted(3).rounds == 3


def test_one_that_is_to_be_shorter_than_it_was_begins_anew(tmp_path):
    work(rounds=6).carry_out(tmp_path / "both", 0)
    shorter = work(rounds=2).carry_out(tmp_path / "both", 0)["weights"]
    np.testing.assert_array_equal(shorter, work(rounds=2).carry_out(tmp_path / "alone", 0)["weights"])
