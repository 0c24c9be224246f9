"""Starting from other weights: what fits by name and shape, files of weights, and frozen parts of the critic."""

from __future__ import annotations

import dataclasses
import os
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks import (
    BigGANCritic,
    BigGANGenerator,
    DCGANCritic,
    DCGANGenerator,
    ProGANCritic,
    ProGANGenerator,
    ResNetCritic,
    StyleGAN2Critic,
)
from steadygan.networks.layers.equalized import equalized
from steadygan.networks.layers.freezing import freeze_lower, parts_of
from steadygan.priors import Normal
from steadygan.recipe import load
from steadygan.run.weight_files import read_weights
from steadygan.training.session import new_run, resume_run
from steadygan.training.starting import load_matching, match, start_from
from steadygan.training.step.game import Game
from steadygan.training.trainer import Trainer
from steadygan.types import SampleSpec
from tests.networks.spectral import spectral_norms
from tests.training.games import convolutional_recipe, growing_recipe, image_data, small_recipe, table, training_round
from tests.training.runs import Watcher, assert_same_end

GRAY = SampleSpec((1, 8, 8), classes=10)


def test_equal_networks_match_whole_and_bit_for_bit():
    first, second = (DCGANGenerator(width=4).build(GRAY, 4) for _ in range(2))
    found = load_matching(second, first.state_dict())
    assert found.whole and len(found.equal) == len(first.state_dict())
    assert all(torch.equal(value, first.state_dict()[name]) for name, value in second.state_dict().items())


@pytest.mark.parametrize(("old", "new"), [(1, 3), (4, 3)])
def test_other_channels_keep_what_both_have(old, new):
    small, large = (DCGANCritic(width=4).build(SampleSpec((c, 8, 8))) for c in (old, new))
    before = {name: value.clone() for name, value in large.state_dict().items()}
    found = load_matching(large, small.state_dict())
    (name,) = found.resized
    both = min(old, new)
    assert torch.equal(large.state_dict()[name][:, :both], small.state_dict()[name][:, :both])
    assert torch.equal(large.state_dict()[name][:, both:], before[name][:, both:])
    assert not found.missing and not found.unused


@pytest.mark.parametrize("spec", [StyleGAN2Critic(64, 8, group=2), ProGANCritic(64, 8, group=2)])
@pytest.mark.parametrize(("old", "new"), [(1, 3), (4, 3)])
def test_other_channels_of_equalised_layers_keep_what_both_compute(spec, old, new):
    """What is stored is divided by the root of the number of inputs, which has changed."""
    first, second = (spec.build(SampleSpec((c, 8, 8))).double() for c in (old, new))
    assert load_matching(second, first.state_dict()).resized
    images = torch.zeros(2, max(old, new), 8, 8, dtype=torch.float64)
    images[:, : min(old, new)].normal_()
    scores = [critic(images[:, :channels]).score for critic, channels in ((first, old), (second, new))]
    torch.testing.assert_close(*scores)


def test_a_generator_of_shorter_latents_keeps_what_both_compute():
    first, second = (ProGANGenerator(64, 8).build(SampleSpec((1, 8, 8)), size).double() for size in (6, 4))
    load_matching(second, first.state_dict())
    latents = torch.zeros(2, 6, dtype=torch.float64)
    latents[:, :4].normal_()
    normed = [layer(latents[:, :size]) for layer, size in ((first.blocks[0][0], 6), (second.blocks[0][0], 4))]
    assert torch.allclose(normed[0][:, :4], normed[1] * (6 / 4) ** 0.5)  # the mean square is over fewer numbers
    made = [network.blocks[0][2](each[:, :, None, None]) for network, each in zip((first, second), normed, strict=True)]
    torch.testing.assert_close(made[0], made[1] * (6 / 4) ** 0.5)


def test_more_classes_keep_the_vectors_of_the_first_ones():
    small, large = (BigGANGenerator(2, shared=4).build(SampleSpec((1, 8, 8), classes=count), 6) for count in (3, 5))
    found = load_matching(large, small.state_dict())
    assert found.resized == ("trunk.embedding.weight",)
    assert torch.equal(large.trunk.embedding.weight[:3], small.trunk.embedding.weight)


