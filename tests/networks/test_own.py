"""Functions that make networks: what they are called with, how files name them, and what is refused."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pickle

import pytest
import torch
from torch import nn

from steadygan.codec import import_path
from steadygan.errors import UsageError
from steadygan.networks import MLPCritic, Own
from steadygan.networks.own import as_network
from steadygan.recipe import Recipe, dumps, loads, own_kinds
from steadygan.types import SampleSpec

SAMPLE = SampleSpec((1, 4, 4))
HERE = "tests.networks.test_own"


class Critic(nn.Module):
    def __init__(self, sample, width=8):
        super().__init__()
        self.called_with = (sample, width)
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(16, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, x):
        return self.net(x)


class Generator(nn.Module):
    def __init__(self, latent, sample):
        super().__init__()
        self.net = nn.Linear(latent, 16)
        self.shape = sample.shape

    def forward(self, z):
        return self.net(z).view(-1, *self.shape)


def test_a_critic_is_made_of_the_sample_and_the_options():
    assert Own(Critic).build(SAMPLE).network.called_with == (SAMPLE, 8)
    assert Own(Critic, options={"width": 3}).build(SAMPLE).network.called_with == (SAMPLE, 3)
    assert Own(functools.partial(Critic, width=5)).build(SAMPLE).network.called_with == (SAMPLE, 5)
    assert Own(functools.partial(Critic, width=5)) == Own(Critic, options={"width": 5})
    assert Own(lambda s: Critic(s, 4)).build(SAMPLE).network.called_with == (SAMPLE, 4)
    assert Own(lambda: Critic("no sample")).build(SAMPLE).network.called_with == ("no sample", 8)
    assert Own(lambda *, sample: Critic(sample)).build(SAMPLE).network.called_with == (SAMPLE, 8)


def test_a_generator_gets_sample_and_latent_by_name_or_in_this_order():
    for make in (Generator, lambda s, z: Generator(z, s), lambda latent: Generator(latent, SAMPLE)):
        assert Own(make).build(SAMPLE, 5)(torch.randn(3, 5)).shape == (3, 1, 4, 4)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Own(lambda z: None).build(SAMPLE, 5), "name it sample or latent"),
        (lambda: Own(nn.Linear).build(SAMPLE), "needs in_features, out_features.*options="),
        (lambda: Own(Critic, options={"widht": 3}).build(SAMPLE), "no parameter 'widht'; did you mean 'width'"),
        (lambda: Own(lambda sample: 1 / 0).build(SAMPLE), "failed for samples of 1x4x4: ZeroDivisionError"),
        (lambda: Own(lambda sample: 3).build(SAMPLE), "made a int; a torch.nn.Module is needed"),
        (lambda: Own(Generator, patches="each").build(SAMPLE, 5), "only a critic has patches"),
        (lambda: Own(Critic, patches="all"), "patches is 'all'; allowed: mean, each"),
        (lambda: Own(Critic, conditional=1), "conditional is 1; allowed: true, false"),
        (lambda: Own(Critic, options=5), "options is 5"),
        (lambda: Own(Critic, options={"width": object()}), "numbers, strings"),
        (lambda: Own(5), "network is 5"),
        (lambda: Own().build(SAMPLE), "names no function"),
        (lambda: Own("mine:Critic").build(SAMPLE), "--kinds mine:Critic"),
        (lambda: as_network(MLPCritic, "critic"), r"write MLPCritic\(\)"),
        (lambda: as_network(5, "critic"), "critic is 5"),
        (lambda: as_network("Critic", "critic"), "critic is 'Critic'"),
        (lambda: as_network(None, "critic"), "critic is None"),
    ],
)
def test_what_does_not_fit_is_one_line(make, line):
    with pytest.raises(UsageError, match=line) as error:
        make()
    assert "\n" not in str(error.value)


def test_a_plain_function_stands_in_a_recipe():
    recipe = dataclasses.replace(Recipe(), critic=Critic, generator=Generator)
    assert (recipe.critic, recipe.generator) == (Own(Critic), Own(Generator))
    assert dataclasses.replace(recipe, rounds=3).critic == Own(Critic)


def test_a_recipe_is_read_back_with_the_functions_that_it_names():
    recipe = Recipe(critic=Own(Critic, options={"width": 3, "names": ["a", "b"]}), generator=Own(Generator))
    text = dumps(recipe)
    assert f"network: {HERE}:Critic" in text
    assert loads(text, extra=[Critic, Generator]) == recipe
    assert set(own_kinds(recipe)) == {Critic, Generator}
    unread = loads(text)
    assert unread.critic.network == f"{HERE}:Critic"
    assert dumps(unread) == text
    with pytest.raises(UsageError, match=f"--kinds {HERE}:Critic"):
        unread.critic.build(SAMPLE)


def test_a_function_is_found_again_under_another_module():
    text = dumps(Recipe(critic=Own(Critic))).replace(HERE, "moved.elsewhere")
    assert loads(text, extra=[Critic]).critic == Own(Critic)


def test_a_lambda_is_told_what_to_pass_and_read_back_with_it():
    make = lambda sample: Critic(sample)  # noqa: E731
    text = dumps(Recipe(critic=make))
    with pytest.raises(UsageError, match=r"<lambda>.*kinds=\[function\]"):
        loads(text).critic.build(SAMPLE)
    assert loads(text, extra=[make]).critic == Own(make)


def test_two_functions_of_one_name_are_refused_in_a_run_that_could_not_be_read_back():
    def made(width):
        return lambda sample, latent=None: Critic(sample, width)

    with pytest.raises(UsageError, match="two different functions"):
        own_kinds(Recipe(critic=made(3), generator=made(4)))


def test_a_module_that_is_built_keeps_its_weights_in_each_build():
    module = Critic(SAMPLE)
    spec = as_network(module, "critic")
    before = copy.deepcopy(module.state_dict())
    with torch.no_grad():
        module.net[1].weight.zero_()  # later changes of the module are not the spec's
    first, second = spec.build(SAMPLE), spec.build(SAMPLE)
    assert first.network is not second.network
    for network in (first.network, second.network):
        assert all(torch.equal(network.state_dict()[name], tensor) for name, tensor in before.items())
    assert spec.weights != as_network(module, "critic").weights
    assert loads(dumps(Recipe(critic=spec)), extra=[module]).critic.build(SAMPLE).network.called_with == (SAMPLE, 8)


def test_another_process_gets_the_path_and_a_copy_the_function():
    spec = Own(lambda sample: Critic(sample), options={"a": 1})
    assert copy.deepcopy(spec) == spec
    received = pickle.loads(pickle.dumps(spec))
    assert received.network == import_path(spec.network)
    assert received.bound_to([spec.network]) == spec
