"""Networks are tried before training: what torch refuses in a pass is one line, and nothing is written."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from steadygan.data import Stored
from steadygan.errors import UsageError
from steadygan.losses import Wasserstein
from steadygan.networks import (
    DCGANCritic,
    DCGANGenerator,
    LabelledGenerator,
    MLPCritic,
    MLPGenerator,
    ResNetGenerator,
    SNDCGANGenerator,
)
from steadygan.objectives import Adversarial
from steadygan.recipe import RunOptions
from steadygan.training.session import new_run, resume_run
from steadygan.training.step.game import Game
from steadygan.training.trial import parts, try_networks
from steadygan.types import SampleSpec
from tests.training.games import POINTS, image_data, small_recipe

BATCH_NORM = MLPGenerator(width=8, depth=1, norm="batch")
CRITIC_NORM = {"critic": MLPCritic(width=8, depth=1, norm="batch"), "penalties": ()}


def refused(tmp_path, line, data=None, **changes):
    with pytest.raises(UsageError, match=line) as error:
        new_run(small_recipe(**changes), data or image_data(), tmp_path / "run", device="cpu")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "generator",
    [
        BATCH_NORM,
        LabelledGenerator(BATCH_NORM),
        DCGANGenerator(width=4, norm="batch"),
        SNDCGANGenerator(width=2),
        lambda sample, latent: nn.Sequential(
            nn.Linear(latent, 64), nn.BatchNorm1d(64), nn.Tanh(), nn.Unflatten(1, sample.shape)
        ),
    ],
    ids=["mlp", "labelled", "dcgan", "sndcgan", "own"],
)
def test_batch_norm_of_a_single_sample_is_one_line(tmp_path, generator):
    data = image_data(sample=SampleSpec((1, 16, 16), 10)) if isinstance(generator, SNDCGANGenerator) else None
    needs = "batch norm .* two values of a channel"
    try:
        refused(tmp_path, f"generator has {needs}.*batch is 1", data, generator=generator, batch=1)
    except pytest.fail.Exception:  # its norms are on maps of several pixels: one sample is enough
        assert (tmp_path / "run").exists()
        assert isinstance(generator, SNDCGANGenerator | DCGANGenerator)


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({"generator_batch": 1}, "generator_batch is 1;"),
        ({"batch": 9, "run": RunOptions(micro_batch=4)}, r"batch is 9 in parts of 4 \(run.micro_batch\)"),
        ({"run": RunOptions(micro_batch=1)}, "batch is 16 in parts of 1"),
    ],
)
@pytest.mark.parametrize("networks", [{"generator": BATCH_NORM}, CRITIC_NORM], ids=["generator", "critic"])
def test_the_line_says_where_the_single_sample_comes_from(tmp_path, changes, got, networks):
    player = next(iter(networks))
    refused(tmp_path, f"the {player} has batch norm .*{got}.*--{player}.norm none", **networks, **changes)


def test_resuming_in_parts_of_one_is_refused_too(tmp_path):
    recipe = small_recipe(generator=BATCH_NORM, rounds=1)
    new_run(recipe, image_data(), tmp_path / "run", device="cpu")
    smaller = dataclasses.replace(recipe, rounds=2, run=dataclasses.replace(recipe.run, micro_batch=1))
    with pytest.raises(UsageError, match="batch norm"):
        resume_run(smaller, image_data(), tmp_path / "run", device="cpu")


def test_instance_norm_of_a_single_value_is_one_line(tmp_path):
    def critic(sample):
        return nn.Sequential(nn.Conv2d(1, 4, 8), nn.InstanceNorm2d(4), nn.Flatten(), nn.Linear(4, 1))

    refused(tmp_path, "critic.* InstanceNorm2d .* one value", critic=critic)


def test_group_norm_of_a_single_value_is_warned_of():
    def critic(sample):
        layers = nn.Conv2d(1, 4, 8), nn.GroupNorm(4, 4), nn.Flatten(), nn.Linear(4, 1)
        return nn.Sequential(*layers)

    [line] = try_networks(Game.build(small_recipe(critic=critic), image_data().sample))
    assert "GroupNorm" in line and "one value" in line


@pytest.mark.parametrize("player", ["generator", "critic"])
def test_an_error_of_torch_in_a_pass_names_the_network_and_the_shape(tmp_path, player):
    @dataclasses.dataclass(frozen=True)
    class Wrong:
        def build(self, sample, latent=None):
            return nn.Sequential(nn.Flatten(), nn.Linear(7, 1))

    shape = r"latents \[16, 4\]" if player == "generator" else r"samples \[16, 1, 8, 8\]"
    refused(tmp_path, f"the {player} Wrong fails for {shape}: RuntimeError: mat1 and mat2", **{player: Wrong()})


@dataclasses.dataclass(frozen=True)
class Halved:
    """A constraint, and an optimizer, of someone's own that fail."""

    when: str = "after"

    def targets(self, critic):
        return list(critic.parameters())

    def apply(self, targets):
        raise ZeroDivisionError("division by zero")

    def build(self, parameters):
        raise ZeroDivisionError("division by zero")

    def settings(self, round_):
        return {"lr": 1.0}


def test_an_error_of_the_first_step_is_one_line_too(tmp_path):
    refused(tmp_path, "first step fails.*: ZeroDivisionError: division by zero", constraint=Halved())


def test_an_error_of_a_part_while_networks_are_built_is_one_line_that_names_it(tmp_path):
    line = r"a part of your own fails \(Halved\): ZeroDivisionError: division by zero"
    refused(tmp_path, line, critic_optimizer=Halved())


def test_a_trial_changes_nothing():
    game = Game.build(small_recipe(generator=BATCH_NORM, **CRITIC_NORM), image_data().sample)
    state = torch.get_rng_state()
    before = {name: {k: t.clone() for k, t in net.state_dict().items()} for name, net in game.networks.items()}
    assert try_networks(game) == ()
    assert torch.equal(torch.get_rng_state(), state)
    for name, network in game.networks.items():
        assert all(torch.equal(tensor, before[name][key]) for key, tensor in network.state_dict().items())


def test_networks_of_each_kind_pass_at_their_smallest():
    for changes, sample in (
        ({"batch": 1}, image_data().sample),
        ({"generator": MLPGenerator(8, 1, norm="layer"), "batch": 1}, POINTS),
        ({"generator": ResNetGenerator(4), "critic": DCGANCritic(4), "batch": 2}, SampleSpec((1, 8, 8))),
    ):
        recipe = small_recipe(objective=Adversarial(Wasserstein()), **changes)
        assert try_networks(Game.build(recipe, sample)) == ()


def test_parts_are_those_of_the_steps():
    recipe = small_recipe(batch=10, generator_batch=3, run=RunOptions(micro_batch=4))
    assert [part.samples for part in parts(recipe)] == [4, 4, 2, 3]
    assert [part.samples for part in parts(small_recipe(batch=8), processes=2)] == [4, 4]


def test_a_single_held_out_sample_is_not_scored_by_a_critic_with_batch_norm(tmp_path):
    data = image_data(20)
    data = dataclasses.replace(data, held_out=Stored(data.held_out.samples[:1], data.held_out.labels[:1]))
    assert new_run(small_recipe(rounds=2, **CRITIC_NORM), data, tmp_path / "run", device="cpu") == "finished"
    assert "score_gap_held_out" not in (tmp_path / "run" / "metrics.jsonl").read_text()
