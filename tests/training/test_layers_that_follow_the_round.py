"""Layers that change with the round: set before its steps, saved with the weights, averaged as they are."""

from __future__ import annotations

import torch
from torch import nn

from steadygan.networks import MLPCritic, MLPGenerator
from steadygan.networks.layers.inspect import FollowsRound, round_followers
from steadygan.run import Run
from tests.training.games import image_data, small_recipe, table, training_round
from tests.training.runs import check_resumed_after_stops


class Fading(nn.Module):
    """Scales by 1 / (round + 1)."""

    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.ones(()))
        self.told = []

    def set_round(self, round_):
        self.told.append(round_)
        self.scale.fill_(1.0 / (round_ + 1))

    def forward(self, x):
        return self.scale * x


def with_fading(monkeypatch):
    """Both kinds of MLP begin with a layer that follows the round."""
    for kind in (MLPGenerator, MLPCritic):
        plain = kind.build

        def build(self, *sizes, plain=plain):
            network = plain(self, *sizes)
            network.trunk.insert(0, Fading())
            return network

        monkeypatch.setattr(kind, "build", build)


def test_layers_that_follow_the_round_are_found_at_any_depth():
    part = Fading()
    assert isinstance(part, FollowsRound) and not isinstance(nn.Linear(1, 1), FollowsRound)
    assert round_followers(nn.Sequential(nn.Identity(), nn.Sequential(part))) == [part]


def test_both_networks_are_told_each_round_once_before_its_steps(monkeypatch):
    with_fading(monkeypatch)
    game, feed, drawer = table(small_recipe(), image_data())
    for round_ in range(3):
        training_round(game, feed, drawer.round(round_, 32 * round_), round_, 16 * round_)
    for network in (game.generator, game.critic):
        (part,) = round_followers(network)
        assert part.told == [0, 1, 2]
    (averaged,) = round_followers(game.average)
    assert averaged.told == [] and averaged.scale.item() == game.generator.trunk[0].scale.item()


def test_samples_of_a_checkpoint_are_made_as_in_its_round_and_resume_is_exact(monkeypatch, tmp_path):
    with_fading(monkeypatch)
    check_resumed_after_stops(small_recipe(), tmp_path, after=(5,))
    run = Run(tmp_path / "whole")
    for round_ in (10, 12):
        assert run.load_generator(round_=round_).trunk[0].scale.item() == torch.tensor(1.0 / round_).item()
