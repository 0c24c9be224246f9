"""Two rates: their geometric mean and ratio, the paper's rates, and its claims on made-up results."""

from __future__ import annotations

import math

import pytest

from steadygan.recipes.gan import gan
from steadygan.studies.experiments.ttur import SPLITS, split
from steadygan.types import SampleSpec
from tests.studies.experiments.lesson import CIFAR10, answer, at_smoke_scale, made_up, paper_recipes, well_planned


@pytest.mark.slow
def test_it_runs_at_smoke_scale(tmp_path):
    results = at_smoke_scale("ttur", tmp_path)
    assert set(results.settings("rates")) == set(SPLITS)


def test_it_is_planned_for_a_laptop():
    well_planned("ttur", 2 * 2 * 3)


@pytest.mark.parametrize("ratio", [1.0, 4.0, 0.25])
def test_rates_have_the_mean_and_ratio_that_are_asked_for(ratio):
    recipe = split(gan(SampleSpec((2,))), 2e-4, ratio)
    critic, generator = recipe.critic_optimizer.lr, recipe.generator_optimizer.lr
    assert critic / generator == pytest.approx(ratio) and math.sqrt(critic * generator) == pytest.approx(2e-4)
    if ratio == 4.0:  # lesson 9
        assert (critic, generator) == (pytest.approx(4e-4), pytest.approx(1e-4))


def test_at_the_papers_scale_rates_steps_and_rounds_are_the_papers():
    found = {}
    for settings, recipe in paper_recipes("ttur"):
        rates = recipe.critic_optimizer.lr, recipe.generator_optimizer.lr, recipe.critic_steps(0)
        found[settings["case"], settings["rates"]] = rates
        assert recipe.batch == 64 and recipe.rounds == 100_000
    assert found["wgan-gp", "equal"] == (1e-4, 1e-4, 5) and found["wgan-gp", "faster critic"] == (3e-4, 1e-4, 1)
    assert found["gan", "equal"] == (1e-4, 1e-4, 1) and found["gan", "faster critic"] == (4e-4, 1e-4, 1)
    assert CIFAR10.shape == (3, 32, 32)


def results(equal: dict[float, list[float]], two: dict[float, list[float]]):
    rows = [({"case": "gan", "rate": rate, "rates": "equal"}, some) for rate, some in equal.items()]
    return made_up(
        [*rows, *(({"case": "gan", "rate": rate, "rates": "faster critic"}, some) for rate, some in two.items())]
    )


def test_the_best_rates_are_compared_with_the_best_rate():
    claim = "two rates against the best equal one"
    equal, two = {1.0: [9.0, 9.1, 9.2], 2.0: [2.0, 2.1, 2.2]}, {1.0: [1.0, 1.1, 1.0], 2.0: [20.0, 21.0, 22.0]}
    assert answer("ttur", claim, results(equal, two)) == "holds"
    assert answer("ttur", claim, results(two, equal)) == "does not hold"
    assert answer("ttur", claim, results(equal, {1.0: [1.0, 9.0, 2.0]})) == "not decided here"
    assert answer("ttur", "two rates", results(equal, two)) == "not decided here"  # over all rates it is no better


def test_the_generators_loss_is_that_of_the_gan():
    rows = [
        ({"case": "gan", "rates": "equal"}, [1.0, 1.1, 1.2]),
        ({"case": "gan", "rates": "faster critic"}, [2.0, 2.1, 2.3]),
    ]
    rows += [
        ({"case": "wgan-gp", "rates": "equal"}, [9.0] * 3),
        ({"case": "wgan-gp", "rates": "faster critic"}, [1.0] * 3),
    ]
    assert answer("ttur", "a larger generator loss", made_up(rows, "generator_loss")) == "holds"