def test_another_size_takes_the_blocks_of_the_same_name_and_says_what_is_left():
    small, large = (BigGANCritic(2).build(SampleSpec((1, size, size), 3)) for size in (32, 64))
    found = match(small.state_dict(), large.state_dict())
    assert found.equal and (found.missing or found.resized)
    assert set(found.equal) | set(found.resized) | set(found.missing) == set(large.state_dict())


def test_singular_vectors_are_fitted_to_resized_weights():
    small, large = (ResNetCritic(4, spectral=True).build(SampleSpec((c, 8, 8))) for c in (1, 3))
    load_matching(large, small.state_dict())
    for name, sigma in spectral_norms(large).items():
        weight = large.get_submodule(name).parametrizations["weight"].original.detach()
        assert sigma.item() == pytest.approx(torch.linalg.svdvals(weight.flatten(1))[0].item(), rel=0.05)


def test_two_axes_that_differ_are_another_layer():
    found = match({"a": torch.zeros(2, 3), "b": torch.zeros(4)}, {"a": torch.zeros(3, 4), "c": torch.zeros(4)})
    assert (found.equal, found.resized, found.missing, found.unused) == ((), (), ("a", "c"), ("b",))


def test_a_run_of_other_channels_starts_from_what_fits_and_says_so(tmp_path):
    color = SampleSpec((3, 8, 8), classes=10)
    new_run(convolutional_recipe(rounds=2), image_data(), tmp_path / "first", device="cpu")
    start, watcher = tmp_path / "first/checkpoints/000002", Watcher()
    new_run(
        convolutional_recipe(rounds=1),
        image_data(sample=color),
        tmp_path / "second",
        device="cpu",
        weights_from=start,
        observers=[watcher],
    )
    said = str(watcher.all("started"))
    assert ("weights of the generator" in said and "resized" in said and "[1, 4" in said) or "to [" in said
    old = load_file(start / "average.safetensors")
    new = load_file(tmp_path / "second/checkpoints/000000/average.safetensors")
    generator = load_file(tmp_path / "second/checkpoints/000000/generator.safetensors")
    assert all(torch.equal(new[name], generator[name]) for name in new)
    assert sum(torch.equal(new[name], old[name]) for name in new if new[name].shape == old[name].shape) > 3


def test_a_run_that_ended_before_its_first_checkpoint_begins_again_with_those_weights(tmp_path, monkeypatch):
    new_run(small_recipe(rounds=2), image_data(), tmp_path / "first", device="cpu")
    start = tmp_path / "first/checkpoints/000002"
    made = small_recipe(rounds=3, seed=9)
    new_run(made, image_data(), tmp_path / "whole", device="cpu", weights_from=start)
    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            new_run(made, image_data(), tmp_path / "cut", device="cpu", weights_from=start)
    resume_run(load(tmp_path / "cut/recipe.yaml"), image_data(), tmp_path / "cut", device="cpu")
    assert_same_end(tmp_path / "whole", tmp_path / "cut", 3)


def interrupted(*args, **kwargs):
    raise KeyboardInterrupt


def game_and(tmp_path, form, wrapped=""):
    """A game, another with other weights, and a file of the other's."""
    recipe = small_recipe()
    game, other = Game.build(recipe, GRAY), Game.build(dataclasses.replace(recipe, seed=7), GRAY)
    inside = {
        name: {f"{wrapped}{key}": value for key, value in network.state_dict().items()}
        for name, network in (("G", other.generator), ("netD", other.critic))
    }
    if form == "safetensors":
        path = tmp_path / "weights.safetensors"
        save_file({f"{name}.{key}": value for name, each in inside.items() for key, value in each.items()}, path)
    else:
        path = tmp_path / f"weights.{form}"
        torch.save({**inside, "epoch": 3, "optimizer": {"lr": 0.1}}, path)
    return game, other, path


@pytest.mark.parametrize("form", ["safetensors", "pt", "pth"])
@pytest.mark.parametrize("wrapped", ["", "module."])
def test_files_of_both_networks_are_read(tmp_path, form, wrapped):
    game, other, path = game_and(tmp_path, form, wrapped)
    lines = start_from(game, path)
    for mine, theirs in (
        (game.generator, other.generator),
        (game.average, other.generator),
        (game.critic, other.critic),
    ):
        assert all(torch.equal(value, theirs.state_dict()[name]) for name, value in mine.state_dict().items())
    assert len(lines) == 2 and all("matched" in line and "\n" not in line for line in lines)


