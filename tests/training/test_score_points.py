"""Scores of points for surfaces, by critics that compare samples."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from steadygan.networks import MLPCritic
from steadygan.networks.minibatch import Stddev
from steadygan.recipes import gan
from steadygan.training.fixed_latents import score_points
from steadygan.training.step.game import Game
from steadygan.types import SampleSpec


@pytest.mark.parametrize("critic", [MLPCritic(8, 1, packing=3), MLPCritic(8, 1, minibatch=Stddev(group=3))])
def test_points_of_any_number_are_scored_by_a_critic_of_groups(critic):
    recipe = dataclasses.replace(gan(SampleSpec((2,))), critic=critic, batch=12)
    game = Game.build(recipe, SampleSpec((2,)))
    points = np.random.default_rng(0).standard_normal((16, 2)).astype(np.float32)
    scores = score_points(game)(points)
    assert scores.shape == (16,)
    if game.packing == 3:  # each point's own, in a pack of its like
        alone = [score_points(game)(points[i : i + 1])[0] for i in range(16)]
        np.testing.assert_allclose(scores, alone, atol=1e-6)
        pack = torch.from_numpy(points[:1]).repeat(1, 3)
        np.testing.assert_allclose(scores[0], game.critic.critic(pack).score.item(), atol=1e-6)
    else:
        with torch.no_grad():
            whole = game.critic(torch.from_numpy(np.concatenate([points, points[-1:], points[-1:]]))).score
        np.testing.assert_allclose(scores, whole[:16].numpy(), atol=1e-6)
