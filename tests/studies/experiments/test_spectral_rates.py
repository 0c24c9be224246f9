"""Settings A to F: the paper's numbers, and its claims on made-up results."""

from __future__ import annotations

import math

import pytest

from steadygan.losses import NonSaturating, Wasserstein
from steadygan.objectives import Adversarial
from steadygan.penalties import GradientPenalty
from steadygan.studies.experiments.spectral_rates import NEITHER, PENALTY, SPECTRAL, fall, spread
from tests.studies.experiments.lesson import answer, at_smoke_scale, made_up, paper_recipes, parameters, well_planned


@pytest.mark.slow
def test_it_runs_at_smoke_scale(tmp_path):
    assert len(at_smoke_scale("spectral-rates", tmp_path)) == 4


def test_it_is_planned_for_a_laptop():
    well_planned("spectral-rates", 18)


def test_at_the_papers_scale_settings_and_networks_are_the_papers():
    """Adam's numbers of section 4; widths of table 3 as compare_gan has them."""
    adam = {
        "a": (1e-4, (0.5, 0.9), 5),
        "b": (1e-4, (0.5, 0.999), 1),
        "c": (2e-4, (0.5, 0.999), 1),
        "d": (1e-3, (0.5, 0.9), 5),
        "e": (1e-3, (0.5, 0.999), 5),
        "f": (1e-3, (0.9, 0.999), 5),
    }
    convolutions = [(3, 64, 3), (64, 128, 4), (128, 128, 3), (128, 256, 4), (256, 256, 3), (256, 512, 4), (512, 512, 3)]
    critic = sum(i * o * k * k + o for i, o, k in convolutions) + 512 * 16 + 1
    transposed = [(512, 256), (256, 128), (128, 64)]
    generator = 128 * 8192 + 8192 + 2 * 512 + sum(16 * i * o + 3 * o for i, o in transposed) + 64 * 3 * 9 + 3
    seen = set()
    for given, recipe in paper_recipes("spectral-rates"):
        lr, betas, steps = adam[given["setting"]]
        for optimizer in (recipe.critic_optimizer, recipe.generator_optimizer):
            assert (optimizer.lr, optimizer.betas) == (lr, betas)
        assert recipe.critic_steps(0) == steps and recipe.batch == 64 and recipe.prior.size == 128
        assert recipe.critic.spectral == (given["method"] == SPECTRAL)
        penalised = given["method"] == PENALTY
        assert recipe.objective == Adversarial(Wasserstein() if penalised else NonSaturating())
        assert recipe.penalties == ((GradientPenalty(weight=10.0, target=1.0),) if penalised else ())
        seen.add((given["method"], given["setting"]))
        assert parameters(recipe) == (generator, critic)
    assert seen == {(method, setting) for method in (SPECTRAL, PENALTY, NEITHER) for setting in adam}


def results(spectral: list[float], penalty: list[float]):
    """Distances at A to F, with little differences over three seeds."""
    rows = []
    for method, some in ((SPECTRAL, spectral), (PENALTY, penalty)):
        for setting, distance in zip("abcdef", some, strict=True):
            rows.append(({"method": method, "setting": setting}, [distance, 1.01 * distance, 1.02 * distance]))
    return made_up(rows)


def test_spread_and_fall_are_log_ratios():
    some = results([1, 2, 4, 2, 2, 2], [1, 1, 1, 8, 8, 1])
    assert spread(some, SPECTRAL) == pytest.approx(dict.fromkeys(range(3), math.log(4)))
    assert fall(some, SPECTRAL).mean == pytest.approx(0.0)
    assert fall(some, PENALTY).mean == pytest.approx(math.log(64) / 3)


def test_claims_are_decided_by_them():
    papers, reverse = results([2] * 6, [2, 2, 2, 9, 9, 9]), results([2, 2, 2, 9, 9, 9], [2] * 6)
    for claim in ("robust to settings", "WGAN-GP fails at high rates", "better at high rates"):
        assert answer("spectral-rates", claim, papers) == "holds"
        assert answer("spectral-rates", claim, reverse) == "does not hold"