def _named(state, name):
    return {f"{name}.{key}": value for key, value in state.items()}


@pytest.mark.parametrize(
    "content",
    [
        lambda g, c: {"state_dict": {**_named(g, "generator_ema"), **_named(c, "discriminator")}, "meta": {"lr": 1}},
        lambda g, c: {"model": {"netG": g, "netD": _named(c, "module")}, "optimizer": {"0": {"step": torch.ones(())}}},
        lambda g, c: {"generator_state_dict": g, "discriminator_state_dict": c, "epoch": 3},
        lambda g, c: {**_named(g, "module.G_ema"), **_named(c, "module.D")},
        lambda g, c: _named({**_named(g, "G.module"), **_named(c, "D._orig_mod")}, "state_dict.module"),
    ],
)
def test_networks_are_found_inside_of_what_programs_wrap_them_in(tmp_path, content):
    torch.save(content({"a.weight": torch.ones(2)}, {"b.weight": torch.zeros(3)}), tmp_path / "w.pt")
    read = read_weights(tmp_path / "w.pt")
    assert {player: list(tensors) for player, tensors in read.items()} == {
        "generator": ["a.weight"],
        "critic": ["b.weight"],
    }


def test_weights_without_a_player_are_found_beside_an_optimizer(tmp_path):
    torch.save({"model": {"a.weight": torch.ones(2)}, "optimizer": {"0": {"step": torch.ones(2)}}}, tmp_path / "w.pt")
    assert list(read_weights(tmp_path / "w.pt")[None]) == ["a.weight"]


def test_a_bare_state_dict_goes_to_the_network_that_it_fits_and_the_other_starts_anew(tmp_path):
    game, other, _ = game_and(tmp_path, "pt")
    before = {name: value.clone() for name, value in game.generator.state_dict().items()}
    torch.save(other.critic.state_dict(), tmp_path / "critic.pt")
    lines = start_from(game, tmp_path / "critic.pt")
    assert all(torch.equal(v, other.critic.state_dict()[k]) for k, v in game.critic.state_dict().items())
    assert all(torch.equal(v, before[k]) for k, v in game.generator.state_dict().items())
    assert "generator: none" in lines[0]


