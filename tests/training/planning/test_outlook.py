"""Before it starts, a run that can reach nothing, or lasts for days, says so with options that are as they work."""

from __future__ import annotations

import re
import shlex

import pytest

from steadygan.cli.overrides import apply, split
from steadygan.cli.train import _parser
from steadygan.data.dataset import Dataset
from steadygan.networks import DCGANCritic, DCGANGenerator
from steadygan.schedules import Constant, CriticWarmUp
from steadygan.training.planning.outlook import FEW_SAMPLES, samples_seen, warnings
from steadygan.types import SampleSpec
from tests.training.games import image_data, small_recipe

PHOTOS = SampleSpec((3, 128, 128))


def photos(count: int = 300) -> Dataset:
    return image_data(count, SampleSpec((1, 64, 64)))


def options(line: str) -> list[str]:
    """The options that a warning names, in its order."""
    return re.findall(r"--[\w.-]+ \d+", line)


def test_too_few_samples_are_said_beside_what_there_is_and_what_to_do():
    recipe = small_recipe(rounds=16, batch=16, critic_steps=Constant(1))
    (line,) = warnings(recipe, photos(), seconds=60.0)
    assert "16 rounds see 256 pictures (0.95 times the 270 there are), too few" in line
    # 10,000 samples take 39 times as long; a quarter of that at half the side
    assert options(line) == ["--minutes 60", "--data.size 32", "--minutes 15"]
    longer = small_recipe(rounds=16 * 40, batch=16, critic_steps=Constant(1))
    assert list(warnings(longer, photos(), seconds=60.0 * 40)) == []


def test_pictures_that_are_small_are_not_made_smaller_and_rounds_are_named_where_minutes_would_be_days():
    recipe = small_recipe(rounds=3, batch=16, critic_steps=Constant(1))
    (line,) = warnings(recipe, image_data(), seconds=3_000.0)
    assert options(line) == ["--rounds 625"]


def test_a_run_of_days_is_warned_of_with_shorter_ones():
    recipe = small_recipe(generator=DCGANGenerator(64), critic=DCGANCritic(64), rounds=200_000)
    (line,) = warnings(recipe, photos(), seconds=31 * 86_400.0)
    assert line.startswith("this run takes about 31 d 0 h")
    assert options(line) == ["--minutes 60", "--data.size 32", "--generator.width 32", "--critic.width 32"]
    assert list(warnings(recipe, photos(), seconds=20 * 3600.0)) == []


@pytest.mark.parametrize("seconds", [1.0, 100.0, 1e5, 1e7])
@pytest.mark.parametrize("rounds", [1, 20, 100_000])
def test_every_option_that_is_named_is_one_that_the_command_takes(rounds, seconds):
    recipe = small_recipe(generator=DCGANGenerator(64), critic=DCGANCritic(64), rounds=rounds)
    parser = _parser()
    for line in warnings(recipe, photos(), seconds):
        for option in options(line):
            rest, changes = split(shlex.split(option), parser.options)
            parser.parse(rest)
            apply(recipe, changes, parser.options)


def test_samples_are_counted_over_warm_ups_of_any_length():
    recipe = small_recipe(batch=10, rounds=500, critic_steps=CriticWarmUp(5, 100, 25, 100))
    assert samples_seen(recipe) == 10 * sum(recipe.steps(i) for i in range(500))
    long = small_recipe(batch=10, rounds=400_000, critic_steps=Constant(3))
    assert samples_seen(long) == 10 * 3 * 400_000 > FEW_SAMPLES
