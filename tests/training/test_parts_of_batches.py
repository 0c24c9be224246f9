"""What a process would take of its part of a batch for that of the whole is refused, or warned of, before training."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks import MLPCritic
from steadygan.networks.layers.normalization import BatchNorm1d
from steadygan.networks.minibatch import Stddev
from steadygan.objectives import Adversarial
from steadygan.recipe import RunOptions
from steadygan.training.processes.world import ALONE, World
from steadygan.training.resolve import resolve
from tests.training.games import image_data, small_recipe

RUN = RunOptions(precision="fp32", engine="eager", evaluate="none", threads=1)


class Echo(World):
    """Processes of which the others do what this one does."""

    def broadcast(self, value):
        return value

    def all_gather_object(self, value):
        return [value] * self.size


def resolved(world, **changes):
    recipe = small_recipe(**{"run": RUN, "penalties": (), **changes})
    return resolve(recipe, image_data(), torch.device("cpu"), world=world)


@pytest.mark.parametrize("group", [None, 4])
def test_a_layer_over_the_whole_batch_begins_no_run_of_several_processes(group):
    critic = MLPCritic(width=8, depth=1, minibatch=Stddev(group=group))
    assert not resolved(ALONE, critic=critic).warnings
    if group:
        assert not resolved(Echo(0, 2), critic=critic).warnings
    else:
        with pytest.raises(UsageError, match="MinibatchStddev compares all samples of a batch, but each of 2"):
            resolved(Echo(0, 2), critic=critic)


def test_groups_are_refused_with_the_batch_of_the_run():
    critic = MLPCritic(width=8, depth=1, minibatch=Stddev(group=4))
    with pytest.raises(UsageError, match="groups of 4, but batch is 12 over 2 processes"):
        resolved(Echo(0, 2), critic=critic, batch=12)


class _OfBatch:
    """A loss that compares with the mean of the batch, and does not say so."""

    needs_real = mixes_samples = False
    real_is_high, splits_at_zero, has_labels = True, False, False

    def critic(self, real, fake, real_label):
        return (fake - real.mean()).square().mean() - real.mean().square()

    def generator(self, fake, real):
        return -fake.mean()


def test_a_loss_of_ones_own_that_mixes_samples_begins_no_run_of_several_processes():
    objective = dataclasses.replace(Adversarial(), loss=_OfBatch())
    assert resolved(ALONE, objective=objective)
    with pytest.raises(UsageError, match=r"_OfBatch\.critic of a batch is not the mean"):
        resolved(Echo(0, 2), objective=objective)


class Plain(nn.Module):
    """A critic of one's own, with a layer in the middle."""

    def __init__(self, layer):
        super().__init__()
        self.body, self.layer, self.head = nn.Linear(64, 8), layer, nn.Linear(8, 1)

    def forward(self, x):
        return self.head(self.layer(torch.relu(self.body(x.flatten(1)))))


class Centred(nn.Module):
    def forward(self, h):
        return h - h.mean(0)


class Follows(nn.Module):
    """A mean that follows the samples of each forward."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(8))

    def forward(self, h):
        if self.training:
            self.mean.lerp_(h.detach().mean(0), 0.1)
        return h - self.mean


class Counts(nn.Module):
    """A number that moves with each forward, whatever the samples."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, h):
        self.calls += 1.0
        return h


def test_a_network_of_ones_own_that_mixes_samples_is_warned_of_among_processes():
    def centred():
        return Plain(Centred())

    assert not any("processes" in line for line in resolved(ALONE, critic=centred).warnings)
    (line,) = (line for line in resolved(Echo(0, 2), critic=centred).warnings if "processes" in line)
    assert "centred compares samples of a batch, and in each of 2 processes those of its own part alone" in line


def test_batch_norms_that_are_synchronised_are_not_warned_of():
    def synchronised():
        return Plain(BatchNorm1d(8))

    assert not any("processes" in line for line in resolved(Echo(0, 2), critic=synchronised).warnings)


def test_a_state_that_follows_the_samples_begins_no_run_of_several_processes():
    def following():
        return Plain(Follows())

    def counting():
        return Plain(Counts())

    assert resolved(ALONE, critic=following)
    assert resolved(Echo(0, 2), critic=counting)
    with pytest.raises(UsageError, match=r"mean of the critic follows the samples .* each of 2 processes"):
        resolved(Echo(0, 2), critic=following)