class Runs:
    """Would write a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


class Shell:
    """Would run a command of the shell where it is unpickled."""

    def __reduce__(self):
        return (os.system, ("exit 1",))


def test_a_file_that_names_code_is_refused_and_runs_none(tmp_path):
    mark = tmp_path / "mark"
    torch.save({"g": {"a": torch.zeros(1)}, "x": Runs(mark)}, tmp_path / "bad.pt")
    (tmp_path / "raw.pt").write_bytes(pickle.dumps(Runs(mark)))
    for name in ("bad.pt", "raw.pt"):
        with pytest.raises(UsageError) as error:
            read_weights(tmp_path / name)
        assert "\n" not in str(error.value) and not mark.exists()
    torch.save({"g": Shell()}, tmp_path / "shell.pt")  # a module that torch has a list against has other words
    with pytest.raises(UsageError, match="names types other than tensors"):
        read_weights(tmp_path / "shell.pt")


def test_a_file_that_is_cut_off_is_said_to_be(tmp_path):
    torch.save({"g": torch.zeros(20_000)}, tmp_path / "whole.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "whole.pt").read_bytes()[:40_000])
    with pytest.raises(UsageError, match="no whole file of torch"):
        read_weights(tmp_path / "cut.pt")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda weight: weight.clone().fill_(torch.inf), r"holds numbers that are not finite"),
        (lambda weight: weight.to(torch.complex64), r"is complex64 \[.*\], here float32 \["),
        (lambda weight: weight[..., None, None], r"is float32 \[.*, 1, 1\], here float32 \["),
    ],
)
def test_values_that_cannot_be_taken_are_one_line_with_what_they_are(tmp_path, change, words):
    game = Game.build(small_recipe(), GRAY)
    torch.save({"G": {key: change(value) for key, value in game.generator.state_dict().items()}}, tmp_path / "w.pt")
    with pytest.raises(UsageError, match=words) as error:
        start_from(game, tmp_path / "w.pt")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("ending", ["pt", "safetensors", "pkl"])
@pytest.mark.parametrize("content", [b"", b"garbage" * 50, b"PK\x03\x04broken"])
def test_files_that_are_none_of_these_are_one_line(tmp_path, ending, content):
    path = tmp_path / f"w.{ending}"
    path.write_bytes(content)
    with pytest.raises(UsageError) as error:
        read_weights(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_files_without_tensors_or_with_none_that_fits_are_one_line(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "none.pt")
    with pytest.raises(UsageError, match="holds no tensors"):
        read_weights(tmp_path / "none.pt")
    torch.save({"generator": {"other.weight": torch.zeros(3)}}, tmp_path / "other.pt")
    with pytest.raises(UsageError, match=r"nothing in .* fits the networks of recipe 'small'.*other.weight"):
        start_from(Game.build(small_recipe(), GRAY), tmp_path / "other.pt")


def test_frozen_parts_of_the_critic_keep_their_weights_and_the_others_train():
    recipe = convolutional_recipe(frozen=1)
    game, feed, drawer = table(recipe, image_data())
    parts = parts_of(game.critic)
    before = [[p.detach().clone() for p in part.parameters()] for part in parts]
    for round_ in range(2):
        training_round(game, feed, drawer.round(round_, 32 * round_), round_, 16 * round_)
    same = [
        all(torch.equal(a, b) for a, b in zip(old, part.parameters(), strict=True))
        for old, part in zip(before, parts, strict=True)
    ]
    assert same[0] and not any(same[1:])
    assert not any(p.requires_grad for p in parts[0].parameters())


def test_parts_are_blocks_from_the_input_on_and_one_has_to_train():
    critic = ResNetCritic(4, spectral=True).build(SampleSpec((3, 16, 16)))
    names = [type(part).__name__ for part in parts_of(critic)]
    assert names[:3] == ["ResidualBlock"] * 3 and names[-1] == "ScoreHead"
    with pytest.raises(UsageError, match=rf"0 to {len(names) - 1}"):
        freeze_lower(critic, len(names))


def test_a_run_with_frozen_parts_resumes_to_the_last_digit(tmp_path):
    from tests.training.runs import check_resumed_from_copies

    check_resumed_from_copies(convolutional_recipe(frozen=1, prior=Normal(4)), tmp_path, after=(5,))


def test_a_run_that_grows_begins_small_with_weights_of_a_grown_one():
    grown, _, _ = table(growing_recipe(growth=None), image_data())
    for network in grown.networks.values():
        network.grow(0, 0.0)  # as of a checkpoint of round 0
    saved = {key: tensor.clone() for key, tensor in grown.generator.state_dict().items()}
    whole, _, _ = table(growing_recipe(growth=None, seed=1), image_data())
    assert load_matching(whole.generator, saved).whole
    assert whole.generator.level == whole.generator.present.item() == 1  # its recipe's, not the checkpoint's


@pytest.mark.parametrize(
    ("spec", "entry"), [(StyleGAN2Critic(64, 16), "trunk.0."), (ProGANCritic(64, 16), "entries.0.")]
)
def test_blocks_of_a_critic_of_another_size_go_to_those_of_the_same_maps(spec, entry):
    """Their numbers begin at the largest maps, of which the larger critic has more."""
    small, large = (spec.build(SampleSpec((3, size, size))) for size in (16, 32))
    found = load_matching(large, small.state_dict())
    assert found.resized == ()
    assert found.missing and all(name.startswith((entry, "trunk.2.", "blocks.0.")) for name in found.missing)
    back = load_matching(spec.build(SampleSpec((3, 16, 16))), large.state_dict())
    assert {name for name in back.missing if not name.startswith(entry)} == set()


def test_frozen_layers_of_a_growing_critic_are_the_first_of_its_path_with_their_biases():
    critic = ProGANCritic(64, 16).build(SampleSpec((3, 32, 32)))
    freeze_lower(critic, 2)
    frozen = {name for name, parameter in critic.named_parameters() if not parameter.requires_grad}
    assert frozen == {name for name, _ in critic.named_parameters() if name.startswith(("entries.0.", "blocks.0.0"))}
    lone = nn.Sequential(equalized(nn.Linear(4, 4)), nn.ReLU(), nn.Linear(4, 1))
    freeze_lower(lone, 1)
    assert [parameter.requires_grad for parameter in lone.parameters()] == [False, False, True, True]
