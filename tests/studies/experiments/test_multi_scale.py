"""Multi-scale gradients: networks of one size and of all, movement of samples, and claims on made-up results."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steadygan.losses import RelativisticAverageHinge
from steadygan.objectives import Adversarial
from steadygan.representations import Plain, Pyramid
from steadygan.studies import Results, Row
from steadygan.studies.experiments.multi_scale import ALL, ONE, movement, settling, spread
from tests.studies.experiments.lesson import answer, at_smoke_scale, paper_recipes, parameters, well_planned


@pytest.mark.slow
def test_it_runs_at_smoke_scale(tmp_path):
    results = at_smoke_scale("multi-scale", tmp_path)
    assert [len(row.values["movement"]) for row in results] == [3, 3]
    assert all((row.values["movement"] > 0).all() for row in results)


def test_it_is_planned_for_a_laptop():
    well_planned("multi-scale", 6)


def test_at_the_papers_scale_the_networks_are_those_of_the_authors_code():
    """512 maps at all of 4 to 32 px, an image and its 1x1 convolution at each; the other sizes join 256 to 256 maps."""
    block = 2 * (512 * 512 * 9 + 512)
    generator = (512 * 512 * 16 + 512) + (512 * 512 * 9 + 512) + 3 * block + 4 * (512 * 3 + 3)
    wide, narrow = 512 * 512 * 9 + 512, 512 * 256 * 9 + 256
    end = (513 * 512 * 9 + 512) + (512 * 16 * 512 + 512) + 513
    critic = (3 * 512 + 512) + 3 * (wide + narrow + (3 * 256 + 256)) + end
    single = (3 * 512 + 512) + 3 * 2 * wide + end
    for given, recipe in paper_recipes("multi-scale"):
        assert recipe.objective == Adversarial(RelativisticAverageHinge()) and recipe.penalties == ()
        optimizers = recipe.generator_optimizer, recipe.critic_optimizer
        assert all(each.lr == given["rate"] and each.betas == (0.0, 0.99) for each in optimizers)
        assert recipe.prior.size == 512 and recipe.rounds == 100_000
        if given["images"] == ALL:
            assert recipe.representation == Pyramid(4) and parameters(recipe) == (generator, critic)
        else:
            assert recipe.representation == Plain()
            assert parameters(recipe) == (generator - 3 * (512 * 3 + 3), single)


def test_movement_is_the_mean_squared_change_of_pixels():
    drawn = [np.full((2, 1, 2, 2), level, np.uint8) for level in (0, 255, 255)]
    assert movement(drawn).tolist() == [4.0, 0.0]  # from -1 to 1
    drawn[2] = drawn[2].copy()
    drawn[2][0] = 0
    assert movement(drawn).tolist() == [4.0, 2.0]


def results(one: list[float], many: list[float], moved: tuple[float, float]) -> Results:
    rows = []
    for seed in range(3):
        for sizes, some, late in ((ONE, one, moved[0]), (ALL, many, moved[1])):
            for rate, distance in zip((1e-3, 3e-3, 1e-2), some, strict=True):
                factor = 1 + 0.01 * seed
                values = {"distance": distance * factor, "movement": np.array([9.0, 9.0, late, late * factor])}
                rows.append(Row({"case": "a", "images": sizes, "rate": rate}, seed, values))
    return Results(tuple(rows))


def test_movement_counts_in_its_second_half_and_rates_by_their_spread():
    some = results([1.0, 2.0, 4.0], [1.0, 1.0, 1.0], (2.0, 1.0))
    assert settling(some, ONE)[0] == pytest.approx(math.log(2.0)) and settling(some, ALL)[0] == pytest.approx(0.0)
    assert spread(some, ONE)[1] == pytest.approx(math.log(4)) and spread(some, ALL)[1] == pytest.approx(0.0)
    reverse = results([1.0, 1.0, 1.0], [1.0, 2.0, 4.0], (1.0, 2.0))
    for claim in ("better samples", "samples settle", "robust to rates"):
        assert answer("multi-scale", claim, some) == "holds"
        assert answer("multi-scale", claim, reverse) == "does not hold"
